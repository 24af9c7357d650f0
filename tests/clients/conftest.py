"""Node.js with the npm packages of this folder, the demo, and people who sign in to real servers."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import npm
from tests.server.conftest import world
from tests.server.server_process import ServerProcess, running

__all__ = ["world"]
HERE = Path(__file__).parent
NODE_S = 300
Node = Callable[..., str]


@pytest.fixture(scope="session")
def node() -> Node:
    """`node("script.mjs", "argument")`: run a script of this folder, and return what it printed.

    `cwd`: another folder to run it in. A script that fails fails the test, with all that it printed.
    """
    npm.install(HERE)

    def run(script: str, *arguments: str, cwd: Path = HERE) -> str:
        command = ["node", str(HERE / script), *arguments]
        done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=NODE_S)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done.stdout

    return run


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the demo's people."""
    with running(tmp_path_factory.mktemp("demo"), command=("demo",)) as server:
        yield server
        assert server.faults() == []
