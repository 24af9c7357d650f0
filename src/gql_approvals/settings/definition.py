"""Every setting there is.

Every field says in its metadata what it is for; the table in docs/settings.md is generated from them.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

PREFIX = "GQL_APPROVALS_"
MIN_SECRET, MAX_SECRET = 24, 64  # bytes; Standard Webhooks 1.0
_HOST = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
MIN_TOKEN = 16  # characters
Switch: TypeAlias = bool | Literal["auto"]
# What of a setting nobody may see: nothing, the password in its address, or all of it.
Secrecy: TypeAlias = Literal["", "password", "all"]
MAX_ISSUER = 255  # as the database keeps it
# Signatures with a key that only the provider has: not `none`, and no HS256,
# whose key we would share.
SIGNATURES = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
NOT_SETTINGS = frozenset({"GQL_APPROVALS_TEST_POSTGRES_URL"})  # read by the test suite only


def _text(value: str) -> str:
    return value.strip()


def _yes(value: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if value.strip().lower() not in words:
        raise ValueError("say `true` or `false`")
    return words[value.strip().lower()]


def _unless_in_production(value: str) -> Switch:
    return "auto" if value.strip().lower() == "auto" else _yes(value)


def _whole(value: str) -> int:
    if not value.strip().isdecimal():
        raise ValueError("must be a whole number, zero or more")
    return int(value)


def _some(value: str) -> int:
    if not value.strip().isdecimal() or int(value) < 1:
        raise ValueError("must be a whole number, 1 or more")
    return int(value)


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 < number <= 3600:  # noqa: PLR2004  # an hour
        raise ValueError("must be a number of seconds above 0, up to 3600")
    return number


def _web(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as `https://sender.example/hand-over`")
    return value.strip()


def _mail(value: str) -> str:
    text = value.strip()
    if text in {"outbox", "console"}:
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be `outbox`, `console` or `smtp://user:password@host:port`")
    return text


def _log(value: str) -> str:
    text = value.strip().lower()
    if text not in {"text", "json"}:
        raise ValueError("must be `text` or `json`")
    return text


def _heads(value: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    for item in items:
        name, _, host = item.partition("@")
        if item != "log" and (not name or not host or "@" in host or not item.isprintable() or " " in item):
            raise ValueError("must be `log`, mail addresses, or both, separated by commas")
    return items


def _secret(value: str) -> str:
    text = value.strip()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith("whsec_") or not MIN_SECRET <= len(key) <= MAX_SECRET:
        raise ValueError("must be `whsec_` and 24 to 64 bytes in base64")
    return text


def _token(value: str) -> str:
    text = value.strip()
    if not (text.isascii() and text.isprintable()) or " " in text or len(text) < MIN_TOKEN:
        raise ValueError(f"must be at least {MIN_TOKEN} letters, digits and signs, such as 32 random ones")
    return text


def is_secure(url: str) -> bool:
    """Whether nobody between us and this address can read or change anything: https, or this very machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.hostname) and (parts.scheme == "https" or here) and "@" not in parts.netloc


def _issuer(value: str) -> str:
    text = value.strip()  # else as it is: tokens must say exactly the same
    if not is_secure(text) or urlsplit(text).query or urlsplit(text).fragment or len(text) > MAX_ISSUER:
        raise ValueError("must be the provider's issuer, such as `https://login.example/realms/acme`")
    return text


