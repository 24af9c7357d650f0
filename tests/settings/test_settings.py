"""Settings are read whole: all that is wrong is said at once, what is right survives a round trip."""

from dataclasses import fields

import pytest

from gql_approvals.errors import BadSettings
from gql_approvals.settings import Settings, from_environment, name_of, to_environment

WEB = "must be an address such as `https://sender.example/hand-over`"
MAIL = "must be `outbox`, `console` or `smtp://user:password@host:port`"
LOG = "must be `text` or `json`"
YES = "say `true` or `false`"
INSIDE = "must be hosts and networks such as `n8n.internal, 10.1.0.0/16`"
WHOLE = "must be a whole number, zero or more"
SECONDS = "must be a number of seconds above 0, up to 3600"


def problems_of(**given: str) -> list[str]:
    """What is said about these settings, named without their prefix."""
    with pytest.raises(BadSettings) as caught:
        from_environment({f"GQL_APPROVALS_{name}": value for name, value in given.items()})
    return caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MAIL", "pigeon", MAIL),
        ("MAIL", "smtp://", MAIL),
        ("LOG", "xml", LOG),
        ("REVIEW_URL", "app.example/review", WEB),
        ("DELIVERY_URL", "ftp://sender.example", WEB),
        ("ALLOWED_ORIGINS", "https://a.example,b.example", WEB),
        ("WEBHOOK_ALLOW_HOSTS", "10.1.2.3/16", INSIDE),
        ("WEBHOOK_ALLOW_HOSTS", "10.1.2", INSIDE),
        ("WEBHOOK_ALLOW_HOSTS", "n8n.internal:80", INSIDE),
        ("WEBHOOK_ALLOW_HOSTS", "https://n8n.internal", INSIDE),
        ("PRODUCTION", "maybe", YES),
        ("GRAPHIQL", "2", YES),
        ("DEMO", "ja", YES),
        ("REVIEW_DAYS", "-1", WHOLE),
        ("GRACE_S", "5m", WHOLE),
        ("DATABASE_POOL", "ten", WHOLE),
        ("POLL_S", "0", SECONDS),
        ("POLL_S", "3601", SECONDS),
        ("POLL_S", "nan", SECONDS),
    ],
)
def test_a_wrong_value_is_shown_with_what_is_right(name: str, value: str, told: str):
    assert problems_of(**{name: value}) == [f"GQL_APPROVALS_{name}: `{value}` {told}"]


def test_an_unknown_setting_is_refused_with_the_nearest_name():
    assert problems_of(DATABSE_URL="sqlite:///a.db") == [
        "GQL_APPROVALS_DATABSE_URL: there is no such setting; did you mean GQL_APPROVALS_DATABASE_URL?",
    ]


def test_every_mistake_is_said_at_once():
    told = problems_of(
        MIAL="outbox", PRODUCTION="maybe", REVIEW_DAYS="x", DELIVERY_URL="https://sender.example/in"
    )

    assert told == [
        "GQL_APPROVALS_MIAL: there is no such setting; did you mean GQL_APPROVALS_MAIL?",
        f"GQL_APPROVALS_PRODUCTION: `maybe` {YES}",
        f"GQL_APPROVALS_REVIEW_DAYS: `x` {WHOLE}",
        "GQL_APPROVALS_DELIVERY_SECRET: the hand-over is signed; set a `whsec_…` secret",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"PRODUCTION": "true", "DEMO": "true"},
            "GQL_APPROVALS_DEMO: the demo's tokens are public; it cannot be combined with PRODUCTION",
        ),
        (
            {"PRODUCTION": "true", "MAIL": "smtp://mail.example"},
            "GQL_APPROVALS_REVIEW_URL: mails need a link to your review page; set it, with `{campaign}`",
        ),
        (
            {"DELIVERY_URL": "https://sender.example/in"},
            "GQL_APPROVALS_DELIVERY_SECRET: the hand-over is signed; set a `whsec_…` secret",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, str], told: str):
    assert problems_of(**given) == [told]


def test_without_any_setting_everything_has_its_default():
    assert from_environment({"PATH": "/bin"}) == Settings()


def test_what_is_empty_is_not_set():
    assert from_environment({name_of(item.name): " " for item in fields(Settings)}) == Settings()


def test_the_test_suite_s_own_variable_is_no_setting():
    assert from_environment({"GQL_APPROVALS_TEST_POSTGRES_URL": "postgresql://x/y"}) == Settings()


def test_settings_survive_the_way_through_the_environment():
    changed = from_environment(
        {
            "GQL_APPROVALS_DATABASE_URL": "postgresql://user:pass@db.example:5432/approvals",
            "GQL_APPROVALS_MAIL": "smtps://user:p%40ss@mail.example:465",
            "GQL_APPROVALS_REVIEW_URL": "https://app.example/c/{campaign}/{request}",
            "GQL_APPROVALS_DELIVERY_URL": "https://sender.example/in",
            "GQL_APPROVALS_DELIVERY_SECRET": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
            "GQL_APPROVALS_ALLOWED_ORIGINS": "https://a.example/, http://localhost:3000",
            "GQL_APPROVALS_WEBHOOK_ALLOW_HOSTS": "N8N.internal., 10.1.0.0/16,::1",
            "GQL_APPROVALS_PRODUCTION": "yes",
            "GQL_APPROVALS_GRAPHIQL": "off",
            "GQL_APPROVALS_REVIEW_DAYS": "7",
            "GQL_APPROVALS_POLL_S": "0.25",
            "GQL_APPROVALS_LOG": "JSON",
        }
    )

    assert changed.log == "json"
    assert changed.allowed_origins == ("https://a.example", "http://localhost:3000")
    assert changed.webhook_allow_hosts == ("n8n.internal", "10.1.0.0/16", "::1")
    assert from_environment(to_environment(changed)) == changed


def test_every_setting_says_what_it_is_for():
    assert [item.name for item in fields(Settings) if not item.metadata["about"]] == []
