"""The state machine that tries everything on one campaign and holds it against the ledger."""

from collections import Counter
from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.workflow.ledger import IDLE, Ledger, promise
from tests.workflow.world import (
    ADMIN,
    CHECKERS_AND_ADMIN,
    CLEO,
    DAY,
    EVERYBODY,
    HOUR,
    MAKERS,
    MINUTE,
    OTHER_HASH,
    RULES,
    Electorate,
    Words,
    World,
    words_of,
)

from gql_approvals.errors import PreviewOutdated, Refusal
from gql_approvals.workflow import account, transitions
from gql_approvals.workflow.vocabulary import AccountAction, Action, IfPending, PublishMode
from gql_approvals.workflow.vocabulary import CampaignStatus as S

SECOND = timedelta(seconds=1)
makers = st.sampled_from([*MAKERS, *MAKERS, ADMIN])
checkers = st.sampled_from(CHECKERS_AND_ADMIN)
drafts = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from([10, 20]),
    st.sampled_from([*PublishMode, PublishMode.SCHEDULED]),
    st.sampled_from([HOUR, 3 * DAY]),
)
quorums = st.sampled_from([1, 2, 2, 3])
FITS = "what fits is accepted"


def often(first, *others):
    """`first` three times out of four, else one of the others."""
    return st.sampled_from([first] * 3 * len(others) + list(others))


def worth_trying_when(condition):
    """Spend the search on what matters by the books; the rule `try_anything` tries the rest."""
    return precondition(lambda self: condition(self.books))


MOMENTS = (
    *[("due", "DUE"), ("after grace", Action.SEND)] * 2,
    ("end of grace", "DUE"),
    *[("after grace", "DUE")] * 2,
    ("minute", Action.SEND),
    ("none", Action.EXPIRE),
    ("none", Action.MISS),
    *[("due", "OFF")] * 3,
    *[(passing, None) for passing in ("due", "after grace", "hour", "weeks")],
)


all_right = st.permutations(CHECKERS_AND_ADMIN).map(lambda people: [(person, "right") for person in people])
kinds = often("right", "other", "older", "empty")
wild = st.lists(
    st.tuples(checkers, st.sampled_from(["right", "right", "no", "other", "older", "empty"])),
    min_size=1,
    max_size=4,
)


