"""From the words of `policy explain` to one question about the policy."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import click

from gql_approvals.cli.existing import NoDatabase, existing_database
from gql_approvals.cli.output import CannotStart
from gql_approvals.cli.policy.folder import note_misspelt
from gql_approvals.cli.policy.lookup import campaign_facts, member
from gql_approvals.policy.answers import ELSEWHERE
from gql_approvals.policy.conditions import parse_number
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.expected import RELATIONS
from gql_approvals.policy.problem import did_you_mean
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.subject import Facts
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import EVERYONE, CampaignStatus, Channel, Permission

DIMENSIONS = ("channel", "audience", "status", "relation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed; None = nothing."""

    who: str
    action: str
    account: str | None = None
    campaign: str | None = None
    channel: str | None = None
    audience: str | None = None
    status: str | None = None
    relation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is asked about; `user_id` is 0 for roles that nobody in particular holds."""

    who: str
    account: str
    roles: frozenset[str]
    user_id: int = 0

    @property
    def place(self) -> str:
        """The account as the policy is asked about it."""
        return ELSEWHERE if self.account == EVERYWHERE else self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the policy is asked; the subject's account is `*` for all accounts that no line names.

    `given`: the `DIMENSIONS` that are known; the others have the values of `Facts()`.
    """

    subject: Subject
    permission: Permission
    facts: Facts
    given: frozenset[str]


def question(asked: Asked, policy: Policy, settings: Settings) -> Question:
    """Understand what was asked; the database is opened for members and campaigns only.

    Raises:
        UsageError: when a word cannot be understood, or more must be said.
        ClickException: when there is no such person, role, account or campaign.
        CannotStart: when the database is needed and not there.
    """
    permission = _permission(asked.action)
    stated = _stated(asked)
    if "@" in asked.who or asked.campaign is not None:
        subject, facts = _from_database(asked, policy, settings)
    else:
        subject, facts = _roles(asked, policy), Facts()
    typed = [name for name in DIMENSIONS if getattr(asked, name) is not None]
    return Question(
        subject=subject,
        permission=permission,
        facts=replace(facts, **stated),
        given=frozenset(typed if asked.campaign is None else DIMENSIONS),
    )


def _from_database(asked: Asked, policy: Policy, settings: Settings) -> tuple[Subject, Facts]:
    async def read() -> tuple[Subject, Facts]:
        async with existing_database(settings.database_url):
            subject = await _member(asked) if "@" in asked.who else _roles(asked, policy)
            if asked.campaign is None:
                return subject, Facts()
            place = (subject.account, subject.user_id)
            return subject, await campaign_facts(asked.campaign, *place, policy, settings)

    try:
        return asyncio.run(read())
    except NoDatabase as error:
        about = f"`{asked.who}` is a member" if "@" in asked.who else f"`{asked.campaign}` is a campaign"
        fix = "set GQL_APPROVALS_DATABASE_URL, or ask about a role, with --channel, --audience and so on"
        raise CannotStart(f"{about}, and there is {error}: {fix}") from error


async def _member(asked: Asked) -> Subject:
    held = await member(asked.who.lower(), asked.account)
    return Subject(who=held.email, account=held.account, roles=held.roles, user_id=held.user_id)


def _permission(word: str) -> Permission:
    words = [permission.value for permission in Permission]
    if word.lower() not in words:
        raise click.UsageError(f"unknown action `{word}`: {did_you_mean(word, words)}")
    return Permission(word.lower())


def _stated(asked: Asked) -> dict[str, Any]:
    """The facts that were typed, as fields of `Facts`."""
    found: dict[str, Any] = {}
    if asked.channel is not None:
        found["channel"] = Channel(asked.channel.upper())
    if asked.audience is not None:
        found["audience"] = _audience(asked.audience)
    if asked.status is not None:
        found["status"] = CampaignStatus(asked.status.upper())
    if asked.relation is not None:
        found["own"], found["involved"] = RELATIONS[asked.relation]
    return found


def _audience(text: str) -> int:
    number = parse_number(text)
    if number is None:
        raise click.UsageError(f"`{text}` is no number of people: write 50000, 50_000, 50k or 2m")
    return number


def _roles(asked: Asked, policy: Policy) -> Subject:
    """Roles of the policy that somebody in the account could hold."""
    account = asked.account or EVERYWHERE
    note_misspelt(account, policy)
    roles = frozenset(name.strip() for name in asked.who.split("+")) - {EVERYONE}
    known = policy.roles(account)
    for role in sorted(roles - set(known)):
        raise click.ClickException(_unknown_role(role, account, known, policy))
    return Subject(who=asked.who, account=account, roles=roles)


def _unknown_role(role: str, account: str, known: Collection[str], policy: Policy) -> str:
    places = sorted(place for place in policy.answers.rules.accounts if role in policy.roles(place))
    if places:
        return f"`{role}` is a role of {' and '.join(f'`{p}`' for p in places)}: name it with --account"
    where = "" if account == EVERYWHERE else f" in `{account}`"
    hint = did_you_mean(role, {*known, EVERYONE})
    return f"the policy knows no role `{role}`{where}: {hint}; a member is named by an e-mail address"
