"""Where faults happen: a real server, its database, and everything around it that can go wrong."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tests.databases import migrate
from tests.faults.weather.clock import FakeClock
from tests.faults.weather.cluster import Cluster, apart, cluster
from tests.faults.weather.disk import SmallDisk, small_disk
from tests.faults.weather.proxy import Proxy, proxy
from tests.faults.weather.sinks import HandoverSink, MailSink, handover_sink, mail_sink
from tests.server.server_process import POLICIES, ServerProcess

DatabaseKind = Literal["sqlite", "postgresql"]
Need = Literal["proxy", "clock", "disk"]


@dataclass(frozen=True)
class Place:
    """A server that is ready, with the means to do harm to it.

    `database_url` leads past the proxy: for preparing and for judging. `cluster` is there on PostgreSQL;
    `proxy`, `clock` and `disk` are there when they were asked for.
    """

    kind: DatabaseKind
    folder: Path
    server: ServerProcess
    database_url: str
    mails: MailSink
    handovers: HandoverSink
    cluster: Cluster | None = None
    proxy: Proxy | None = None
    clock: FakeClock | None = None
    disk: SmallDisk | None = None


@contextmanager
def place(
    folder: Path,
    database: DatabaseKind = "sqlite",
    workers: int = 2,
    *,
    needs: Collection[Need] = (),
    prepare: Callable[[str], object] | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
    postgres: Mapping[str, str] = MappingProxyType({}),
    **settings: str,
) -> Iterator[Place]:
    """A place of its own, with a database that is migrated and empty; all of it is ended afterwards.

    `needs`: which of proxy (PostgreSQL only), clock and disk (SQLite only) there are. `prepare` is called
    with the database's URL, in a thread of its own, before the server starts. `environment`: what the
    server's processes find there. `postgres` and `settings`: those of PostgreSQL, and of the server.

    Raises:
        NoCluster, NoFakeClock, NoSmallDisk: what this machine lacks for it, and how to get it.
        NotReady: when the server does not start.
    """
    with ExitStack() as stack:
        clock = FakeClock.make(folder) if "clock" in needs else None
        disk = (
            stack.enter_context(small_disk(folder, megabytes=64))
            if "disk" in needs and database == "sqlite"
            else None
        )
        server_side: Cluster | None = None
        between: Proxy | None = None
        if database == "sqlite":
            direct = served = f"sqlite:///{(disk.folder if disk else folder) / 'approvals.db'}"
        else:
            server_side = stack.enter_context(cluster(**postgres))
            between = stack.enter_context(proxy(server_side.port)) if "proxy" in needs else None
            direct = server_side.url
            port = between.port if between else server_side.port
            served = f"postgresql://postgres@127.0.0.1:{port}/approvals"
        apart(asyncio.run, migrate(direct))
        if prepare is not None:
            apart(prepare, direct)
        mails, handovers = stack.enter_context(mail_sink()), stack.enter_context(handover_sink())
        server = ServerProcess(
            settings={
                "POLICIES": str(POLICIES),
                "DATABASE_URL": served,
                "MAIL": mails.url,
                "POLL_S": "0.2",
                **handovers.settings,
                **settings,
            },
            folder=folder,
            workers=workers,
            environment={**environment, **({} if clock is None else clock.environment)},
        )
        stack.callback(server.end)
        server.start_somewhere()
        yield Place(
            kind=database, folder=folder, server=server, database_url=direct, mails=mails,
            handovers=handovers, cluster=server_side, proxy=between, clock=clock, disk=disk,
        )  # fmt: skip
