"""The composition root: the only place that builds things and knows them all."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from gql_approvals import __version__, logs
from gql_approvals import settings as configuration
from gql_approvals.clock import clock
from gql_approvals.ending import end_in_time
from gql_approvals.errors import BadDatabase, BadPolicy
from gql_approvals.feed import tell_followers
from gql_approvals.heads import tell_heads
from gql_approvals.http.answers import not_served
from gql_approvals.http.calls import calls
from gql_approvals.http.cors import cors
from gql_approvals.http.dev_pages import dev_routes
from gql_approvals.http.graphiql import DemoPerson, GraphiqlConfig, missing_files
from gql_approvals.http.oidc import verifier
from gql_approvals.http.probes import Probing
from gql_approvals.http.routes import routes
from gql_approvals.observability import meters, tracing
from gql_approvals.persistence import people
from gql_approvals.persistence.checkup import why_not_durable
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.outbox import HANDOVER, KINDS
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.groups import Groups, read_groups
from gql_approvals.policy.problem import PolicyProblem, errors_of
from gql_approvals.relay.loop import deliver_due, destinations, relay
from gql_approvals.reload import follow_policy, node_of
from gql_approvals.retention import retention
from gql_approvals.schema.gate import gate_of
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_reload import policy_to_begin_with
from gql_approvals.service.policy_status import FRESH
from gql_approvals.service.sign_in import SignIn
from gql_approvals.settings import Settings
from gql_approvals.workflow.case import Rules

log = logging.getLogger(__name__)

STATE_FOLDER = Path(".demo")
Driver: TypeAlias = Callable[[Office, Settings, asyncio.Event], Coroutine[Any, Any, None]]
DRIVERS: tuple[Driver, ...] = (relay, clock, follow_policy, tell_followers, tell_heads, retention)
DELIVERING: tuple[Driver, ...] = (relay, follow_policy, retention)  # of a process that serves nothing
Now: TypeAlias = Callable[[], datetime]


def now_utc() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def from_environment() -> Starlette:
    """The server as the environment configures it: what worker processes start."""
    settings = configuration.from_environment()
    logs.configure(settings.log)
    end_in_time()
    return create(settings)


def create(settings: Settings, *, now: Now = now_utc, driven: bool = True) -> Starlette:
    """Build the server; database, policy, relay and clock begin with its lifespan.

    `driven`: whether relay, clock and the policy's reload run beside the requests.
    """
    demo_people: list[DemoPerson] = []

    def office() -> Office:
        opened: Office = application.state.office  # only while the server runs
        return opened

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with (
            _observed(settings),
            open_office(settings, now, beside_others=True) as without,
            _with_sign_in(without, settings) as opened,
        ):
            if settings.demo:
                found = await people.demo_tokens()
                demo_people.extend(
                    DemoPerson(name=user.name, roles=roles, token=t) for user, roles, t in found
                )
            application.state.office = opened
            if opened.database.dialect == "postgresql":
                meters.count("database_connections_limit", by=settings.database_pool)
            if driven:
                settle_down()
            async with _drivers(opened, settings, _of_servers(settings)) if driven else nullcontext():
                yield

    def page() -> GraphiqlConfig:
        return GraphiqlConfig(
            people=tuple(demo_people),
            links=_links(settings),
            introspection=settings.serves_introspection,
        )

    has_page, gate = settings.serves_graphiql, gate_of(settings)
    for name in missing_files() if has_page else ():
        log.warning("GraphiQL is incomplete: %s is missing; install the package with npm at hand", name)
    application = Starlette(
        routes=[
            *routes(office, page if has_page else None, gate, settings.allowed_origins, _probing(settings)),
            *(dev_routes(office, settings) if settings.demo else []),
        ],
        middleware=[calls(), cors(settings.allowed_origins)],
        exception_handlers={HTTPException: not_served},
        lifespan=lifespan,
    )
    return application


def _probing(settings: Settings) -> Probing:
    kinds = frozenset(KINDS) - (frozenset() if settings.delivery_url else {HANDOVER})
    return Probing(kinds=kinds, metrics=settings.serves_metrics, token=settings.metrics_token)


@asynccontextmanager
async def _observed(settings: Settings) -> AsyncGenerator[None]:
    """Count, if anybody may read it, and make spans, if they are wanted."""
    if settings.serves_metrics:
        try:
            meters.begin()
        except OSError as error:
            log.warning("metrics:off there is no room for the workers' figures: %s", error)
    with meters.during("workers"), tracing.exporting(__version__):
        yield


def _links(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The pages that the explorer's bar leads to."""
    mails = (("Mails", "/dev/outbox"),) if settings.demo else ()
    return (*mails, *((("Schema", "/schema.graphql"),) if settings.serves_introspection else ()))


