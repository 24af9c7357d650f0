"""The server's own fixtures are those of the API's tests."""

from tests.schema.conftest import _documents_read_once, api, clock, policy

__all__ = ["_documents_read_once", "api", "clock", "policy"]
