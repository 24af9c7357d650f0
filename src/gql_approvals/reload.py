"""The driver that keeps the policy in force in step with its files, and reports which one that is.

Each worker looks at its node's folder by itself; nothing but the files tells it what to do.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gql_approvals.persistence import policies
from gql_approvals.persistence.policies import WorkerReport
from gql_approvals.policy.files import PolicyFiles
from gql_approvals.policy.watch import Watch
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import Refused
from gql_approvals.service.policy_reload import reload, tell_accounts, tell_of_refusal
from gql_approvals.service.policy_status import FRESH, REPORT_S
from gql_approvals.settings import Settings

LOOK_S = 0.1
PATIENCE = timedelta(seconds=10)  # who saves a mistake and mends it at once need not be mailed about it
_RETRY_S = 1.0

_log = logging.getLogger(__name__)


async def follow_policy(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Put changed policy files in force within two seconds, until `stop` is set."""
    driver = Reload(office, settings.policy_folder)

    async def look() -> None:
        await driver.round(asyncio.get_running_loop().time())

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(_repeat(look, LOOK_S, stop))
        group.create_task(_repeat(driver.report, REPORT_S, stop))  # also while an examination takes long
        await stop.wait()
        looking.cancel()  # it may wait for an examination; whatever it leaves is done at the next start
    with contextlib.suppress(Exception):  # a report that stays is ignored after a while
        await policies.forget(driver.worker)


async def _repeat(act: Callable[[], Awaitable[None]], pause_s: float, stop: asyncio.Event) -> None:
    trouble = Trouble(_log, "policy")
    while not stop.is_set():
        try:
            await act()
            trouble.over()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next attempt may succeed
            trouble.met(error)
            await rest(stop, _RETRY_S)
        await rest(stop, pause_s)


def node_of(folder: Path) -> str:
    """This machine and its folder: what workers that obey the same files have in common.

    Links are not followed: who exchanges a linked folder has the same node before and after.
    """
    return f"{socket.gethostname()}:{folder.absolute()}"


@dataclass
class Reload:
    """One worker's driver. `folder`: what `office.policy` was loaded from."""

    office: Office
    folder: Path
    _watch: Watch = field(init=False)
    _told_version: str | None = field(default=None, init=False)
    _told_refusal: Refused | None = field(default=None, init=False)
    _reporting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        self._watch = Watch(self.folder)

    @property
    def worker(self) -> str:
        """This process, among all of all nodes."""
        return f"{node_of(self.folder)}:{os.getpid()}"

    async def round(self, now_s: float) -> None:
        """Look once; `now_s` only ever grows.

        Raises:
            Unavailable: when the database is lost; what was not done is done by a later look.
        """
        files = self._watch.changed_files(now_s)
        if files is not None:
            try:
                await self._reload(files)
            except BaseException:
                self._watch.look_again()
                raise
            await self.report()
        await self._tell()

    async def _reload(self, files: PolicyFiles) -> None:
        """As `reload`; given up when the files change again: who mends a mistake need not wait."""
        reloading = asyncio.create_task(reload(self.office, files))
        try:
            while not (await asyncio.wait({reloading}, timeout=LOOK_S))[0]:
                if self._watch.has_changed():
                    return
            await reloading
        finally:
            reloading.cancel()
            await asyncio.wait({reloading})

    async def _tell(self) -> None:
        version, refused = self.office.policy().version, self.office.policy.refused
        if version != self._told_version:
            await tell_accounts(self.office)
            self._told_version = version
        if refused not in (None, self._told_refusal) and self.office.now() - refused.since >= PATIENCE:
            refusal = repr((node_of(self.folder), refused.version, self._watch.seen))
            key = hashlib.sha256(refusal.encode()).hexdigest()[:12]
            await tell_of_refusal(self.office, node=socket.gethostname(), key=key)
            self._told_refusal = refused

    async def report(self) -> None:
        """Say which version this worker obeys; whoever has been silent for long is forgotten."""
        async with self._reporting:  # an earlier report must not be written over a later one
            await self._report()
        refused = self.office.policy.refused
        if refused is not None and refused.names_members:
            self._watch.look_again()  # their roles may have been changed meanwhile

    async def _report(self) -> None:
        policy, refused = self.office.policy(), self.office.policy.refused
        now = self.office.now()
        await policies.report(
            WorkerReport(
                id=self.worker,
                node=node_of(self.folder),
                version=policy.version,
                loaded_at=policy.loaded_at,
                refused=() if refused is None else refused.places,
                seen_at=now,
            )
        )
        await policies.forget_before(now - 2 * FRESH)
