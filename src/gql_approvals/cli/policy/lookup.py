"""What the database knows of the member and the campaign that somebody asks about."""

import difflib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gql_approvals.policy.engine import Policy
from gql_approvals.policy.problem import did_you_mean
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.subject import Facts
from gql_approvals.settings import Settings
from gql_approvals.workflow.case import Rules
from gql_approvals.workflow.identity import MAX_KEY, parse_global_id
from gql_approvals.workflow.model import Account

if TYPE_CHECKING:  # Tortoise is loaded only when the database is asked
    from gql_approvals.persistence.people import Holding


async def member(email: str, account: str | None) -> "Holding":
    """The person in the account that was named, or in the only one they are in.

    Raises:
        ClickException: when they are an active member of no account, or not of this one.
        UsageError: when they are in several accounts and none was named.
    """
    from gql_approvals.persistence import people

    holdings = await people.holdings()
    theirs = {held.account: held for held in holdings if held.email == email}
    places = " and ".join(f"`{place}`" for place in sorted(theirs))
    if not theirs:
        near = difflib.get_close_matches(email, {held.email for held in holdings}, n=1)
        fix = f"did you mean `{near[0]}`?" if near else "add them with `gql-approvals member add`"
        raise click.ClickException(f"`{email}` is an active member of no account: {fix}")
    if account is not None and account not in theirs:
        raise click.ClickException(f"`{email}` is no active member of `{account}`, but of {places}")
    if account is None and len(theirs) > 1:
        raise click.UsageError(f"`{email}` is a member of {places}: choose one with --account")
    return theirs[account or min(theirs)]


async def campaign_facts(text: str, slug: str, user_id: int, policy: Policy, settings: Settings) -> Facts:
    """The facts of a campaign as this person sees it at this moment; `text` is its id or its number.

    Raises:
        ClickException: when there is no such account, or no such campaign in it.
        UsageError: when no account was named, or the text cannot be an id.
    """
    from gql_approvals.persistence import campaigns, people
    from gql_approvals.service.scene import Scene, facts_of

    key = _key(text)
    account = await _account(slug)
    found = (await campaigns.load(account.id, [key])).get(key)
    if found is None:
        raise click.ClickException(f"there is no campaign `{text}` in `{slug}`: check the id")
    scene = Scene(
        account=account,
        members={one.user_id: one for one in await people.members(account.id)},
        policy=policy,
        now=datetime.now(UTC),
        rules=Rules(review=settings.review, grace=settings.grace),
    )
    return facts_of(scene.current(found), user_id)


async def _account(slug: str) -> Account:
    from gql_approvals.persistence import people

    if slug == EVERYWHERE:
        raise click.UsageError("a campaign belongs to an account: name it with --account")
    account = await people.account_by_slug(slug)
    if account is None:
        hint = did_you_mean(slug, await people.account_slugs())
        raise click.ClickException(f"there is no account `{slug}`: {hint}")
    return account


def _key(text: str) -> int:
    kind, key = parse_global_id(text) or ("", 0)
    if kind == "Campaign":
        return key
    if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_KEY)) and int(text) <= MAX_KEY:
        return int(text)
    raise click.UsageError(f"`{text}` is no campaign's id: copy it from the API, or give its number")
