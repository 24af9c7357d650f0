"""Doctor: content where all is well; and each of many planted mistakes is the only one told, with its fix."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from tests.cli.sound_server import SECRET, Sound, free_port, sound_server
from tests.signin.provider import on_loopback

from gql_approvals.app import now_utc
from gql_approvals.cli.doctor import database_checks
from gql_approvals.cli.doctor.finding import LIMIT_S, Ground, State
from gql_approvals.persistence import outbox, people, policies
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.message_state import NOT_TOLD
from gql_approvals.settings import Reading, Settings

Told = tuple[str, str, str, str]  # state, check, a part of what is so, a part of the fix
Plant = Callable[[Sound], Told]


@pytest.fixture
def sound(tmp_path: Path, database_url: str, run: Callable) -> Iterator[Sound]:
    """On both databases; `run` comes first, because it changes into the folder."""
    del run
    with sound_server(tmp_path, database_url) as found:
        yield found


@pytest.fixture
def on_sqlite(tmp_path: Path, sqlite_url: str, run: Callable) -> Iterator[Sound]:
    del run
    with sound_server(tmp_path, sqlite_url) as found:
        yield found


def findings(run: Callable, sound: Sound, *, code: int) -> list[dict[str, str]]:
    """What is not fine."""
    done = run("doctor", "--format", "json", **sound.settings)
    assert (done.code, done.err) == (code, ""), done
    told = json.loads(done.out)
    assert told["ok"] is (code == 0)
    return [one for one in told["findings"] if one["state"] != State.FINE]


# ------------------------------------------------------------------------------- planted: in settings
def unreachable_smtp(sound: Sound) -> Told:
    sound.settings["mail"] = f"smtp://gql:right@127.0.0.1:{free_port()}"
    return "wrong", "mail", "does not work", "GQL_APPROVALS_MAIL"


def wrong_smtp_password(sound: Sound) -> Told:
    sound.settings["mail"] = sound.settings["mail"].replace("right", "wrong")
    return "wrong", "mail", "535", "password in GQL_APPROVALS_MAIL"


def mail_that_is_kept(sound: Sound) -> Told:
    sound.settings["mail"] = "outbox"
    return "warning", "mail", "nobody is told", "GQL_APPROVALS_MAIL=smtp://"


def sender_on_this_machine(sound: Sound) -> Told:
    del sound.settings["mail_from"]
    return "warning", "mail", "`approvals@localhost`", "GQL_APPROVALS_MAIL_FROM"


def no_review_url(sound: Sound) -> Told:
    del sound.settings["review_url"], sound.settings["production"]
    sound.settings["graphiql"] = "off"
    return "warning", "mail", "no link", "GQL_APPROVALS_REVIEW_URL"


def one_link_for_all(sound: Sound) -> Told:
    sound.settings["review_url"] = "https://app.example/reviews"
    return "warning", "mail", "same link", "`{campaign}`"


def unreachable_sending_system(sound: Sound) -> Told:
    sound.settings["delivery_url"] = f"http://127.0.0.1:{free_port()}/in"
    return "wrong", "sending system", "cannot be reached", "GQL_APPROVALS_DELIVERY_URL"


def no_sending_system(sound: Sound) -> Told:
    del sound.settings["delivery_url"]
    return "warning", "sending system", "handed over to nobody", "GQL_APPROVALS_DELIVERY_URL"


def unreachable_provider(sound: Sound) -> Told:
    issuer = f"http://127.0.0.1:{free_port()}"
    sound.settings |= {"production": "false", "graphiql": "off"}
    sound.settings |= {"oidc_issuer": issuer, "oidc_audience": "https://approvals.test"}
    return "wrong", "sign-in", f"the keys of {issuer} cannot be read", "GQL_APPROVALS_OIDC_ISSUER"


def frontend_without_tls(sound: Sound) -> Told:
    sound.settings["allowed_origins"] = "https://a.example,http://b.example"
    return "warning", "origins", "http://b.example is without TLS", "https://"


def operations_that_are_not_there(sound: Sound) -> Told:
    sound.settings["operations"] = "nowhere.graphql"
    return "wrong", "operations", "GQL_APPROVALS_OPERATIONS", "mend the file"


# --------------------------------------------------------------------------------- planted: in files
def readable_secrets(sound: Sound) -> Told:
    file = sound.folder / "gql-approvals.env"
    file.write_text(f"GQL_APPROVALS_DELIVERY_SECRET={SECRET}\n")
    file.chmod(0o644)
    return "warning", "settings file", "everybody may read gql-approvals.env", "chmod 600 gql-approvals.env"


def misspelt_action(sound: Sound) -> Told:
    sound.edit(
        "policy.csv", "p, checker,          *,       approve,", "p, checker,          *,       aprove,"
    )
    return "wrong", "policy", "policy.csv:", "did you mean `approve`?"


def failing_policy_test(sound: Sound) -> Told:
    tests = sound.folder / "policies" / "tests" / "ours.csv"
    tests.write_text("expect, maker, *, approve, any, any, any, any, allow\n")
    return "wrong", "policy", "ours.csv:1:", "change the policy, or the test"


FILES_AND_SETTINGS: list[Plant] = [
    unreachable_smtp,
    wrong_smtp_password,
    mail_that_is_kept,
    sender_on_this_machine,
    no_review_url,
    one_link_for_all,
    unreachable_sending_system,
    no_sending_system,
    unreachable_provider,
    frontend_without_tls,
    operations_that_are_not_there,
    readable_secrets,
    misspelt_action,
    failing_policy_test,
]


# ------------------------------------------------------------------------------ planted: in the database
def demo_tokens(sound: Sound) -> Told:
    async def act(_: Any) -> None:
        ada = await people.user_by_email("ada@acme.example")
        assert ada is not None
        await people.create_token(ada.id, name="", now=now_utc(), expires_at=None, demo="demo-insecure-ada")

    sound.do(act)
    return "wrong", "tokens", "the demo's tokens", "GQL_APPROVALS_DATABASE_URL"


def nobody_approves(sound: Sound) -> Told:
    sound.do(lambda _: _without({"cem", "ada"}, keep={"ada": frozenset({"delegate"})}))
    sound.edit(
        "policy.csv",
        "p, delivery, ",
        "p, delegate, *, manage_members, any, always, allow\np, delivery, ",
    )
    told = "in acme nobody may approve what others submit on any channel"
    return "warning", "people", told, "gql-approvals member add acme EMAIL --role ROLE"


def nobody_manages(sound: Sound) -> Told:
    sound.do(lambda _: _without({"ada"}))
    return "warning", "people", "nobody may manage the members of acme", "may manage_members"


def approvals_off(sound: Sound) -> Told:
    async def act(_: Any) -> None:
        account = await people.account_by_slug("acme")
        assert account is not None
        await people.save_account(replace(account, approvals_enabled=False))

    sound.do(act)
    return "warning", "approvals", "switched off in acme", "approvals on"


def last_token_ends(sound: Sound) -> Told:
    async def act(_: Any) -> None:
        ada = await people.user_by_email("ada@acme.example")
        assert ada is not None
        for token in await people.tokens_of(ada.id):
            await people.revoke_token_by_id(token.id, now_utc())
        soon = now_utc() + timedelta(days=6)
        await people.create_token(ada.id, name="short", now=now_utc(), expires_at=soon)

    sound.do(act)
    return "warning", "tokens", "ada@acme.example, who alone", "gql-approvals token create ada@acme.example"


def dead_letters(sound: Sound) -> Told:
    _put(sound, dead="550 no such person")
    return "warning", "outbox", "1 dead letter; the newest: 550 no such person", "outbox"


def old_message(sound: Sound) -> Told:
    _put(sound, age=timedelta(hours=1))
    return "warning", "outbox", "a message has waited for 60 min", "gql-approvals serve"


def nodes_that_differ(sound: Sound) -> Told:
    async def act(_: Any) -> None:
        for number, version in enumerate(("aaaa", "bbbb")):
            await policies.report(
                policies.WorkerReport(
                    id=f"worker {number}",
                    node=f"node-{number}:/srv/approvals/policies",
                    version=version,
                    loaded_at=now_utc(),
                    refused=(),
                    seen_at=now_utc(),
                )
            )

    sound.do(act)
    return "warning", "nodes", "node-0:/srv/approvals/policies aaaa, node-1:", "the same policy files"


DATA: list[Plant] = [
    demo_tokens,
    nobody_approves,
    nobody_manages,
    approvals_off,
    last_token_ends,
    dead_letters,
    old_message,
    nodes_that_differ,
]


async def _without(names: set[str], keep: dict[str, frozenset[str]] | None = None) -> None:
    """Take their roles from some members, or give them others."""
    account = await people.account_by_slug("acme")
    assert account is not None
    for name in names:
        user = await people.user_by_email(f"{name}@acme.example")
        [member] = [m for m in await people.members(account.id) if user and m.user_id == user.id]
        await people.save_member(replace(member, roles=(keep or {}).get(name, frozenset())))


def _put(sound: Sound, *, dead: str | None = None, age: timedelta = timedelta()) -> None:
    """A mail in the outbox."""

    async def act(_: Any) -> None:
        account = await people.account_by_slug("acme")
        assert account is not None
        await outbox.write(
            [
                outbox.Message(
                    account_id=account.id,
                    key="one",
                    kind=outbox.MAIL,
                    payload={},
                    created_at=now_utc() - age,
                )
            ]
        )
        if dead is not None:
            [message] = await outbox.newest(1)
            await outbox.give_up(message.id, why=dead, now=now_utc())

    sound.do(act)


# --------------------------------------------------------------------------------------------- tests
def assert_only(told: list[dict[str, str]], expected: Told) -> None:
    state, check, what, fix = expected
    assert [(one["state"], one["check"]) for one in told] == [(state, check)], told
    assert what in told[0]["what"]
    assert fix in told[0]["fix"]


@pytest.mark.wide
def test_a_sound_server_has_neither_mistakes_nor_warnings(run: Callable, sound: Sound):
    assert findings(run, sound, code=0) == []


@pytest.mark.slow
@pytest.mark.parametrize("plant", FILES_AND_SETTINGS, ids=lambda plant: plant.__name__)
def test_what_is_planted_in_files_and_settings_is_all_that_is_told(
    run: Callable, on_sqlite: Sound, plant: Plant
):
    expected = plant(on_sqlite)

    assert_only(findings(run, on_sqlite, code=1 if expected[0] == "wrong" else 0), expected)


@pytest.mark.slow
@pytest.mark.parametrize("plant", DATA, ids=lambda plant: plant.__name__)
def test_what_is_planted_in_the_database_is_all_that_is_told(run: Callable, sound: Sound, plant: Plant):
    expected = plant(sound)

    assert_only(findings(run, sound, code=1 if expected[0] == "wrong" else 0), expected)


def test_a_message_that_nobody_may_be_told_any_more_is_no_dead_letter(run: Callable, on_sqlite: Sound):
    _put(on_sqlite, dead=NOT_TOLD)

    assert findings(run, on_sqlite, code=0) == []


def test_every_mistake_of_file_and_environment_is_a_finding_and_ends_with_2(run: Callable, tmp_path: Path):
    (tmp_path / "gql-approvals.env").write_text("GQL_APPROVALS_MIAL=outbox\n")

    done = run("doctor", "--format", "json", log="xml", delivery_url="https://sender.example")

    assert (done.code, done.err) == (2, "")
    assert [one["what"].partition(": ")[0] for one in json.loads(done.out)["findings"]] == [
        "gql-approvals.env:1",
        "GQL_APPROVALS_LOG",
        "GQL_APPROVALS_DELIVERY_SECRET",
    ]


def test_a_database_that_is_not_migrated_is_told_and_not_migrated(run: Callable, empty_database_url: str):
    for _ in range(2):
        done = run("doctor", "--format", "json", database_url=empty_database_url)

        assert done.code == 1
        [told] = [one for one in json.loads(done.out)["findings"] if one["state"] == "wrong"]
        assert told["check"] == "database"
        assert "gql-approvals migrate" in told["fix"]


def test_doctor_makes_no_database(run: Callable, tmp_path: Path):
    run("doctor")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mistake", ["port", "password", "name"])
def test_a_database_server_that_does_not_let_us_in_is_told(
    run: Callable, mistake: str, postgresql_url: str, tmp_path: Path
):
    url = {
        "port": f"postgresql://gql:secret@127.0.0.1:{free_port()}/approvals",
        "password": urlunsplit(urlsplit(postgresql_url)._replace(netloc="nobody:secret@")),
        "name": urlunsplit(urlsplit(postgresql_url)._replace(path="/not_there")),
    }[mistake]
    del tmp_path

    done = run("doctor", "--format", "json", database_url=url, production="true")

    assert done.code == 1
    assert "secret" not in done.out
    [told] = [one for one in json.loads(done.out)["findings"] if one["state"] == "wrong"]
    assert (told["check"], "cannot be opened" in told["what"], bool(told["fix"])) == ("database", True, True)


@pytest.mark.slow
def test_what_never_answers_is_given_up_side_by_side(run: Callable):
    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    database, smtp, provider = (f"127.0.0.1:{one.getsockname()[1]}" for one in silent)
    before = time.monotonic()

    done = run(
        "doctor",
        "--format",
        "json",
        database_url=f"postgresql://gql:secret@{database}/approvals",
        mail=f"smtp://gql:secret@{smtp}",
        oidc_issuer=f"http://{provider}",
        oidc_audience="https://approvals.test",
    )

    assert time.monotonic() - before < 2 * LIMIT_S
    told = {one["check"]: one["what"] for one in json.loads(done.out)["findings"] if one["state"] == "wrong"}
    assert set(told) == {"database", "mail", "sign-in"}
    assert [what for what in told.values() if "answer" not in what or "secret" in what] == []
    for one in silent:
        one.close()


def test_a_url_that_is_none_is_told_once(run: Callable):
    done = run("doctor", "--format", "json", database_url="mysql://localhost/x")

    [told] = [one for one in json.loads(done.out)["findings"] if one["state"] == "wrong"]
    assert (told["check"], told["fix"][:6]) == ("database", "write ")


def test_a_provider_that_answers_is_fine(run: Callable, on_sqlite: Sound):
    with on_loopback(now_utc) as provider:
        on_sqlite.settings |= {"production": "false", "graphiql": "off"}
        on_sqlite.settings |= {"oidc_issuer": provider.issuer, "oidc_audience": "https://approvals.test"}

        assert findings(run, on_sqlite, code=0) == []


def test_a_database_server_without_production_is_a_hint(run: Callable, postgresql_url: str, tmp_path: Path):
    with sound_server(tmp_path, postgresql_url) as sound:
        del sound.settings["production"]
        sound.settings["graphiql"] = "off"

        expected = ("warning", "production", "PostgreSQL", "GQL_APPROVALS_PRODUCTION=true")
        assert_only(findings(run, sound, code=0), expected)


def test_a_read_only_database_is_told(run: Callable, postgres: Any, postgresql_url: str, tmp_path: Path):
    with sound_server(tmp_path, postgresql_url) as sound:
        name = urlsplit(postgresql_url).path.lstrip("/")
        postgres._execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')

        assert_only(findings(run, sound, code=1), ("wrong", "database", "read-only", "primary"))


def test_clocks_that_differ_are_told(postgresql_url: str):
    settings = Settings(database_url=postgresql_url)
    reading = Reading(settings=settings, places={}, file=None, problems=())

    async def look(ahead: float) -> list[State]:
        ground = Ground(reading=reading, now=lambda: now_utc() + timedelta(seconds=ahead))
        async with Database.open(postgresql_url) as database:
            return [one.state for one in await database_checks.kind(ground, database)]

    assert asyncio.run(look(0)) == [State.FINE]
    assert asyncio.run(look(10)) == [State.FINE, State.WARNING]
    assert asyncio.run(look(-10)) == [State.FINE, State.WARNING]


def test_a_file_on_a_network_is_recognised():
    mounts = "/dev/sda1 / ext4 rw\nserver:/x /mnt/a\\040b nfs4 rw\n/dev/sdb1 /mnt/a\\040b/disk xfs rw\n"

    assert [
        database_checks.file_system_of(Path(path), mounts)
        for path in ("/srv/a.db", "/mnt/a b/x.db", "/mnt/a b/disk/x.db", "/mnt/a bc/x.db")
    ] == ["ext4", "nfs4", "xfs", "ext4"]


def test_text_has_a_sign_a_line_and_the_fix_below_it(run: Callable, on_sqlite: Sound):
    unreachable_smtp(on_sqlite)

    lines = run("doctor", **on_sqlite.settings).out.splitlines()

    [at] = [number for number, line in enumerate(lines) if line.startswith("✗ mail ")]
    assert lines[at + 1].strip().startswith("fix: ")
    assert lines[-1].startswith("1 wrong, 0 warnings, ")
    assert not [line for line in lines if "right" in line or SECRET in line or "\x1b" in line]


@pytest.mark.slow
def test_a_terminal_without_unicode_gets_plain_signs(start: Callable, environment: dict[str, str]):
    environment["PYTHONIOENCODING"] = "ascii"

    done = start("doctor")

    assert done.code == 1
    assert {line.split()[0] for line in done.out.splitlines() if line[:1].strip()} >= {"ok", "x"}
    assert os.linesep.join(done.out.splitlines()).isascii()