class CampaignMachine(RuleBasedStateMachine):
    """Two makers, two checkers and an admin at one campaign."""

    seen: ClassVar[Counter[tuple[Action, S | None, S]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.books: Ledger
        self.without: frozenset[int] = frozenset()

    # -------------------------------------------------------------------------------------- parts
    def words(self, draft) -> Words:
        body, size, mode, ahead = draft
        time = self.world.now + ahead if mode is PublishMode.SCHEDULED else None
        return Words(body, size, mode, time)

    def hash(self, kind: str) -> str:
        older = [words.hash for words in self.books.written.values() if words != self.books.words]
        match kind:
            case "other":
                return OTHER_HASH
            case "older":
                return older[-1] if older else OTHER_HASH
            case "empty":
                return ""
            case _:
                return self.books.words.hash

    def attempt(self, person, action, conditions, **fields):
        """Try it; it must be accepted if all conditions hold, else refused without a trace."""
        before, status = self.world.campaign, None if action is Action.CREATE else self.books.status
        announced = self.world.refusal(person, action, **fields)
        try:
            change = self.world.do(person, action, **fields)
        except Refusal as refusal:
            promise("question and answer agree", holds=type(announced) is type(refusal))
            promise("a refusal changes nothing", holds=self.world.campaign is before)
            promise(f"{FITS}: {action} was {refusal.code}", holds=not all(conditions.values()))
            return None
        promise("question and answer agree", holds=announced is None)
        promise("nothing is held that nobody tampered with", holds=change.refusal is None)
        for words, holds in conditions.items():
            promise(words, holds=holds)
        self.seen[action, status, change.campaign.status] += 1
        return change

    def raised(self) -> None:
        self.books.version += 1

    def sends(self, change, *, expected: bool) -> None:
        """Hold every publication against the books, and the books against what had to go out."""
        went_out = [event.hands_over for event in change.events if event.hands_over is not None]
        for publication in went_out:
            self.check_publication(publication)
            self.books.note_sent()
        promise("what is to go out goes out", holds=len(went_out) == expected)

    def check_publication(self, publication) -> None:
        books, live = self.books, self.world.campaign.live_revision
        promise("only what was authorised is sent", holds=books.authorised is not None)
        promise("nothing is sent twice", holds=books.number not in books.sent)
        promise("nothing is sent early or late", holds=books.is_time_to_send(self.world.now))
        promise("what is sent is what was written", holds=words_of(live) == books.words)
        promise("a publication names its content", holds=publication.content_hash == books.words.hash)
        promise("a publication says why", holds=publication.authorisation == books.authorised)
        if books.authorised == "QUORUM":
            review = books.review
            promise("what is sent is what was approved", holds=review.words == books.words)
            approvers = review.approvers(frozenset())
            promise("enough people approved", holds=len(approvers) >= review.needed)
            promise("nobody approved their own work", holds=not approvers & books.authors)

    # ------------------------------------------------------------------------------------- making
    @initialize(person=makers, draft=drafts, needed=quorums)
    def begin(self, person, draft, needed):
        words = self.words(draft)
        self.world.campaign, self.world.revisions, self.world.sent = None, {}, []
        self.world.ask_for(needed)
        self.attempt(person, Action.CREATE, {}, name="first", **words.fields)
        self.books = Ledger(creator=person, words=words, name="first")

    @rule(
        person=makers,
        draft=st.one_of(drafts, drafts, st.none()),
        if_pending=often(IfPending.WITHDRAW, IfPending.REFUSE),
        name=st.sampled_from([None, "first", "second"]),
        behind=often(0, 1),
    )
    def edit(self, person, draft, if_pending, name, behind):
        books, old = self.books, self.books.words
        words = old if draft is None else self.words(draft)
        changes = words != old
        is_voiding = changes and books.status in (S.PENDING_REVIEW, S.APPROVED)
        change = self.attempt(
            person,
            Action.EDIT,
            {
                "what is archived is not edited": books.status is not S.ARCHIVED,
                "nobody edits what they have not seen": not behind,
                "an edit voids a review only when asked to": if_pending == "WITHDRAW" or not is_voiding,
            },
            if_pending=if_pending,
            name=name,
            expected_version=books.version - behind,
            **words.fields,
        )
        if change is None:
            return
        if changes or name not in (None, books.name):
            self.raised()
        books.name = name or books.name
        if changes:
            books.note_edit(person, words)
            holds = self.world.status is S.DRAFT and self.world.campaign.open_request is None
            promise("an edit ends the review and the authorisation", holds=holds)

    @worth_trying_when(lambda books: books.status in (S.DRAFT, S.REJECTED))
    @rule(
        person=makers,
        note=often("please", None, "  "),
        ballots=all_right | wild | st.just([]),
        needed=quorums | st.none(),
    )
    def submit(self, person, note, ballots, needed):
        """Submit, and let some people decide in the same step, so that the search gets far."""
        books = self.books
        self.world.ask_for(needed or self.world.requirements[0].needed)
        needed = self.world.requirements[0].needed
        able = set(CHECKERS_AND_ADMIN) - self.without - books.authors - {person}
        again = books.comes_again_unchanged() and not (note or "").strip()
        change = self.attempt(
            person,
            Action.SUBMIT,
            {
                "only a draft is submitted": books.status in (S.DRAFT, S.REJECTED),
                "nothing is reviewed while approvals are off": self.world.account.approvals_enabled,
                "nothing is submitted after its time": books.has_time_ahead(self.world.now),
                "what was rejected comes again changed or explained": not again,
                "what nobody can approve is not submitted": len(able) >= needed,
            },
            note=note,
        )
        if change is None:
            return
        self.raised()
        books.note_submission(person, needed, self.world.now)
        for voter, kind in ballots:
            if kind == "no":
                self.reject(voter, "right", "the price is wrong")
            else:
                self.approve(voter, kind)

    @worth_trying_when(lambda books: books.number in books.frozen or books.sent)
    @rule(maker=makers, checker=checkers, draft=drafts, gives_up=st.sampled_from([False, False, True]))
    def change_course(self, maker, checker, draft, gives_up):
        """Take back what was begun, whatever it is; or give up and begin another campaign."""
        if gives_up and not self.books.sent:
            self.archive_and_begin_anew(maker, draft)
        elif self.books.open is not None:
            self.take_back(maker, Action.WITHDRAW)
        elif self.books.status is S.APPROVED:
            self.take_back(checker, Action.REVOKE)
        elif self.books.sent and self.books.status in IDLE:
            self.take_back(maker, Action.DISCARD)

    def archive_and_begin_anew(self, person, draft):
        self.take_back(person, Action.ARCHIVE)
        self.books_agree()
        for action in set(Action) - {Action.CREATE, Action.DUPLICATE, Action.VIEW, Action.COMMENT}:
            fields = {"content_hash": self.books.words.hash, "reason": "because"}
            self.attempt(ADMIN, action, {"what is archived stays so": False}, **fields)
        self.begin(person, draft, self.world.requirements[0].needed)

    def take_back(self, person, action):
        books = self.books
        possible = {
            Action.WITHDRAW: books.open is not None,
            Action.REVOKE: books.status is S.APPROVED,
            Action.DISCARD: bool(books.sent) and books.status in IDLE,
            Action.ARCHIVE: not books.sent and books.status is not S.ARCHIVED,
            Action.DUPLICATE: True,
        }
        reason = {"reason": "stop"} if action is Action.REVOKE else {}
        change = self.attempt(person, action, {f"{action} is for its status": possible[action]}, **reason)
        if change is None:
            return
        if action is Action.DUPLICATE:
            self.check_duplicate(change.campaign, person)
            return
        self.raised()
        match action:
            case Action.DISCARD:
                books.note_discard()
            case Action.ARCHIVE:
                books.note_taken_back(S.ARCHIVED)
            case _:
                books.note_taken_back(S.DRAFT)

    def check_duplicate(self, copy, person):
        kept = copy.requests or copy.live or copy.authorisation or copy.head.scheduled_at
        promise("a duplicate carries no approval", holds=not kept and copy.status is S.DRAFT)
        promise("who duplicates is its author", holds=copy.contributors == {person})

    @rule(
        action=st.sampled_from(
            sorted(set(Action) - {Action.CREATE, Action.EDIT, Action.ARCHIVE, Action.AUTO_APPROVE})
        ),
        maker=makers,
        checker=checkers,
        kind=kinds,
    )
    def try_anything(self, action, maker, checker, kind):
        match action:
            case Action.SUBMIT:
                self.submit(maker, "please", (), None)
            case Action.APPROVE:
                self.approve(checker, kind)
            case Action.REJECT:
                self.reject(checker, kind, "the price is wrong")
            case Action.PUBLISH:
                self.publish(maker, kind)
            case Action.SEND | Action.EXPIRE | Action.MISS:
                self.tick(action)
            case Action.VIEW | Action.COMMENT:
                self.attempt(checker, action, {}, body="well done")
            case _:
                self.take_back(checker if action is Action.REVOKE else maker, action)

    # ----------------------------------------------------------------------------------- deciding
    def fits(self, person, kind):
        books, review = self.books, self.books.open
        return {
            "only an open review is decided": review is not None,
            "nothing is decided after its deadline": review is None or books.is_in_time(self.world.now),
            "a vote is for exact content": kind == "right",
            "nobody decides on their own work": person not in books.authors,
            "one person decides once": review is None or person not in review.voters,
        }

    @worth_trying_when(lambda books: books.reviews and books.status is not S.DRAFT)
    @rule(
        person=checkers,
        who=st.sampled_from(["somebody", "somebody", "an author", "a voter"]),
        kind=kinds,
        reason=st.sampled_from([None, None, "the price is wrong", "the price is wrong", " "]),
        suspended=often("as before", None, CLEO, ADMIN),
    )
    def decide(self, person, who, kind, reason, suspended):
        """Decide, with a will to find those who must not; rights may have come and gone before."""
        if suspended != "as before":
            self.without = frozenset({suspended} - {None})
            self.world.electorate = Electorate(self.without)
        choice = {"an author": self.books.authors, "a voter": self.books.review.voters}.get(who, set())
        forbidden = sorted(choice & set(CHECKERS_AND_ADMIN))
        voter = forbidden[0] if forbidden else person
        if reason is None:
            self.approve(voter, kind)
        else:
            self.reject(voter, kind, reason)

    def approve(self, person, kind):
        if person in self.without:
            return
        fields = {"content_hash": self.hash(kind), "comment": "fine"}
        change = self.attempt(person, Action.APPROVE, self.fits(person, kind), **fields)
        if change is not None:
            self.raised()
            self.books.note_vote(person, "APPROVED", self.without)
            self.sends(change, expected=self.is_sent_by_approval())

    def reject(self, person, kind, reason):
        if person in self.without:
            return
        fits = self.fits(person, kind) | {"a rejection has a reason": bool(reason.strip())}
        change = self.attempt(person, Action.REJECT, fits, content_hash=self.hash(kind), reason=reason)
        if change is not None:
            self.raised()
            self.books.note_vote(person, "REJECTED", self.without)

    def is_sent_by_approval(self) -> bool:
        return self.books.status is S.APPROVED and self.books.words.mode is PublishMode.ON_APPROVAL

    # ------------------------------------------------------------------------------------ sending
    @worth_trying_when(lambda books: books.status in (*IDLE, S.APPROVED))
    @rule(person=makers, kind=kinds)
    def publish(self, person, kind):
        books = self.books
        waits_for_it = books.status is S.APPROVED and books.words.mode is PublishMode.MANUAL
        alone = books.status in IDLE and not self.world.account.approvals_enabled
        change = self.attempt(
            person,
            Action.PUBLISH,
            {
                "only what was authorised is sent": waits_for_it or alone,
                "nothing is published after its time": waits_for_it or books.has_time_ahead(self.world.now),
                "a publication is of exact content": kind == "right",
            },
            content_hash=self.hash(kind),
        )
        if change is not None:
            self.raised()
            if alone:
                books.note_release(person)
            self.sends(change, expected=books.words.mode is not PublishMode.SCHEDULED)

    @worth_trying_when(lambda books: books.due is not None or books.words.time is not None)
    @rule(moment=st.sampled_from(MOMENTS))
    def time_passes(self, moment):
        """Let time pass, and the clock do what is due, what is not due, or nothing."""
        passing, action = moment
        times = {"none": 0 * MINUTE, "minute": MINUTE, "hour": HOUR, "weeks": 20 * DAY}
        after = {"due": 0 * MINUTE, "end of grace": RULES.grace, "after grace": RULES.grace + SECOND}
        if passing in times:
            self.world.wait(times[passing])
        elif self.books.due is not None:
            self.world.now = max(self.world.now, self.books.due + after[passing])
        if action == "DUE":
            self.run_the_clock()
        elif action == "OFF":
            self.switch_off_or_on(is_fresh=True, is_meant=False)
        elif action is not None:
            self.tick(action)

    def run_the_clock(self):
        intent = transitions.due_intent(self.world.campaign, self.world.now, RULES.grace)
        is_due = self.books.due is not None and self.books.due <= self.world.now
        promise("the clock knows what is due", holds=(intent is not None) == is_due)
        if intent is not None:
            promise("the clock can do what is due", holds=self.tick(intent.action))

    def tick(self, action) -> bool:
        books, now = self.books, self.world.now
        waits = books.status is S.APPROVED and books.words.time is not None
        is_missed = waits and now > books.words.time + RULES.grace
        conditions = {
            Action.EXPIRE: {
                "a review expires at its deadline": books.open is not None and now >= books.open.deadline
            },
            Action.MISS: {"only what is late is missed": is_missed},
            Action.SEND: {
                "only what was authorised is sent": waits,
                "nothing is sent early or late": books.is_time_to_send(now),
            },
        }
        change = self.attempt(None, action, conditions[action])
        if change is None:
            return False
        if action is Action.SEND:
            self.raised()
            self.sends(change, expected=True)
        else:
            books.note_expiry()
        return True

    # ------------------------------------------------------------------------------------ account
    def switch(self, action, token=""):
        change = account.apply(
            account.AccountCase(
                account=self.world.account,
                intent=account.AccountIntent(action=action, confirm_token=token),
                now=self.world.now,
                waiting=self.waiting(),
            )
        )
        self.world.account = change.account
        return change

    def waiting(self):
        """What a preview lists, by the books."""
        is_open = self.books.is_in_time(self.world.now)
        return frozenset({(self.world.campaign.request.id, self.books.words.hash)} if is_open else ())

    @rule(is_fresh=st.sampled_from([True, True, True, False]), is_meant=st.sampled_from([False, False, True]))
    def switch_off_or_on(self, is_fresh, is_meant):
        if self.books.open is None and not is_meant:
            return
        if not self.world.account.approvals_enabled:
            assert not self.switch(AccountAction.ENABLE_APPROVALS).approves_waiting
            return
        token = account.confirm_token(self.world.account.id, self.waiting() if is_fresh else [(0, "")])
        if not is_fresh:
            with pytest.raises(PreviewOutdated):
                self.switch(AccountAction.DISABLE_APPROVALS, token)
            return
        assert self.switch(AccountAction.DISABLE_APPROVALS, token).approves_waiting
        waits = {"only what waits in time is approved by the switch": bool(self.waiting())}
        change = self.attempt(None, Action.AUTO_APPROVE, waits)
        if change is not None:
            self.raised()
            self.books.note_switched_off()
            self.sends(change, expected=self.is_sent_by_approval())

    # --------------------------------------------------------------------------------- invariants
    @invariant()
    def books_agree(self):
        campaign = self.world.campaign
        if campaign is None:
            return
        books = self.books
        promise("a revision that was submitted is never amended", holds=campaign.head.number == books.number)
        promise("the head is what was written last", holds=words_of(campaign.head) == books.words)
        promise("the status follows from what happened", holds=campaign.status is books.status)
        promise("every change raises the version by one", holds=campaign.version == books.version)
        promise("who wrote is remembered", holds=campaign.contributors == books.authors)
        promise("everybody is somebody", holds=campaign.contributors <= set(EVERYBODY))

    @invariant()
    def revisions_stay(self):
        stored = {number: words_of(revision) for number, revision in self.world.revisions.items()}
        if self.world.campaign is not None:
            promise("old revisions stay as they were", holds=stored == self.books.written)
            numbers = list(self.books.written)
            promise("numbers are never reused", holds=numbers == list(range(1, len(numbers) + 1)))

    @invariant()
    def votes_stay(self):
        if self.world.campaign is None:
            return
        requests = self.world.campaign.requests
        promise(
            "an ended review never changes",
            holds=[request.status for request in requests] == [r.ended for r in self.books.reviews],
        )
        for request, review in zip(requests, self.books.reviews, strict=True):
            kept = [(vote.by, vote.verdict) for vote in request.decisions]
            promise("votes are kept as they were cast", holds=kept == review.votes)
            promise("a review is of exact content", holds=request.content_hash == review.words.hash)
            void = {vote.voided for vote in request.decisions}
            promise("votes on what is undone are void", holds=void <= {review.is_void})

    @invariant()
    def live_stays(self):
        if self.world.campaign is None:
            return
        live, revision, sent = self.world.campaign.live, self.world.campaign.live_revision, self.books.sent
        promise("what was sent is listed", holds=[p.revision_number for p in self.world.sent] == list(sent))
        if not sent:
            promise("only what was sent is live", holds=live is None)
            return
        number, words = list(sent.items())[-1]
        holds = live.revision_number == number and words_of(revision) == words
        promise("what was sent stays live until the next is sent", holds=holds)


def search(seeds, **options) -> None:
    """Run the machine in many short searches, the same each time.

    Within one search Hypothesis varies what it found before, and runs come to resemble each other; ten runs
    from each of many seeds got further than hundreds from one, by far.
    """
    plan = settings(
        max_examples=10,
        stateful_step_count=40,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    for number in seeds:
        seeded = seed(number)(type("SeededMachine", (CampaignMachine,), {}))
        run_state_machine_as_test(seeded, settings=plan)
