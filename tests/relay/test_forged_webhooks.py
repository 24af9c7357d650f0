"""Signatures by Standard Webhooks 1.0, made and checked by hand: ours are good, and no forgery is taken."""
# ruff: noqa: E501  # tables and sentences keep their lines

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from tests.relay.test_dev_pages import client
from tests.relay.world import SECRET

from gql_approvals.relay.handover import signed_headers, webhook_of

pytestmark = pytest.mark.wide

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
BODY = json.dumps(
    {"name": "Sale", "channel": "SMS", "revision": 1, "authorisation": "QUORUM", "maxRecipients": 1}
)
ID = "acme-handover-1"


def by_hand(key: bytes, message: str, timestamp: int | str, body: str) -> str:
    """The signature as the standard describes it."""
    digest = hmac.new(key, f"{message}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def good(now: int) -> tuple[dict[str, str], str]:
    headers = {
        "webhook-id": ID,
        "webhook-timestamp": str(now),
        "webhook-signature": by_hand(KEY, ID, now, BODY),
    }
    return headers, BODY


def forgeries(now: int) -> dict[str, tuple[dict[str, str], str]]:
    headers, body = good(now)
    signature = headers["webhook-signature"]
    value = signature.removeprefix("v1,")

    def signed(text: str) -> tuple[dict[str, str], str]:
        return {**headers, "webhook-signature": text}, body

    return {
        "another body": (headers, body.replace("Sale", "Evil")),
        "a blank more": (headers, f"{body} "),
        "no body": (headers, ""),
        "another id": ({**headers, "webhook-id": "acme-handover-2"}, body),
        "another time": ({**headers, "webhook-timestamp": str(now - 1)}, body),
        "long ago": ({**headers, "webhook-timestamp": str(now - 3600),
                      "webhook-signature": by_hand(KEY, ID, now - 3600, body)}, body),
        "to come": ({**headers, "webhook-timestamp": str(now + 3600),
                     "webhook-signature": by_hand(KEY, ID, now + 3600, body)}, body),
        "no time": ({**headers, "webhook-timestamp": "NaN", "webhook-signature": by_hand(KEY, ID, "NaN", body)}, body),
        "another secret": signed(by_hand(b"x" * 24, ID, now, body)),
        "no secret": signed(by_hand(b"", ID, now, body)),
        "the secret as it is written": signed(by_hand(SECRET.encode(), ID, now, body)),
        "of the body alone": signed("v1," + base64.b64encode(hmac.new(KEY, body.encode(), "sha256").digest()).decode()),
        "no signature": signed(""),
        "a version only": signed("v1,"),
        "without a version": signed(value),
        "another version": signed(f"v1a,{value}"),
        "version 0": signed(f"v0,{value}"),
        "cut short": signed(signature[:-8]),
        "in hex": signed("v1," + base64.b64decode(value).hex()),
        "in another case": signed(f"v1,{value.swapcase()}"),
        "many that are wrong": signed(" ".join([by_hand(b"x" * 24, ID, now + n, body) for n in range(50)])),
        "no headers": ({}, body),
    }  # fmt: skip


async def test_what_is_signed_by_hand_is_taken_and_no_forgery_is(world):
    now = int(world.clock().timestamp())
    async with client(world) as http:
        for name, (headers, body) in forgeries(now).items():
            answer = await http.post("/dev/delivery", content=body, headers=headers)
            assert 400 <= answer.status_code < 500, name
        headers, body = good(now)
        assert (await http.post("/dev/delivery", content=body, headers=headers)).json() == {"stored": True}
    assert len(forgeries(now)) >= 20


def test_what_we_sign_is_what_the_standard_says():
    now = datetime.now(UTC)
    headers = signed_headers(webhook_of(SECRET), ID, BODY, now)

    assert headers["webhook-signature"] == by_hand(KEY, ID, int(now.timestamp()), BODY)
