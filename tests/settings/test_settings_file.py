"""The settings file: strict, so that systemd and docker read the same; every mistake has its line."""

from pathlib import Path

import pytest

from gql_approvals.cli.settings_topics import TOPICS
from gql_approvals.errors import BadSettings
from gql_approvals.settings import (
    FILE_VARIABLE,
    Settings,
    apply_to_environment,
    from_environment,
    name_of,
    read,
    secrecy_of,
)

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
QUOTES = "is in quotes, which some programs take for a part of the value: leave them out"
BACKSLASH = "has a backslash, which some programs take for more than itself: write it without"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in [*map(name_of, Settings.__dataclass_fields__), FILE_VARIABLE]:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def problems(text: str | bytes, **environment: str) -> list[str]:
    """What is said of a file `s.env` with this text."""
    Path("s.env").write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {f"GQL_APPROVALS_{name}": value for name, value in environment.items()}
    with pytest.raises(BadSettings) as caught:
        from_environment({FILE_VARIABLE: "s.env", **given})
    return caught.value.message.splitlines()


def test_the_file_of_the_working_folder_is_read_by_itself(folder: Path):
    assert read().file is None
    (folder / "gql-approvals.env").write_text("# a comment\n\nGQL_APPROVALS_REVIEW_DAYS=7\n")

    found = read()

    assert found.settings.review_days == 7
    assert dict(found.places) == {"GQL_APPROVALS_REVIEW_DAYS": "gql-approvals.env:3"}


def test_a_file_that_is_named_is_read_instead(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "gql-approvals.env").write_text("GQL_APPROVALS_REVIEW_DAYS=7\n")
    (folder / "other.env").write_text("GQL_APPROVALS_LOG=json\n")
    monkeypatch.setenv(FILE_VARIABLE, "other.env")

    assert from_environment() == Settings(log="json")


