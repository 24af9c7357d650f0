"""Secrets that stand in files of their own, as Docker, Kubernetes and systemd hand them out: `NAME_FILE`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gql_approvals.settings.file import Given

SUFFIX = "_FILE"
MAX_BYTES = 64 * 1024


def resolve(given: Sequence[Given], secret: frozenset[str]) -> tuple[list[Given], list[str]]:
    """Put the content of its file in the place of every `NAME_FILE` of a secret, and tell what is wrong.

    `secret`: the names of the settings that may be given so. Of what was found in a file `file` names it. A
    line break at its end is not part of the secret. What is empty is not set.
    """
    found: list[Given] = []
    problems: list[str] = []
    named = {one.name: one for one in given if one.value.strip()}
    for one in given:
        name, path = one.name.removesuffix(SUFFIX), one.value.strip()
        if name == one.name or name not in secret:
            found.append(one)
        elif path and name in named:
            problems.append(_told(one, _both(named[name])))
        elif path:
            try:
                found.append(replace(one, name=name, value=_content(Path(path)), file=path))
            except (OSError, ValueError) as error:
                problems.append(_told(one, f"the file `{path}` {_reason(error)}"))
    return found, problems


def _content(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES} bytes: this is no secret")
    try:
        text = content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8: save it in that encoding") from None
    if not text.strip():
        raise ValueError("is empty: write the secret into it, or leave the setting out")
    if not text.isprintable():
        raise ValueError("has more than one line, or what cannot be printed: let it hold the secret only")
    return text


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}: mend that, or name another one"
    return str(error)


def _both(other: Given) -> str:
    place = f" in {other.place}" if other.place else ""
    return f"{other.name} is set as well{place}: delete one of the two"


def _told(one: Given, text: str) -> str:
    place = f"{one.place}: " if one.place else ""
    return f"{place}{one.name}: {text}"
