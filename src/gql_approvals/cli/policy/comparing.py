"""What `policy diff` compares, where it finds it, and how it shows the differences."""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.existing import NoDatabase, existing_database
from gql_approvals.cli.output import CannotStart, as_json, printable
from gql_approvals.cli.policy.folder import files_of, rules_of
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.files import PolicyFiles, files_from
from gql_approvals.policy.impact import Impact, every_role, impact
from gql_approvals.policy.impact_text import NO_DIFFERENCE, impact_lines
from gql_approvals.policy.subject import Member
from gql_approvals.policy.wording import counted
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.policies import PolicyText

IN_FORCE = "in-force"

_VERSION = re.compile(r"[0-9a-f]{12}")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions and what differs, for members or, with `of_roles`, for roles."""

    old: str
    new: str
    of_roles: bool
    impact: Impact


def compare(old: str, new: str | None, settings: Settings, *, roles: bool) -> Compared:
    """Find, load and compare both versions.

    Raises:
        CannotStart: when there is no such folder, or a version is asked for and there is no database.
        ClickException: when the database keeps no such version.
        Exit: with code 1, when one has mistakes; these are told on standard error.
    """
    versions = [text for text in (old, new) if text is not None and _is_version(text)]
    kept, members = asyncio.run(_read(settings.database_url, versions, members=not roles))
    before, after = (rules_of(kept.get(text) or _folder(text, settings)) for text in (old, new))
    for policy in (before, after):
        _warn_of_matcher(policy)
    subjects = members or tuple(every_role(before, after))
    return Compared(
        old=before.version,
        new=after.version,
        of_roles=not members,
        impact=impact(before, after, subjects),
    )


def _is_version(text: str) -> bool:
    """Whether it can be no folder: one of that name is taken for the folder."""
    return (text == IN_FORCE or bool(_VERSION.fullmatch(text))) and not Path(text).is_dir()


def _folder(text: str | None, settings: Settings) -> PolicyFiles:
    return files_of(None if text is None else Path(text), settings)


def _warn_of_matcher(policy: Policy) -> None:
    if not policy.answers.remembers:
        told_apart = "sizes of audiences are told apart at the numbers in both files, and at no others"
        click.echo(f"{policy.files.model.name}: the matcher is not the shipped one: {told_apart}", err=True)


# ------------------------------------------------------------------------------------------ the database
async def _read(
    url: str, versions: Sequence[str], *, members: bool
) -> tuple[dict[str | None, PolicyFiles], tuple[Member, ...]]:
    """The kept versions, and the active members; () where roles have to stand in for them."""
    if not members and not versions:
        return {}, ()
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(existing_database(url))
        except NoDatabase as error:
            if versions:
                raise CannotStart(f"the version `{versions[0]}` cannot be looked up: {error}") from error
            click.echo(f"roles are compared, not members: {error}", err=True)
            return {}, ()
        found: dict[str | None, PolicyFiles] = {text: await _kept(text) for text in versions}
        return found, await _members() if members else ()


async def _kept(asked: str) -> PolicyFiles:
    from gql_approvals.persistence import policies

    text = await (_in_force() if asked == IN_FORCE else policies.text_of(asked))
    if text is None:
        newest = ", ".join(f"`{version}`" for version, _ in (await policies.known_versions())[:3])
        hint = f"the newest are {newest}" if newest else "it keeps none until a server has started"
        raise click.ClickException(f"`{asked}` is no folder, and no version that the database keeps: {hint}")
    return files_from(text.version, model=text.model, policy=text.policy)


async def _in_force() -> "PolicyText | None":
    """What a worker put in force last; without any worker, the version that was new last."""
    from gql_approvals.persistence import policies

    reports = await policies.reports(_LONG_AGO)
    if not reports:
        return await policies.newest()
    return await policies.text_of(max(reports, key=lambda report: report.loaded_at).version)


async def _members() -> tuple[Member, ...]:
    from gql_approvals.persistence import people

    members = tuple(Member(held.account, held.email, held.roles) for held in await people.holdings())
    if not members:
        click.echo("roles are compared, not members: the database has no member", err=True)
    return members


# ------------------------------------------------------------------------------------------------- forms
def _print_text(compared: Compared) -> None:
    """The differences; that there is none is told on standard error, so that no output means just that."""
    found = compared.impact
    for line in impact_lines(found, of_roles=compared.of_roles):
        click.echo(printable(line))
    if not found.count:
        click.echo(NO_DIFFERENCE.format(subject="role" if compared.of_roles else "member"), err=True)
    whom = f"{counted(found.members, 'member')} of {counted(len(found.accounts), 'account')}"
    versions = f"(old {compared.old}, new {compared.new})"
    summary = f"{counted(found.count, 'difference')} for {'roles' if compared.of_roles else whom} {versions}"
    click.echo(summary, err=not found.count)


def _print_json(compared: Compared) -> None:
    found = compared.impact
    data = {
        "old": compared.old,
        "new": compared.new,
        "compared": "roles" if compared.of_roles else "members",
        "accounts": list(found.accounts),
        "members": found.members,
        "changes": [
            {
                "gained": one.gained,
                "accounts": list(one.accounts),
                "permissions": list(one.permissions),
                "where": _class_as_data(one.where),
                "members": list(one.members),
            }
            for one in found.changes
        ],
        "standings": [
            {
                "gained": one.gained,
                "accounts": list(one.accounts),
                "role": one.role,
                "members": list(one.members),
            }
            for one in found.standings
        ],
        "needs": [
            {
                "accounts": list(one.accounts),
                "where": _class_as_data(one.where),
                "old": dict(one.old),
                "new": dict(one.new),
            }
            for one in found.needs
        ],
    }
    click.echo(as_json(data))


def _class_as_data(where: GrantClass) -> dict[str, object]:
    """In the words of the policy files; null does not matter, both audiences are included."""
    channels = sorted(channel.lower() for channel in where.channels)
    statuses = sorted(status.lower() for status in where.statuses)
    return {
        "channels": None if len(channels) == len(Channel) else channels,
        "statuses": None if len(statuses) == len(CampaignStatus) else statuses,
        "own": where.own,
        "involved": where.involved,
        "audience_from": where.audience_from,
        "audience_to": None if where.audience_to is None else where.audience_to - 1,
    }


PRINTERS: dict[str, Callable[[Compared], None]] = {"text": _print_text, "json": _print_json}
