"""Counts the statements that reach a database, where the drivers themselves tell of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tortoise.connection import get_connection


@asynccontextmanager
async def statements(dialect: str) -> AsyncGenerator[list[str], None]:
    """The texts of the statements that are run inside, by whoever runs them.

    On PostgreSQL only connections that are open already are heard: do the same once before.
    """
    heard: list[str] = []
    client = get_connection(dialect)
    if dialect == "sqlite":
        connections = [client._connection, client._reader]
        for one in connections:
            await one.set_trace_callback(heard.append)
        client._here.set_trace_callback(heard.append)
        try:
            yield heard
        finally:
            for one in connections:
                await one.set_trace_callback(None)
            client._here.set_trace_callback(None)
        return

    def listen(record):
        heard.append(record.query)

    held = [holder._con for holder in client._pool._holders if holder._con is not None]
    for connection in held:
        connection.add_query_logger(listen)
    yield heard
    for connection in held:
        connection.remove_query_logger(listen)
