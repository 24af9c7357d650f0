"""The server and its clients are those of the API's tests, the account and its real servers those of the relay's."""
# ruff: noqa: E501  # tables and sentences keep their lines

from tests.relay.conftest import sink, world
from tests.schema.conftest import api, place, server, settled_postgresql, settled_sqlite

__all__ = ["api", "place", "server", "settled_postgresql", "settled_sqlite", "sink", "world"]
