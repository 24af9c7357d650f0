"""The hand-over: a publication, signed by Standard Webhooks 1.0, posted to the sending system.

What is posted and how it is checked is written down in docs/hand-over.md.
"""

import asyncio
import binascii
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from gql_approvals.errors import BadSettings
from gql_approvals.relay.answers import outcome_of, trusted
from gql_approvals.relay.outcome import Failed, Outcome, Refused
from gql_approvals.service.delivery import HandoverFacts
from gql_approvals.workflow.content import Json, as_json, canonical, utc_text

TIMEOUT_S = 15.0
NOT_INTACT = "the stored content is not what was authorised: it is not handed over"


class HandOver:
    """Posts publications to one address. `timeout_s` covers a whole exchange."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, secret: str, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._client = client
        self._url = url
        self._webhook = webhook_of(secret)
        self._timeout_s = timeout_s

    async def __call__(self, facts: HandoverFacts, now: datetime) -> Outcome:
        """Post the publication; the other side has it when it answers 2xx."""
        if not facts.intact:
            return Refused(NOT_INTACT)
        body = canonical(body_of(facts))
        headers = signed_headers(self._webhook, facts.key, body.decode(), now)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                # streamed, so that no answer is too long to read: only its head counts
                self._client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return outcome_of(answer)
        except TimeoutError:
            return Failed(f"no answer within {self._timeout_s:g} s")
        except httpx.HTTPError as error:
            return Failed(f"{type(error).__name__}: {error}")


def client() -> httpx.AsyncClient:
    """A client that goes where it is told: no redirects, and no proxy from the environment."""
    return httpx.AsyncClient(verify=trusted(), follow_redirects=False, trust_env=False, timeout=TIMEOUT_S)


def webhook_of(secret: str) -> Webhook:
    """What signs and verifies.

    Raises:
        BadSettings: when the secret is none.
    """
    try:
        return Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise BadSettings(
            "GQL_APPROVALS_DELIVERY_SECRET: must be `whsec_` and 24 to 64 bytes in base64"
        ) from None


def signed_headers(webhook: Webhook, key: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks; `key` is the same at every attempt."""
    moment = now.astimezone(UTC)  # sign() reads any time as if it were UTC
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": webhook.sign(key, moment, body),
    }


def body_of(facts: HandoverFacts) -> dict[str, Json]:
    """What is posted: the three sections whose hashes make `contentHash`, and what they belong to."""
    return {
        "account": facts.account_slug,
        "audience": as_json(facts.audience),
        "authorisation": facts.authorisation.value,
        "campaign": facts.campaign_id,
        "channel": facts.channel.value,
        "content": as_json(facts.content),
        "contentHash": facts.content_hash,
        "maxRecipients": facts.audience.estimated_size,
        "name": facts.name,
        "publication": facts.publication_id,
        "publishMode": facts.publish_mode.value,
        "revision": facts.revision,
        "scheduledAt": None if facts.scheduled_at is None else utc_text(facts.scheduled_at),
        "sentAt": utc_text(facts.sent_at),
    }
