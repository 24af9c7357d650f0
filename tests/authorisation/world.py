"""Campaigns in every state, three people whose roles change, and what one operation of theirs comes to.

`own` created every campaign of their account, `helper` wrote on it, `other` did neither. The database is
built once, kept, and put back after whatever was accepted; a refusal must leave it as it is, so it is not.
"""

import json
import re
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from strawberry.types.graphql import OperationType
from tests.authorisation.policy_reader import Facts, Rulebook, read
from tests.schema.client import CONTENT, START, TOMORROW, Api, Clock, document, hash_of
from tests.schema.counting import statements

from gql_approvals import app
from gql_approvals.http.answers import body_of
from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import Gate, execute, prepare
from gql_approvals.schema.gate import Terms
from gql_approvals.schema.limits import Limits
from gql_approvals.service.perform import Office, perform_due
from gql_approvals.settings import Settings
from gql_approvals.workflow.identity import parse_global_id

POLICIES = Path(__file__).parents[2] / "policies"
# Roles of an administrator's own, with the words that the shipped file has no use for.
CUSTOM = """
p, outsider,  *, view,           any,       always,                     deny
p, narrow,    *, view,           any,       status is sent,             deny
p, registrar, *, manage_members, any,       always,                     allow
p, stopper,   *, revoke,         email sms, not own,                    allow
p, stopper,   *, reject,         any,       not involved,               allow
p, stopper,   *, comment,        any,       status is draft or pending_review, allow
"""
RELATIONS = ("own", "helper", "other")
KEEPERS = {"ada": ["admin"], "chen": ["checker"], "leo": ["legal_reviewer"], "vera": [], "dan": ["maker"]}
SCOPES = {"": None, "read": ["read"], "make": ["make"], "decide": ["decide"], "both": ["make", "decide"]}
ON, OFF, FOREIGN = "acme", "dune", "globex"
# Words that stand in every text of an account and nowhere else.
CANARY = {ON: "acorn", OFF: "dunlin", FOREIGN: "zebra"}
# Words that stand in every text of its campaigns.
SEEN_TEXT = "campaigning"
TEXT_OF = {slug: f"{canary} {SEEN_TEXT}" for slug, canary in CANARY.items()}
FIGURES = {"sent": 9, "delivered": 8, "opened": 2, "clicked": 1, "failed": 1}
LONG_AGO = START - timedelta(days=15)
VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+\b")
NO_LIMITS = Limits(**{limit.name: 0 for limit in fields(Limits)})
TABLES = """account api_token app_user approval_request audit_event campaign comment contributor decision
 idempotency_key identity member outbox_message policy_version policy_worker publication revision webhook"""
SUMMARY = "id name version status head { contentHash number } live { id } openRequest { id }"
QUERY = "query($id: ID!) { campaign(id: $id) { %s } }"


@dataclass(frozen=True)
class State:
    """A campaign in a state; `facts`: as somebody who has nothing to do with it sees it."""

    name: str  # a column of `rows.ANSWERS_ON`
    id: str
    hash: str
    version: int
    facts: Facts
    helped: bool = True  # whether `helper` counts as a contributor
    clock: str | None = None  # what time has done to it, once somebody writes that down
    live: str | None = None
    request: str | None = None

    def seen_by(self, relation):
        """The facts of the policy for one of the three."""
        involved = relation == "own" or (relation == "helper" and self.helped)
        return Facts(self.facts.channel, self.facts.status, relation == "own", involved, self.facts.audience)


