"""Forged and odd tokens: callers read one text whatever is wrong, operators read what it was."""

import base64
import hashlib
import hmac
import json
import logging
import shutil
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from provider import WELL_KNOWN, Provider, encoded, key, signed
from tests.signin.conftest import World, world_on

from gql_approvals.service.caller import REFUSED

HONEST = {"alg": "RS256", "typ": "at+jwt", "kid": "one"}
ATTACKER = key("one", owner="an attacker")
ELSEWHERE = "http://127.0.0.1:9/keys"
UNKNOWN = {
    "data": {"viewer": None},
    "errors": [
        {
            "message": REFUSED,
            "locations": [{"line": 1, "column": 3}],
            "path": ["viewer"],
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ],
}
Row = tuple[str, str, Callable[[Provider], str]]


def by_public_key(provider: Provider) -> str:
    """HMAC with what everybody knows, as once accepted by libraries that trusted the header."""
    text = f"{encoded({**HONEST, 'alg': 'HS256'})}.{encoded(provider.claims())}"
    mac = hmac.digest(key("one").as_pem(private=False), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def changed(token: str, part: int, change: Callable[[str], str]) -> str:
    parts = token.split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def text_of(provider: Provider, old: str, new: str) -> str:
    """The honest claims as text, with something in it replaced."""
    text = json.dumps(provider.claims())
    assert old in text
    return text.replace(old, new, 1)


def header(**more: Any) -> Callable[[Provider], str]:
    return lambda p: p.token(header=more)


def claim(**more: Any) -> Callable[[Provider], str]:
    return lambda p: p.token(**more)


def without(name: str) -> Callable[[Provider], str]:
    return lambda p: p.token(name)


ROWS: list[Row] = [
    ("alg none", "algorithm", lambda p: f"{encoded({**HONEST, 'alg': 'none'})}.{encoded(p.claims())}."),
    ("alg none with a signature", "algorithm", header(alg="none")),
    ("alg None", "algorithm", header(alg="None")),
    ("no alg", "algorithm", lambda p: signed({"kid": "one"}, p.claims(), key("one"))),
    ("alg that is a list", "algorithm", header(alg=["RS256"])),
    ("HS256 with the public key", "algorithm", by_public_key),
    ("an algorithm that is not set", "algorithm",
     lambda p: signed({**HONEST, "alg": "RS512"}, p.claims(), key("one"), "RS512")),
    ("another algorithm than the key's", "signature", header(alg="ES256")),
    ("wrong iss", "issuer", claim(iss="https://login.evil.test")),
    ("iss with a slash more", "issuer", lambda p: p.token(iss=p.issuer + "/")),
    ("iss that is a list", "issuer", lambda p: p.token(iss=[p.issuer])),
    ("wrong aud", "audience", claim(aud="https://other.test")),
    ("wrong aud in a list", "audience", claim(aud=["https://other.test", "https://third.test"])),
    ("empty aud", "audience", claim(aud=[])),
    ("aud that is a number", "audience", claim(aud=1)),
    ("expired", "expired", lambda p: p.token(exp=p.ago(seconds=61))),
    ("exp that is a text", "claim", claim(exp="2100-01-01")),
    ("exp that is true", "claim", claim(exp=True)),
    ("exp that is no number", "form",
     lambda p: signed(HONEST, text_of(p, str(p.ago(seconds=-300)), "NaN"), key("one"))),
    ("exp beyond all numbers", "claim",
     lambda p: signed(HONEST, text_of(p, str(p.ago(seconds=-300)), "1e999"), key("one"))),
    ("nbf in the future", "not_yet", lambda p: p.token(nbf=p.ago(seconds=-61))),
    ("iat in the future", "not_yet", lambda p: p.token(iat=p.ago(seconds=-61))),
    ("iat that is a text", "claim", claim(iat="today")),
    ("no exp", "claim", without("exp")),
    ("no iss", "claim", without("iss")),
    ("no aud", "claim", without("aud")),
    ("no sub", "claim", without("sub")),
    ("unknown kid", "key", header(kid="three")),
    ("no kid", "key", lambda p: signed({"alg": "RS256"}, p.claims(), key("one"))),
    ("kid that is a path", "key", header(kid="../../../../dev/null")),
    ("kid that is a number", "key", header(kid=1)),
    ("key of another issuer", "signature", lambda p: signed(HONEST, p.claims(), ATTACKER)),
    ("jku elsewhere", "header", lambda p: signed({**HONEST, "jku": ELSEWHERE}, p.claims(), ATTACKER)),
    ("jku elsewhere, signed honestly", "header", header(jku=ELSEWHERE)),
    ("x5u elsewhere", "header", lambda p: signed({**HONEST, "x5u": ELSEWHERE}, p.claims(), ATTACKER)),
    ("its own key", "header",
     lambda p: signed({**HONEST, "jwk": ATTACKER.as_dict(private=False)}, p.claims(), ATTACKER)),
    ("its own certificate", "header", header(x5c=["MIIB"])),
    ("crit", "header", header(crit=["exp"], exp=1)),
    ("a payload that is not encoded", "header", header(crit=["b64"], b64=False)),
    ("encrypted", "encrypted",
     lambda _: ".".join([encoded({"alg": "RSA-OAEP", "enc": "A256GCM"}), "AA", "AA", "AA", "AA"])),
    ("huge", "size", claim(padding="x" * 16_384)),
    ("sub of 1 MB", "size", claim(sub="x" * 1_000_000)),
    ("sub of 256 letters", "claim", claim(sub="x" * 256)),
    ("sub that is a number", "claim", claim(sub=1)),
    ("sub that is a list", "claim", claim(sub=["maya-1"])),
    ("empty sub", "claim", claim(sub="")),
    ("sub with NUL", "claim", claim(sub="maya\0")),
    ("sub with half a letter", "claim", claim(sub="\ud800")),
    ("truncated", "signature", lambda p: p.token()[:-8]),
    ("without a signature", "signature", lambda p: changed(p.token(), 2, lambda _: "")),
    ("two parts", "form", lambda p: p.token().rpartition(".")[0]),
    ("only dots", "form", lambda _: ".."),
    ("not base64url", "form", lambda p: changed(p.token(), 1, lambda text: "+/" + text)),
    ("padded base64", "form", lambda p: changed(p.token(), 0, lambda text: text + "=")),
    ("altered payload", "signature",
     lambda p: changed(p.token(), 1, lambda _: encoded(p.claims(groups=["admins"])))),
    ("another token's signature", "signature",
     lambda p: ".".join([*p.token().split(".")[:2], p.token(sub="else").split(".")[2]])),
    ("a claim twice", "form",
     lambda p: signed(HONEST, text_of(p, '"sub":', '"sub": "root", "sub":'), key("one"))),
    ("a header twice", "form",
     lambda p: signed('{"alg": "none", "alg": "RS256", "kid": "one"}', p.claims(), key("one"))),
    ("claims that are a list", "form", lambda p: signed(HONEST, [p.claims()], key("one"))),
    ("claims nested without end", "form", lambda _: f"{encoded(HONEST)}.{encoded('[' * 9000)}.AA"),
    ("claims that are no text", "form", lambda _: f"{encoded(HONEST)}.gICA.AA"),
    ("ID token by its hash", "type", claim(at_hash="77QmUPtjPfzWtF2AnpK9RQ")),
    ("ID token by Keycloak's typ", "type", claim(typ="ID")),
    ("refresh token", "type", claim(typ="Refresh")),
    ("logout token", "type", header(typ="logout+jwt")),
    ("typ that is a number", "type", header(typ=1)),
    ("bound to a key of the client", "bound", claim(cnf={"jkt": "0ZcOCORZNYy"})),
    ("groups that are an object", "claim", claim(groups={"makers": True})),
    ("groups that are numbers", "claim", claim(groups=[1])),
    ("groups kept elsewhere", "claim",
     lambda p: p.token("groups", _claim_names={"groups": "src1"})),
    ("an address that is not verified", "address", claim(email_verified=False)),
    ("an address verified in words", "address", claim(email_verified="true")),
    ("no word about the address", "address", without("email_verified")),
    ("no address", "address", without("email")),
    ("an address that is none", "address", claim(email="maya")),
    ("an address with a line break", "address", claim(email="maya@acme.test\nbcc: x@y.test")),
]  # fmt: skip


@pytest.fixture(scope="module")
async def shared(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[World, None]:
    """One server for the whole table: nothing in it changes anything."""
    folder = tmp_path_factory.mktemp("refused")
    shutil.copyfile(sqlite_template, folder / "approvals.db")
    async with world_on(f"sqlite:///{folder / 'approvals.db'}", folder) as world:
        yield world


@pytest.mark.parametrize(("why", "made"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.sampled
async def test_a_forged_or_odd_token_is_refused(
    shared: World, why: str, made: Callable[[Provider], str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "gql_approvals")
    before = await shared.rows("SELECT count(*), (SELECT count(*) FROM identity) FROM app_user")
    token = made(shared.provider)

    body = await shared.post(token, "{ viewer { roles } }")

    assert body == UNKNOWN
    told = [record for record in caplog.records if record.getMessage() == "sign_in:refused"]
    assert [record.__dict__["reason"] for record in told] == [why]
    assert len(told[0].__dict__["detail"]) < 300
    assert token not in caplog.text
    assert await shared.rows("SELECT count(*), (SELECT count(*) FROM identity) FROM app_user") == before
    assert set(shared.provider.asked) <= {WELL_KNOWN, "/keys"}


async def test_an_unknown_api_token_earns_the_same_answer(shared: World):
    assert await shared.post("gqa_nobodys", "{ viewer { roles } }") == UNKNOWN


async def test_beyond_ascii_there_is_no_token(shared: World, caplog: pytest.LogCaptureFixture):
    token = changed(shared.provider.token(), 1, lambda text: text + "ü").encode("latin-1")

    response = await shared.client.post(
        "/graphql", json={"query": "{ viewer { roles } }"}, headers=[(b"authorization", b"Bearer " + token)]
    )

    assert response.json() == UNKNOWN
    assert "sign_in:refused" in caplog.text


def test_at_least_the_eighteen_kinds_that_were_asked_for_are_in_the_table():
    assert len({name for name, _, _ in ROWS}) == len(ROWS) >= 18
