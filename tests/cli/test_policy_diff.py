"""`policy diff`: what a change means for the members of a real database, or for roles without one."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gql_approvals.persistence import policies
from gql_approvals.persistence.database import Database
from gql_approvals.policy.files import read_files

SHIPPED = Path(__file__).parents[2] / "policies"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LIMIT = "audience <= 50k, allow"
WIDER = "+ 2 members may now approve and reject in acme on sms, whatsapp; audience 50,001 to 80,000: {}\n"
NOTHING = "no member may do more or less, and no campaign needs other approvals"
PEOPLE = (("acme", "tom", "text_approver"), ("acme", "tess", "text_approver"), ("acme", "max", "maker"))


@pytest.fixture
def members(prepared: Callable, sqlite_url: str) -> str:
    """The address of a database with five members in two accounts."""
    prepared(
        sqlite_url,
        "account create acme --admin ada@acme.test",
        "account create globex --admin gil@globex.test",
        *(f"member add {account} {name}@acme.test --role {role}" for account, name, role in PEOPLE),
    )
    return sqlite_url


@pytest.fixture
def edit(tmp_path: Path) -> Callable[[str, str], str]:
    """Write the shipped files with one text in place of another, and give the folder's name."""

    def write(old: str, new: str) -> str:
        text = (SHIPPED / "policy.csv").read_text()
        assert old in text
        folder = tmp_path / "edited"
        folder.mkdir()
        (folder / "policy.csv").write_text(text.replace(old, new))
        (folder / "model.conf").write_text((SHIPPED / "model.conf").read_text())
        return "edited"

    return write


def keep(url: str, folder: Path) -> str:
    """Have the database keep the version of a folder."""
    files = read_files(folder)
    text = policies.PolicyText(files.version, files.model.text, files.policy.text, NOW)
    store(url, lambda: policies.keep(text))
    return files.version


def store(url: str, work: Callable[[], Awaitable[None]]) -> None:
    async def opened() -> None:
        async with Database.open(url):
            await work()

    asyncio.run(opened())


def test_two_folders_are_compared_for_the_members_there_are(run: Callable, members: str, edit: Callable):
    new = edit(LIMIT, "audience <= 80k, allow")

    done = run("policy", "diff", str(SHIPPED), new, database_url=members)

    versions = f"(old {read_files(SHIPPED).version}, new {read_files(Path(new)).version})"
    summary = f"1 difference for 5 members of 2 accounts {versions}\n"
    people = "tess@acme.test, tom@acme.test"
    assert (done.code, done.out, done.err) == (0, WIDER.format(people) + summary, "")


def test_the_configured_folder_is_the_new_one(run: Callable, members: str, edit: Callable):
    new = edit(LIMIT, "audience <= 80k, allow")

    done = run("policy", "diff", str(SHIPPED), database_url=members, policies=new)

    assert done.out.startswith("+ 2 members may now approve and reject in acme")


def test_no_output_means_no_change(run: Callable, members: str, edit: Callable):
    new = edit("# Looks at everything, changes nothing.", "# Reads.")

    done = run("policy", "diff", str(SHIPPED), new, "--exit-code", database_url=members)

    assert (done.code, done.out) == (0, "")
    told = done.err.splitlines()
    assert told[0] == NOTHING
    assert re.fullmatch(r"0 differences for 5 members of 2 accounts \(old \w{12}, new \w{12}\)", told[1])


def test_a_difference_can_be_an_exit_code(run: Callable, members: str, edit: Callable):
    new = edit(LIMIT, "audience <= 80k, allow")

    assert run("policy", "diff", str(SHIPPED), new, "--exit-code", database_url=members).code == 1


def test_a_version_that_the_database_keeps_can_be_compared(run: Callable, members: str, edit: Callable):
    new = edit(LIMIT, "audience <= 80k, allow")
    version = keep(members, SHIPPED)

    by_name = run("policy", "diff", version, new, database_url=members)
    in_force = run("policy", "diff", "in-force", new, database_url=members)

    assert by_name.code == 0
    assert by_name.out.startswith("+ 2 members may now approve and reject in acme")
    assert in_force == by_name


def test_in_force_is_what_a_worker_loaded_last_not_what_is_newest(
    run: Callable, members: str, edit: Callable, tmp_path: Path
):
    new = edit(LIMIT, "audience <= 80k, allow")
    shipped = keep(members, SHIPPED)
    keep(members, tmp_path / new)
    report = policies.WorkerReport(
        id="one", node="here", version=shipped, loaded_at=NOW, refused=(), seen_at=NOW
    )
    assert run("policy", "diff", "in-force", new, database_url=members).out == ""

    store(members, lambda: policies.report(report))

    assert run("policy", "diff", "in-force", new, database_url=members).out.startswith("+ 2 members may now")


