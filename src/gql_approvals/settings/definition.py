"""Every setting there is.

Every field says in its metadata what it is for; the table in docs/settings.md is generated from them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from gql_approvals.settings import values
from gql_approvals.settings.values import Switch

PREFIX = "GQL_APPROVALS_"
# What of a setting nobody may see: nothing, the password in its address, or all of it.
Secrecy: TypeAlias = Literal["", "password", "all"]
NOT_SETTINGS = frozenset({"GQL_APPROVALS_TEST_POSTGRES_URL"})  # read by the test suite only


def _setting(about: str, read: Callable[[str], Any], *, default: Any, hides: Secrecy = "") -> Any:  # noqa: ANN401  # a field of any type
    return field(default=default, metadata={"read": read, "about": about, "hides": hides})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator can choose."""

    database_url: str = _setting(
        "`sqlite:///FILE` or `postgresql://user:pass@host:port/db`",
        values.words,
        default="sqlite:///gql-approvals.db",
        hides="password",
    )
    policies: str = _setting(
        "folder of `model.conf` and `policy.csv`; empty: the shipped ones", values.words, default=""
    )
    mail: str = _setting(
        "`outbox` (kept, not sent), `console`, or `smtp://user:pass@host:port`",
        values.mail,
        default="outbox",
        hides="password",
    )
    mail_from: str = _setting("the address that mails come from", values.words, default="approvals@localhost")
    review_url: str = _setting(
        "where a mail's link leads; `{campaign}` and `{request}` are filled in", values.web, default=""
    )
    delivery_url: str = _setting(
        "the sending system: where publications are handed over", values.web, default=""
    )
    delivery_secret: str = _setting(
        "`whsec_…`, which signs the hand-over (Standard Webhooks)", values.secret, default="", hides="all"
    )
    webhook_allow_hosts: tuple[str, ...] = _setting(
        "hosts and networks inside that webhooks may lead to, separated by commas", values.allowed, default=()
    )
    allowed_origins: tuple[str, ...] = _setting(
        "frontends on other origins, separated by commas", values.origins, default=()
    )
    oidc_issuer: str = _setting(
        "the OpenID provider whose access tokens are accepted; empty: API tokens only",
        values.issuer,
        default="",
    )
    oidc_audience: str = _setting("what those tokens name as `aud`: this API", values.words, default="")
    oidc_algorithms: tuple[str, ...] = _setting(
        "how they may be signed, separated by commas", values.algorithms, default=("RS256", "ES256")
    )
    oidc_groups_claim: str = _setting(
        "the claim that lists a person's groups; `a.b` is `b` inside of `a`",
        values.words,
        default="groups",
    )
    oidc_roles: str = _setting(
        "CSV file of `group, account, role`; empty: `groups.csv` beside the policy",
        values.words,
        default="",
    )
    production: bool = _setting(
        "no GraphiQL, introspection, suggestions and demo; mail needs a link to your review page",
        values.yes,
        default=False,
    )
    graphiql: bool | Literal["auto"] = _setting(
        "serve GraphiQL to browsers; `auto`: unless in production",
        values.unless_in_production,
        default="auto",
    )
    introspection: bool | Literal["auto"] = _setting(
        "answer `__schema` and `__type`, and serve `/schema.graphql`; `auto`: unless in production",
        values.unless_in_production,
        default="auto",
    )
    suggestions: bool | Literal["auto"] = _setting(
        "say `Did you mean …` of fields and types; `auto`: unless in production",
        values.unless_in_production,
        default="auto",
    )
    operations: str = _setting(
        "a `.graphql` file, or a folder of them: only these operations are allowed; empty: any",
        values.words,
        default="",
    )
    rate_limit: int = _setting(
        "operations a minute that a person may ask for, each root field counting; 0: any number",
        values.whole,
        default=30_000,
    )
    compiled: bool = _setting(
        "compile operations that are asked for again; if not, graphql-core executes everything",
        values.yes,
        default=True,
    )
    max_depth: int = _setting(
        "levels of fields in a document; 0, here and below: any number", values.whole, default=15
    )
    max_fields: int = _setting(
        "fields in a document, those of fragments at each use", values.whole, default=400
    )
    max_aliases: int = _setting("aliases in a document, counted likewise", values.whole, default=30)
    max_nodes: int = _setting(
        "objects that an operation may ask for: `first` times the `first` around it",
        values.whole,
        default=5_000,
    )
    max_mutations: int = _setting("root fields of a mutation", values.whole, default=10)
    max_tokens: int = _setting("tokens in a document", values.whole, default=1_000)
    max_characters: int = _setting("characters in a document", values.whole, default=30_000)
    max_values: int = _setting(
        "values in the variables of a request, at every level", values.whole, default=5_000
    )
    max_comparisons: int = _setting(
        "effort to see whether fields of the same name can be merged", values.whole, default=2_000
    )
    review_days: int = _setting(
        "how long an unscheduled campaign may wait for its review", values.whole, default=14
    )
    grace_s: int = _setting(
        "how late a scheduled campaign may still be sent, in seconds", values.whole, default=300
    )
    poll_s: float = _setting(
        "how often due times and undelivered messages are looked for, in seconds", values.seconds, default=1.0
    )
    relay: bool = _setting(
        "whether servers deliver mails, hand-overs and webhooks; if not, only `gql-approvals relay` does",
        values.yes,
        default=True,
    )
    outbox_days: int = _setting(
        "how long delivered messages are kept in the outbox; 0: for ever", values.whole, default=30
    )
    workers: int = _setting(
        "processes that serve; `--workers` sets it. Each gives out its share of the rate limit",
        values.some,
        default=1,
    )
    trusted_proxies: tuple[str, ...] = _setting(
        "addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, "
        "separated by commas; empty: nobody's",
        values.proxies,
        default=(),
    )
    database_pool: int = _setting("PostgreSQL connections a worker may use", values.whole, default=10)
    log: str = _setting(
        "log records on standard error: `text` for people, `json` for programs, a line each",
        values.log,
        default="text",
    )
    metrics_token: str = _setting(
        "the bearer token that reads `/metrics`; empty: there is no `/metrics`, but in the demo it is open",
        values.token,
        default="",
        hides="all",
    )
    audit_heads: tuple[str, ...] = _setting(
        "where the audit trail's heads are told: `log`, mail addresses, separated by commas; empty: nowhere",
        values.heads,
        default=("log",),
    )
    audit_heads_s: int = _setting(
        "how often a head that has moved is told, in seconds, by all servers together",
        values.some,
        default=3600,
    )
    demo: bool = _setting("set by `gql-approvals demo`: demo tokens and pages", values.yes, default=False)

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
