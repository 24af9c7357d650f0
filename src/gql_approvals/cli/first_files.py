"""What `init` writes: a settings file with everything explained, and a copy of the shipped policy."""

import base64
import os
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from gql_approvals.cli.settings_reference import Row, rows
from gql_approvals.settings import DEFAULT_FILE, name_of, shipped_policies

_FOR_EVERYBODY, _FOR_THE_OWNER = 0o644, 0o600
_SECRET_BYTES = 32
_LEFT_OUT = {"Limits", "Demo"}  # topics that a beginning does not need
_HEADING = """\
# The settings of gql-approvals: NAME=value, one on each line. A line that begins with # is a comment.
# Delete the # before a GQL_APPROVALS_... line to set it; what is not set has its default.
# This file holds secrets: only you may read it. The environment wins over it.
#
#   gql-approvals settings   lists every setting, what is in force, and where it was set
#   gql-approvals doctor     says what is wrong, and how to mend it
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be written; `name` is relative to the folder."""

    name: str
    content: bytes
    mode: int


def files_to_write() -> Iterator[File]:
    """The settings file first, then the policy files: what decides, and the tests that guard it."""
    yield File(name=str(DEFAULT_FILE), content=_settings_file().encode(), mode=_FOR_THE_OWNER)
    shipped = shipped_policies()
    for path in (shipped / "model.conf", shipped / "policy.csv", *sorted(shipped.glob("tests/*.csv"))):
        name = str(Path("policies") / path.relative_to(shipped))
        yield File(name=name, content=path.read_bytes(), mode=_FOR_EVERYBODY)


def write(folder: Path, file: File) -> bool:
    """Write a file that is not there, folders included; False when it is there.

    Raises:
        ClickException: when it cannot be written.
    """
    path = folder / file.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    except OSError as error:
        if os.path.lexists(path):
            return False
        raise click.ClickException(_unwritable(path, error)) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a file would count as one that is there
        raise click.ClickException(_unwritable(path, error)) from error
    return True


def next_steps(folder: Path) -> list[tuple[str, str]]:
    """(what to do, why), in order."""
    place = [] if folder == Path() else [(f"cd {shlex.quote(str(folder))}", "where the files are")]
    return [
        *place,
        (f"edit {DEFAULT_FILE}", "database, mail, the sending system"),
        ("gql-approvals doctor", "says what is wrong or missing"),
        ("gql-approvals migrate", "makes the tables"),
        ("gql-approvals account create acme --admin you@acme.example", "prints your token, once"),
        ("gql-approvals serve --workers 2", "answers at http://127.0.0.1:8000/graphql"),
    ]


def _settings_file() -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    chosen = {"production": "true", "delivery_secret": secret}
    lines = [_HEADING]
    topic = ""
    for row in rows():
        if row.topic in _LEFT_OUT:
            continue
        if row.topic != topic:
            topic = row.topic
            lines += ["", f"# ---- {topic} " + "-" * (80 - len(topic)), ""]
        lines += _explained(row, chosen.get(row.field))
    return "\n".join(lines) + "\n"


def _explained(row: Row, chosen: str | None) -> list[str]:
    default = f"; default: {row.default}" if row.default else ""
    setting = f"#{name_of(row.field)}={row.example}" if chosen is None else f"{name_of(row.field)}={chosen}"
    return [f"# {row.about}{default}", setting, ""]


def _unwritable(path: Path, error: OSError) -> str:
    return f"`{path}` cannot be written: {error.strerror}: choose a folder where you may write"
