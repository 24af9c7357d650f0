"""Automatic persisted queries, Apollo's protocol: a document is sent once, and from then on only its hash.

    "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "<64 hex digits>"}}

Each worker remembers for itself what was sent to it, and only what was fit to be executed. A client that is
told PERSISTED_QUERY_NOT_FOUND sends the document with its hash.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

from gql_approvals.schema.faults import NotARequest, NotExecutable, PersistedQueryNotFound

MAX_CHARACTERS = 5_000_000  # of all documents that are remembered together
HASH = re.compile(r"[0-9a-f]{64}")


class Persisted:
    """What was sent. `known`: documents that are never forgotten, by hash."""

    def __init__(self, known: Mapping[str, str] | None = None, most: int = MAX_CHARACTERS) -> None:
        self._known = dict(known or {})
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._most = most
        self._held = 0

    def text_of(self, query: str | None, extensions: Mapping[str, Any] | None) -> str:
        """The document that is meant.

        Raises:
            NotExecutable: when neither document nor hash was sent, the hash is unknown, or is another's.
        """
        digest = _hash_in(extensions)
        if query is not None:
            if digest is not None and digest != _hash_of(query):
                raise _no_request("`sha256Hash` is not the SHA-256 of `query`: send the hash of this text")
            return query
        if digest is None:
            raise _no_request("`query` must be a text: the GraphQL document")
        found = self._known.get(digest) or self._sent.get(digest)
        if found is None:
            raise NotExecutable.because(PersistedQueryNotFound())
        if digest in self._sent:
            self._sent.move_to_end(digest)
        return found

    def keep(self, text: str, extensions: Mapping[str, Any] | None) -> None:
        """Remember a document that came with its hash; those not asked for longest are forgotten."""
        digest = _hash_in(extensions)
        if digest is None or digest in self._known or digest in self._sent:
            return
        self._sent[digest] = text
        self._held += len(text)
        while self._held > self._most:
            self._held -= len(self._sent.popitem(last=False)[1])


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _hash_in(extensions: Mapping[str, Any] | None) -> str | None:
    asked = (extensions or {}).get("persistedQuery")
    if asked is None:
        return None
    given = cast("dict[str, Any]", asked) if isinstance(asked, dict) else {}
    digest = given.get("sha256Hash")
    if given.get("version") != 1 or not isinstance(digest, str) or not HASH.fullmatch(digest):
        raise _no_request(
            "`persistedQuery` must have `version` 1 and `sha256Hash`, 64 digits of lower-case hex"
        )
    return digest


def _no_request(message: str) -> NotExecutable:
    return NotExecutable.because(NotARequest(message))
