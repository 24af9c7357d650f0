"""Sign-in through a certified OpenID provider on loopback: its own tokens, pages and rotation."""

import asyncio
import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from provider import AUDIENCE, key, signed
from tests import npm
from tests.server.server_process import ServerProcess, free_port, running
from tests.signin.conftest import GROUPS, WHO

from gql_approvals.cli.administration import NewAccount, create_account
from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.workflow.case import Rules

SOURCE = Path(__file__).with_name("real_provider")
POLICIES = Path(__file__).parents[2] / "policies"
START_S = 30
VERIFIER = "the-verifier-of-this-test-" + "x" * 30
CALLBACK = "http://127.0.0.1/callback"

pytestmark = pytest.mark.alone


@dataclass
class RealProvider:
    """The provider's process; `kids`: the first of its keys signs."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *kids: str) -> None:
        """Start it with these keys."""
        keys = [{**key(kid).as_dict(private=True), "alg": "RS256"} for kid in kids]
        (self.folder / "keys.json").write_text(json.dumps({"keys": keys}))
        log = self.folder / "provider.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                ["node", SOURCE / "provider.js", str(self.port), self.folder / "keys.json"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        until(lambda: f"ready {self.issuer}" in log.read_text() or self._process.poll() is not None)
        assert self._process.poll() is None, log.read_text()

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None

    def tokens_of(self, name: str) -> dict[str, str]:
        """What a browser gets that signs in under this name: `access_token`, `id_token`."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": "frontend",
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": CALLBACK,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": AUDIENCE,
        }
        with httpx.Client(base_url=self.issuer, trust_env=False, timeout=10) as browser:
            answer = browser.get("/auth", params=asked)
            for form in ({"prompt": "login", "login": name, "password": "any"}, {"prompt": "consent"}):
                page = urlsplit(answer.headers["location"]).path
                answer = browser.get(browser.post(page, data=form).headers["location"])
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
            granted = browser.post(
                "/token",
                data={
                    "grant_type": "authorization_code",
                    "client_id": "frontend",
                    "code": code,
                    "redirect_uri": CALLBACK,
                    "code_verifier": VERIFIER,
                },
            )
        assert granted.status_code == 200, granted.text
        return granted.json()


def until(holds: Callable[[], bool], seconds: float = START_S) -> None:
    """Wait for something that takes its time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it has not come true within {seconds} s"
        time.sleep(0.05)


@contextmanager
def real_provider(folder: Path) -> Iterator[RealProvider]:
    npm.install(SOURCE)
    provider = RealProvider(folder)
    try:
        yield provider
    finally:
        provider.stop()


async def _settle(url: str) -> None:
    async with Database.open(url) as database:
        now = datetime.now(UTC)
        policy = PolicyInForce(Policy.load(POLICIES, now=now))
        office = Office(database=database, policy=policy, now=lambda: datetime.now(UTC), rules=Rules())
        for slug in ("acme", "globex"):
            new = NewAccount(slug=slug, name=slug, time_zone="UTC")
            await database.transaction(lambda new=new: create_account(office, new))


def ask(server: ServerProcess, token: str) -> dict:
    """What the server answers to a bearer, in good time."""
    begun = time.monotonic()
    answer = httpx.post(
        f"{server.url}/graphql",
        json={"query": WHO},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=10,
    )
    assert time.monotonic() - begun < 5
    return answer.json()


def roles(body: dict) -> list[str]:
    assert "errors" not in body, body
    return body["data"]["viewer"]["roles"]


def code(body: dict) -> str:
    return body["errors"][0]["extensions"]["code"]


def test_people_sign_in_through_a_real_provider(database_url: str, tmp_path: Path):
    asyncio.run(_settle(database_url))
    groups = tmp_path / "groups.csv"
    groups.write_text(GROUPS)
    with real_provider(tmp_path) as provider:
        provider.start("one")
        settings = {
            "DATABASE_URL": database_url,
            "OIDC_ISSUER": provider.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_ROLES": str(groups),
        }
        with running(tmp_path, workers=2, **settings) as server:
            until(lambda: server.log.read_text().count("sign_in:keys_read") == server.workers)
            maya, chen = provider.tokens_of("maya"), provider.tokens_of("chen")

            # access tokens are good, what is none is not
            assert roles(ask(server, maya["access_token"])) == ["maker"]
            assert roles(ask(server, chen["access_token"])) == ["checker"]
            assert code(ask(server, maya["id_token"])) == "UNAUTHENTICATED"
            assert code(ask(server, provider.tokens_of("eve")["access_token"])) == "ACCOUNT_REQUIRED"

            # the provider is away: known keys work on, others are refused in good time
            provider.stop()
            assert [roles(ask(server, chen["access_token"])) for _ in range(10)] == [["checker"]] * 10
            claims = {"iss": provider.issuer, "aud": AUDIENCE, "sub": "maya", "exp": int(time.time()) + 60}
            forged = signed({"alg": "RS256", "kid": "forged"}, claims, key("forged"))
            assert [code(ask(server, forged)) for _ in range(4)] == ["UNAUTHENTICATED"] * 4

            # it comes back with another key before the one it had
            provider.start("two", "one")
            newer = provider.tokens_of("maya")["access_token"]
            until(lambda: all("errors" not in ask(server, newer) for _ in range(8)))
            assert roles(ask(server, newer)) == roles(ask(server, maya["access_token"])) == ["maker"]
            assert {json.dumps(roles(ask(server, newer))) for _ in range(8)} == {'["maker"]'}

        log = server.log.read_text()
        assert "Traceback" not in log
        assert "sign_in:refused" in log
