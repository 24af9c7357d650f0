"""`init`: a beginning that is complete, private and never in the place of something that exists."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gql_approvals.cli.settings_topics import TOPICS
from gql_approvals.settings import FILE_VARIABLE, Settings, from_environment, name_of

POLICIES = Path(__file__).parents[2] / "policies"
FILES = ["gql-approvals.env", "policies/model.conf", "policies/policy.csv", "policies/tests/laws.csv"]


def test_everything_is_written_once_and_then_left_alone(run: Callable, tmp_path: Path):
    first = json.loads(run("init", "--format", "json").out)
    kept = {name: (tmp_path / name).read_bytes() for name in FILES}
    (tmp_path / "policies/policy.csv").write_text("# mine\n")
    (tmp_path / "policies/model.conf").unlink()

    second = json.loads(run("init", "--format", "json").out)

    assert (first["written"], first["existing"]) == (FILES, [])
    assert (second["written"], second["existing"]) == (["policies/model.conf"], [FILES[0], *FILES[2:]])
    assert (tmp_path / "policies/policy.csv").read_text() == "# mine\n"
    assert (tmp_path / FILES[0]).read_bytes() == kept[FILES[0]]
    assert (tmp_path / FILES[1]).read_bytes() == kept[FILES[1]] == (POLICIES / "model.conf").read_bytes()
    assert kept["policies/policy.csv"] == (POLICIES / "policy.csv").read_bytes()


def test_only_the_owner_may_read_the_settings_and_each_has_its_own_secret(run: Callable, tmp_path: Path):
    for name in ("a", "b"):
        assert run("init", name).code == 0

    assert (tmp_path / "a/gql-approvals.env").stat().st_mode & 0o777 == 0o600
    secrets = [
        from_environment({FILE_VARIABLE: str(tmp_path / name / "gql-approvals.env")}).delivery_secret
        for name in ("a", "b")
    ]
    assert len({*secrets, ""}) == 3


def test_what_is_set_is_for_production_and_everything_can_be_uncommented(run: Callable, tmp_path: Path):
    run("init")
    file = tmp_path / "gql-approvals.env"
    text = file.read_text("utf-8")
    assert from_environment({FILE_VARIABLE: str(file)}) == Settings(
        production=True, delivery_secret=re.findall("whsec_.*", text)[-1]
    )

    file.write_text(re.sub(r"^#(GQL_)", r"\1", text, flags=re.MULTILINE), "utf-8")

    assert isinstance(from_environment({FILE_VARIABLE: str(file)}), Settings)
    offered = {name for topic, names in TOPICS.items() if topic not in {"Limits", "Demo"} for name in names}
    assert set(re.findall(r"^(GQL_\w+)=", file.read_text("utf-8"), re.MULTILINE)) == set(
        map(name_of, offered)
    )


def test_next_steps_are_commands_that_there_are(run: Callable):
    told = json.loads(run("init", "some folder", "--format", "json").out)

    assert [step["do"] for step in told["next"]][:2] == ["cd 'some folder'", "edit gql-approvals.env"]
    commands = [step["do"].split()[1:] for step in told["next"] if step["do"].startswith("gql-approvals ")]
    assert [words[0] for words in commands] == ["doctor", "migrate", "account", "serve"]
    assert all(run(*words, "--help").code == 0 for words in commands)


def test_a_folder_that_cannot_be_written_is_told(run: Callable, tmp_path: Path):
    (tmp_path / "taken").write_text("a file")

    done = run("init", "taken")

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "Error: `taken/gql-approvals.env` cannot be written: File exists: "
        "choose a folder where you may write\n"
    )


@pytest.mark.slow
def test_the_demo_leaves_the_settings_file_alone_and_says_so(
    serving: Callable, tmp_path: Path, sqlite_url: str
):
    (tmp_path / "gql-approvals.env").write_text(
        f"GQL_APPROVALS_DATABASE_URL={sqlite_url}\nGQL_APPROVALS_PRODUCTION=true\nnonsense\n"
    )

    with serving("demo", "--port", "0", until=r"globex +noor ") as printed:
        assert ".demo/gql-approvals.db" in printed

    assert "the demo does not read `gql-approvals.env`" in (tmp_path / "stderr").read_text()
