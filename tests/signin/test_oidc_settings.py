"""The settings of sign-in: what would open a door is refused before the server starts."""

import pytest

from gql_approvals.errors import BadSettings
from gql_approvals.settings import SIGNATURES, from_environment, to_environment

GOOD = {"OIDC_ISSUER": "https://login.test/realms/acme/", "OIDC_AUDIENCE": "approvals"}
ISSUER = "must be the provider's issuer, such as `https://login.example/realms/acme`"
NAMES = f"must be some of {', '.join(SIGNATURES)}: nothing else proves who signed"


def read(**given: str):
    return from_environment({f"GQL_APPROVALS_{name}": value for name, value in given.items()})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"OIDC_ISSUER": "http://login.test"}, f"OIDC_ISSUER: `http://login.test` {ISSUER}"),
        ({"OIDC_ISSUER": "login.test"}, f"OIDC_ISSUER: `login.test` {ISSUER}"),
        ({"OIDC_ISSUER": "https://login.test?a=b"}, f"OIDC_ISSUER: `https://login.test?a=b` {ISSUER}"),
        ({"OIDC_ISSUER": "https://login.test#a"}, f"OIDC_ISSUER: `https://login.test#a` {ISSUER}"),
        ({"OIDC_ISSUER": "https://user:word@login.test"}, f"OIDC_ISSUER: the value {ISSUER}"),
        (
            {"OIDC_ISSUER": "http://127.0.0.1.evil.test"},
            f"OIDC_ISSUER: `http://127.0.0.1.evil.test` {ISSUER}",
        ),
        ({"OIDC_ALGORITHMS": "none"}, f"OIDC_ALGORITHMS: `none` {NAMES}"),
        ({"OIDC_ALGORITHMS": "RS256,HS256"}, f"OIDC_ALGORITHMS: `RS256,HS256` {NAMES}"),
        ({"OIDC_ALGORITHMS": ","}, f"OIDC_ALGORITHMS: `,` {NAMES}"),
        (
            {"OIDC_AUDIENCE": ""},
            (
                "OIDC_AUDIENCE: tokens for other services would be accepted; "
                "set what the provider writes into `aud` of tokens for this API"
            ),
        ),
        ({"OIDC_ISSUER": ""}, "OIDC_ISSUER: OIDC_AUDIENCE says nothing without it; set both"),
        (
            {"OIDC_ISSUER": "http://localhost:3000", "PRODUCTION": "true"},
            "OIDC_ISSUER: must be https in production",
        ),
    ],
)
def test_what_would_open_a_door_is_refused(given: dict[str, str], told: str):
    with pytest.raises(BadSettings) as caught:
        read(**{**GOOD, **given})

    assert f"GQL_APPROVALS_{told}" in caught.value.message.splitlines()


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "http://localhost:3000", "http://[::1]:3000/realm"])
def test_on_this_very_machine_plain_http_will_do(issuer: str):
    assert read(**{**GOOD, "OIDC_ISSUER": issuer}).oidc_issuer == issuer


def test_the_issuer_stays_as_it_was_written_and_survives_the_way_to_the_workers():
    settings = read(
        **GOOD, OIDC_ALGORITHMS="ES256, Ed25519", OIDC_GROUPS_CLAIM="realm_access.roles", OIDC_ROLES="g.csv"
    )

    assert settings.oidc_issuer == GOOD["OIDC_ISSUER"]
    assert settings.oidc_algorithms == ("ES256", "Ed25519")
    assert from_environment(to_environment(settings)) == settings
