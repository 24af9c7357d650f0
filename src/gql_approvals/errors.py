"""Every error the product expects, in one tree, each with a stable code.

    ApprovalsError
    ├── Refusal            an answer a user can act on: a member of a mutation's result union
    │   └── one class a code, in the order of `ErrorCode`
    ├── RequestFault       the request as a whole cannot be served: a top-level GraphQL error
    │   ├── Unauthenticated
    │   ├── AccountRequired
    │   ├── QueryForbidden
    │   ├── BadUserInput
    │   └── Unavailable
    └── StartError         the server cannot start as it is configured: one message, exit code 2
        ├── BadSettings
        ├── BadPolicy
        └── BadDatabase

They are raised in `workflow`, `policy` and `persistence` and translated once, in `schema`.
Messages are lower case, put user input in backticks, and say what was asked, why not, and how to fix it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """Codes of refusals, in order of precedence: of several that apply, the first is answered."""

    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID_INPUT = "INVALID_INPUT"
    PREVIEW_OUTDATED = "PREVIEW_OUTDATED"
    SEGREGATION_OF_DUTIES = "SEGREGATION_OF_DUTIES"
    LAST_ADMIN = "LAST_ADMIN"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    ALREADY_VOTED = "ALREADY_VOTED"
    WRONG_STATUS = "WRONG_STATUS"
    UNDER_REVIEW = "UNDER_REVIEW"
    ALREADY_PENDING = "ALREADY_PENDING"
    APPROVALS_OFF = "APPROVALS_OFF"
    SCHEDULE_MISSED = "SCHEDULE_MISSED"
    REQUEST_EXPIRED = "REQUEST_EXPIRED"
    SELF_REVIEW = "SELF_REVIEW"
    STALE_REVISION = "STALE_REVISION"
    STALE_VERSION = "STALE_VERSION"
    UNCHANGED_SINCE_REJECTION = "UNCHANGED_SINCE_REJECTION"
    QUORUM_IMPOSSIBLE = "QUORUM_IMPOSSIBLE"


PRECEDENCE = {code: rank for rank, code in enumerate(ErrorCode)}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of a "no", for people and for programs.

    `source` is the deciding policy line ("policy.csv:41"), shown only to holders of `view_policy`.
    """

    code: str
    message: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of an input; `path` starts below `input`."""

    path: tuple[str, ...]
    message: str


class ApprovalsError(Exception):
    """Base of all expected errors; never raised itself. Each concrete class has a `code`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refusal(ApprovalsError):
    """An expected "no": nothing was changed, and the caller can act on it."""

    code: ClassVar[ErrorCode]


class IdempotencyMismatch(Refusal):
    """The key was used before, with other arguments."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH


class NotFound(Refusal):
    """There is no such object, or the caller may not see it: the text is the same."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, kind: str = "campaign") -> None:
        super().__init__(f"there is no such {kind}, or you may not see it: check the id")


class Forbidden(Refusal):
    """The policy does not let the caller do this."""

    code = ErrorCode.FORBIDDEN

    def __init__(self, message: str, *, action: str, reasons: Sequence[Reason], policy_version: str) -> None:
        super().__init__(message)
        self.action = action
        self.reasons = tuple(reasons)
        self.policy_version = policy_version


class InvalidInput(Refusal):
    """The input, or the campaign's content, cannot be accepted; every problem is listed."""

    code = ErrorCode.INVALID_INPUT

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{'.'.join(p.path)}: {p.message}" for p in problems))
        self.problems = tuple(problems)


class PreviewOutdated(Refusal):
    """What would be approved has changed since the preview."""

    code = ErrorCode.PREVIEW_OUTDATED


class SegregationOfDuties(Refusal):
    """The roles would let one person both make and decide.

    Source: seed B.
    """

    code = ErrorCode.SEGREGATION_OF_DUTIES

    def __init__(self, message: str, *, reasons: Sequence[Reason]) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class LastAdmin(Refusal):
    """Nobody would be left who may manage members."""

    code = ErrorCode.LAST_ADMIN


