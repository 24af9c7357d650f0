"""The words that demo data are written in: who did what to a campaign, and how long ago."""

from dataclasses import dataclass

from gql_approvals.workflow.content import Audience, Content
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Metrics
from gql_approvals.workflow.vocabulary import Action, PublishMode


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody who exists in the demo only. `roles`: account → role names."""

    name: str
    email: str
    roles: dict[str, tuple[str, ...]]

    @property
    def token(self) -> str:
        """The API token, whose text says what it is worth."""
        return f"demo-insecure-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing somebody did: an action, or a report of figures.

    What an action needs to know of the campaign (version, content hash) is filled in when it is done.
    """

    days_ago: float
    who: str
    what: Intent | Metrics


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock did, at the campaign's own due time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A campaign and what happened to it, in order. `at_nine`: sent at 9:00, so many days from today."""

    account: str
    name: str
    maker: str
    days_ago: float
    content: Content
    people: int
    segment: str
    mode: PublishMode | None = None
    at_nine: int | None = None
    then: tuple[Step | Clock, ...] = ()

    @property
    def audience(self) -> Audience:
        """Who it is for."""
        return Audience(segment=self.segment, definition=None, estimated_size=self.people)


def submit(who: str, days_ago: float, note: str | None = None) -> Step:
    """Hand it in."""
    return Step(days_ago=days_ago, who=who, what=Intent(action=Action.SUBMIT, note=note))


def approve(who: str, days_ago: float, comment: str | None = None) -> Step:
    """Vote for the content as it is then."""
    return Step(days_ago=days_ago, who=who, what=Intent(action=Action.APPROVE, comment=comment))


def reject(who: str, days_ago: float, reason: str) -> Step:
    """Vote against the content as it is then."""
    return Step(days_ago=days_ago, who=who, what=Intent(action=Action.REJECT, reason=reason))


def edit(who: str, days_ago: float, content: Content) -> Step:
    """Write another copy."""
    return Step(days_ago=days_ago, who=who, what=Intent(action=Action.EDIT, content=content))


def archive(who: str, days_ago: float) -> Step:
    """Put it away."""
    return Step(days_ago=days_ago, who=who, what=Intent(action=Action.ARCHIVE))


def report(who: str, days_ago: float, figures: Metrics) -> Step:
    """Say how many arrived."""
    return Step(days_ago=days_ago, who=who, what=figures)


CLOCK = Clock()
