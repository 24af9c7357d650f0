"""Requests that nobody should send: bodies and headers at random, the same ones each time."""
# ruff: noqa: E501  # tables keep their lines

import json
import random
import string
from dataclasses import dataclass
from typing import Any

QUERY = "query A($f: Int) { viewer { roles } campaigns(first: $f) { totalCount } }"
SIGNS = "{}[]()!$:=@|&#\"\\,.<>%^*~`'/?;+-_ \t\r\n\x00\x7f\u00e4\u20ac\U0001f384"
WORDS = (
    "query", "mutation", "subscription", "fragment", "on", "viewer", "roles", "campaigns", "first", "__typename",
    "__schema", "...", "...A", "null", "true", "1e999", "-", "9" * 400, '"""', '"', "\\u0000", "@include(if: true)", "$f", "A",
)  # fmt: skip
TYPES = (
    "application/json", "application/json", "application/json", "application/json; charset=utf-8", "text/plain", "",
    "application/json; charset=latin-1", "application/graphql", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "application/json; boundary", "*/*",
)  # fmt: skip
ACCEPTS = (
    "*/*", "", "application/json", "application/graphql-response+json", "text/html;q=x", ";;,", "a/b;q=9", "*;q=0",
    "application/graphql-response+json;q=1;q=0", "application/*;q=0.0001", ",".join(["x/y;q=0.1"] * 200),
)  # fmt: skip


@dataclass(frozen=True)
class Junk:
    """One request. `params`: of a GET; None for a POST."""

    content: bytes
    headers: list[tuple[bytes, bytes]]
    params: dict[str, str] | None


def junk(number: int) -> Junk:
    choice = random.Random(number)  # noqa: S311  # the same requests each time
    make = choice.choice((_noise, _cut, _flipped, _wrong_shape, _wrong_shape, _words, _words, _deep))
    content = make(choice)
    params = None
    if choice.random() < 0.2:
        params = {
            name: _text(choice, 60)
            for name in ("query", "variables", "operationName", "extensions", "x")
            if choice.random() < 0.5
        }
    return Junk(content=content, headers=_headers(choice), params=params)


def _noise(choice: random.Random) -> bytes:
    return choice.randbytes(choice.randint(0, 400))


def _valid() -> bytes:
    return json.dumps({"query": QUERY, "variables": {"f": 1}, "operationName": "A"}).encode()


def _cut(choice: random.Random) -> bytes:
    """The beginning of a good request."""
    return _valid()[: choice.randint(0, len(_valid()) - 1)]


def _flipped(choice: random.Random) -> bytes:
    """A good request with some bytes changed."""
    body = bytearray(_valid())
    for _ in range(choice.randint(1, 8)):
        body[choice.randrange(len(body))] = choice.randrange(256)
    return bytes(body)


def _wrong_shape(choice: random.Random) -> bytes:
    """JSON whose members are anything."""
    names = ("query", "variables", "operationName", "extensions", "id", "")
    given = {name: _value(choice, 3) for name in names if choice.random() < 0.6}
    if choice.random() < 0.5:
        given["query"] = QUERY
    return json.dumps(choice.choice((given, given, given, [given], _value(choice, 2)))).encode()


def _words(choice: random.Random) -> bytes:
    """A document of words and signs of GraphQL in any order."""
    parts = [
        choice.choice((choice.choice(WORDS), choice.choice(SIGNS))) for _ in range(choice.randint(1, 80))
    ]
    return json.dumps({"query": " ".join(parts), "variables": _value(choice, 1)}).encode()


def _deep(choice: random.Random) -> bytes:
    opening, closing = choice.choice((("[", "]"), ('{"a":', "}"), ("[[", "]]")))
    levels = choice.choice((10, 500, 3_000, 30_000))
    inner = opening * levels + "1" + closing * levels
    return choice.choice(
        (inner, f'{{"query": "{{ viewer {{ roles }} }}", "variables": {{"f": {inner}}}}}')
    ).encode()


def _value(choice: random.Random, levels: int) -> Any:
    plain = (None, True, False, 0, -1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, 5e-324, _text(choice, 30))
    if not levels or choice.random() < 0.4:
        return choice.choice(plain)
    values = [_value(choice, levels - 1) for _ in range(choice.randint(0, 4))]
    return values if choice.random() < 0.5 else {_text(choice, 6): value for value in values}


def _text(choice: random.Random, most: int) -> str:
    letters = string.ascii_letters + SIGNS
    return "".join(choice.choice(letters) for _ in range(choice.randint(0, most)))


def _headers(choice: random.Random) -> list[tuple[bytes, bytes]]:
    headers = [(b"content-type", choice.choice(TYPES).encode()), (b"accept", choice.choice(ACCEPTS).encode())]
    odd = (
        (b"authorization", b"Bearer demo-insecure-ada"),
        (
            b"authorization",
            b"Bearer " + bytes(choice.randrange(33, 127) for _ in range(choice.randint(1, 90))),
        ),
        (b"authorization", bytes(choice.randrange(160, 256) for _ in range(9))),
        (b"x-account", bytes(choice.randrange(33, 127) for _ in range(choice.randint(0, 90)))),
        (b"x-account", b"\xff\xfe"),
        (b"accept", b"application/graphql-response+json"),
        (b"content-type", b"text/plain"),
        (b"content-encoding", b"gzip"),
        (b"origin", b"null"),
        (b"if-none-match", b"*"),
        (b"range", b"bytes=0-1"),
        (b"x-http-method-override", b"DELETE"),
        (b"apollo-require-preflight", b"\xe4"),
    )
    return headers + [choice.choice(odd) for _ in range(choice.randint(0, 4))]
