"""The test's own books: who wrote what, who approved which words, what went out.

Nothing here is read from the product. The ledger is told what was asked and whether it was accepted, and
says from that alone what must be true; it is naive where the product is clever.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tests.workflow.world import RULES, Words

from gql_approvals.workflow.vocabulary import CampaignStatus as S
from gql_approvals.workflow.vocabulary import PublishMode

IDLE = frozenset({S.DRAFT, S.REJECTED, S.EXPIRED})


class PromiseBrokenError(AssertionError):
    """The product did what it promises never to do; the text is the promise."""


def promise(words: str, *, holds: bool) -> None:
    if not holds:
        raise PromiseBrokenError(words)


@dataclass
class Review:
    """One submission, as the test remembers it."""

    words: Words
    number: int
    needed: int
    deadline: datetime
    votes: list[tuple[int, str]] = field(default_factory=list)
    ended: str = "OPEN"
    is_void: bool = False

    @property
    def voters(self) -> set[int]:
        return {person for person, _ in self.votes}

    def approvers(self, without: frozenset[int]) -> set[int]:
        return {person for person, verdict in self.votes if verdict == "APPROVED"} - without


@dataclass
class Ledger:
    """The books of one campaign."""

    creator: int
    words: Words
    name: str
    status: S = S.DRAFT
    number: int = 1
    version: int = 1
    authors: set[int] = field(default_factory=set)
    written: dict[int, Words] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    reviews: list[Review] = field(default_factory=list)
    authorised: str | None = None
    sent: dict[int, Words] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.authors = {self.creator}
        self.written = {1: self.words}

    # ------------------------------------------------------------------------------------ reading
    @property
    def review(self) -> Review | None:
        return self.reviews[-1] if self.reviews else None

    @property
    def open(self) -> Review | None:
        return self.review if self.review is not None and self.review.ended == "OPEN" else None

    @property
    def due(self) -> datetime | None:
        if self.open is not None:
            return self.open.deadline
        return self.words.time if self.status is S.APPROVED else None

    def is_in_time(self, now: datetime) -> bool:
        return self.open is not None and now < self.open.deadline

    def has_time_ahead(self, now: datetime) -> bool:
        return self.words.time is None or self.words.time > now

    def is_time_to_send(self, now: datetime) -> bool:
        if self.words.mode is not PublishMode.SCHEDULED:
            return True
        return self.words.time is not None and self.words.time <= now <= self.words.time + RULES.grace

    def comes_again_unchanged(self) -> bool:
        voted = [review for review in self.reviews if review.ended in ("APPROVED", "REJECTED")]
        return bool(voted) and voted[-1].ended == "REJECTED" and voted[-1].words == self.words

    # ------------------------------------------------------------------------------------ writing
    def note_edit(self, person: int, words: Words) -> None:
        self._undo("SUPERSEDED")
        if self.number in self.frozen:
            self.number = max(self.written) + 1
        self.words = self.written[self.number] = words
        self.authors.add(person)
        self.status = S.DRAFT

    def note_submission(self, person: int, needed: int, now: datetime) -> None:
        self.frozen.add(self.number)
        self.authors.add(person)
        deadline = self.words.time or now + RULES.review
        self.reviews.append(Review(self.words, self.number, needed, deadline))
        self.status = S.PENDING_REVIEW

    def note_vote(self, person: int, verdict: str, without: frozenset[int]) -> None:
        review = self._opened()
        review.votes.append((person, verdict))
        if verdict == "REJECTED":
            review.ended, self.status = "REJECTED", S.REJECTED
        elif len(review.approvers(without)) >= review.needed:
            review.ended, self.status, self.authorised = "APPROVED", S.APPROVED, "QUORUM"

    def note_switched_off(self) -> None:
        self._opened().ended = "AUTO_APPROVED"
        self.status, self.authorised = S.APPROVED, "AUTO_DISABLED"

    def note_expiry(self) -> None:
        if self.open is not None:
            self.open.ended = "EXPIRED"
        self.status, self.authorised = S.EXPIRED, None

    def note_taken_back(self, status: S) -> None:
        self._undo("WITHDRAWN")
        self.status = status

    def note_release(self, person: int) -> None:
        self.frozen.add(self.number)
        self.authors.add(person)
        self.status, self.authorised = S.APPROVED, "NOT_REQUIRED"

    def note_sent(self) -> None:
        self.sent[self.number] = self.words
        self.frozen.add(self.number)
        self.authors = {self.creator}
        self.status, self.authorised = S.SENT, None

    def note_discard(self) -> None:
        self.number, self.words = list(self.sent.items())[-1]
        self.status = S.SENT

    def _opened(self) -> Review:
        if self.open is None:
            raise PromiseBrokenError("only an open review is decided")
        return self.open

    def _undo(self, ending: str) -> None:
        """Votes of the review that is open, or that authorised the words, are void."""
        if self.open is not None:
            self.open.is_void, self.open.ended = True, ending
        elif self.review is not None and self.authorised in ("QUORUM", "AUTO_DISABLED"):
            self.review.is_void = True
        self.authorised = None