def _algorithms(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names or not set(names) <= set(SIGNATURES):
        raise ValueError(f"must be some of {', '.join(SIGNATURES)}: nothing else proves who signed")
    return names


def _origins(value: str) -> tuple[str, ...]:
    return tuple(_web(item).rstrip("/") for item in value.split(",") if item.strip())


def _allowed(value: str) -> tuple[str, ...]:
    items = tuple(item.strip().lower().rstrip(".") for item in value.split(",") if item.strip())
    for item in items:
        try:
            ip_network(item)
        except ValueError:
            if not _HOST.fullmatch(item) or item.split(".")[-1].isdecimal():
                raise ValueError("must be hosts and networks such as `n8n.internal, 10.1.0.0/16`") from None
    return items


def _proxies(value: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    for item in items:
        try:
            ip_network(item)
        except ValueError:
            raise ValueError("must be addresses and networks such as `127.0.0.1, 10.0.0.0/8`") from None
    return items


def _setting(about: str, read: Callable[[str], Any], *, default: Any, hides: Secrecy = "") -> Any:  # noqa: ANN401  # a field of any type
    return field(default=default, metadata={"read": read, "about": about, "hides": hides})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator can choose."""

    database_url: str = _setting(
        "`sqlite:///FILE` or `postgresql://user:pass@host:port/db`",
        _text,
        default="sqlite:///gql-approvals.db",
        hides="password",
    )
    policies: str = _setting(
        "folder of `model.conf` and `policy.csv`; empty: the shipped ones", _text, default=""
    )
    mail: str = _setting(
        "`outbox` (kept, not sent), `console`, or `smtp://user:pass@host:port`",
        _mail,
        default="outbox",
        hides="password",
    )
    mail_from: str = _setting("the address that mails come from", _text, default="approvals@localhost")
    review_url: str = _setting(
        "where a mail's link leads; `{campaign}` and `{request}` are filled in", _web, default=""
    )
    delivery_url: str = _setting("the sending system: where publications are handed over", _web, default="")
    delivery_secret: str = _setting(
        "`whsec_…`, which signs the hand-over (Standard Webhooks)", _secret, default="", hides="all"
    )
    webhook_allow_hosts: tuple[str, ...] = _setting(
        "hosts and networks inside that webhooks may lead to, separated by commas", _allowed, default=()
    )
    allowed_origins: tuple[str, ...] = _setting(
        "frontends on other origins, separated by commas", _origins, default=()
    )
    oidc_issuer: str = _setting(
        "the OpenID provider whose access tokens are accepted; empty: API tokens only", _issuer, default=""
    )
    oidc_audience: str = _setting("what those tokens name as `aud`: this API", _text, default="")
    oidc_algorithms: tuple[str, ...] = _setting(
        "how they may be signed, separated by commas", _algorithms, default=("RS256", "ES256")
    )
    oidc_groups_claim: str = _setting(
        "the claim that lists a person's groups; `a.b` is `b` inside of `a`", _text, default="groups"
    )
    oidc_roles: str = _setting(
        "CSV file of `group, account, role`; empty: `groups.csv` beside the policy", _text, default=""
    )
    production: bool = _setting(
        "no GraphiQL, introspection, suggestions and demo; mail needs a link to your review page",
        _yes,
        default=False,
    )
    graphiql: bool | Literal["auto"] = _setting(
        "serve GraphiQL to browsers; `auto`: unless in production", _unless_in_production, default="auto"
    )
    introspection: bool | Literal["auto"] = _setting(
        "answer `__schema` and `__type`, and serve `/schema.graphql`; `auto`: unless in production",
        _unless_in_production,
        default="auto",
    )
    suggestions: bool | Literal["auto"] = _setting(
        "say `Did you mean …` of fields and types; `auto`: unless in production",
        _unless_in_production,
        default="auto",
    )
    operations: str = _setting(
        "a `.graphql` file, or a folder of them: only these operations are allowed; empty: any",
        _text,
        default="",
    )
    rate_limit: int = _setting(
        "operations a minute that a person may ask for, each root field counting; 0: any number",
        _whole,
        default=30_000,
    )
    max_depth: int = _setting(
        "levels of fields in a document; 0, here and below: any number", _whole, default=15
    )
    max_fields: int = _setting("fields in a document, those of fragments at each use", _whole, default=400)
    max_aliases: int = _setting("aliases in a document, counted likewise", _whole, default=30)
    max_nodes: int = _setting(
        "objects that an operation may ask for: `first` times the `first` around it", _whole, default=5_000
    )
    max_mutations: int = _setting("root fields of a mutation", _whole, default=10)
    max_tokens: int = _setting("tokens in a document", _whole, default=1_000)
    max_characters: int = _setting("characters in a document", _whole, default=30_000)
    max_values: int = _setting("values in the variables of a request, at every level", _whole, default=5_000)
    max_comparisons: int = _setting(
        "effort to see whether fields of the same name can be merged", _whole, default=2_000
    )
    review_days: int = _setting(
        "how long an unscheduled campaign may wait for its review", _whole, default=14
    )
    grace_s: int = _setting(
        "how late a scheduled campaign may still be sent, in seconds", _whole, default=300
    )
    poll_s: float = _setting(
        "how often due times and undelivered messages are looked for, in seconds", _seconds, default=1.0
    )
    relay: bool = _setting(
        "whether servers deliver mails, hand-overs and webhooks; if not, only `gql-approvals relay` does",
        _yes,
        default=True,
    )
    outbox_days: int = _setting(
        "how long delivered messages are kept in the outbox; 0: for ever", _whole, default=30
    )
    workers: int = _setting(
        "processes that serve; `--workers` sets it. Each gives out its share of the rate limit",
        _some,
        default=1,
    )
    trusted_proxies: tuple[str, ...] = _setting(
        "addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, "
        "separated by commas; empty: nobody's",
        _proxies,
        default=(),
    )
    database_pool: int = _setting("PostgreSQL connections a worker may use", _whole, default=10)
    log: str = _setting(
        "log records on standard error: `text` for people, `json` for programs, a line each",
        _log,
        default="text",
    )
    metrics_token: str = _setting(
        "the bearer token that reads `/metrics`; empty: there is no `/metrics`, but in the demo it is open",
        _token,
        default="",
        hides="all",
    )
    audit_heads: tuple[str, ...] = _setting(
        "where the audit trail's heads are told: `log`, mail addresses, separated by commas; empty: nowhere",
        _heads,
        default=("log",),
    )
    audit_heads_s: int = _setting(
        "how often a head that has moved is told, in seconds, by all servers together", _some, default=3600
    )
    demo: bool = _setting("set by `gql-approvals demo`: demo tokens and pages", _yes, default=False)

    @property
    def serves_graphiql(self) -> bool:
        """Whether browsers get GraphiQL."""
        return self._decided(self.graphiql)

    @property
    def serves_introspection(self) -> bool:
        """Whether the schema can be asked for."""
        return self._decided(self.introspection)

    @property
    def serves_suggestions(self) -> bool:
        """Whether errors name fields that were perhaps meant."""
        return self._decided(self.suggestions)

    @property
    def serves_metrics(self) -> bool:
        """Whether figures are collected, and told at `/metrics`."""
        return bool(self.metrics_token) or self.demo

    def _decided(self, switch: Switch) -> bool:
        return not self.production if switch == "auto" else switch

    @property
    def review(self) -> timedelta:
        """The time an unscheduled campaign may wait for its review."""
        return timedelta(days=self.review_days)

    @property
    def grace(self) -> timedelta:
        """How late a scheduled campaign may still be sent."""
        return timedelta(seconds=self.grace_s)

    @property
    def policy_folder(self) -> Path:
        """The folder of the policy files: the one that was set, `./policies`, or the shipped one."""
        if self.policies:
            return Path(self.policies)
        beside = Path("policies")
        if (beside / "policy.csv").is_file():
            return beside
        return shipped_policies()

    @property
    def groups_file(self) -> Path | None:
        """The file that says what groups give: the one that was set, or that beside the policy if any."""
        if self.oidc_roles:
            return Path(self.oidc_roles)
        beside = self.policy_folder / "groups.csv"
        return beside if beside.exists() else None


def shipped_policies() -> Path:
    """The folder of the policy files that come with the product."""
    packaged = Path(__file__).parents[1] / "_policies"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "policies"


def name_of(field_name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field_name.upper()


def secrecy_of(field_name: str) -> Secrecy:
    """What of a setting's value nobody may see; what is secret may come from a file of its own."""
    secrecy: Secrecy = Settings.__dataclass_fields__[field_name].metadata["hides"]
    return secrecy


def to_environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for worker processes; defaults are left out."""
    default = Settings()
    changed = [
        item.name for item in fields(Settings) if getattr(settings, item.name) != getattr(default, item.name)
    ]
    return {name_of(name): _written(getattr(settings, name)) for name in changed}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]  # of texts
    return str(value).lower() if isinstance(value, bool) else str(value)
