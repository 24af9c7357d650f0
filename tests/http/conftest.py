"""The server and its clients are those of the API's tests."""

from tests.schema.conftest import (
    _documents_read_once,
    api,
    place,
    server,
    settled_postgresql,
    settled_sqlite,
)

__all__ = ["_documents_read_once", "api", "place", "server", "settled_postgresql", "settled_sqlite"]
