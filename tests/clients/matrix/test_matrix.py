"""Frontend libraries as they are published, each doing everything against a real server."""

import sys

import pytest
from tests.clients.documented import PAGE, rows
from tests.server.server_process import running

pytestmark = pytest.mark.slow
STEPS = ["query", "mutation", "error", "subscription"]


def test_every_client_queries_mutates_reads_errors_and_follows(node, world, tmp_path):
    with running(tmp_path, DATABASE_URL=world.database_url) as server:
        url, tokens = f"{server.url}/graphql", world.tokens
        table = node("matrix/matrix.mjs", url, tokens["maya"], tokens["chen"])
        assert server.faults() == []
    sys.stdout.write(f"\n{table}")

    heading, *found = rows(table)
    assert heading == ["client", "version", *STEPS]
    assert [row for row in found if row[2:] != ["passes"] * len(STEPS)] == []
    assert [heading, *found] == rows(PAGE.read_text("utf-8"))
