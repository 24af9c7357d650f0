"""A terminal in an empty folder, and the demo's data: where the readers of pages sit."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.meta.pages import ROOT

from gql_approvals.settings import Settings

DATABASE = ".demo/gql-approvals.db"


@pytest.fixture(autouse=True)
def formatter(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The handler is one for all tests, and readers give it a formatter of theirs."""
    before = caplog.handler.formatter
    yield
    caplog.handler.setFormatter(before)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wide terminal in a folder with the policy files of the product and nothing else; nothing is set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GQL_APPROVALS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GQL_APPROVALS_DATABASE_URL", "")  # whatever the page sets is put back
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "110"}.items():
        monkeypatch.setenv(name, value)
    shutil.copytree(ROOT / "policies", "policies")
    return tmp_path


@pytest.fixture
def demo(terminal: Path, demo_template: Path) -> Settings:
    """The demo's database there."""
    (terminal / DATABASE).parent.mkdir()
    shutil.copyfile(demo_template, terminal / DATABASE)
    return Settings(database_url=f"sqlite:///{DATABASE}", demo=True)
