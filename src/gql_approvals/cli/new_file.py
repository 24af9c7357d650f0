"""Files that appear whole or not at all, and never in the place of another."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import click


@contextmanager
def new_file(path: Path) -> Generator[Path]:
    """Give a temporary name beside `path`; what was written there is on disk under `path` afterwards.

    Raises:
        click.ClickException: when `path` is there already, or cannot be written.
    """
    _require_free(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.touch(mode=0o600, exist_ok=False)  # it holds what only some may read
        yield temporary
        _sync(temporary)
        _give_name(temporary, path)
        with suppress(OSError):  # some file systems cannot sync a folder
            _sync(path.parent)
    except OSError as error:
        raise click.ClickException(f"`{path}` cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _give_name(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)  # unlike a rename, it refuses a name that is taken
    except FileExistsError:
        _require_free(path)
    except OSError:  # this file system has no links
        _require_free(path)
        temporary.rename(path)


def _require_free(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise click.ClickException(f"`{path}` is there already and is not overwritten: name another file")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
