"""The provider's public keys: found by discovery, kept, read anew when they age or an unknown one is named.

Only two addresses are ever asked: the issuer's `/.well-known/openid-configuration` and the `jwks_uri` it
names. Nothing that a caller sends decides where; callers decide at most when, and not more often than every
`PAUSE_S`. While the provider is away, the keys that are known go on working.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gql_approvals.http.oidc.strict_json import json_object
from gql_approvals.settings import is_secure

TIMEOUT_S = 3.0  # for both answers together: callers wait for them
PAUSE_S = 10.0  # between two readings, whatever tokens come
FRESH_S = 300.0  # older keys are read anew, beside the requests
AGED_S = 3600.0  # requests wait for the reading of keys that are older
GIVEN_UP_S = 24 * 3600.0  # a key that was withdrawn is good no longer than this, even if the provider is away
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
OK = 200  # nothing else: redirects are not followed
WELL_KNOWN = "/.well-known/openid-configuration"

PublicKey = RSAKey | ECKey | OKPKey
_KINDS: dict[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_RSA_DIGITS = range(342, 1367)  # of base64url: moduli from 2048 to 8192 bits

_log = logging.getLogger(__name__)


class KeysNotRead(Exception):
    """The provider's answer is of no use; the message says why."""


class ProviderKeys:
    """The keys of one issuer. `clock` counts seconds and never goes back."""

    def __init__(
        self, client: httpx.AsyncClient, issuer: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, tuple[PublicKey, ...]] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Read the keys beside what else begins, so that a provider that goes away next is not missed."""
        self._read()

    async def find(self, kid: str) -> tuple[PublicKey, ...]:
        """The keys of this id, usually one; none when the provider has none or cannot be asked."""
        age = self._clock() - self._read_at
        if kid not in self._keys or age > AGED_S:
            reading = self._read()
            if reading is not None:
                await asyncio.shield(reading)  # it goes on for the others when this caller goes away
        elif age > FRESH_S:
            self._read()
        if self._clock() - self._read_at > GIVEN_UP_S:
            return ()
        return self._keys.get(kid, ())

    async def close(self) -> None:
        """End a reading that is under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _read(self) -> "asyncio.Task[None] | None":
        """The reading that is under way, a new one, or None where one was tried a moment ago."""
        if self._reading is None and self._clock() - self._tried_at >= PAUSE_S:
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._read_now())
        return self._reading

    async def _read_now(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                keys = await self.ask()
        except (KeysNotRead, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            reason = str(error) or f"{type(error).__name__} after {TIMEOUT_S:g} s"
            known = sorted(self._keys)
            _log.error("sign_in:keys_not_read", extra={"issuer": self._issuer, "why": reason, "known": known})
        else:
            if keys.keys() != self._keys.keys():
                _log.info("sign_in:keys_read", extra={"issuer": self._issuer, "keys": sorted(keys)})
            self._keys, self._read_at = keys, self._clock()
        finally:
            self._reading = None

    async def ask(self) -> dict[str, tuple[PublicKey, ...]]:
        """Read the provider's keys, and keep nothing.

        Raises:
            KeysNotRead: when its answers are of no use.
            httpx.HTTPError, httpx.InvalidURL: when it cannot be asked.
        """
        document = await self._get(self._issuer.rstrip("/") + WELL_KNOWN)
        if document.get("issuer") != self._issuer:
            raise KeysNotRead(
                f"the provider calls itself `{document.get('issuer')!s:.200}`: set that as issuer"
            )
        address = document.get("jwks_uri")
        if not isinstance(address, str) or not self._may_ask(address):
            raise KeysNotRead(f"`jwks_uri` must be an https address, not `{address!s:.200}`")
        return usable_keys((await self._get(address)).get("keys"))

    def _may_ask(self, address: str) -> bool:
        """https; or http on this very machine, where the issuer is there as well."""
        return is_secure(address) and (address.startswith("https:") or self._issuer.startswith("http:"))

    async def _get(self, address: str) -> dict[str, Any]:
        # the bytes as they come: unpacking could make much of little
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        async with self._client.stream("GET", address, headers=headers) as answer:
            if answer.status_code != OK:
                raise KeysNotRead(f"`{address}` answers {answer.status_code}")
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise KeysNotRead(f"`{address}` answers more than {MAX_BYTES} bytes")
        try:
            return json_object(body)
        except ValueError as error:
            raise KeysNotRead(f"`{address}` does not answer with JSON: {error}") from None


def usable_keys(listed: object) -> dict[str, tuple[PublicKey, ...]]:
    """The keys of a JWK set that can prove a signature, by their ids; others are passed over.

    Raises:
        KeysNotRead: when there is none, or far too many.
    """
    entries = cast("list[object]", listed) if isinstance(listed, list) else []
    if not 0 < len(entries) <= MAX_KEYS:
        raise KeysNotRead(f"`keys` must be a list of 1 to {MAX_KEYS}")
    found: dict[str, tuple[PublicKey, ...]] = {}
    for entry in entries:
        key = _key(cast("dict[str, Any]", entry)) if isinstance(entry, dict) else None
        if key is not None and key.kid:
            found[key.kid] = (*found.get(key.kid, ()), key)
    if not found:
        raise KeysNotRead("it lists no public key that has an id and is meant for signatures")
    return found


def _key(entry: dict[str, Any]) -> PublicKey | None:
    if not _is_for_signatures(entry):
        return None
    try:
        return _KINDS[entry["kty"]].import_key(entry)  # pyright: ignore[reportArgumentType]  # joserfc looks itself
    except (JoseError, KeyError, TypeError, ValueError):
        return None


def _is_for_signatures(entry: dict[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    for_signing = entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    whole = entry.get("kty") != "RSA" or len(str(entry.get("n"))) in _RSA_DIGITS
    public = "d" not in entry and isinstance(entry.get("kid"), str)
    return whole and public and for_signing
