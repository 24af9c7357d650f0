"""What differs between two revisions of a campaign, field by field."""

from dataclasses import dataclass

from gql_approvals.workflow.content import Json, as_json, canonical, utc_text
from gql_approvals.workflow.model import Revision
from gql_approvals.workflow.vocabulary import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field with its two values. `path`: the way to it from the revision, such as `content.subject`."""

    section: Section
    path: str
    before: Json
    after: Json


def changes(earlier: Revision, later: Revision) -> tuple[FieldChange, ...]:
    """The fields whose canonical forms differ, so that a section is named exactly when its hash differs.

    Both revisions are of one campaign, and so of one channel.
    """
    before, after = _values(earlier), _values(later)
    return tuple(
        FieldChange(section=section, path=path, before=value, after=after[section, path])
        for (section, path), value in before.items()
        if canonical(value) != canonical(after[section, path])
    )


def _values(revision: Revision) -> dict[tuple[Section, str], Json]:
    time = revision.scheduled_at
    return {
        **{(Section.COPY, f"content.{name}"): value for name, value in as_json(revision.content).items()},
        **{(Section.AUDIENCE, f"audience.{name}"): text for name, text in as_json(revision.audience).items()},
        (Section.SCHEDULE, "publishMode"): revision.publish_mode.value,
        (Section.SCHEDULE, "scheduledAt"): None if time is None else utc_text(time),
    }
