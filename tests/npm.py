"""npm packages for tests: what a folder's lock names, installed once for as long as the lock is unchanged."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_S = 300
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


def install(folder: Path) -> None:
    """Install the packages of a folder. Without Node.js the test is skipped, and fails where `CI` is set."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs Node.js and npm")
    with (folder / "package-lock.json").open("rb") as named:
        fcntl.flock(named, fcntl.LOCK_EX)  # until it is closed: tests side by side install once
        lock = hashlib.sha256(named.read()).hexdigest()
        stamp = folder / "node_modules" / "lock.sha256"
        if stamp.is_file() and stamp.read_text() == lock:
            return
        done = subprocess.run(
            INSTALL, cwd=folder, check=False, capture_output=True, text=True, timeout=INSTALL_S
        )
        if done.returncode:
            pytest.fail(f"npm cannot install: {done.stderr[-500:]}")
        stamp.write_text(lock)
