"""An upgrade while people work: this release and the next one side by side on one database, and back again.

The next release is a copy of the code with one more migration, which adds a table and two columns, and with
rows that know one of the columns.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.server.server_balancer import balancing
from tests.server.server_history import figures, rows, until, verified
from tests.server.server_patience import PatientLoad
from tests.server.server_process import ROOT

from gql_approvals.persistence.database import migration_names

NEXT = "9000_next_release"
MIGRATION = f"""
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("approvals", "{migration_names()[-1]}")]
    operations = [
        ops.RunSQL([
            "CREATE TABLE next_thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
            "ALTER TABLE campaign ADD COLUMN made_by_next BOOLEAN NOT NULL DEFAULT false",
            "ALTER TABLE account ADD COLUMN next_note TEXT NULL",
            "CREATE INDEX campaign_next_idx ON campaign (account_id, made_by_next)",
        ]),
    ]
"""
pytestmark = pytest.mark.alone


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """What PYTHONPATH must name to run the next release."""
    home = tmp_path / "next"
    code = home / "gql_approvals"
    shutil.copytree(
        ROOT / "src" / "gql_approvals", code, ignore=shutil.ignore_patterns("__pycache__", "vendor")
    )
    (code / "persistence" / "migrations" / f"{NEXT}.py").write_text(MIGRATION)
    models = code / "persistence" / "models.py"
    text = models.read_text()
    before, column, after = text.partition("    folded_name: fields.Field[str]")
    assert (column != "", "class RevisionRow" in before) == (True, False)
    models.write_text(f"{before}    made_by_next = fields.BooleanField(default=True)\n{column}{after}")
    return home


def migrate(url: str, release: Path) -> str:
    """Type `gql-approvals migrate` with that release."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    environment |= {"GQL_APPROVALS_DATABASE_URL": url, "PYTHONPATH": str(release)}
    done = subprocess.run(
        [sys.executable, "-m", "gql_approvals", "migrate"],
        env=environment, cwd=release, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("\n")[2].strip()


async def test_old_and_new_release_serve_side_by_side_and_nothing_is_lost_on_the_way_there_and_back(
    world, serve, next_release, monkeypatch
):
    url = world.database_url

    async def made_by_next():
        return [bool(mark) for (mark,) in await rows(url, "SELECT made_by_next FROM campaign ORDER BY id")]

    async def both_work(load):
        before = len(await made_by_next())

        async def is_so():
            return len(set((await made_by_next())[before:])) == 2

        await until(is_so, within_s=60)
        await load.reaches(10)

    with serve(POLL_S="0.2") as one, serve(POLL_S="0.2") as other:
        async with balancing(one, other) as balancer:
            load = PatientLoad(balancer.port, world.tokens)
            async with load.running():
                await load.reaches(20)
                # 1. widen the database, while everybody works
                assert await asyncio.to_thread(migrate, url, next_release) == f"applied {NEXT}"
                await load.reaches(20)
                with monkeypatch.context() as upgraded:  # 2. one node after the other
                    upgraded.setenv("PYTHONPATH", str(next_release))
                    await _restart(one, balancer)
                    await both_work(load)
                    await _restart(other, balancer)
                    await load.reaches(20)
                assert set((await made_by_next())[-3:]) == {True}
                await _restart(one, balancer)  # 3. and back, without touching the database
                await both_work(load)
                assert await asyncio.to_thread(migrate, url, ROOT / "src") == "nothing to do"
                await _restart(other, balancer)
                await load.reaches(20)
            async with world.client(balancer, 2) as client:
                history = await verified(client, *load.acknowledged)
            load.check(history)
        assert one.faults() == other.faults() == []
    figures(
        f"{len(load.acknowledged)} acknowledged over a migration and 4 restarts, "
        f"{load.again} asked again, none lost"
    )


async def _restart(node, balancer):
    """As a deployment does it: stop, start, and wait until the balancer sends it people again."""
    await asyncio.to_thread(node.terminate)
    before = balancer.taken[node.port]
    await asyncio.to_thread(node.start)
    await until(lambda: balancer.taken[node.port] > before, within_s=30)
