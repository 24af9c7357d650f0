"""`settings`: what is in force and where it comes from, and never a secret."""

import json
from collections.abc import Callable
from pathlib import Path

from gql_approvals.settings import Settings

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
FILE = f"""\
# ours
GQL_APPROVALS_DATABASE_URL=postgresql://gql:hidden-1@db.example/approvals
GQL_APPROVALS_DELIVERY_SECRET={SECRET}
GQL_APPROVALS_REVIEW_DAYS=7
"""


def test_values_have_their_source_and_secrets_are_hidden(run: Callable, tmp_path: Path):
    (tmp_path / "gql-approvals.env").write_text(FILE)
    given = {"review_days": "3", "mail": "smtp://gql:hidden-2@mail.example"}

    text, data = run("settings", **given), run("settings", "--format", "json", **given)

    listed = {one["name"]: (one["value"], one["source"]) for one in json.loads(data.out)}
    assert (text.code, data.code, len(listed)) == (0, 0, len(Settings.__dataclass_fields__))
    assert listed["GQL_APPROVALS_DATABASE_URL"] == (
        "postgresql://gql:***@db.example/approvals",
        "gql-approvals.env:2",
    )
    assert listed["GQL_APPROVALS_DELIVERY_SECRET"] == ("***", "gql-approvals.env:3")
    assert listed["GQL_APPROVALS_MAIL"] == ("smtp://gql:***@mail.example", "environment")
    assert listed["GQL_APPROVALS_REVIEW_DAYS"] == ("3", "environment")
    assert listed["GQL_APPROVALS_GRACE_S"] == ("300", "default")
    for name, (value, source) in listed.items():
        assert f"\n{name}={value}  ({source})\n" in text.out
    assert "hidden-" not in text.out + data.out
    assert SECRET not in text.out + data.out


def test_the_reference_holds_no_value_of_this_machine(run: Callable, tmp_path: Path):
    before = run("settings", "--format", "markdown")
    (tmp_path / "gql-approvals.env").write_text(FILE)

    assert run("settings", "--format", "markdown", log="xml") == before


def test_wrong_settings_are_listed_and_told(run: Callable, tmp_path: Path):
    (tmp_path / "gql-approvals.env").write_text("GQL_APPROVALS_LOG=xml\nGQL_APPROVALS_GRACE_S=60\n")

    done = run("settings")

    assert done.code == 2
    assert "\nGQL_APPROVALS_GRACE_S=60  (gql-approvals.env:2)\n" in done.out
    assert done.err == (
        "Error: the settings are wrong (`gql-approvals settings` lists what there is):\n"
        "  gql-approvals.env:1: GQL_APPROVALS_LOG: `xml` must be `text` or `json`\n"
    )
