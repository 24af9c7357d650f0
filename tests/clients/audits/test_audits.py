"""GraphQL over HTTP to the letter: all audits of the npm package graphql-http, against a real server."""

import json
from collections import Counter

import pytest
from tests.server.server_process import running

pytestmark = pytest.mark.slow
AUDITS = {"MUST": 13, "SHOULD": 23, "MAY": 25}


# Some audits ask for `__type`, which production hides unless it is told to show it.
SETTINGS = {"default": {}, "production": {"PRODUCTION": "true", "INTROSPECTION": "true"}}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_every_audit_passes(node, sqlite_url, tmp_path, settings):
    with running(tmp_path, DATABASE_URL=sqlite_url, **settings) as server:
        results = json.loads(node("audits/audit.mjs", f"{server.url}/graphql"))
        faults = server.faults()

    assert [result for result in results if result["status"] != "ok"] == []
    assert Counter(result["name"].split()[0] for result in results) == AUDITS
    assert faults == []
