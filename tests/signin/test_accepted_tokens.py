"""Tokens that are good, although they look unusual."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from provider import AUDIENCE, START, Provider, key, signed
from tests.signin.conftest import WHO, World

from gql_approvals.http.oidc.keys import ProviderKeys
from gql_approvals.http.oidc.token import TokenVerifier
from gql_approvals.service.sign_in import Claims
from gql_approvals.settings import SIGNATURES

pytestmark = pytest.mark.wide

ISSUER = "https://login.test/realms/acme"


async def claims_of(
    provider: Provider, token: str, algorithms: tuple[str, ...] = ("RS256", "ES256"), claim: str = "groups"
) -> Claims:
    async with httpx.AsyncClient(transport=provider.transport()) as client:
        keys = ProviderKeys(client, provider.issuer)
        verify = TokenVerifier(
            keys, issuer=provider.issuer, audience=AUDIENCE, algorithms=algorithms, groups_claim=claim
        )
        found = await verify(token, START)
        await keys.close()
        return found


@pytest.fixture
def provider() -> Provider:
    return Provider(ISSUER)


async def test_a_token_says_who_somebody_is(provider: Provider):
    assert await claims_of(provider, provider.token(iat=provider.ago(minutes=1))) == Claims(
        issuer=ISSUER,
        subject="maya-1",
        issued_at=START - timedelta(minutes=1),
        groups=frozenset({"makers"}),
        name="Maya",
        email="Maya@acme.test",
    )


@pytest.mark.parametrize(
    ("what", "claims"),
    [
        ("expired within the skew", {"exp": -59}),
        ("not yet good within the skew", {"nbf": 59}),
        ("issued in the future within the skew", {"iat": 59}),
    ],
)
async def test_clocks_may_differ_by_a_minute(provider: Provider, what: str, claims: dict[str, int]):
    del what
    moved = {name: int(START.timestamp()) + seconds for name, seconds in claims.items()}

    found = await claims_of(provider, provider.token(**moved))

    assert found.subject == "maya-1"
    assert found.issued_at <= START


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": ["https://other.test", AUDIENCE]}, {}),
        ({"iat": 0}, {}),
        ({"iat": -1e300}, {}),
        ({"iat": 1.5}, {}),
        ({"exp": 10**30}, {}),
        ({"typ": "Bearer"}, {"typ": "JWT"}),
        ({}, {"typ": "application/AT+jwt"}),
        ({}, {"x5t": "H77Pd1Fwjb2Kv9I6dhXjYVXTJ5k"}),
        ({"sub": "x" * 255}, {}),
        ({"nonce": "n-0S6_WzA2Mj"}, {}),
    ],
)
async def test_what_honest_providers_write_is_understood(
    provider: Provider, claims: dict[str, Any], header: dict[str, Any]
):
    found = await claims_of(provider, provider.token(header=header, **claims))

    assert found.groups == {"makers"}


async def test_a_token_without_typ_is_good(provider: Provider):
    token = signed({"alg": "RS256", "kid": "one"}, provider.claims(), key("one"))

    assert (await claims_of(provider, token)).subject == "maya-1"


@pytest.mark.parametrize("algorithm", ["RS256", "PS512", "ES256", "Ed25519"])
async def test_every_kind_of_signature_can_be_set(provider: Provider, algorithm: str):
    one = {"R": key("one"), "P": key("one"), "E": key("curve", "EC")}[algorithm[0]]
    if algorithm == "Ed25519":
        one = key("edwards", "OKP")
        provider.keys = [one]
    token = signed({"alg": algorithm, "kid": one.kid}, provider.claims(), one, algorithm)

    assert algorithm in SIGNATURES
    assert (await claims_of(provider, token, (algorithm,))).subject == "maya-1"


@pytest.mark.parametrize(
    ("claim", "claims", "groups"),
    [
        ("groups", {"groups": "makers"}, {"makers"}),
        ("groups", {"groups": []}, set()),
        ("groups", {"groups": None}, set()),
        ("roles", {"groups": ["makers"]}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["a", "b"]}}, {"a", "b"}),
        ("realm_access.roles", {"realm_access": "a"}, set()),
        ("https://acme.test/groups", {"https://acme.test/groups": ["a"]}, {"a"}),
    ],
)
async def test_groups_are_found_where_the_setting_says(
    provider: Provider, claim: str, claims: dict[str, Any], groups: set[str]
):
    assert (await claims_of(provider, provider.token(**claims), claim=claim)).groups == groups


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "  Maya  "}, "Maya"),
        ({"name": " ", "preferred_username": "maya.m"}, "maya.m"),
        ({"name": ["Maya"]}, "Maya"),
        ({"name": None}, "Maya"),
        ({"name": "x\0y"}, "Maya"),
        ({"name": "x" * 300}, "x" * 200),
    ],
)
async def test_a_name_is_found_in_any_case(provider: Provider, claims: dict[str, Any], name: str):
    assert (await claims_of(provider, provider.token(**claims))).name == name


async def test_tokens_of_both_kinds_work_side_by_side(world: World):
    maya = await world.viewer(world.provider.token())
    ada = await world.viewer(world.tokens["ada"])

    assert (maya["user"]["name"], maya["roles"]) == ("Maya", ["maker"])
    assert (ada["user"]["name"], ada["roles"]) == ("Ada", ["admin"])


async def test_without_a_provider_its_tokens_are_unknown(world: World):
    token = world.provider.token()
    await world.viewer(token)
    object.__setattr__(world.office, "sign_in", None)

    body = await world.post(token, WHO)

    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
