"""Every refusal as a type of the API, and the one place that translates them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry

from gql_approvals import errors
from gql_approvals.errors import ErrorCode
from gql_approvals.schema import parts, people
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import about, field
from gql_approvals.service.eligibility import Eligibility as Elector
from gql_approvals.workflow.model import Requirement
from gql_approvals.workflow.quorum import Tally
from gql_approvals.workflow.vocabulary import Section, Verdict


@strawberry.interface(description="An expected no: nothing was changed, and the caller can act on it.")
class UserError:
    """What every refusal has."""

    code: ErrorCode = about("A stable code.")
    message: str = about("What was asked, why not, and how to go on.")


@strawberry.type(description="The policy does not let the viewer do this.")
class Forbidden(UserError):
    """Answers `errors.Forbidden`."""

    action: str = about("The permission that is missing.")
    reasons: list[parts.Reason] = about("What the policy says.")
    policy_version: str = about("The version of the policy that answered.")


@strawberry.type(description="What is wrong at one place of the input.")
class InputProblem:
    """Answers `errors.Problem`."""

    path: list[str] = about("The way to it, beginning below `input`.")
    message: str = about("What is wrong.")


@strawberry.type(description="The input, or the campaign's content, cannot be accepted.")
class InvalidInput(UserError):
    """Answers `errors.InvalidInput`."""

    problems: list[InputProblem] = about("Everything that is wrong.")


@strawberry.type(description="The roles would let one person both make and decide.")
class SegregationOfDuties(UserError):
    """Answers `errors.SegregationOfDuties`."""

    reasons: list[parts.Reason] = about("Which role brings which permission.")


@strawberry.type(description="The request was decided already; the first terminal decision won.")
class AlreadyDecided(UserError):
    """Answers `errors.AlreadyDecided`."""

    user_id: strawberry.Private[int]
    verdict: Verdict = about("What was decided.")
    at: datetime = about("When it was decided.")

    @field
    async def by(self, info: Info) -> people.User:
        """Who decided."""
        return await people.user(info, self.user_id)


@strawberry.type(description="The content hash is not that of the content at hand.")
class StaleRevision(UserError):
    """Answers `errors.StaleRevision`."""

    current_content_hash: str = about("The hash of the content at hand.")
    changed_sections: list[Section] = about("What differs; all three when the old content is unknown.")


@strawberry.type(description="The campaign was changed since it was read.")
class StaleVersion(UserError):
    """Answers `errors.StaleVersion`."""

    current_version: int = about("The version at hand.")


@strawberry.type(description="Too few people may approve this campaign.")
class QuorumImpossible(UserError):
    """Answers `errors.QuorumImpossible`."""

    requirements: list[parts.Requirement] = about("What the policy asks for.")
    eligible_approvers: list[parts.Eligibility] = about("Every member, with what is in the way.")


def _plain(code: ErrorCode) -> type[UserError]:
    """A refusal that has nothing more to say than its message."""
    kind = errors.REFUSALS[code]
    name = kind.__name__
    made: Any = type(name, (UserError,), {"__doc__": kind.__doc__, "__annotations__": {}})
    declared: type[UserError] = strawberry.type(made, description=(kind.__doc__ or "").strip())
    return declared


def _forbidden(refusal: Any) -> Forbidden:  # noqa: ANN401  # the class that the table names
    return Forbidden(
        **_common(refusal),
        action=refusal.action,
        reasons=parts.reasons(refusal.reasons),
        policy_version=refusal.policy_version,
    )


def _invalid(refusal: Any) -> InvalidInput:  # noqa: ANN401  # the class that the table names
    problems = [InputProblem(path=list(item.path), message=item.message) for item in refusal.problems]
    return InvalidInput(**_common(refusal), problems=problems)


def _conflicting(refusal: Any) -> SegregationOfDuties:  # noqa: ANN401  # the class that the table names
    return SegregationOfDuties(**_common(refusal), reasons=parts.reasons(refusal.reasons))


def _decided(refusal: Any) -> AlreadyDecided:  # noqa: ANN401  # the class that the table names
    return AlreadyDecided(
        **_common(refusal), user_id=refusal.by, verdict=Verdict(refusal.verdict), at=refusal.at
    )


def _stale(refusal: Any) -> StaleRevision:  # noqa: ANN401  # the class that the table names
    return StaleRevision(
        **_common(refusal),
        current_content_hash=refusal.current,
        changed_sections=[Section(section) for section in refusal.changed],
    )


def _outdated(refusal: Any) -> StaleVersion:  # noqa: ANN401  # the class that the table names
    return StaleVersion(**_common(refusal), current_version=refusal.current)


def _impossible(refusal: Any) -> QuorumImpossible:  # noqa: ANN401  # the class that the table names
    tallies = [Tally(Requirement(role=role, needed=needed), ()) for role, needed in refusal.needed]
    electors = [Elector(user_id=user, reasons=reasons) for user, reasons in refusal.electors]
    return QuorumImpossible(
        **_common(refusal),
        requirements=[parts.Requirement(value=tally) for tally in tallies],
        eligible_approvers=[parts.eligibility(elector) for elector in electors],
    )


def _common(refusal: errors.Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "message": refusal.message}


TELLING: dict[ErrorCode, tuple[type[UserError], Callable[[Any], UserError]]] = {
    ErrorCode.FORBIDDEN: (Forbidden, _forbidden),
    ErrorCode.INVALID_INPUT: (InvalidInput, _invalid),
    ErrorCode.SEGREGATION_OF_DUTIES: (SegregationOfDuties, _conflicting),
    ErrorCode.ALREADY_DECIDED: (AlreadyDecided, _decided),
    ErrorCode.STALE_REVISION: (StaleRevision, _stale),
    ErrorCode.STALE_VERSION: (StaleVersion, _outdated),
    ErrorCode.QUORUM_IMPOSSIBLE: (QuorumImpossible, _impossible),
}
TYPES: dict[ErrorCode, type[UserError]] = {
    code: TELLING[code][0] if code in TELLING else _plain(code) for code in ErrorCode
}


def answer(refusal: errors.Refusal) -> UserError:
    """A refusal as the API answers it."""
    if refusal.code in TELLING:
        return TELLING[refusal.code][1](refusal)
    return TYPES[refusal.code](**_common(refusal))
