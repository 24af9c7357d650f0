"""The table of clients in docs/api.md speaks of the versions that the tests install."""

import json
import re
from pathlib import Path

from tests.clients.documented import PAGE, rows

INSTALLED = json.loads((Path(__file__).parent / "package.json").read_text("utf-8"))["devDependencies"]


def test_the_documented_versions_are_those_that_are_installed():
    told = [
        (re.findall(r"`([^`]+)`", client)[0], version)
        for client, version, *_ in rows(PAGE.read_text("utf-8"))[1:]
    ]

    assert told != []
    assert [(name, version) for name, version in told if INSTALLED.get(name) != version] == []


def test_every_version_is_an_exact_one():
    assert [name for name, version in INSTALLED.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
