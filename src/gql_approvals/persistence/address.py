"""Database URLs: what they say, and one clear message when they say it wrong. Nothing is opened here."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from gql_approvals.errors import BadDatabase

Dialect = Literal["sqlite", "postgresql"]

_EXAMPLES = "sqlite:///approvals.db or postgresql://user:password@host:5432/name"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is.

    `target` is the file's path for SQLite and the URL itself for PostgreSQL; `shown` is the URL without
    its password, fit for messages and logs.
    """

    dialect: Dialect
    target: str
    shown: str


def hide_password(url: str) -> str:
    """Put `***` for passwords, also in a URL that is malformed."""
    url = re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", url)
    if "@" in url:
        return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url, count=1, flags=re.DOTALL)
    return re.sub(r"(://[^:/@\[]+):(?!\d*(?:[/?,]|$))[^/?]*", r"\1:***", url, count=1)


def parse(url: str) -> Address:
    """Read a URL.

    Raises:
        BadDatabase: when it is not a URL of a database on disk that we support.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _bad(url, "is no URL", f"write {_EXAMPLES}")
    match scheme.lower():
        case "sqlite":
            return Address("sqlite", _file(url, rest), hide_password(url))
        case "postgresql" | "postgres":
            _check_postgresql(url)
            return Address("postgresql", url, hide_password(url))
        case _:
            raise _bad(url, f"names `{scheme}`, which is not supported", f"write {_EXAMPLES}")


def _file(url: str, rest: str) -> str:
    if ":memory:" in rest or "mode=memory" in rest:
        raise _bad(url, "is in memory, where nothing acknowledged would be on disk", "name a file")
    if "?" in rest or "#" in rest:
        raise _bad(url, "has parameters, and SQLite takes none", "leave out everything from `?` or `#` on")
    if rest in {"", "/"}:
        raise _bad(url, "names no file", "write sqlite:///approvals.db")
    if not rest.startswith("/"):
        raise _bad(
            url, "has too few slashes", f"write sqlite:///{rest}, or four slashes for an absolute path"
        )
    return unquote(rest[1:])


def _check_postgresql(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
        parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        fix = "percent-encode special characters of the password, and write the port as a number"
        raise _bad(url, "cannot be understood", fix) from None
    if parts.fragment:
        raise _bad(url, "has a `#`", "write %23 for a # in the password")
    if parts.path in {"", "/"} and not {"dbname", "database"} & set(parse_qs(parts.query)):
        raise _bad(url, "names no database", "write its name after the host: postgresql://host:5432/name")


def _bad(url: str, why_not: str, fix: str) -> BadDatabase:
    return BadDatabase(f"the database URL `{hide_password(url)}` {why_not}: {fix}")
