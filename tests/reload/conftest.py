"""A worker that obeys a folder of its own, with a clock of the test's."""

import shutil
from pathlib import Path

import pytest
from tests.relay.world import World

from gql_approvals.policy.engine import Policy
from gql_approvals.reload import Reload
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_reload import keep_text

POLICIES = Path(__file__).parents[2] / "policies"


class Worker:
    """One worker's driver; `look` lets it look for as long as a change needs to be noticed."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        policy = Policy.load(folder, now=world.clock())
        self.office = Office(
            database=world.office.database,
            policy=PolicyInForce(policy),
            now=world.clock,
            rules=world.office.rules,
        )
        self.driver = Reload(self.office, folder)
        self._at_s = 0.0

    async def look(self, rounds: int = 6) -> None:
        await self.driver.report()
        for _ in range(rounds):
            self._at_s += 0.1
            await self.driver.round(self._at_s)

    @property
    def version(self) -> str:
        return self.office.policy().version

    def edit(self, old: str, new: str, file: str = "policy.csv") -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


@pytest.fixture
async def world(database) -> World:
    return await World.open(database)


@pytest.fixture
async def worker(world: World, folder: Path) -> Worker:
    worker = Worker(world, folder)
    await keep_text(worker.office.policy(), world.clock())
    await worker.look()
    return worker
