"""What administrators do beside the API: they revoke tokens on the command line, and edit policy files."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.faults.history import History, Known
from tests.server.server_policies import PolicyFolder

from gql_approvals.app import open_office
from gql_approvals.cli import administration
from gql_approvals.errors import Unavailable
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

if TYPE_CHECKING:
    from tests.faults.clients import Desk

OBEYED_S = 15
STATUS = "{ policyStatus { workers { version } } }"
_LINES = (
    *(f"p, checker,          *,       {action}," for action in ("approve", "reject")),
    "p2, acme,    any,      audience >= 100k, 1,         checker",  # it could never be met then
)


@dataclass
class Offices:
    """`shipped`: the version of the policy that a run begins with. `known` holds from when to when."""

    office: Office
    policies: PolicyFolder
    history: History
    shipped: str = ""
    workers: int = 2
    policy_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def revoke_token(self, token: str) -> bool:
        """As `gql-approvals token revoke`; False when it is not known to have happened."""
        try:
            await administration.revoke(self.office, token)
        except Unavailable:
            return False
        return True

    async def new_token(self, email: str) -> str:
        """As `gql-approvals token create`."""
        while True:
            try:
                return await self.office.database.transaction(
                    lambda: administration.create_token(self.office, email, name="another", days=None)
                )
            except Unavailable:
                await asyncio.sleep(0.5)

    async def without_checkers(self, desk: "Desk") -> bool:
        """Take the right to decide from the role checker; True once every worker obeys."""
        text = self.policies.file.read_text()
        for line in _LINES:
            assert line in text, "the shipped policy's lines for checkers have changed their form"
        kept = [line for line in text.splitlines() if not line.startswith(_LINES)]
        new = self.policies.file.with_suffix(".new")
        new.write_text("\n".join(kept) + "\n")
        new.replace(self.policies.file)  # nobody reads half of it
        version = self.policies.version
        desk.town.without_checkers.add(version)
        if not await self._obeyed(desk, version):
            return False
        self.history.known.append(Known("policy", "", version, time.monotonic()))
        return True

    async def as_shipped(self, desk: "Desk") -> None:
        """Give it back."""
        now = time.monotonic()
        self.history.known = [
            replace(known, until=min(known.until, now)) if known.kind == "policy" else known
            for known in self.history.known
        ]
        self.policies.restore()
        await self._obeyed(desk, self.policies.version)

    async def _obeyed(self, desk: "Desk", version: str) -> bool:
        """Whether all workers obey this version within a while."""
        deadline = time.monotonic() + OBEYED_S
        while time.monotonic() < deadline:
            data = await desk.read("ada", STATUS)
            found = [
                worker["version"] for worker in ((data or {}).get("policyStatus") or {}).get("workers", [])
            ]
            if len(found) >= self.workers and set(found) == {version}:
                return True
            await asyncio.sleep(0.2)
        return False


@asynccontextmanager
async def offices(database_url: str, policies: PolicyFolder, history: History) -> AsyncGenerator[Offices]:
    """Open the database as the command line does, past every proxy."""
    settings = Settings(database_url=database_url, policies=str(policies.path))
    async with open_office(settings) as office:
        yield Offices(office, policies, history, shipped=policies.version)