@asynccontextmanager
async def open_office(
    settings: Settings, now: Now = now_utc, *, beside_others: bool = False
) -> AsyncGenerator[Office]:
    """Open the database and load the policy.

    `beside_others`: a worker, which begins with what its node's other workers obey if the files are refused.

    Raises:
        StartError: when the database is unreachable or unmigrated, or the policy has mistakes.
    """
    folder = settings.policy_folder
    if not beside_others:
        Policy.load(folder, now=now())  # what is wrong is said even where the database is out of reach
    async with Database.open(settings.database_url, pool_size=settings.database_pool) as database:
        await database.require_migrated()
        alive = now() - FRESH if beside_others else now()
        yield Office(
            database=database,
            policy=await policy_to_begin_with(folder, now(), node=node_of(folder), alive_since=alive),
            now=now,
            rules=Rules(review=settings.review, grace=settings.grace),
            state_folder=STATE_FOLDER if settings.demo else None,
        )


@asynccontextmanager
async def _with_sign_in(office: Office, settings: Settings) -> AsyncGenerator[Office]:
    """The office, with the identity provider that is set; wrong lines of groups.csv give nobody anything."""
    if not settings.oidc_issuer:
        yield office
        return
    groups, problems = await _groups(office, settings)
    for problem in errors_of(problems):
        log.error("sign_in:groups %s", problem)
    async with verifier(settings) as verify:
        yield replace(office, sign_in=SignIn(office, verify, groups))


async def _groups(office: Office, settings: Settings) -> tuple[Groups, tuple[PolicyProblem, ...]]:
    if settings.groups_file is None:
        return Groups(), ()
    return read_groups(settings.groups_file, office.policy(), await people.account_slugs())


@asynccontextmanager
async def _drivers(office: Office, settings: Settings, drivers: Iterable[Driver]) -> AsyncGenerator[None]:
    """Run what is to run beside the requests; what the drivers have in hand is finished at the end."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(driver(office, settings, stop)) for driver in drivers]
    for task in tasks:
        task.add_done_callback(_report_failure)
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)


def _of_servers(settings: Settings) -> list[Driver]:
    return [driver for driver in DRIVERS if settings.relay or driver is not relay]


async def deliver(settings: Settings, stop: asyncio.Event, *, once: bool = False, now: Now = now_utc) -> None:
    """Deliver the outbox until `stop` is set, by the policy in force, and serve nothing; `once`: what is due.

    Raises:
        StartError: what `open_office` raises.
        Unavailable: with `once`, when the database is lost.
    """
    async with open_office(settings, now) as office:
        log.info("relay:begins", extra=destinations(settings))
        if once:
            await deliver_due(office, settings, stop)
            return
        async with _drivers(office, settings, DELIVERING):
            await stop.wait()


def settle_down() -> None:
    """Take what was made at the start out of garbage collection: going through it stops every request."""
    gc.collect()
    gc.freeze()


def _report_failure(task: asyncio.Task[None]) -> None:
    """A driver that ends by itself leaves mails or due times undone: that must not go unseen."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("driver:failed task=%s", task.get_coro(), exc_info=error)


async def _durability(database: Database, settings: Settings) -> tuple[str, ...]:
    """What to warn of when a power cut may take back what was acknowledged: in production, a refusal."""
    why = await why_not_durable(database)
    if why is None:
        return ()
    doubt = f"{why}: set `fsync = on` in postgresql.conf and reload it"
    if settings.production:
        raise BadDatabase(doubt)
    return (doubt,)


async def check_start(settings: Settings) -> tuple[str, ...]:
    """Make sure that workers will be able to start; gives what an operator should be warned of.

    Raises:
        StartError: what `open_office` raises, when groups.csv has mistakes, when a database that is not
            the demo's holds demo tokens, and in production, when it does not keep what it has acknowledged.
    """
    gate_of(settings)  # an allow-list that cannot be read is told once
    async with open_office(settings) as office:
        doubts = await _durability(office.database, settings)
        mistakes = errors_of((await _groups(office, settings))[1]) if settings.oidc_issuer else []
        if mistakes:
            raise BadPolicy("\n".join(mistakes))
        if not settings.demo and await people.has_demo_tokens():
            raise BadDatabase(
                "the database holds the demo's tokens, which everybody knows: use another database "
                "(GQL_APPROVALS_DATABASE_URL), or start `gql-approvals demo`"
            )
        return doubts
