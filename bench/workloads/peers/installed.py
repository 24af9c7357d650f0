"""Install the peers and tell how they are run. Nothing of theirs stays."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.workloads.contenders.rights import ACTIONS
from bench.workloads.peers import natural
from bench.workloads.serving import Contender

_HERE = Path(__file__).parent
INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
INSTALL_S = 600
WARMING_S = 10.0  # node's compilers need as long until figures settle


class NoPeers(RuntimeError):
    """npm is missing, or could not install; the message says what."""


@contextmanager
def peers() -> Generator[Sequence[Contender]]:
    """Mercurius with graphql-jit, and PostGraphile, installed by npm for as long as this is open.

    Raises:
        NoPeers: when they cannot be installed.
    """
    if shutil.which("npm") is None:
        raise NoPeers("`--peers` needs Node.js and npm: on Debian, apt-get install npm")
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-peers-") as place:
        folder = Path(place)
        for path in (*_HERE.glob("*.js"), _HERE / "package.json"):
            shutil.copy(path, folder)
        done = subprocess.run(  # noqa: S603  # npm, with words of ours
            INSTALL, cwd=folder, check=False, capture_output=True, text=True, timeout=INSTALL_S
        )
        if done.returncode:
            raise NoPeers(f"npm cannot install the peers: {done.stderr[-1000:]}")
        program = (str(folder / "node_modules/node/bin/node"),)
        yield (
            Contender(
                "mercurius + graphql-jit",
                _command(folder / "mercurius.js", json.dumps(_rights())),
                lambda _: "/graphql",
                program=program,
                writes=False,
                warming_s=WARMING_S,
            ),
            Contender(
                "postgraphile",
                _command(folder / "postgraphile.js"),
                lambda _: "/graphql",
                program=program,
                body=natural.body,
                compare=natural.difference,
                writes=False,
                warming_s=WARMING_S,
            ),
        )


def _command(script: Path, *more: str) -> Callable[[str, int, Path], tuple[Sequence[str], Mapping[str, str]]]:
    def command(url: str, port: int, folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        del folder
        return (str(script), url, str(port), *more), {"NODE_ENV": "production", "PATH": os.environ["PATH"]}

    return command


def _rights() -> dict[str, list[list[str]]]:
    return {action: [sorted(roles), sorted(statuses)] for action, (roles, statuses) in ACTIONS.items()}
