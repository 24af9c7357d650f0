"""Heads of the audit trail tell themselves, and what was told proves what was done to the trail later."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from tests.cli.keeping import COLUMNS, hashed_anew, tamper
from tests.cli.test_audit import execute
from tests.server.server_history import figures, rows, until

from gql_approvals.persistence import people, webhooks
from gql_approvals.persistence.database import Database

EVERY_S = 2
AUDITOR = "auditor@acme.test"
pytestmark = pytest.mark.alone


async def listening(url):
    """A webhook that nobody answers for: what would be posted stays in the outbox."""
    async with Database.open(url, pool_size=1):
        owner = await people.account_by_slug("acme")
        nowhere = "http://127.0.0.1:9/"
        await webhooks.add(owner.id, nowhere, description="", events=None, now=datetime.now(UTC))


async def entries(url):
    found = await rows(url, f"SELECT {COLUMNS} FROM audit_event ORDER BY seq")  # noqa: S608  # our own
    return [list(row) for row in found]


def verify(url, *arguments):
    own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    done = subprocess.run(
        [sys.executable, "-m", "gql_approvals", "audit", "verify", "acme", *map(str, arguments)],
        env={**own, "GQL_APPROVALS_DATABASE_URL": url}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done
    return done.stdout


async def test_two_workers_tell_each_head_once_and_what_was_told_finds_every_lie(
    world, serve, mails, tmp_path
):
    url = world.database_url
    await listening(url)
    chosen = {"AUDIT_HEADS": f"log,{AUDITOR}", "AUDIT_HEADS_S": str(EVERY_S), "MAIL": mails.url}
    with serve(workers=2, POLL_S="0.2", LOG="json", **chosen) as server:
        async with world.client(server, 2) as client:
            for number in range(7):
                await client.approved(f"Campaign {number}")
                await asyncio.sleep(EVERY_S / 3)
        chain = await entries(url)
        last = chain[-1][8]
        await until(lambda: last in [one["hash"] for one in server.records("audit:head")], within_s=20)
        await asyncio.sleep(2 * EVERY_S)  # nothing moves, and nothing is told
        await until(lambda: last in "".join(one.text for one in mails.mails), within_s=20)
        told = server.records("audit:head", account="acme")
        log = tmp_path / "kept.log"
        log.write_text(server.log.read_text())
        assert server.faults() == []

    # each head once, by whichever worker, and not before its time
    assert [one["hash"] for one in told] == [chain[one["seq"] - 1][8] for one in told]
    seqs = [one["seq"] for one in told]
    assert seqs == sorted(set(seqs))
    assert len(seqs) >= 3
    times = [datetime.fromisoformat(one["time"]) for one in told]
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert min(gaps) > EVERY_S / 2, gaps
    letters = [one for one in mails.mails if one.to == AUDITOR]
    assert len({one.id for one in letters}) == len(letters) == len(told)
    assert {one.event for one in letters} == {"audit:head"}

    mailed, posted = tmp_path / "mailed", tmp_path / "posted"
    lines = [line for one in letters for line in one.text.split("\n")]
    mailed.write_text("\n".join(line for line in lines if line.startswith("{")))
    bodies = await rows(url, "SELECT payload FROM outbox_message WHERE kind = 'webhook'")
    posted.write_text("\n".join(body if isinstance(body, str) else json.dumps(body) for (body,) in bodies))
    for file, count in ((log, len(told)), (mailed, len(told)), (posted, len(chain))):
        assert f"saved heads that fit: {count}\n" in verify(url, "--head", file)

    cut = chain[: seqs[-2]]
    gone = f"DELETE FROM audit_event WHERE seq > {len(cut)}"  # noqa: S608  # our own
    await asyncio.to_thread(tamper, url, gone, *hashed_anew(cut))
    assert "TAMPERED" not in verify(url)
    for file in (log, mailed, posted):
        assert verify(url, "--head", file).startswith(f"acme: TAMPERED at entry {len(cut) + 1} (head): ")

    edited = seqs[1]  # the log and the mails have just this head of it
    cut[edited - 1][1] = "campaign:voted"
    lie = f"UPDATE audit_event SET kind = 'campaign:voted' WHERE seq = {edited}"  # noqa: S608  # our own
    for statement in (lie, *hashed_anew(cut)):
        await asyncio.to_thread(execute, url, statement)
    assert "TAMPERED" not in verify(url)
    for file in (log, mailed, posted):
        assert verify(url, "--head", file).startswith(f"acme: TAMPERED at entry {edited} (head): ")
    figures(f"{len(chain)} entries, {len(told)} heads told, each once, at least {min(gaps):.1f} s apart")
