"""The settings file: `NAME=value` lines that systemd's EnvironmentFile and `docker --env-file` read alike.

What those two read differently (quotes, backslashes, comments behind a value) is a mistake here, so that one
file means the same to all three.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEHIND = re.compile(r"\s#")
_FIX = "mend that, or name another file in GQL_APPROVALS_SETTINGS"
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody has set. `place`: `file:line`, or empty for the environment.

    `file`: the file of its own that the value stands in, if it does.
    """

    name: str
    value: str
    place: str = ""
    file: str = ""


def read_file(path: Path) -> tuple[list[Given], list[str]]:
    """The lines of a settings file that can be understood, and what is wrong with the others."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        return [], [f"{path}: this settings file cannot be read: {error.strerror or error}: {_FIX}"]
    if len(content) > MAX_BYTES:
        return [], [f"{path}: is larger than {MAX_BYTES} bytes: this is no settings file"]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        return [], [f"{path}:{number}: is not UTF-8: save the file in that encoding"]
    given: dict[str, Given] = {}
    problems: list[str] = []
    first: dict[str, str] = {}
    for place, line in _lines(path, text):
        name, _, value = line.partition("=")
        problem = _mistake(line, name, value)
        if problem is None and name in first:
            problem = f"{name} is set in line {first[name]} already: delete one of the two"
        first.setdefault(name, place.rpartition(":")[2])
        if problem is None:
            given[name] = Given(name, value, place)
        else:
            problems.append(f"{place}: {problem}")
    return list(given.values()), problems


def _lines(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """(`file:line`, line) of every line that is neither empty nor a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield f"{path}:{number}", line.strip()


def _mistake(line: str, name: str, value: str) -> str | None:
    """Why the line means nothing, or not the same to everybody. Values may be secret: none is shown."""
    return next(
        (told.format(name=name.strip()) for is_so, told in _MISTAKES if is_so(line, name, value)), None
    )


# The first that fits is told.
_MISTAKES: tuple[tuple[Callable[[str, str, str], bool], str], ...] = (
    (lambda line, _, __: "=" not in line, "is no setting: write NAME=value, and # before a comment"),
    (lambda _, name, __: name.startswith("export "), "is for a shell: leave out `export`"),
    (
        lambda _, name, value: name != name.strip() or value[:1].isspace(),
        "{name} has a space beside its `=`: leave it out",
    ),
    (
        lambda _, name, __: not _NAME.fullmatch(name),
        "begins with no name: write NAME=value, and # before a comment",
    ),
    (
        lambda _, __, value: bool({value[:1], value[-1:]} & {'"', "'"}),
        "{name} is in quotes, which some programs take for a part of the value: leave them out",
    ),
    (
        lambda _, __, value: "\\" in value,
        "{name} has a backslash, which some programs take for more than itself: write it without",
    ),
    (
        lambda _, __, value: bool(_BEHIND.search(value)),
        "{name} has a comment behind it: give the comment a line of its own",
    ),
    (
        lambda _, __, value: not value.isprintable(),
        "{name} has a character that cannot be printed: delete it",
    ),
)
