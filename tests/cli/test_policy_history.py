"""`policy versions` and `policy show`: what decided when, for an auditor."""

import json
from collections.abc import Callable
from pathlib import Path

from gql_approvals.policy.files import read_files

SHIPPED = Path(__file__).parents[2] / "policies"


def test_every_version_that_decided_is_listed_and_can_be_read(run: Callable, sqlite_url: str):
    version = read_files(SHIPPED).version
    run("account", "create", "acme", "--admin", "ada@acme.test", database_url=sqlite_url)

    listed = run("policy", "versions", database_url=sqlite_url)
    data = json.loads(run("policy", "versions", "--format", "json", database_url=sqlite_url).out)
    text = run("policy", "show", version, database_url=sqlite_url)
    model = run("policy", "show", version, "--model", database_url=sqlite_url)

    assert listed.out.startswith(f"{version}  2")
    assert [(one["version"], one["workers"]) for one in data["versions"]] == [(version, 0)]
    assert text.out == (SHIPPED / "policy.csv").read_text()
    assert model.out == (SHIPPED / "model.conf").read_text()


def test_a_version_that_never_decided_is_unknown(run: Callable, sqlite_url: str):
    done = run("policy", "show", "0123456789ab", database_url=sqlite_url)

    assert done.code == 1
    assert done.err == "Error: the database keeps no version `0123456789ab`: see `policy versions`\n"


def test_without_a_database_there_are_no_versions(run: Callable, tmp_path: Path):
    done = run("policy", "versions", database_url=f"sqlite:///{tmp_path / 'none.db'}")

    assert done.code == 2
    assert done.err == "Error: versions are kept by the database: no database\n"
    assert not (tmp_path / "none.db").exists()
