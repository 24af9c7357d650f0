"""What is accepted as a database URL, and what is said about the others."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence.address import hide_password, parse
from gql_approvals.persistence.database import Database

GOOD = [
    ("sqlite:///relative.db", "sqlite", "relative.db"),
    ("sqlite:///some/folder/relative.db", "sqlite", "some/folder/relative.db"),
    ("sqlite:////absolute/path.db", "sqlite", "/absolute/path.db"),
    ("sqlite:////with%20space.db", "sqlite", "/with space.db"),
    ("postgresql://user:pass@host:5432/db", "postgresql", None),
    ("postgres://user@host/db", "postgresql", None),
    ("postgresql://user:p%40ss%2Fword@[::1]:5432/db", "postgresql", None),
    ("postgresql://user@/db?host=/run/socket", "postgresql", None),
    ("postgresql://host/db?sslmode=require", "postgresql", None),
]


@pytest.mark.parametrize(("url", "dialect", "target"), GOOD)
def test_a_good_url_is_accepted(url, dialect, target):
    address = parse(url)

    assert (address.dialect, address.target) == (dialect, target or url)


EXAMPLES = "write sqlite:///approvals.db or postgresql://user:password@host:5432/name"
ENCODE = "percent-encode special characters of the password, and write the port as a number"
NAME = "write its name after the host: postgresql://host:5432/name"
BAD = [
    ("", f"`` is no URL: {EXAMPLES}"),
    ("approvals.db", f"`approvals.db` is no URL: {EXAMPLES}"),
    ("mysql://u:secret@h/db", f"`mysql://u:***@h/db` names `mysql`, which is not supported: {EXAMPLES}"),
    (
        "sqlite://:memory:",
        "`sqlite://:memory:` is in memory, where nothing acknowledged would be on disk: name a file",
    ),
    (
        "sqlite:///:memory:",
        "`sqlite:///:memory:` is in memory, where nothing acknowledged would be on disk: name a file",
    ),
    (
        "sqlite:///a.db?mode=memory",
        "`sqlite:///a.db?mode=memory` is in memory, where nothing acknowledged would be on disk: name a file",
    ),
    (
        "sqlite:///a.db?x=1",
        "`sqlite:///a.db?x=1` has parameters, and SQLite takes none: leave out everything from `?` or `#` on",
    ),
    ("sqlite:///", "`sqlite:///` names no file: write sqlite:///approvals.db"),
    ("sqlite://", "`sqlite://` names no file: write sqlite:///approvals.db"),
    (
        "sqlite://a.db",
        "`sqlite://a.db` has too few slashes: write sqlite:///a.db, or four slashes for an absolute path",
    ),
    ("postgresql://u:secret@h:5432", f"`postgresql://u:***@h:5432` names no database: {NAME}"),
    ("postgresql://u:secret@h:port/db", f"`postgresql://u:***@h:port/db` cannot be understood: {ENCODE}"),
    ("postgresql://u:sec/ret@h/db", f"`postgresql://u:***@h/db` cannot be understood: {ENCODE}"),
    ("postgresql://u:sec[ret@h/db", f"`postgresql://u:***@h/db` cannot be understood: {ENCODE}"),
    ("postgresql://u:secret/db", f"`postgresql://u:***/db` cannot be understood: {ENCODE}"),
    ("postgresql://u:1#2@h/db", "`postgresql://u:***@h/db` has a `#`: write %23 for a # in the password"),
    ("postgresql://h/db?sslmode", f"`postgresql://h/db?sslmode` cannot be understood: {ENCODE}"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "message"), BAD)
async def test_a_bad_url_is_refused_with_one_clear_message(url, message):
    with pytest.raises(BadDatabase) as refusal:
        async with Database.open(url):
            pass

    assert refusal.value.message == f"the database URL {message}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:a:b@c@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u@h/db?password=secret&sslmode=off", "postgresql://u@h/db?password=***&sslmode=off"),
        ("postgresql://u:12345", "postgresql://u:12345"),
        ("postgresql://h:5432/db", "postgresql://h:5432/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
    ],
)
def test_a_password_is_hidden_wherever_it_stands(url, shown):
    assert hide_password(url) == shown


async def _message_of(url):
    with pytest.raises(BadDatabase) as refusal:
        async with Database.open(url):
            pass
    return refusal.value.message


async def test_a_file_in_a_missing_folder_is_refused_and_nothing_is_created(tmp_path):
    url = f"sqlite:///{tmp_path}/missing/a.db"

    assert await _message_of(url) == (
        f"the database `{url}` cannot be opened: the file cannot be opened: "
        "its folder must exist, and the file must be readable and writable"
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database " * 1000)

    assert await _message_of(f"sqlite:///{file}") == (
        f"the database `sqlite:///{file}` cannot be opened: the file is no SQLite database: name another one"
    )
    assert file.read_text() == "not a database " * 1000


async def test_a_port_without_a_server_is_refused():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    url = f"postgresql://u:secret@127.0.0.1:{port}/db"

    assert await _message_of(url) == (
        f"the database `postgresql://u:***@127.0.0.1:{port}/db` cannot be opened: "
        "no server listens there: start it, or check the host and the port"
    )


async def test_a_missing_socket_is_refused(tmp_path):
    url = f"postgresql://u@/db?host={tmp_path}"

    assert await _message_of(url) == (
        f"the database `{url}` cannot be opened: "
        "no server listens there: start it, or check the host and the port"
    )


async def test_a_database_that_does_not_exist_is_refused(postgres):
    url = postgres.url("no_such_database")

    assert await _message_of(url) == (
        f"the database `{hide_password(url)}` cannot be opened: "
        "the server has no database of this name: create it"
    )


async def test_a_setting_that_postgresql_does_not_know_is_refused_in_its_own_words(postgresql_url):
    parameter = "&nonsense=1" if urlsplit(postgresql_url).query else "?nonsense=1"

    message = await _message_of(postgresql_url + parameter)

    assert message.endswith('cannot be opened: unrecognized configuration parameter "nonsense"')


async def test_a_refused_url_leaves_room_for_the_next_one(sqlite_url, tmp_path):
    await _message_of(f"sqlite:///{Path(tmp_path) / 'missing' / 'a.db'}")

    async with Database.open(sqlite_url) as database:
        await database.ping()
