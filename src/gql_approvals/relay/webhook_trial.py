"""A webhook is tried out: one signed request at once, past the outbox, and never again."""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from gql_approvals.persistence import people
from gql_approvals.relay.outcome import Delivered, Failed
from gql_approvals.relay.text import one_line
from gql_approvals.relay.webhook import Poster, client, outcome_of
from gql_approvals.service.perform import Office
from gql_approvals.service.reach import reach_of
from gql_approvals.service.webhooks import existing
from gql_approvals.settings import Settings
from gql_approvals.workflow.content import Json, utc_text

KIND = "webhook:test"
_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it. `answer`: for people. `took`: until the answer, or until there was none."""

    taken: bool
    answer: str
    took: timedelta


async def try_out(office: Office, settings: Settings, webhook_id: int) -> Tried:
    """Post a `webhook:test` to the webhook, disabled or not.

    Raises:
        InvalidInput: when there is no such webhook.
    """
    webhook = await existing(webhook_id)
    account, now = await people.account_by_id(webhook.account_id), office.now()
    data: dict[str, Json] = {"account": None if account is None else account.slug, "webhook": webhook_id}
    body: dict[str, Json] = {"type": KIND, "timestamp": utc_text(now), "data": data}
    async with client() as http:
        began = time.monotonic()
        answer = await Poster(http, reach_of(settings)).exchange(
            webhook, f"webhook-{webhook_id}-test-{uuid4().hex}", body, now
        )
        took = timedelta(seconds=time.monotonic() - began)
    if isinstance(answer, Failed):
        return Tried(taken=False, answer=one_line(answer.error, _SHOWN), took=took)
    taken = isinstance(outcome_of(answer), Delivered)
    return Tried(taken=taken, answer=f"it answered {answer.status_code}", took=took)