class AlreadyDecided(Refusal):
    """The request was decided already; the first terminal decision won.

    `by` is a user id.
    """

    code = ErrorCode.ALREADY_DECIDED

    def __init__(self, message: str, *, verdict: str, by: int, at: datetime) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.by = by
        self.at = at


class AlreadyVoted(Refusal):
    """The caller has decided on the request already."""

    code = ErrorCode.ALREADY_VOTED


class WrongStatus(Refusal):
    """The action does not exist in the campaign's status."""

    code = ErrorCode.WRONG_STATUS


class UnderReview(Refusal):
    """The edit would void a review or an approval, and did not ask for it."""

    code = ErrorCode.UNDER_REVIEW


class AlreadyPending(Refusal):
    """There is an open request already."""

    code = ErrorCode.ALREADY_PENDING


class ApprovalsOff(Refusal):
    """The account has approvals switched off: there is nothing to submit."""

    code = ErrorCode.APPROVALS_OFF


class ScheduleMissed(Refusal):
    """The scheduled time has passed."""

    code = ErrorCode.SCHEDULE_MISSED


class RequestExpired(Refusal):
    """The deadline of the review has passed."""

    code = ErrorCode.REQUEST_EXPIRED


class SelfReview(Refusal):
    """Nobody decides what they contributed to, administrators included."""

    code = ErrorCode.SELF_REVIEW


class StaleRevision(Refusal):
    """The content hash is not that of the content at hand."""

    code = ErrorCode.STALE_REVISION

    def __init__(self, message: str, *, current: str, changed: Sequence[str]) -> None:
        super().__init__(message)
        self.current = current
        self.changed = tuple(changed)


class StaleVersion(Refusal):
    """The campaign was changed since the caller read it."""

    code = ErrorCode.STALE_VERSION

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message)
        self.current = current


class UnchangedSinceRejection(Refusal):
    """The same content was rejected, and no note tells the checker why it comes again."""

    code = ErrorCode.UNCHANGED_SINCE_REJECTION


class QuorumImpossible(Refusal):
    """A requirement can never be met.

    `unmet`: (role, needed, how many could) for each such one. `electors`: every active member's user id with
    the reasons why their approval would not count; filled in by the service, which knows the people.
    """

    code = ErrorCode.QUORUM_IMPOSSIBLE

    def __init__(self, message: str, *, unmet: Sequence[tuple[str, int, int]]) -> None:
        super().__init__(message)
        self.unmet = tuple(unmet)
        self.needed: tuple[tuple[str, int], ...] = ()
        self.electors: tuple[tuple[int, tuple[Reason, ...]], ...] = ()


class RequestFault(ApprovalsError):
    """The request cannot be served: a top-level error whose `extensions.code` is `code`."""

    code: ClassVar[str]


class Unauthenticated(RequestFault):
    """No caller, or a token that is unknown, expired or revoked."""

    code = "UNAUTHENTICATED"


class AccountRequired(RequestFault):
    """The caller belongs to several accounts, or not to the one that was named."""

    code = "ACCOUNT_REQUIRED"


class QueryForbidden(RequestFault):
    """A query field that the policy does not open to the caller."""

    code = "FORBIDDEN"

    def __init__(self, message: str, *, reasons: Sequence[Reason] = (), policy_version: str = "") -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
        self.policy_version = policy_version


class BadUserInput(RequestFault):
    """An argument of a query cannot be understood (a cursor, a page size, an id)."""

    code = "BAD_USER_INPUT"


class Unavailable(RequestFault):
    """The database did not answer in time; the same request may be sent again."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StartError(ApprovalsError):
    """The server cannot start: `message` holds everything that is wrong, one line each."""

    code: ClassVar[str]


class BadSettings(StartError):
    """One or more `GQL_APPROVALS_*` settings are wrong."""

    code = "SETTINGS"


class BadPolicy(StartError):
    """The policy files have mistakes."""

    code = "POLICY"


class BadDatabase(StartError):
    """The database is unreachable, unmigrated, or not fit for production."""

    code = "DATABASE"


REFUSALS: dict[ErrorCode, type[Refusal]] = {kind.code: kind for kind in Refusal.__subclasses__()}
