"""Databases with a small seed, of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.workloads.filling import fill

CAMPAIGNS = 320  # of them, a page of the inbox is full


@pytest.fixture(scope="session")
def small_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('bench') / 'bench.db'}"
    fill(url, CAMPAIGNS)
    return url


@pytest.fixture(scope="session")
def small_postgresql(postgres) -> Iterator[str]:
    name = postgres.create()
    url = postgres.url(name)
    fill(url, CAMPAIGNS, migrated=True)
    yield url
    postgres.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def filled(request: pytest.FixtureRequest) -> str:
    """A database with the seed; read only."""
    return request.getfixturevalue(f"small_{request.param}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
