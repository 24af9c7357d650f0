"""Checks of the database: what it is, whether it can be used, and what lies in it."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

from gql_approvals.cli.doctor.finding import Finding, Ground, fine, warning, wrong
from gql_approvals.persistence import checkup, people
from gql_approvals.persistence.address import hide_password, parse
from gql_approvals.persistence.database import Database
from gql_approvals.policy.wording import counted
from gql_approvals.service.policy_status import alive_workers

OLDEST_POSTGRESQL = 13
CLOCKS_APART = timedelta(seconds=2)
WAITS_LONG = timedelta(minutes=15)
_MOUNTS = Path("/proc/self/mounts")
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|glusterfs|lustre|fuse\.(sshfs|s3fs|glusterfs|rclone)"
)


async def kind(ground: Ground, database: Database) -> list[Finding]:
    """What answers, and whether this release was made for it."""
    shown = hide_password(ground.settings.database_url)
    before = ground.now()
    found = await checkup.server(database)
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database.dialect]
    findings = [fine(f"{shown}: {name} {found.version}")]
    if database.dialect == "postgresql" and _major(found.version) < OLDEST_POSTGRESQL:
        findings = [
            warning(f"{shown}: PostgreSQL {found.version} is too old", f"use {OLDEST_POSTGRESQL} or newer")
        ]
    if found.now is not None:
        middle = before + (ground.now() - before) / 2
        apart = abs(found.now - middle)
        if apart > CLOCKS_APART:
            findings.append(
                warning(
                    f"its clock and this machine's are {apart.total_seconds():.0f} s apart",
                    "let NTP set both: due times and tokens depend on them",
                )
            )
    return findings


async def writable(ground: Ground) -> list[Finding]:
    """Whether changes can be stored."""
    why = await checkup.why_not_writable(_open(ground))
    if why is not None:
        return [
            wrong(f"nothing can be written: {why}", "give the user the right to, or name the primary server")
        ]
    return [fine("migrated and writable")]


async def durable(ground: Ground) -> list[Finding]:
    """Whether what was acknowledged survives a power cut."""
    why = await checkup.why_not_durable(_open(ground))
    if why is not None:
        say = wrong if ground.settings.production else warning
        return [say(why, "set `fsync = on` in postgresql.conf and reload it")]
    return [fine("what is acknowledged is on disk")]


async def file_system(ground: Ground) -> list[Finding]:
    """Where the file of a SQLite database lies: locks do not hold over a network."""
    url = ground.settings.database_url
    if not url.startswith("sqlite"):
        return []
    system = await asyncio.to_thread(_mounted, Path(parse(url).target))
    if system is None:
        return []
    if _NETWORK.fullmatch(system):
        return [
            wrong(
                f"the file is on a network ({system}), where locks do not hold: it will be damaged",
                "put it on a local disk, or use PostgreSQL",
            )
        ]
    return [fine(f"the file is on a local disk ({system or 'unknown'})")]


def file_system_of(path: Path, mounts: str) -> str:
    """The kind of file system of a path, empty when it is not listed; `mounts` as Linux lists them."""
    found, depth = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004  # what, where, kind
            continue
        place = Path(re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), fields[1]))
        if path.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = fields[2], len(place.parts)
    return found


async def demo_tokens(ground: Ground) -> list[Finding]:
    """Tokens that are printed in the documentation."""
    if not ground.settings.demo and await people.has_demo_tokens():
        return [
            wrong(
                "the database holds the demo's tokens, which everybody knows",
                "name another database in GQL_APPROVALS_DATABASE_URL",
            )
        ]
    return [fine("none of the demo")]


async def outbox(ground: Ground) -> list[Finding]:
    """Dead letters, and messages that nobody takes."""
    found = await checkup.outbox_state()
    findings: list[Finding] = []
    if found.dead:
        findings.append(
            warning(
                f"{counted(found.dead, 'dead letter')}; the newest: {found.last_error}",
                "mend the cause; `gql-approvals outbox` lists and retries them",
            )
        )
    if found.unsent_publications and not ground.settings.delivery_url:
        findings.append(
            warning(
                f"{counted(found.unsent_publications, 'publication')} to be handed over, and nowhere to",
                "set GQL_APPROVALS_DELIVERY_URL to the sending system",
            )
        )
    elif found.waiting is not None and ground.now() - found.waiting > WAITS_LONG:
        why = f": {found.waiting_error}" if found.waiting_error else ""
        minutes = (ground.now() - found.waiting) // timedelta(minutes=1)
        findings.append(
            warning(
                f"a message has waited for {minutes} min{why}",
                "start `gql-approvals serve`, which delivers, or mend what it reports",
            )
        )
    return findings or [fine("no dead letter, nothing old")]


async def nodes(ground: Ground) -> list[Finding]:
    """Whether all that serve decide alike; nothing where nobody serves."""
    alive = await alive_workers(ground.now())
    obeyed = {worker.node: worker.version for worker in alive}
    if not alive:
        return []
    if len({worker.version for worker in alive}) > 1:
        said = ", ".join(f"{node} {version}" for node, version in obeyed.items())
        fix = "copy the same policy files to every node; workers obey changed ones within 2 s"
        return [warning(f"nodes obey different policies: {said}", fix)]
    serving = f"{counted(len(obeyed), 'node')} with {counted(len(alive), 'worker')}"
    return [fine(f"{serving} obey policy {alive[0].version}")]


def _mounted(path: Path) -> str | None:
    """The kind of file system; None where the machine does not tell."""
    if not _MOUNTS.is_file():
        return None
    return file_system_of(path.resolve(), _MOUNTS.read_text("utf-8", "replace"))


def _open(ground: Ground) -> Database:
    assert ground.database is not None  # noqa: S101  # the table says that it is needed
    return ground.database


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0
