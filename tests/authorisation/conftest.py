"""Worlds: a small one and a whole one, each built once; every file of tests has a copy."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from tests.authorisation.world import SMALL, WHOLE, Known, World, build, opened
from tests.databases import folder_in_memory
from tests.schema.conftest import api, place, server, settled_postgresql, settled_sqlite

__all__ = ["api", "place", "server", "settled_postgresql", "settled_sqlite"]


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder in memory, if there is such: what is put back thousands of times need not survive anything."""
    folder = Path(tempfile.mkdtemp(prefix="gql-approvals-", dir=folder_in_memory()))
    yield folder
    shutil.rmtree(folder)


def _built(template: Path, folder: Path, plan: Mapping[str, Iterable[str]]) -> tuple[Path, Known]:
    folder.mkdir()
    shutil.copyfile(template, folder / "approvals.db")
    return folder, asyncio.run(build(folder / "approvals.db", folder / "policies", plan))


@pytest.fixture(scope="session")
def built_small(sqlite_template: Path, memory: Path) -> tuple[Path, Known]:
    return _built(sqlite_template, memory / "small", SMALL)


@pytest.fixture(scope="session")
def built_whole(sqlite_template: Path, memory: Path) -> tuple[Path, Known]:
    return _built(sqlite_template, memory / "whole", WHOLE)


async def _copied(built: tuple[Path, Known]) -> AsyncGenerator[World, None]:
    folder, known = built
    path = Path(tempfile.mkdtemp(dir=folder)) / "copy.db"
    with closing(sqlite3.connect(folder / "approvals.db")) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    async with opened(path, folder / "policies", known) as world:
        yield world


@pytest.fixture(scope="module")
async def small_world(built_small: tuple[Path, Known]) -> AsyncGenerator[World, None]:
    """Two accounts with a few campaigns."""
    async for world in _copied(built_small):
        yield world


@pytest.fixture(scope="module")
async def world(built_whole: tuple[Path, Known]) -> AsyncGenerator[World, None]:
    """Three accounts, one with approvals off, with campaigns in every state."""
    async for world in _copied(built_whole):
        yield world
