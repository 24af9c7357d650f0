"""Fixtures: an account in a fresh database, and an SMTP server that takes everything."""

from collections.abc import AsyncGenerator

import pytest
from tests.relay.world import Sink, World, smtp_server


@pytest.fixture
async def world(database, tmp_path) -> World:
    return await World.open(database, folder=tmp_path)


@pytest.fixture
async def sink() -> AsyncGenerator[Sink, None]:
    async with smtp_server() as server:
        yield server