def test_the_environment_wins_over_the_file_and_what_is_empty_there_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "gql-approvals.env").write_text("GQL_APPROVALS_REVIEW_DAYS=7\nGQL_APPROVALS_GRACE_S=60\n")
    monkeypatch.setenv("GQL_APPROVALS_REVIEW_DAYS", "3")
    monkeypatch.setenv("GQL_APPROVALS_GRACE_S", "")

    found = read()

    assert (found.settings.review_days, found.settings.grace_s) == (3, 60)
    assert set(found.places.values()) == {"environment", "gql-approvals.env:2"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "is no setting: write NAME=value, and # before a comment"),
        ("; old comment", "is no setting: write NAME=value, and # before a comment"),
        ("export GQL_APPROVALS_LOG=json", "is for a shell: leave out `export`"),
        ("GQL_APPROVALS_LOG =json", "GQL_APPROVALS_LOG has a space beside its `=`: leave it out"),
        ("GQL_APPROVALS_LOG= json", "GQL_APPROVALS_LOG has a space beside its `=`: leave it out"),
        ("=json", "begins with no name: write NAME=value, and # before a comment"),
        ("A-B=json", "begins with no name: write NAME=value, and # before a comment"),
        (
            'GQL_APPROVALS_LOG="json"',
            f"GQL_APPROVALS_LOG {QUOTES}",
        ),
        (
            "GQL_APPROVALS_MAIL=smtp://a:b\\c@host",
            f"GQL_APPROVALS_MAIL {BACKSLASH}",
        ),
        (
            "GQL_APPROVALS_LOG=json # really",
            "GQL_APPROVALS_LOG has a comment behind it: give the comment a line of its own",
        ),
        (
            "GQL_APPROVALS_LOG=js\x1bon",
            "GQL_APPROVALS_LOG has a character that cannot be printed: delete it",
        ),
        ("GQL_APPROVALS_LOG=xml", "GQL_APPROVALS_LOG: `xml` must be `text` or `json`"),
        (
            "GQL_APPROVALS_REVEW_DAYS=1",
            "GQL_APPROVALS_REVEW_DAYS: there is no such setting; did you mean GQL_APPROVALS_REVIEW_DAYS?",
        ),
        (
            "DATABASE_URL=sqlite:///a.db",
            "DATABASE_URL: there is no such setting; did you mean GQL_APPROVALS_DATABASE_URL?",
        ),
        ("PATH=/bin", "PATH: there is no such setting"),
        (
            "GQL_APPROVALS_SETTINGS=x.env",
            "GQL_APPROVALS_SETTINGS: there is no such setting in a file; set it in the environment",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_line_is_told_once_with_its_place(line: str, told: str):
    assert problems(f"# first\n{line}\n") == [f"s.env:2: {told}"]


@pytest.mark.usefixtures("folder")
def test_every_mistake_of_file_and_environment_is_said_at_once_in_the_order_of_the_file():
    text = f"""\
GQL_APPROVALS_MIAL=outbox
GQL_APPROVALS_LOG="json"
GQL_APPROVALS_LOG=text
GQL_APPROVALS_OIDC_AUDIENCE=https://approvals.example
GQL_APPROVALS_DELIVERY_SECRET={SECRET[:-8]}
GQL_APPROVALS_MAIL=smtp://mail.example
"""

    assert problems(text, PRODUCTION="true", POLL_S="0", DELIVERY_URL="https://sender.example") == [
        "s.env:1: GQL_APPROVALS_MIAL: there is no such setting; did you mean GQL_APPROVALS_MAIL?",
        f"s.env:2: GQL_APPROVALS_LOG {QUOTES}",
        "s.env:3: GQL_APPROVALS_LOG is set in line 2 already: delete one of the two",
        "s.env:5: GQL_APPROVALS_DELIVERY_SECRET: the value must be `whsec_` and 24 to 64 bytes in base64",
        "GQL_APPROVALS_POLL_S: `0` must be a number of seconds above 0, up to 3600",
        "GQL_APPROVALS_REVIEW_URL: mails need a link to your review page; set it, with `{campaign}`",
        "GQL_APPROVALS_OIDC_ISSUER: OIDC_AUDIENCE says nothing without it; set both",
    ]


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_named_and_not_there_is_told():
    with pytest.raises(BadSettings) as caught:
        from_environment({FILE_VARIABLE: "nowhere.env"})

    assert caught.value.message == (
        "nowhere.env: this settings file cannot be read: No such file or directory: "
        "mend that, or name another file in GQL_APPROVALS_SETTINGS"
    )


def test_what_stands_in_the_place_of_the_file_and_cannot_be_read_is_told(folder: Path):
    (folder / "gql-approvals.env").mkdir()

    assert "cannot be read: Is a directory" in read().problems[0]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"# fine\nGQL_APPROVALS_MAIL_FROM=\xff\n", "s.env:2: is not UTF-8"),
        (b"#" * (1024 * 1024 + 1), "s.env: is larger than 1048576 bytes"),
    ],
)
def test_what_is_no_text_of_ours_is_told(content: bytes, told: str):
    [problem] = problems(content)

    assert problem.startswith(told)


@pytest.mark.usefixtures("folder")
def test_marks_and_line_ends_of_other_systems_are_no_harm():
    Path("s.env").write_bytes(b"\xef\xbb\xbfGQL_APPROVALS_LOG=json\r\nGQL_APPROVALS_REVIEW_DAYS=7  \r\n")

    assert from_environment({FILE_VARIABLE: "s.env"}) == Settings(log="json", review_days=7)


def test_what_was_checked_is_what_others_read_whatever_becomes_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("os.environ", {"PATH": "/bin", "GQL_APPROVALS_LOG": "json"})
    file = folder / "gql-approvals.env"
    file.write_text("GQL_APPROVALS_REVIEW_DAYS=7\nGQL_APPROVALS_LOG=text\n")
    checked = from_environment()

    apply_to_environment(checked)
    file.write_text("GQL_APPROVALS_REVIEW_DAYS=1\nGQL_APPROVALS_GRACE_S=1\nnonsense\n")

    assert from_environment() == checked == Settings(log="json", review_days=7)


def test_every_setting_has_a_topic_and_an_example_that_is_accepted():
    examples = {name: example for topic in TOPICS.values() for name, example in topic.items()}

    assert set(examples) == set(Settings.__dataclass_fields__), "add it to cli/settings_topics.py"
    assert sum(map(len, TOPICS.values())) == len(examples)
    for name, example in examples.items():
        text = SECRET if secrecy_of(name) == "all" else example
        value = Settings.__dataclass_fields__[name].metadata["read"](text)
        assert value != Settings.__dataclass_fields__[name].default, name
