"""Where settings come from: the file, and above it the environment. Every mistake of both is told at once."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gql_approvals.errors import BadSettings
from gql_approvals.settings.contradictions import contradictions
from gql_approvals.settings.definition import (
    NOT_SETTINGS,
    PREFIX,
    Settings,
    name_of,
    secrecy_of,
    to_environment,
)
from gql_approvals.settings.file import Given, read_file
from gql_approvals.settings.secret_file import SUFFIX, resolve

FILE_VARIABLE = "GQL_APPROVALS_SETTINGS"
DEFAULT_FILE = Path("gql-approvals.env")
ENVIRONMENT = "environment"
_HIDDEN = frozenset(name_of(item.name) for item in fields(Settings) if secrecy_of(item.name) == "all")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found. `settings`: of everything that is right; wrong settings have their defaults.

    `places`: where each setting that is in force was set, `file:line` or `environment`, or the file of its
    own that it stands in. `file`: the file that was read. `problems`: one line each.
    """

    settings: Settings
    places: Mapping[str, str]
    file: Path | None
    problems: tuple[str, ...]


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force; see `read`.

    Raises:
        BadSettings: naming every setting that is unknown or wrong, one line each.
    """
    found = read(environment)
    if found.problems:
        raise BadSettings("\n".join(found.problems))
    return found.settings


def read(environment: Mapping[str, str] | None = None) -> Reading:
    """Read the file that `GQL_APPROVALS_SETTINGS` names, and the environment, which wins.

    None: this process's environment, and `gql-approvals.env` in the working folder if no file is named.
    What is empty is not set.
    """
    given = os.environ if environment is None else environment
    file = _file(given, DEFAULT_FILE if environment is None else None)
    lines, problems = ([], []) if file is None else read_file(file)
    outside = [Given(name, given[name]) for name in sorted(given) if _concerns_us(name)]
    known = {name_of(item.name): item for item in fields(Settings)}
    secret = frozenset(name for name, item in known.items() if secrecy_of(item.name))
    resolved, mistakes = resolve((*lines, *outside), secret)
    problems += mistakes
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for one in resolved:
        if one.name not in known:
            problems.append(_told(one, f"there is no such setting{_nearest(one.name, known)}"))
        elif one.value.strip():
            try:
                values[known[one.name].name] = known[one.name].metadata["read"](one.value)
                places[one.name] = one.file or one.place or ENVIRONMENT
            except ValueError as error:
                problems.append(_told(one, f"{_shown(one)} {error}"))
    settings = Settings(**values)
    problems += _contradictions(settings, places, problems)
    return Reading(settings=settings, places=places, file=file, problems=tuple(sorted(problems, key=_line)))


def apply_to_environment(settings: Settings) -> None:
    """Let this process and those that it starts read exactly these settings, and no file."""
    for name in [name for name in os.environ if _concerns_us(name)]:
        del os.environ[name]
    os.environ.update(to_environment(settings))
    os.environ[FILE_VARIABLE] = os.devnull


def _file(given: Mapping[str, str], default: Path | None) -> Path | None:
    """The file that is named, or the default one if it is there: if it cannot be read, that must be told."""
    named = given.get(FILE_VARIABLE, "").strip()
    if named:
        return Path(named)
    return default if default is not None and os.path.lexists(default) else None


def _concerns_us(name: str) -> bool:
    return name.startswith(PREFIX) and name not in {*NOT_SETTINGS, FILE_VARIABLE}


def _nearest(name: str, known: Mapping[str, object]) -> str:
    if name == FILE_VARIABLE:
        return " in a file; set it in the environment"
    if name.removesuffix(SUFFIX) in known:
        return "; only secrets may stand in files of their own"
    bare = {setting.removeprefix(PREFIX): setting for setting in known}
    near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), bare, 1)
    return f"; did you mean {bare[near[0]]}?" if near else ""


def _contradictions(settings: Settings, places: Mapping[str, str], problems: list[str]) -> Iterator[str]:
    """What is wrong between settings that are right; not of those about which something was said before."""
    told = {word.rstrip(":") for problem in problems for word in problem.split() if word.startswith(PREFIX)}
    for problem in contradictions(settings):
        name, _, text = problem.partition(": ")
        if name not in told:
            place = places.get(name, ENVIRONMENT)
            yield _told(Given(name, "", "" if place == ENVIRONMENT else place), text)


def _line(problem: str) -> tuple[bool, int]:
    """Where it stands in the file; what is about no line of it comes last."""
    found = re.match(r"\S+:(\d+): ", problem)
    return found is None, int(found[1]) if found else 0


def _told(one: Given, text: str) -> str:
    place = one.file or one.place
    return f"{place}: {one.name}: {text}" if place else f"{one.name}: {text}"


def _shown(one: Given) -> str:
    """What was given, unless it is or may hold a secret."""
    hidden = one.file or one.name in _HIDDEN or "@" in one.value
    return "the value" if hidden else f"`{one.value}`"
