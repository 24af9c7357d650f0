"""The provider's keys: kept, read anew when they age or another is named, never fetched from elsewhere."""

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc.jwk import OctKey
from provider import AUDIENCE, START, WELL_KNOWN, Provider, key, on_loopback, signed
from tests.signin.conftest import World

from gql_approvals.http.oidc import keys as module
from gql_approvals.http.oidc import verifier
from gql_approvals.http.oidc.keys import (
    AGED_S,
    FRESH_S,
    GIVEN_UP_S,
    MAX_BYTES,
    MAX_KEYS,
    PAUSE_S,
    ProviderKeys,
)
from gql_approvals.service.sign_in import TokenRefused
from gql_approvals.settings import Settings

ISSUER = "https://login.test"
ONE_READING = [WELL_KNOWN, "/keys"]


@dataclass
class Seconds:
    """A clock that stands still until a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """The keys of a provider, with the clock they age by."""

    keys: ProviderKeys
    provider: Provider
    clock: Seconds

    async def known(self, *kids: str) -> list[bool]:
        return [bool(await self.keys.find(kid)) for kid in kids]

    async def settled(self) -> None:
        """Let what runs beside the requests come to its end."""
        if self.keys._reading is not None:
            await self.keys._reading


@pytest.fixture
async def kept() -> AsyncGenerator[Kept, None]:
    provider, clock = Provider(ISSUER), Seconds()
    async with httpx.AsyncClient(transport=provider.transport()) as client:
        keys = ProviderKeys(client, ISSUER, clock=clock)
        yield Kept(keys, provider, clock)
        await keys.close()


async def test_keys_are_read_once_for_all_who_ask_at_the_same_time(kept: Kept):
    assert kept.provider.asked == []

    found = await asyncio.gather(*(kept.keys.find("one") for _ in range(50)))

    assert all(found)
    assert kept.provider.asked == ONE_READING


async def test_an_unknown_key_is_looked_for_once_in_ten_seconds(kept: Kept):
    await kept.known("one")
    kept.clock.now += PAUSE_S

    assert not any(await asyncio.gather(*(kept.keys.find(f"unknown-{n}") for n in range(50))))
    kept.clock.now += PAUSE_S - 0.1
    assert await kept.known("unknown", "one") == [False, True]

    assert kept.provider.asked == 2 * ONE_READING


async def test_a_new_key_is_found_at_once_and_a_withdrawn_one_is_gone(kept: Kept):
    await kept.known("one")
    kept.clock.now += PAUSE_S

    kept.provider.keys = [key("two", "EC")]

    assert await kept.known("two", "one") == [True, False]


async def test_a_withdrawn_key_is_good_for_five_minutes_at_most_while_requests_come(kept: Kept):
    await kept.known("one")
    kept.provider.keys = [key("two", "EC")]

    kept.clock.now += FRESH_S
    assert await kept.known("one") == [True]
    kept.clock.now += 1
    await kept.known("one")  # begins the reading, and does not wait for it
    await kept.settled()

    assert await kept.known("one", "two") == [False, True]


async def test_requests_wait_for_keys_that_are_an_hour_old(kept: Kept):
    await kept.known("one")
    kept.provider.keys = [key("two", "EC")]

    kept.clock.now += AGED_S + 1

    assert await kept.known("one") == [False]


async def test_known_keys_work_for_a_day_while_the_provider_is_away(
    kept: Kept, caplog: pytest.LogCaptureFixture
):
    await kept.known("one")
    kept.provider.replace(WELL_KNOWN, b"", status=503)

    for _ in range(23):
        kept.clock.now += 3600
        assert await kept.known("one", "two") == [True, False]
    kept.clock.now += GIVEN_UP_S
    assert await kept.known("one") == [False]

    assert "sign_in:keys_not_read" in {record.getMessage() for record in caplog.records}
    del kept.provider.answers[WELL_KNOWN]
    kept.clock.now += PAUSE_S
    assert await kept.known("one") == [True]


async def test_a_provider_that_hangs_delays_nobody_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    asked: list[httpx.Request] = []

    async def hang(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(hang)) as client:
        keys = ProviderKeys(client, ISSUER)
        begun = time.monotonic()
        found = await asyncio.gather(*(keys.find(f"unknown-{n}") for n in range(20)))
        found += [await keys.find("unknown")]

    assert not any(found)
    assert len(asked) == 1
    assert time.monotonic() - begun < 1


async def test_whoever_goes_away_does_not_stop_the_reading_for_others(kept: Kept):
    first = asyncio.create_task(kept.keys.find("one"))
    second = asyncio.create_task(kept.keys.find("one"))
    await asyncio.sleep(0)
    first.cancel()

    assert await second
    assert kept.provider.asked == ONE_READING


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(kept: Kept, status: int):
    kept.provider.replace("/keys", b"", status=status, location="http://169.254.169.254/latest/meta-data")

    assert await kept.known("one") == [False]
    assert kept.provider.asked == ONE_READING


async def test_the_server_s_own_client_follows_no_redirect_either():
    with on_loopback(lambda: START) as provider:
        provider.replace("/keys", b"", status=302, location=f"{provider.issuer}/elsewhere")
        settings = Settings(oidc_issuer=provider.issuer, oidc_audience=AUDIENCE)
        async with verifier(settings) as verify:
            with pytest.raises(TokenRefused, match="key"):
                await verify(provider.token(), START)

        assert provider.asked == ONE_READING


@pytest.mark.parametrize(
    "address",
    [
        "http://login.test/keys",
        "http://127.0.0.1/keys",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "ftp://login.test/keys",
        "https://somebody@login.test/keys",
        "https://",
        "//login.test/keys",
        "keys",
        "",
        None,
        ["https://login.test/keys"],
    ],
)
async def test_keys_are_read_from_safe_addresses_only(kept: Kept, address: Any):
    kept.provider.replace(WELL_KNOWN, {"issuer": ISSUER, "jwks_uri": address})

    assert await kept.known("one") == [False]
    assert kept.provider.asked == [WELL_KNOWN]


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        (WELL_KNOWN, {"issuer": ISSUER + "/", "jwks_uri": f"{ISSUER}/keys"}, "calls itself"),
        (WELL_KNOWN, {"jwks_uri": f"{ISSUER}/keys"}, "calls itself `None`"),
        (WELL_KNOWN, [], "no JSON object"),
        (WELL_KNOWN, b"<html>", "does not answer with JSON"),
        (WELL_KNOWN, b"\xff\xfe{\x00}\x00", "does not answer with JSON"),
        (WELL_KNOWN, b'{"issuer": "a", "issuer": "b"}', "twice"),
        (WELL_KNOWN, b" " * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
        (WELL_KNOWN, gzip.compress(b" " * 10**7), "does not answer with JSON"),
        ("/keys", b"[" * 200_000, "nested too deeply"),
        ("/keys", {"keys": {}}, "must be a list"),
        ("/keys", {"keys": []}, "must be a list"),
        ("/keys", {"keys": [{}] * (MAX_KEYS + 1)}, "must be a list"),
        ("/keys", {"keys": [None, 1, "one", {}, {"kty": "RSA", "kid": "one"}]}, "no public key"),
    ],
)
async def test_a_useless_answer_changes_nothing_and_is_logged(
    kept: Kept, caplog: pytest.LogCaptureFixture, path: str, body: Any, why: str
):
    await kept.known("one")
    kept.clock.now += PAUSE_S
    kept.provider.replace(path, body)

    assert await kept.known("two", "one") == [False, True]
    [told] = [record for record in caplog.records if record.getMessage() == "sign_in:keys_not_read"]
    assert why in told.__dict__["why"]
    assert told.__dict__["known"] == ["curve", "one"]
    assert told.levelno == logging.ERROR


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"kty": "oct"},
        {"kty": "rsa"},
        {"n": "AQAB"},
        {"n": "A" * 5000},
        {"kid": 1},
        {"kid": ""},
        {"d": "AQAB"},
    ],
)
async def test_keys_that_prove_nothing_are_passed_over(kept: Kept, change: dict[str, Any]):
    odd = {**key("one").as_dict(private=False), "kid": "odd", **change}
    good = key("one").as_dict(private=False)
    secret = OctKey.generate_key(256, {"kid": "odd"}).as_dict(private=True)
    kept.provider.replace("/keys", {"keys": [odd, secret, good]})

    assert await kept.known("one", "odd") == [True, False]


async def test_tokens_are_good_before_during_and_after_a_rotation(world: World):
    provider = world.provider
    old = provider.token()
    await world.viewer(old)

    async def ask(token: str) -> str:
        body = await world.post(token)
        return "good" if "errors" not in body else body["errors"][0]["extensions"]["code"]

    before = [asyncio.create_task(ask(old)) for _ in range(6)]
    world.office.sign_in._verify._keys._tried_at -= PAUSE_S  # the first reading was a while ago
    provider.keys = [key("next", "EC"), *provider.keys]
    new = signed({"alg": "ES256", "kid": "next"}, provider.claims(), key("next", "EC"), "ES256")
    during = await asyncio.gather(*(ask(token) for _ in range(6) for token in (old, new)), *before)
    provider.keys = [key("next", "EC")]
    after = await ask(new)

    assert {*during, after} == {"good"}
    assert provider.asked == 2 * ONE_READING
