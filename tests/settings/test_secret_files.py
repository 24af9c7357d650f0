"""A secret may stand in a file of its own; what is wrong with one is told by its name, without the secret."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gql_approvals.cli import main
from gql_approvals.cli.demo_start import choose_settings
from gql_approvals.errors import BadSettings
from gql_approvals.settings import (
    FILE_VARIABLE,
    PREFIX,
    Settings,
    from_environment,
    name_of,
    read,
    secrecy_of,
)

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
VALUES = {
    "database_url": "postgresql://me:hunter22@db.example/approvals",
    "mail": "smtp://me:hunter22@mail.example:587",
    "delivery_secret": SECRET,
    "metrics_token": "hunter22hunter22hunter22",
}
SECRET_SETTINGS = [name for name in Settings.__dataclass_fields__ if secrecy_of(name)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in map(name_of, Settings.__dataclass_fields__):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    return tmp_path


def problems(**given: str) -> list[str]:
    """What is said of these settings, which are named without their prefix."""
    with pytest.raises(BadSettings) as caught:
        from_environment({f"{PREFIX}{name}": value for name, value in given.items()})
    return caught.value.message.splitlines()


def test_every_setting_that_can_hold_a_secret_is_known_to():
    assert set(SECRET_SETTINGS) == set(VALUES)
    told = {name for name, item in Settings.__dataclass_fields__.items() if "pass@" in item.metadata["about"]}
    assert told <= set(VALUES)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_a_secret_is_read_from_the_file_that_is_named(folder: Path, name: str, end: str):
    (folder / "secret").write_text(VALUES[name] + end)

    found = read({f"{name_of(name)}_FILE": "secret"})

    assert (found.problems, getattr(found.settings, name)) == ((), VALUES[name])
    assert dict(found.places) == {name_of(name): "secret"}


def test_a_settings_file_may_name_one_too(folder: Path):
    (folder / "secret").write_text(SECRET)
    (folder / "gql-approvals.env").write_text("GQL_APPROVALS_DELIVERY_SECRET_FILE=secret\n")

    assert read().settings.delivery_secret == SECRET


def test_a_file_that_gives_no_secret_is_named_and_why(folder: Path):
    (folder / "empty").write_text("\n")
    (folder / "two").write_text(f"{SECRET}\n{SECRET}\n")
    (folder / "huge").write_text("x" * 70_000)
    (folder / "binary").write_bytes(b"\xff\xfe")
    (folder / "wrong").write_text("hunter22")

    said = {
        name: problems(DELIVERY_SECRET_FILE=name) for name in ("empty", "two", "huge", "binary", "none", ".")
    }

    begins = "GQL_APPROVALS_DELIVERY_SECRET_FILE: the file"
    only = "has more than one line, or what cannot be printed: let it hold the secret only"
    mend = "mend that, or name another one"
    assert said == {
        "empty": [f"{begins} `empty` is empty: write the secret into it, or leave the setting out"],
        "two": [f"{begins} `two` {only}"],
        "huge": [f"{begins} `huge` is larger than 65536 bytes: this is no secret"],
        "binary": [f"{begins} `binary` is not UTF-8: save it in that encoding"],
        "none": [
            f"{begins} `none` cannot be read: No such file or directory: mend that, or name another one"
        ],
        ".": [f"{begins} `.` cannot be read: Is a directory: {mend}"],
    }
    assert problems(DELIVERY_SECRET_FILE="wrong") == [
        "wrong: GQL_APPROVALS_DELIVERY_SECRET: the value must be `whsec_` and 24 to 64 bytes in base64"
    ]
    assert "hunter22" not in str(problems(MAIL_FILE="wrong"))


def test_a_secret_that_is_given_twice_is_refused_wherever_both_stand(folder: Path):
    (folder / "secret").write_text(SECRET)
    (folder / "s.env").write_text(f"GQL_APPROVALS_DELIVERY_SECRET={SECRET}\n")
    begins = "GQL_APPROVALS_DELIVERY_SECRET_FILE: GQL_APPROVALS_DELIVERY_SECRET is set as well"

    assert problems(DELIVERY_SECRET_FILE="secret", DELIVERY_SECRET=SECRET) == [
        f"{begins}: delete one of the two"
    ]
    assert problems(DELIVERY_SECRET_FILE="secret", SETTINGS="s.env") == [
        f"{begins} in s.env:1: delete one of the two"
    ]


def test_what_is_no_secret_may_not_stand_in_a_file():
    [told] = problems(REVIEW_DAYS_FILE="days")
    assert told.endswith("_FILE: there is no such setting; only secrets may stand in files of their own")


def test_an_empty_name_of_a_file_is_not_set():
    assert from_environment({"GQL_APPROVALS_MAIL_FILE": " "}) == Settings()


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_command_shows_the_file_and_never_what_is_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
):
    for name in SECRET_SETTINGS:
        (folder / f"{name}.secret").write_text(VALUES[name])
        monkeypatch.setenv(f"{name_of(name)}_FILE", f"{name}.secret")

    told = CliRunner().invoke(main, ["settings", "--format", form]).output

    assert all(f"{name}.secret" in told for name in SECRET_SETTINGS)
    assert "hunter22" not in told
    assert SECRET not in told


def test_the_demo_takes_its_database_from_a_file_or_from_its_option(folder: Path):
    (folder / "secret").write_text("sqlite:///mine.db")
    given = {"GQL_APPROVALS_DATABASE_URL_FILE": "secret"}

    assert choose_settings(given, "http://127.0.0.1:8000", None).database_url == "sqlite:///mine.db"
    assert choose_settings(given, "http://127.0.0.1:8000", "sqlite:///x.db").database_url == "sqlite:///x.db"


def test_the_token_of_metrics_is_long_enough_and_sendable():
    wrong = "the value must be at least 16 letters, digits and signs, such as 32 random ones"
    for token in ("short", "with spaces between it", "café-café-café-café"):
        assert problems(METRICS_TOKEN=token) == [f"GQL_APPROVALS_METRICS_TOKEN: {wrong}"]


def test_trusted_proxies_are_addresses_and_networks():
    found = from_environment({"GQL_APPROVALS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,fd00::/8"})

    assert found.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")
    for wrong in ("*", "proxy.internal", "10.0.0.1/8", "10.0.0.256"):
        [told] = problems(TRUSTED_PROXIES=wrong)
        assert told.endswith(f"`{wrong}` must be addresses and networks such as `127.0.0.1, 10.0.0.0/8`")
