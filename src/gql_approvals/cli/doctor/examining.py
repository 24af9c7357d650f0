"""The order of the checks, the table of all of them, and how they are run: side by side, none for long."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gql_approvals.cli.doctor import database_checks, file_checks, network_checks, people_checks
from gql_approvals.cli.doctor.finding import LIMIT_S, Finding, Ground, Look, wrong
from gql_approvals.errors import ApprovalsError, BadDatabase
from gql_approvals.persistence import people
from gql_approvals.persistence.address import hide_password, parse
from gql_approvals.persistence.database import Database
from gql_approvals.settings import Reading

_POOL = 4
_CONNECT_S = _LOCK_S = LIMIT_S - 1
_DATABASE, _POLICY = "database", "policy"


@dataclass(frozen=True, slots=True)
class Check:
    """`needs`: what must have been found fine before: the database, the policy, both, or nothing."""

    name: str
    look: Look
    needs: frozenset[str] = frozenset()


CHECKS: tuple[Check, ...] = (
    Check("settings", file_checks.settings),
    Check("settings file", file_checks.settings_file),
    Check("production", file_checks.production),
    Check(_DATABASE, database_checks.writable, frozenset({_DATABASE})),
    Check(_DATABASE, database_checks.durable, frozenset({_DATABASE})),
    Check(_DATABASE, database_checks.file_system),
    Check("nodes", database_checks.nodes, frozenset({_DATABASE})),
    Check("tokens", database_checks.demo_tokens, frozenset({_DATABASE})),
    Check("tokens", people_checks.last_tokens, frozenset({_DATABASE, _POLICY})),
    Check("approvals", people_checks.approvals, frozenset({_DATABASE})),
    Check("people", people_checks.able, frozenset({_DATABASE, _POLICY})),
    Check("mail", network_checks.mail),
    Check("mail", network_checks.mail_texts),
    Check("sending system", network_checks.delivery),
    Check("sending system", file_checks.secure_delivery),
    Check("outbox", database_checks.outbox, frozenset({_DATABASE})),
    Check("sign-in", network_checks.provider),
    Check("sign-in", people_checks.groups, frozenset({_DATABASE, _POLICY})),
    Check("operations", file_checks.operations),
    Check("origins", file_checks.origins),
    Check("GraphiQL", file_checks.graphiql),
)


async def examine(reading: Reading) -> list[Finding]:
    """Run every check that can be run; what they find, in the order of the table."""
    ground = Ground(reading=reading)
    async with AsyncExitStack() as stack:
        independent = asyncio.create_task(_look(ground, [check for check in CHECKS if not check.needs]))
        found = await _bounded(_DATABASE, _open(ground, stack))
        found += await _bounded(_POLICY, _load_policy(ground))
        there = {_DATABASE: ground.database is not None, _POLICY: ground.policy is not None}
        possible = [check for check in CHECKS if check.needs and all(there[need] for need in check.needs)]
        found += await _look(ground, possible)
        found += await independent
    order = {name: place for place, name in reversed(list(enumerate(_names())))}
    return sorted(found, key=lambda one: order[one.check])


async def _look(ground: Ground, checks: Iterable[Check]) -> list[Finding]:
    """Run checks side by side."""
    results = await asyncio.gather(*(_bounded(check.name, check.look(ground)) for check in checks))
    return [one for some in results for one in some]


def _names() -> list[str]:
    names = [check.name for check in CHECKS]
    after = names.index(_DATABASE) + 1
    return [*names[:after], _POLICY, *names[after:]]


async def _bounded(name: str, looking: Awaitable[list[Finding]]) -> list[Finding]:
    """What a check finds, or that it did not end or failed."""
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await looking
    except TimeoutError:
        found = [wrong(f"no answer within {LIMIT_S:g} s", "see what keeps it, and try again")]
    except ApprovalsError as error:
        found = [wrong(error.message, "mend that, and try again")]
    return [replace(one, check=name) for one in found]


async def _open(ground: Ground, stack: AsyncExitStack) -> list[Finding]:
    """Open the database; the ground has it if it is migrated."""
    url = ground.settings.database_url
    try:
        if _no_file(url):
            return [
                wrong(
                    f"`{hide_password(url)}` is not there yet", "run `gql-approvals migrate`, which makes it"
                )
            ]
        async with asyncio.timeout(_CONNECT_S):
            database = await stack.enter_async_context(_opened(url))
        found = await database_checks.kind(ground, database)
    except TimeoutError:
        what = f"`{hide_password(url)}` has not answered for {_CONNECT_S:g} s"
        return [wrong(what, "check the host, the port and the network")]
    except BadDatabase as error:
        what, _, fix = error.message.rpartition(": ")
        return [wrong(what, fix)]
    try:
        await database.require_migrated()
    except BadDatabase as error:
        what, _, fix = error.message.rpartition(": ")
        return [*found, wrong(what, fix.replace("gql-approvals migrate", "`gql-approvals migrate`"))]
    ground.database = database
    return found


@asynccontextmanager
async def _opened(url: str) -> AsyncGenerator[Database]:
    async with Database.open(url, pool_size=_POOL, lock_timeout_s=_LOCK_S) as database:
        yield database


async def _load_policy(ground: Ground) -> list[Finding]:
    accounts = await people.account_slugs() if ground.database is not None else None
    ground.policy, found = await file_checks.policy(ground, accounts)
    return found


def _no_file(url: str) -> bool:
    """Opening a SQLite database would make one."""
    address = parse(url)
    return address.dialect == "sqlite" and not Path(address.target).exists()
