"""One account's data, the same at every run: what the workloads read and write.

10 000 campaigns: 50 members, 19 999 revisions, some 40 000 decisions, 2 000 requests that are open. A request
needs four approvals, an open one has three. Open requests expire in 2099, so that the seed does not age.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from gql_approvals.persistence.audit import GENESIS
from gql_approvals.persistence.people import token_hash
from gql_approvals.workflow import content as copy
from gql_approvals.workflow.content import Audience, Content, SectionHashes, as_json, canonical
from gql_approvals.workflow.vocabulary import CampaignStatus as Status
from gql_approvals.workflow.vocabulary import Channel, PublishMode, RequestStatus, RevisionState

ACCOUNT = "bench"
CHECKER, MAKER = "bench-insecure-checker", "bench-insecure-maker"  # the tokens of the first two people
QUORUM = 4
BEGIN = datetime(2024, 1, 1, 9, tzinfo=UTC)
NEVER = datetime(2099, 1, 1, tzinfo=UTC)
POLICY_VERSION = "bench"

CHECKERS = (1, *range(27, 50))
MAKERS = tuple(range(2, 27))
ADMIN = 50
PEOPLE = 50

# By the last digit of a campaign's number.
STATUSES = (
    Status.PENDING_REVIEW, Status.PENDING_REVIEW, Status.DRAFT, Status.DRAFT, Status.DRAFT, Status.APPROVED,
    Status.REJECTED, Status.SENT, Status.SENT, Status.EXPIRED,
)  # fmt: skip
ENDED = {
    Status.PENDING_REVIEW: RequestStatus.OPEN,
    Status.APPROVED: RequestStatus.APPROVED,
    Status.SENT: RequestStatus.APPROVED,
    Status.REJECTED: RequestStatus.REJECTED,
    Status.EXPIRED: RequestStatus.EXPIRED,
}
VOTES = {
    RequestStatus.OPEN: QUORUM - 1,
    RequestStatus.APPROVED: QUORUM,
    RequestStatus.REJECTED: 2,
    RequestStatus.EXPIRED: 1,
}

COLUMNS = {
    "account": "id slug name time_zone approvals_enabled notify_scope audit_seq audit_hash created_at",
    "app_user": "id name email created_at",
    "member": "id account_id user_id roles active created_at",
    "api_token": "id user_id hash name is_demo created_at last_used_at",
    "campaign": (
        "id account_id name folded_name channel status version head_number newest_number live_publication_id"
        " authorisation authorised_hash due_at audience created_by_id created_at updated_at"
    ),
    "revision": (
        "id campaign_id number state content segment definition estimated_size publish_mode copy_hash"
        " audience_hash schedule_hash content_hash created_by_id created_at"
    ),
    "contributor": "id campaign_id number user_id",
    "approval_request": (
        "id account_id campaign_id revision_number content_hash status requirements policy_version"
        " submitted_by_id submitted_at expires_at"
    ),
    "decision": "id request_id by_id at verdict reason content_hash policy_version voided",
    "publication": (
        "id account_id campaign_id revision_number content_hash authorisation request_id sent_at sent"
        " delivered opened clicked failed"
    ),
}  # in the order in which they refer to each other

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between campaigns: `number` counts from 1."""

    number: int

    @property
    def status(self) -> Status:
        """Where it stands; of those that expired, every second one was put away."""
        found = STATUSES[self.number % 10]
        return Status.ARCHIVED if found is Status.EXPIRED and self.number % 20 == 19 else found  # noqa: PLR2004

    @property
    def channel(self) -> Channel:
        """Independent of the status."""
        return tuple(Channel)[self.number // 10 % len(Channel)]

    @property
    def audience(self) -> int:
        """The number of its segment."""
        return self.number % 40

    @property
    def revisions(self) -> int:
        """From 1 to 3."""
        return 1 + self.number % 3

    @property
    def created_at(self) -> datetime:
        """A minute behind the one before."""
        return BEGIN + timedelta(minutes=self.number)

    def maker(self, revision: int) -> int:
        """Who wrote that revision."""
        return MAKERS[(self.number // 10 + 7 * revision) % len(MAKERS)]

    def voters(self, count: int, revision: int) -> Sequence[int]:
        """So many checkers, in the order in which they decided."""
        first = 11 * revision + self.number // 5
        return [CHECKERS[(first + step) % len(CHECKERS)] for step in range(count)]


def rows(campaigns: int) -> Rows:
    """Every row, by table."""
    found: Rows = {table: [] for table in COLUMNS}
    for table, row in (*_people(), *_campaigns(campaigns)):
        found[table].append((len(found[table]) + 1, *row))
    return found


def content_hashes(campaigns: int) -> dict[int, str]:
    """What is to be approved of each campaign, by its number."""
    kinds = map(Kind, range(1, campaigns + 1))
    return {kind.number: _hashes(kind, kind.revisions).content for kind in kinds}


def _people() -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "account", (ACCOUNT, "Bench", "UTC", True, "INVOLVED", 0, GENESIS, BEGIN)
    for user in range(1, PEOPLE + 1):
        yield "app_user", (f"Person {user}", f"person{user}@bench.test", BEGIN)
        role = "admin" if user == ADMIN else "checker" if user in CHECKERS else "maker"
        yield "member", (1, user, f'["{role}"]', True, BEGIN)
    for user, token in ((CHECKERS[0], CHECKER), (MAKERS[0], MAKER)):
        # used in 2099: nobody writes down, in the middle of a round, that it was used
        yield "api_token", (user, token_hash(token), "bench", False, BEGIN, NEVER)


def _campaigns(count: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    requests = publications = 0
    for kind in map(Kind, range(1, count + 1)):
        status, hashes = kind.status, _hashes(kind, kind.revisions)
        authorised = status in {Status.APPROVED, Status.SENT}
        publications += status is Status.SENT
        name = f"{('Summer', 'Autumn', 'Winter', 'Spring')[kind.number % 4]} sale {kind.number}"
        yield (
            "campaign",
            (
                1, name, name.casefold(), kind.channel.value, status.value, 2 * kind.revisions,
                kind.revisions, kind.revisions, publications if status is Status.SENT else None,
                "QUORUM" if authorised else None, hashes.content if authorised else None,
                NEVER if status is Status.PENDING_REVIEW else None, _audience(kind.audience).estimated_size,
                kind.maker(1), kind.created_at, _later(kind, 4000 + 7919 * kind.number % 5000),
            ),
        )  # fmt: skip
        for number in range(1, kind.revisions + 1):
            yield from _revision(kind, number)
            ended = _ended(kind, number)
            if ended is not None:
                requests += 1
                yield from _request(kind, number, ended, requests)
        if status is Status.SENT:
            at = _later(kind, 4000)
            said = (kind.revisions, hashes.content, "QUORUM", requests, at, 1000, 990, 400, 80, 10)
            yield "publication", (1, kind.number, *said)


def _revision(kind: Kind, number: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    hashes, audience = _hashes(kind, number), _audience(kind.audience)
    state = RevisionState.FROZEN
    if number == kind.revisions:
        state = {Status.DRAFT: RevisionState.DRAFT, Status.SENT: RevisionState.SENT}.get(kind.status, state)
    content = canonical(as_json(_content(kind, number))).decode()
    yield (
        "revision",
        (
            kind.number, number, state.value, content, audience.segment,
            canonical(audience.definition).decode(),
            audience.estimated_size, PublishMode.MANUAL.value, hashes.copy, hashes.audience, hashes.schedule,
            hashes.content, kind.maker(number), _later(kind, 1000 * (number - 1)),
        ),
    )  # fmt: skip
    yield "contributor", (kind.number, number, kind.maker(number))


def _ended(kind: Kind, number: int) -> RequestStatus | None:
    """What became of a revision's request: all but the last were rejected; a draft's last has none."""
    if number < kind.revisions or kind.status is Status.ARCHIVED:
        return RequestStatus.REJECTED
    return ENDED.get(kind.status)


def _request(
    kind: Kind, number: int, ended: RequestStatus, request: int
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    content_hash, at = _hashes(kind, number).content, _later(kind, 1000 * number - 500)
    votes = 1 if number < kind.revisions and kind.number % 7 == 0 else VOTES[ended]
    voters = kind.voters(votes, number)
    for_it = voters[:-1] if ended is RequestStatus.REJECTED else voters
    approved = "null" if ended is RequestStatus.OPEN else f"[{','.join(map(str, for_it))}]"
    needed = f'[{{"role":"anyone","needed":{QUORUM},"approved_by":{approved}}}]'
    said = (content_hash, ended.value, needed, POLICY_VERSION, kind.maker(number), at)
    yield "approval_request", (1, kind.number, number, *said, NEVER)
    for step, voter in enumerate(voters):
        verdict = "APPROVED" if voter in for_it else "REJECTED"
        reason = None if verdict == "APPROVED" and step else "Say until when it lasts."
        decided = (at + timedelta(minutes=step + 1), verdict, reason, content_hash, POLICY_VERSION, False)
        yield "decision", (request, voter, *decided)


def _later(kind: Kind, minutes: int) -> datetime:
    return kind.created_at + timedelta(minutes=minutes)


@lru_cache(maxsize=50_000)
def _hashes(kind: Kind, number: int) -> SectionHashes:
    own = copy.digest({"channel": kind.channel.value, "content": as_json(_content(kind, number))})
    others = _other_hashes(kind.audience)
    return SectionHashes(own, others.audience, others.schedule)


@lru_cache
def _other_hashes(audience: int) -> SectionHashes:
    empty = copy.SmsContent(sender_id="", body="")
    return copy.hashes(Channel.SMS, empty, _audience(audience), PublishMode.MANUAL, None)


@lru_cache
def _audience(number: int) -> Audience:
    return Audience(
        segment=f"segment {number}",
        definition={"country": ["DE", "FR"], "opened": number},
        estimated_size=1000 + 500 * number,
    )


def _content(kind: Kind, number: int) -> Content:
    text = f"Offer {kind.number}, version {number}: everything is 20 % cheaper until Sunday."
    match kind.channel:
        case Channel.EMAIL:
            html = "".join(f"<p>{text}</p>" for _ in range(6))
            return copy.EmailContent(subject=text, from_name="Acme", from_email="news@bench.test", html=html)
        case Channel.SMS:
            return copy.SmsContent(sender_id="BENCH", body=text)
        case Channel.APP_PUSH:
            return copy.AppPushContent(title="Sale", body=text)
        case Channel.WHATSAPP:
            return copy.WhatsappContent(template_name="sale", language="en_US", parameters=(text,))
        case Channel.WEB_PUSH:
            return copy.WebPushContent(title="Sale", body=text, url="https://bench.test")
        case Channel.ONSITE:
            return copy.OnsiteContent(placement="banner", html=f"<p>{text}</p>")
