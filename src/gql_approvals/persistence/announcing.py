"""What webhooks are told of an event: a message for each of them, written with the event itself.

The message is the body that is posted, as it was when the event was committed: nothing is read again when it
is sent, so every attempt says the same, and nothing of what happened since. docs/webhooks.md shows one of
every kind. It holds ids, hashes, names and statuses; never what people wrote about a campaign.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gql_approvals.persistence import outbox, webhooks
from gql_approvals.persistence.models import AccountRow, AuditRow, CampaignRow, UserRow
from gql_approvals.persistence.outbox import WEBHOOK, Message
from gql_approvals.workflow.content import Json, utc_text
from gql_approvals.workflow.identity import global_id


@dataclass(frozen=True, slots=True)
class _About:
    """What the events speak of, as this transaction leaves it."""

    account: str
    actors: Mapping[int, UserRow]
    campaigns: Mapping[int, CampaignRow]


async def announce(account: AccountRow, entries: Sequence[AuditRow]) -> None:
    """Tell the account's webhooks of these entries; where there are none, that costs a look."""
    receivers = await webhooks.active(account.id)
    told = [(row, webhook.id) for row in entries for webhook in receivers if webhook.wants(row.kind)]
    if told:
        about = await _about(account, [row for row, _ in told])
        await outbox.write(_message(row, webhook, _body(row, about)) for row, webhook in told)


async def _about(account: AccountRow, rows: Sequence[AuditRow]) -> _About:
    actors = {row.actor_id for row in rows if row.actor_id is not None}
    campaigns = {row.campaign_id for row in rows if row.campaign_id is not None}
    return _About(
        account=account.slug,
        actors={user.id: user for user in (await UserRow.filter(id__in=actors) if actors else [])},
        campaigns={one.id: one for one in (await CampaignRow.filter(id__in=campaigns) if campaigns else [])},
    )


def _message(row: AuditRow, webhook: int, body: dict[str, Json]) -> Message:
    return Message(
        account_id=row.account_id,
        key=f"webhook-{webhook}-{row.seq}",
        kind=WEBHOOK,
        webhook=webhook,
        payload=body,
        created_at=row.at,
    )


def _body(row: AuditRow, about: _About) -> dict[str, Json]:
    actor = None if row.actor_id is None else about.actors[row.actor_id]
    campaign = None if row.campaign_id is None else about.campaigns[row.campaign_id]
    return {
        "type": row.kind,
        "timestamp": utc_text(row.at),
        "data": {
            "account": about.account,
            "seq": row.seq,
            "hash": row.hash,
            "actor": None if actor is None else {"id": global_id("User", actor.id), "name": actor.name},
            "campaign": None if campaign is None else _campaign(campaign),
            "detail": json.loads(row.detail),
            "policyVersion": row.policy_version,
        },
    }


def _campaign(row: CampaignRow) -> dict[str, Json]:
    return {
        "id": global_id("Campaign", row.id),
        "name": row.name,
        "channel": row.channel,
        "status": row.status,
        "version": row.version,
    }
