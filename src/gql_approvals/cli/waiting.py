"""How the campaigns that wait for an approval are shown, and what becomes of them when it is switched off."""

from collections.abc import Sequence

import click

from gql_approvals.cli.output import show, switch
from gql_approvals.cli.tables import print_table, show_table
from gql_approvals.policy.wording import counted
from gql_approvals.service.reading import Waiting
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.model import Account, Campaign
from gql_approvals.workflow.vocabulary import PublishMode

_HEADINGS = ("campaign", "channel", "segment", "audience", "what follows")
_GOES = {
    PublishMode.ON_APPROVAL: "sent at once",
    PublishMode.MANUAL: "waits to be published",
}
_OVERDUE = "expires, its time is over"


def print_accounts(found: Sequence[tuple[Account, Waiting]], form: str) -> None:
    """One line an account."""
    data = {"accounts": [_as_data(account, waiting) for account, waiting in found]}
    rows = [
        (
            account.slug,
            switch(on=account.approvals_enabled),
            str(len(waiting.live)),
            str(len(waiting.overdue)),
        )
        for account, waiting in found
    ]
    show_table(
        data, ("account", "approvals", "waiting", "overdue"), rows, form, nothing="there is no account"
    )


def print_account(account: Account, found: Waiting, form: str) -> None:
    """The switch's position, and a line for each campaign that waits."""
    if form == "json":
        show(_as_data(account, found), "", form)
        return
    click.echo(f"approvals of {account.slug} are {switch(on=account.approvals_enabled)}; {_counts(found)}")
    _print_campaigns(found)


def print_preview(account: Account, found: Waiting) -> None:
    """On standard error, what switching off would do."""
    waits = f"{counted(len(found.live), 'campaign')} waiting for approval" if found.live else "nothing"
    click.echo(f"switching approvals of {account.slug} off approves {waits}", err=True)
    _print_campaigns(found, err=True)


def print_switched_off(before: Account, found: Waiting, form: str) -> None:
    """What was done; `before` is the account as it was."""
    already = not before.approvals_enabled
    done = Waiting(confirm_token="", live=(), overdue=()) if already else found
    data = {
        "account": before.slug,
        "approvalsEnabled": False,
        "already": already,
        "approved": [_campaign(one) for one in done.live],
        "expired": [_campaign(one) for one in done.overdue],
    }
    if form == "json" or already:
        show(data, f"approvals of {before.slug} were off before", form)
        return
    campaigns = counted(len(done.live), "campaign")
    click.echo(f"approvals of {before.slug} are off; {campaigns} approved, {len(done.overdue)} expired")
    _print_campaigns(done)


def _counts(found: Waiting) -> str:
    late = f", {len(found.overdue)} overdue" if found.overdue else ""
    return f"{counted(len(found.live), 'campaign')} waiting{late}"


def _print_campaigns(found: Waiting, *, err: bool = False) -> None:
    rows = [
        *(_row(one, _follows(one)) for one in found.live),
        *(_row(one, _OVERDUE) for one in found.overdue),
    ]
    if rows:
        print_table(_HEADINGS, rows, err=err)


def _row(one: Campaign, follows: str) -> tuple[str, ...]:
    audience = one.head.audience
    return (one.name, one.channel.lower(), audience.segment, f"{audience.estimated_size:,}", follows)


def _follows(one: Campaign) -> str:
    """What happens to a campaign as soon as it is approved."""
    at = one.head.scheduled_at
    return _GOES.get(one.head.publish_mode, "") if at is None else f"sent {at:%Y-%m-%d %H:%M} UTC"


def _as_data(account: Account, found: Waiting) -> dict[str, object]:
    return {
        "account": account.slug,
        "approvalsEnabled": account.approvals_enabled,
        "waiting": [_campaign(one) for one in found.live],
        "overdue": [_campaign(one) for one in found.overdue],
    }


def _campaign(one: Campaign) -> dict[str, object]:
    """`id` is the campaign's in the API."""
    at = one.head.scheduled_at
    return {
        "id": None if one.id is None else global_id("Campaign", one.id),
        "name": one.name,
        "channel": one.channel.value,
        "segment": one.head.audience.segment,
        "audience": one.head.audience.estimated_size,
        "publishMode": one.head.publish_mode.value,
        "scheduledAt": None if at is None else at.isoformat(timespec="seconds"),
    }
