"""Checks of what is on this machine: the settings, their file, the policy files, the explorer's files."""

import asyncio
import stat
from urllib.parse import urlsplit

from gql_approvals.cli.doctor.finding import Finding, Ground, fine, warning, wrong
from gql_approvals.errors import BadSettings
from gql_approvals.policy.engine import Policy, examine
from gql_approvals.policy.files import read_files
from gql_approvals.policy.problem import Code, Severity
from gql_approvals.policy.wording import counted
from gql_approvals.settings import is_secure

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FIXES = {Code.MISSING: "name the folder in GQL_APPROVALS_POLICIES; `gql-approvals init` writes one"}
_SHOWN = 10  # problems of the policy files


async def settings(ground: Ground) -> list[Finding]:
    """The settings have been read, or nobody would ask."""
    count = counted(len(ground.reading.places), "setting")
    return [fine(f"{count} set, file: {ground.reading.file or 'none'}")]


async def settings_file(ground: Ground) -> list[Finding]:
    """Who may read the secrets."""
    file = ground.reading.file
    if file is None or not file.is_file():
        return []
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & _OTHERS & stat.S_IROTH:
        return [warning(f"everybody may read {file}, which is a place for secrets", f"chmod 600 {file}")]
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return [warning(f"others may write {file}, which decides what is served", f"chmod 600 {file}")]
    return [fine(f"only its owner {'and group ' if mode & stat.S_IRGRP else ''}may read {file}")]


async def production(ground: Ground) -> list[Finding]:
    """A database server suggests that this is something real."""
    if ground.settings.production:
        return [fine("is on")]
    if ground.settings.database_url.startswith("postgres"):
        return [
            warning(
                "is off, and the database is PostgreSQL: GraphiQL and the schema are open to all callers",
                "set GQL_APPROVALS_PRODUCTION=true, unless you are trying things out",
            )
        ]
    return [fine("is off: GraphiQL and the schema are open to all callers")]


async def origins(ground: Ground) -> list[Finding]:
    """Frontends that are served without TLS."""
    allowed = ground.settings.allowed_origins
    insecure = [origin for origin in allowed if urlsplit(origin).scheme == "http"]
    if ground.settings.production and insecure:
        return [
            warning(
                f"{', '.join(insecure)} is without TLS: anybody on the way can read tokens",
                "write https:// in GQL_APPROVALS_ALLOWED_ORIGINS",
            )
        ]
    return [fine(", ".join(allowed) if allowed else "pages of the same origin only")]


async def operations(ground: Ground) -> list[Finding]:
    """The list of allowed operations."""
    if not ground.settings.operations:
        return []
    from gql_approvals.schema.gate import gate_of

    try:
        await asyncio.to_thread(gate_of, ground.settings)
    except BadSettings as error:
        return [wrong(line, "mend the file, or name another") for line in error.message.splitlines()]
    return [fine(f"only those of {ground.settings.operations}")]


async def graphiql(ground: Ground) -> list[Finding]:
    """The explorer's files are fetched when the package is built."""
    from gql_approvals.http.graphiql import missing_files

    if not ground.settings.serves_graphiql:
        return [fine("is not served")]
    missing = missing_files()
    if missing:
        return [
            warning(
                f"{', '.join(missing)} is missing",
                "install the package again with npm at hand, or set GQL_APPROVALS_GRAPHIQL=off",
            )
        ]
    return [fine("its files are there")]


async def secure_delivery(ground: Ground) -> list[Finding]:
    """The sending system gets content that nobody else is to see."""
    url = ground.settings.delivery_url
    if url and ground.settings.production and not is_secure(url):
        return [
            warning(
                "GQL_APPROVALS_DELIVERY_URL is without TLS, or names a password: "
                "anybody on the way can read campaigns",
                "write an https:// address without a password",
            )
        ]
    return []


async def policy(ground: Ground, accounts: tuple[str, ...] | None) -> tuple[Policy | None, list[Finding]]:
    """Whether a server would accept the policy files, their tests included; `accounts` where known."""
    folder = ground.settings.policy_folder
    files = read_files(folder)
    loaded, problems = await asyncio.to_thread(examine, files, now=ground.now(), accounts=accounts)
    found = [
        (wrong if one.severity is Severity.ERROR else warning)(
            f"{one.file}:{one.line}:{one.column}: [{one.code}] {one.message}",
            one.help or _FIXES.get(one.code, "`gql-approvals policy check` shows the place"),
        )
        for one in sorted(problems, key=lambda one: one.severity is not Severity.ERROR)[:_SHOWN]
    ]
    if len(problems) > _SHOWN:
        more = counted(len(problems) - _SHOWN, "problem")
        found.append(warning(f"{more} more", "`gql-approvals policy check` shows all"))
    tests = counted(len(files.tests), "file") + " of tests"
    return loaded, found or [fine(f"{folder}: version {files.version}, with {tests}")]