@dataclass
class World:
    """The server without its transports, and everybody's tokens."""

    application: Starlette
    gate: Gate
    path: Path
    known: "Known"
    kept: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))
    watch: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))
    seen: int = 0
    cells: int = 0

    @property
    def office(self) -> Office:
        """What the server works with."""
        return self.application.state.office

    # ------------------------------------------------------------------------------------------ asking
    async def ask(self, token: str | None, query: str, account: str | None = None, **variables: Any) -> Any:
        """Execute a document as somebody, and give the body of the answer."""
        self.cells += 1
        operation = prepare(
            query, variables, None, allowed={OperationType.QUERY, OperationType.MUTATION}, gate=self.gate
        )
        context = Context(office=self.office, token=token, account_slug=account, request_id="r")
        text = json.dumps(body_of(await execute(operation, context), "r"), default=str)
        mine = account or (token or "").partition("/")[0].rpartition("-")[2]
        leaked = [word for slug, word in CANARY.items() if slug != mine and word in text.lower()]
        assert not leaked, (token, query, variables, text)
        return json.loads(text)

    async def mutate(self, who: str, mutation: str, account: str, selection: str = "", **given: Any) -> Any:
        """Call a mutation as somebody, and give its result."""
        body = await self.ask(token(who), document(mutation, selection), account, input=given)
        assert "errors" not in body, body
        return body["data"][mutation]

    async def mutate_all(self, who: str, account: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Call several mutations in one document, each in its own transaction: mutation → result."""
        self.cells += len(given) - 1
        body = await self.ask(token(who), document_of(tuple(given)), account, **given)
        assert "errors" not in body, body
        return body["data"]

    @asynccontextmanager
    async def statements(self) -> AsyncGenerator[list[str], None]:
        """What the database is asked meanwhile, without the values."""
        texts: list[str] = []
        async with statements("sqlite") as heard:
            yield texts
        texts += [VALUE.sub("?", text) for text in heard]

    # ------------------------------------------------------------------------------------ the database
    def keep(self) -> None:
        """From now on `put_back` leads here."""
        with closing(sqlite3.connect(self.path)) as source:
            source.execute("UPDATE api_token SET last_used_at = ?", (f"{START:%Y-%m-%d %H:%M:%S}+00:00",))
            source.commit()
            source.backup(self.kept)
        self.watch = sqlite3.connect(self.path)
        self.seen = self.version()

    def put_back(self) -> None:
        """Undo whatever was done."""
        with closing(sqlite3.connect(self.path)) as target:
            self.kept.backup(target)
        self.seen = self.version()

    def version(self) -> int:
        """SQLite's own count of what others have committed."""
        return self.watch.execute("PRAGMA data_version").fetchone()[0]

    def is_untouched(self) -> bool:
        """Whether nothing at all was written since it was kept or put back."""
        return self.version() == self.seen

    def differences(self) -> dict[str, list[tuple[Any, ...]]]:
        """Table → its rows that are new or another than they were."""
        found = {}
        for table in TABLES.split():
            before = set(self.kept.execute(f"SELECT * FROM {table}"))  # noqa: S608
            rows = [row for row in self.watch.execute(f"SELECT * FROM {table}") if row not in before]  # noqa: S608
            if rows or len(before) != self.watch.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:  # noqa: S608
                found[table] = rows
        return found

    def new_entries(self) -> list[tuple[str, str | None]]:
        """Kind and actor of the audit entries that were added, in their order; None: the system."""
        last = self.kept.execute("SELECT coalesce(max(id), 0) FROM audit_event").fetchone()[0]
        query = (
            "SELECT kind, email FROM audit_event LEFT JOIN app_user ON app_user.id = actor_id"
            " WHERE audit_event.id > ? ORDER BY audit_event.id"
        )
        return [
            (kind, email and email.partition(".")[0]) for kind, email in self.watch.execute(query, (last,))
        ]

    async def hold(self, roles: tuple[str, ...]) -> None:
        """Let the three hold exactly these roles, in both accounts, and keep that."""
        self.put_back()

        async def assign() -> None:
            for slug in self.known.states.keys() - {FOREIGN}:
                account = await people.account_by_slug(slug)
                for member in await people.members(account.id):
                    if (slug, member.id) in self.three:
                        await people.save_member(
                            type(member)(
                                id=member.id, account_id=member.account_id, user_id=member.user_id,
                                roles=frozenset(roles), active=True,
                            )
                        )  # fmt: skip

        await self.office.database.transaction(assign)
        self.keep()

    @property
    def three(self) -> set[tuple[str, int]]:
        """(account, member id) of the people whose roles change."""
        return {
            (slug, parse_global_id(self.known.members[slug][f"{who}-{slug}"])[1])
            for slug in self.known.states.keys() - {FOREIGN}
            for who in RELATIONS
        }


@cache
def document_of(mutations: tuple[str, ...]) -> str:
    """Several mutations; each takes the variable of its own name."""
    takes = ", ".join(f"${name}: {name[0].upper()}{name[1:]}Input!" for name in mutations)
    calls = (
        f"{name}(input: ${name}) {{ __typename ... on UserError {{ code message }} }}" for name in mutations
    )
    return f"mutation({takes}) {{ {' '.join(calls)} }}"


def token(who: str) -> str:
    """Somebody's token: `own-acme`, or `own-acme/read` for a narrowed one."""
    return f"demo-insecure-{who}"


# --------------------------------------------------------------------------------------------- building
@dataclass
class Known:
    """What is known of a database that was built: by account, its states, members and the preview's token."""

    rulebook: Rulebook
    states: dict[str, dict[str, State]] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    confirm: dict[str, str] = field(default_factory=dict)


def write_policy(folder: Path) -> Rulebook:
    """The shipped policy with the custom roles."""
    folder.mkdir(exist_ok=True)
    text = (POLICIES / "policy.csv").read_text("utf-8") + CUSTOM
    (folder / "policy.csv").write_text(text, "utf-8")
    (folder / "model.conf").write_bytes((POLICIES / "model.conf").read_bytes())
    return read(text)


async def build(path: Path, folder: Path, plan: Mapping[str, Iterable[str]]) -> Known:
    """Fill a migrated file; `plan` says which states each account has."""
    known = Known(write_policy(folder))
    async with Database.open(f"sqlite:///{path}") as database:
        await database.transaction(lambda: _let_in(plan))
    clock = Clock(LONG_AGO)
    async with opened(path, folder, known, clock) as world:
        transport = httpx.ASGITransport(app=world.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://approvals.test") as client:
            api = Api(client=client, clock=clock, office=world.office)
            for slug, states in plan.items():
                await _furnish(world, api, slug, states)
    return known


@asynccontextmanager
async def opened(
    path: Path, folder: Path, known: Known, clock: Clock | None = None
) -> AsyncGenerator[World, None]:
    """The server on a file that was built."""
    settings = Settings(database_url=f"sqlite:///{path}", policies=str(folder))
    application = app.create(settings, now=clock or Clock(), driven=False)
    async with application.router.lifespan_context(application):
        world = World(application=application, gate=Gate(Terms(limits=NO_LIMITS)), path=path, known=known)
        world.keep()
        yield world
        world.kept.close()
        world.watch.close()


async def _let_in(accounts: Iterable[str]) -> None:
    for slug in accounts:
        canary = CANARY[slug]
        account = await people.create_account(
            slug, name=f"The {canary}", time_zone="Europe/Berlin", now=LONG_AGO
        )
        three = {who: ["admin"] for who in RELATIONS}
        for who, roles in {**three, **KEEPERS, "dora": ["delivery"]}.items():
            user = await people.create_user(
                name=f"{who} {canary}".title(), email=f"{who}.{canary}@{slug}.test", now=LONG_AGO
            )
            await people.create_member(account.id, user.id, roles, LONG_AGO)
            for label, scopes in SCOPES.items() if who in RELATIONS else [("", None)]:
                text = token(f"{who}-{slug}") + (f"/{label}" if label else "")
                await people.create_token(
                    user.id, name=text, now=LONG_AGO, expires_at=None, demo=text, scopes=scopes
                )


@dataclass
class _Maker:
    """Makes campaigns of one account through the API."""

    api: Api
    slug: str
    made: dict[str, Any] = field(default_factory=dict)

    async def do(self, who: str, mutation: str, campaign: Any, **more: Any) -> Any:
        done = await self.api.mutate(
            f"{who}-{self.slug}", mutation, f"campaign {{ {SUMMARY} }}", campaignId=campaign["id"], **more
        )
        assert done["__typename"].endswith("Payload"), (mutation, done)
        return done["campaign"]

    async def draft(self, channel: str = "email", size: int = 1000, **more: Any) -> Any:
        """Created by own, written on by helper."""
        canary = TEXT_OF[self.slug]
        given = {
            "name": f"Sale of {canary}",
            "content": {channel: {**CONTENT[channel], _TEXT[channel]: f"Buy {canary}"}},
            "audience": {"segment": f"All {canary}", "estimatedSize": size},
            **more,
        }
        done = await self.api.mutate(
            f"own-{self.slug}", "createCampaign", f"campaign {{ {SUMMARY} }}", **given
        )
        assert done["__typename"] == "CreateCampaignPayload", done
        return await self.edit(done["campaign"], channel)

    async def edit(self, campaign: Any, channel: str = "email") -> Any:
        text = f"Buy {TEXT_OF[self.slug]} {campaign['version']}"
        content = {channel: {**CONTENT[channel], _TEXT[channel]: text}}
        return await self.do(
            "helper", "updateCampaign", campaign, content=content, expectedVersion=campaign["version"]
        )

    async def submit(self, campaign: Any) -> Any:
        return await self.do("own", "submitCampaign", campaign, note=f"Note {TEXT_OF[self.slug]}")

    async def decide(self, campaign: Any, who: str = "chen", mutation: str = "approveCampaign") -> Any:
        word = {"approveCampaign": "comment", "rejectCampaign": "reason"}[mutation]
        said = {word: f"Said {TEXT_OF[self.slug]}"}
        return await self.do(who, mutation, campaign, contentHash=hash_of(campaign), **said)

    async def expire(self, campaign: Any, office: Office) -> None:
        account = await people.account_by_slug(self.slug)
        await perform_due(office, account.id, parse_global_id(campaign["id"])[1])


_TEXT = {"email": "subject", "sms": "body"}


Recipe = Callable[[_Maker], Awaitable[Any]]


async def _pending(make: _Maker, channel: str = "email", size: int = 1000, **more: Any) -> Any:
    return await make.submit(await make.draft(channel, size, **more))


async def _approved(make: _Maker, **more: Any) -> Any:
    return await make.decide(await _pending(make, **more))


async def _half(make: _Maker) -> Any:
    """A large campaign: in acme a checker and a legal reviewer must approve it, and the checker has."""
    campaign = await _pending(make, size=100_000)
    return await make.decide(campaign) if make.slug == ON else campaign


async def _revised(make: _Maker, then: Callable[[Any], Awaitable[Any]] | None = None) -> Any:
    draft = await make.edit(await _approved(make))
    return draft if then is None else await then(draft)


async def _rejected(make: _Maker, draft: Awaitable[Any]) -> Any:
    return await make.decide(await make.submit(await draft), mutation="rejectCampaign")


async def _copied(make: _Maker) -> Any:
    return await make.do("own", "duplicateCampaign", make.made["SENT"])


async def _archived(make: _Maker) -> Any:
    return await make.do("own", "archiveCampaign", await make.draft())


# state → how it comes about, and what `State` says of it beside its campaign. Those in the first table were
# made fifteen days ago, so that their time has come by now; the clock writes it down for those that have no
# `clock`, and for all where approvals are off.
LONG_SINCE: dict[str, tuple[Recipe, dict[str, Any]]] = {
    "EXPIRED": (_pending, {}),
    "EXPIRED_LIVE": (lambda make: _revised(make, make.submit), {}),
    "OVERDUE": (_pending, {"name": "EXPIRED", "clock": "campaign:expired"}),
    "MISSED": (
        lambda make: _approved(make, scheduledAt="2026-11-07T09:00:00Z"),
        {"name": "EXPIRED", "clock": "campaign:schedule_missed"},
    ),
}
RECIPES: dict[str, tuple[Recipe, dict[str, Any]]] = {
    "DRAFT": (lambda make: make.draft(), {}),
    "PENDING_REVIEW": (_pending, {}),
    "APPROVED": (lambda make: _approved(make, publishMode="MANUAL"), {}),
    "SCHEDULED": (lambda make: _approved(make, scheduledAt=TOMORROW), {}),
    "REJECTED": (lambda make: _rejected(make, make.draft()), {}),
    "SENT": (_approved, {"helped": False}),
    "DRAFT_LIVE": (_revised, {}),
    "REJECTED_LIVE": (lambda make: _rejected(make, _revised(make)), {}),
    "ARCHIVED": (_archived, {}),
    "COPY": (_copied, {"name": "DRAFT", "helped": False}),
    "HALF": (_half, {"name": "PENDING_REVIEW"}),
    "TEXT_DRAFT": (lambda make: make.draft("sms"), {"name": "DRAFT"}),
    "TEXT": (lambda make: _pending(make, "sms", 50_000), {"name": "PENDING_REVIEW"}),
    "LARGE_TEXT": (lambda make: _pending(make, "sms", 50_001), {"name": "PENDING_REVIEW"}),
}
STATES = (*LONG_SINCE, *RECIPES)
NEVER_WHILE_OFF = {"OVERDUE", "MISSED", "PENDING_REVIEW", "HALF", "TEXT", "LARGE_TEXT", "TEXT_DRAFT", "COPY"}
WHOLE = {
    ON: STATES,
    OFF: tuple(state for state in STATES if state not in NEVER_WHILE_OFF),
    FOREIGN: ("DRAFT", "PENDING_REVIEW", "SENT", "REJECTED_LIVE"),
}
SMALL = {ON: ("DRAFT", "SENT", "COPY", "PENDING_REVIEW"), FOREIGN: ("SENT",)}


async def _furnish(world: World, api: Api, slug: str, states: Iterable[str]) -> None:
    make = _Maker(api, slug)
    made = make.made
    api.clock.now = LONG_AGO
    for state in (state for state in LONG_SINCE if state in states):
        made[state] = await LONG_SINCE[state][0](make)
    api.clock.now = START
    for state, campaign in made.items():
        if "clock" not in LONG_SINCE[state][1]:
            await make.expire(campaign, world.office)
    for state in (state for state in RECIPES if state in states):
        made[state] = await RECIPES[state][0](make)
    for state in ("DRAFT", "SENT"):
        given = {"campaignId": made[state]["id"], "body": f"Hm, {TEXT_OF[slug]}"} if state in made else {}
        if given:
            assert "comment" in await api.mutate(f"own-{slug}", "addComment", "comment { id }", **given)
    await _settle(world, api, slug)
    about = {state: (LONG_SINCE | RECIPES)[state][1] for state in made}
    world.known.states[slug] = {
        state: await _state(world, slug, made[state], {"name": state} | about[state]) for state in made
    }


async def _settle(world: World, api: Api, slug: str) -> None:
    """Dan is disabled; approvals are off in one account; and what a caller must know beforehand."""
    admin, query = f"ada-{slug}", "{ members(first: 100) { edges { node { id user { id name } } } } }"
    edges = (await api.ask(admin, query))["members"]["edges"]
    nodes = {edge["node"]["user"]["name"].split()[0].lower(): edge["node"] for edge in edges}
    names = {name: node["id"] for name, node in nodes.items()}
    world.known.users[slug] = {name: node["user"]["id"] for name, node in nodes.items()}
    world.known.members[slug] = {f"{name}-{slug}": key for name, key in names.items()}
    assert "code" not in await api.mutate(admin, "disableMember", memberId=names["dan"])
    preview = await api.ask(admin, "{ disableApprovalsPreview { confirmToken } }")
    world.known.confirm[slug] = preview["disableApprovalsPreview"]["confirmToken"]
    if slug == OFF:
        done = await api.mutate(admin, "disableApprovals", confirmToken=world.known.confirm[slug])
        assert "code" not in done


async def _state(world: World, slug: str, campaign: Any, about: dict[str, Any]) -> State:
    selection = f"{SUMMARY} channel requests(first: 1) {{ edges {{ node {{ id }} }} }}"
    selection += " head { audience { estimatedSize } contentHash number }"
    body = await world.ask(token(f"ada-{slug}"), QUERY % selection, id=campaign["id"])
    found = body["data"]["campaign"]
    status = {"SCHEDULED": "APPROVED"}.get(about["name"], about["name"].removesuffix("_LIVE"))
    assert found["status"] == status, (about, found)
    requests = found["requests"]["edges"]
    return State(
        id=found["id"],
        hash=found["head"]["contentHash"],
        version=found["version"],
        facts=Facts(found["channel"].lower(), status, audience=found["head"]["audience"]["estimatedSize"]),
        live=found["live"] and found["live"]["id"],
        request=requests[0]["node"]["id"] if requests else None,
        **about,
    )
