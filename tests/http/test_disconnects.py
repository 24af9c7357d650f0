"""A client that goes away in the middle of its request leaves nothing in the log."""

import dataclasses
import logging

import pytest
from starlette.applications import Starlette
from tests.schema.client import on_one_database

from gql_approvals.http.dev_pages import dev_routes
from gql_approvals.http.routes import routes
from gql_approvals.schema.gate import Gate
from gql_approvals.settings import Settings

pytestmark = on_one_database
SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.mark.parametrize("path", ["/graphql", "/dev/delivery"])
async def test_a_request_that_is_not_finished_is_no_fault(api, tmp_path, caplog, path):
    office = dataclasses.replace(api.office, state_folder=tmp_path)
    settings = Settings(demo=True, delivery_secret=SECRET)
    application = Starlette(
        routes=[*routes(lambda: office, None, Gate()), *dev_routes(lambda: office, settings)]
    )
    received = [
        {"type": "http.request", "body": b'{"query": ', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return received.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"content-type", b"application/json")], "client": ("127.0.0.1", 1), "scheme": "http",
        "server": ("approvals.test", 80), "root_path": "", "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await application(scope, receive, send)

    assert sent[0]["status"] == 400
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
