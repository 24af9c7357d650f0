"""An OpenID provider whose tokens the tests sign themselves, the wrong ones as well."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AUDIENCE = "https://approvals.test"
WELL_KNOWN = "/.well-known/openid-configuration"
Key = RSAKey | ECKey | OKPKey
Answer = tuple[int, dict[str, str], bytes]
_MAKE: dict[str, Callable[[dict[str, str]], Key]] = {
    "RSA": lambda more: RSAKey.generate_key(2048, more),
    "EC": lambda more: ECKey.generate_key("P-256", more),
    "OKP": lambda more: OKPKey.generate_key("Ed25519", more),
}


@cache
def key(kid: str, kind: str = "RSA", owner: str = "the provider") -> Key:
    """One key for each owner and id, made once: making them costs more than all else here."""
    del owner
    return _MAKE[kind]({"kid": kid, "use": "sig"})


def encoded(value: Any) -> str:
    """A part of a token; a text is taken as JSON that is written already."""
    data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: Any, claims: Any, by: Key, alg: str = "RS256") -> str:
    """A token with exactly this header and these claims, signed by `alg` whatever the header says."""
    text = f"{encoded(header)}.{encoded(claims)}"
    signature = JWSRegistry.algorithms[alg].sign(text.encode(), by)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@dataclass
class Provider:
    """`asked`: the addresses that were asked for. `answers`: what some of them answer instead."""

    issuer: str
    keys: list[Key] = field(default_factory=lambda: [key("one"), key("curve", "EC")])
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: START

    # ----------------------------------------------------------------------------------------- tokens
    def claims(self, *without: str, **more: Any) -> dict[str, Any]:
        """The claims of Maya's token, without some and with others."""
        now = int(self.now().timestamp())
        honest = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "maya-1",
            "iat": now,
            "exp": now + 300,
            "name": "Maya",
            "email": "Maya@acme.test",
            "email_verified": True,
            "groups": ["makers"],
        }
        return {name: value for name, value in {**honest, **more}.items() if name not in without}

    def token(self, *without: str, header: dict[str, Any] | None = None, **more: Any) -> str:
        """A token of Maya's, signed with the first key."""
        whole = {"alg": "RS256", "typ": "at+jwt", "kid": "one", **(header or {})}
        return signed(whole, self.claims(*without, **more), key("one"))

    # -------------------------------------------------------------------------------------- documents
    def answer(self, path: str) -> Answer:
        """What an address answers."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        documents: dict[str, Any] = {
            WELL_KNOWN: {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"},
            "/keys": {"keys": [one.as_dict(private=False) for one in self.keys]},
        }
        if path not in documents:
            return 404, {}, b""
        return 200, {"content-type": "application/json"}, json.dumps(documents[path]).encode()

    def replace(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Let an address answer something else."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, headers, data)

    def transport(self) -> httpx.MockTransport:
        """The provider without a network."""

        def handle(request: httpx.Request) -> httpx.Response:
            address = str(request.url)
            status, headers, body = self.answer(address.removeprefix(self.issuer))
            return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

        return httpx.MockTransport(handle)

    def ago(self, **time: float) -> int:
        """A moment before now, as tokens write it."""
        return int((self.now() - timedelta(**time)).timestamp())


@contextmanager
def on_loopback(now: Callable[[], datetime]) -> Iterator[Provider]:
    """The provider behind a real port, in threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            status, headers, body = provider.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}", now=now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