def test_an_unknown_version_is_refused_with_those_that_are_known(run: Callable, sqlite_url: str):
    nothing = run("policy", "diff", "in-force", str(SHIPPED), database_url=sqlite_url)
    version = keep(sqlite_url, SHIPPED)
    unknown = run("policy", "diff", "0123456789ab", str(SHIPPED), database_url=sqlite_url)

    start = "is no folder, and no version that the database keeps"
    assert (nothing.code, unknown.code) == (1, 1)
    assert nothing.err == f"Error: `in-force` {start}: it keeps none until a server has started\n"
    assert unknown.err == f"Error: `0123456789ab` {start}: the newest are `{version}`\n"


def test_a_version_needs_a_database(run: Callable):
    done = run("policy", "diff", "0123456789ab", str(SHIPPED), database_url="sqlite:///none.db")

    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: the version `0123456789ab` cannot be looked up: no database\n"


def test_a_folder_that_is_none_is_refused(run: Callable, members: str):
    done = run("policy", "diff", "polices", database_url=members)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: there is no folder `polices`: ")


def test_roles_are_compared_where_there_is_no_database(run: Callable, edit: Callable, tmp_path: Path):
    new = edit(LIMIT, "audience <= 80k, allow")
    start = "+ role `text_approver` may now approve and reject in acme on sms, whatsapp"

    fallen_back = run("policy", "diff", str(SHIPPED), new, database_url="sqlite:///none.db")
    asked_for = run("policy", "diff", str(SHIPPED), new, "--roles", database_url="sqlite:///none.db")

    assert fallen_back.err == "roles are compared, not members: no database\n"
    assert asked_for.err == ""
    assert asked_for.out == fallen_back.out
    assert asked_for.out.splitlines()[0] == f"{start}; audience 50,001 to 80,000"
    assert asked_for.out.splitlines()[1].startswith("1 difference for roles (old ")
    assert not (tmp_path / "none.db").exists()


def test_roles_are_compared_where_nobody_is_a_member_yet(run: Callable, sqlite_url: str, edit: Callable):
    new = edit(LIMIT, "audience <= 80k, allow")

    done = run("policy", "diff", str(SHIPPED), new, database_url=sqlite_url)

    assert done.err == "roles are compared, not members: the database has no member\n"
    assert done.out.startswith("+ role `text_approver` may now approve")


def test_no_role_changes_either(run: Callable):
    done = run("policy", "diff", str(SHIPPED), str(SHIPPED), "--roles")

    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("no role may do more or less, and no campaign needs other approvals\n")


def test_a_refused_file_is_told_with_its_mistakes(run: Callable, edit: Callable):
    new = edit("p, maker,            *,       edit, ", "p, maker,            *,       edt, ")

    done = run("policy", "diff", str(SHIPPED), new, "--roles")

    assert (done.code, done.out) == (1, "")
    assert re.search(r"edited/policy\.csv:\d+:31: error \[action\] unknown action `edt`", done.err)


def test_an_edited_matcher_is_told(run: Callable, edit: Callable, tmp_path: Path):
    new = edit(LIMIT, LIMIT)
    least = "\n".join(
        f"p, {role}, *, {action}, any, always, allow"
        for role, action in (
            ("everyone", "view"),
            ("lead", "approve"),
            ("lead", "manage_members"),
            ("lead", "manage_approvals"),
        )
    )
    (tmp_path / new / "policy.csv").write_text(least + "\n")
    model = (tmp_path / new / "model.conf").read_text()
    edited = model.replace("holds(p.when, r.obj)\nm2", 'holds(p.when, r.obj) && r.act != "archive"\nm2')
    old = tmp_path / "old"
    old.mkdir()
    (old / "policy.csv").write_text(least + "\n")
    (old / "model.conf").write_text(model)
    (tmp_path / new / "model.conf").write_text(edited)

    done = run("policy", "diff", "old", new, "--roles")

    assert done.out == ""
    assert done.err.splitlines()[0].startswith("edited/model.conf: the matcher is not the shipped one: ")


def test_programs_get_all_of_it_as_data(run: Callable, members: str, edit: Callable):
    more = "p2, *, sms, audience < 10, 2, anyone\ng, admin, legal_reviewer, acme"
    new = edit(LIMIT, f"audience <= 80k, allow\n{more}")

    done = run("policy", "diff", str(SHIPPED), new, "--format", "json", database_url=members)
    data = json.loads(done.out)

    where = {"channels": None, "statuses": None, "own": None, "involved": None, "audience_from": 0}
    assert (data["compared"], data["accounts"], data["members"]) == ("members", ["acme", "globex"], 5)
    assert data["old"] == read_files(SHIPPED).version
    assert data["changes"][0] == {
        "gained": True,
        "accounts": ["acme"],
        "permissions": ["approve", "reject"],
        "where": {**where, "channels": ["sms", "whatsapp"], "audience_from": 50_001, "audience_to": 80_000},
        "members": ["tess@acme.test", "tom@acme.test"],
    }
    assert data["needs"] == [
        {
            "accounts": ["acme", "globex"],
            "where": {**where, "channels": ["sms"], "audience_to": 9},
            "old": {"anyone": 1},
            "new": {"anyone": 2},
        }
    ]
    assert data["standings"] == [
        {"gained": True, "accounts": ["acme"], "role": "legal_reviewer", "members": ["ada@acme.test"]}
    ]
