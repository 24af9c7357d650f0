"""`gql-approvals mail`: what the mails look like, and what a real mail server answers."""

import json
import socket
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.relay.world import Sink

from gql_approvals.relay.samples import EVENTS
from gql_approvals.workflow.vocabulary import Channel

NAMES = [event.removeprefix("campaign:") for event in EVENTS]


# ------------------------------------------------------------------------------------------------- preview
def test_without_an_event_the_events_are_listed(run):
    done = run("mail", "preview")

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == NAMES
    assert "Approved automatically" in done.out


@pytest.mark.parametrize("event", NAMES)
@pytest.mark.sampled(2)
def test_every_event_can_be_looked_at_for_every_channel(run, event):
    for channel in Channel:
        text = run("mail", "preview", event, "--channel", channel.lower())
        html = run("mail", "preview", event, "--channel", channel.lower(), "--format", "html")
        eml = run("mail", "preview", event, "--channel", channel.lower(), "--format", "eml", "--sent-before")

        assert (text.code, html.code, eml.code) == (0, 0, 0)
        assert "Subject: [Campaign approval] " in text.out
        assert "Acme · Campaign approval" in text.out
        assert html.out.lstrip().startswith("<!doctype html>")
        mail = message_from_string(eml.out, policy=default)
        assert mail.get_content_type() == "multipart/alternative"
        assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("rejectd", "there is no event `rejectd`: did you mean `rejected`?"),
        ("policy_refused", "there is no event `policy_refused`: did you mean `policy:refused`?"),
        ("xyz", "there is no event `xyz`: `gql-approvals mail preview` lists them"),
    ],
)
def test_an_unknown_event_is_told_with_what_was_perhaps_meant(run, asked, answer):
    done = run("mail", "preview", asked)

    assert done.code == 2
    assert answer in " ".join(done.err.split())


def test_an_event_may_be_written_with_its_whole_name(run):
    assert run("mail", "preview", "campaign:rejected").out == run("mail", "preview", "REJECTED").out


def test_files_can_be_written_of_one_event_or_of_all(run, tmp_path):
    one = run("mail", "preview", "submitted", "--channel", "sms", "--out", "here")
    every = run("mail", "preview", "--out", "there/deep")

    names = [f"submitted-sms.{ending}" for ending in ("txt", "html", "eml")]
    assert one.out.splitlines() == [f"here/{name}" for name in names]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == sorted(names)
    assert len(every.out.splitlines()) == 3 * len(EVENTS)
    assert "REVIEW REQUESTED" in (tmp_path / "there/deep/submitted-email.txt").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("mail", "preview", "submitted", "--out", "file/inside")

    assert done.code == 2
    assert "`file/inside` cannot be written: " in done.err


def test_the_link_is_that_of_the_settings(run):
    done = run("mail", "preview", "submitted", review_url="https://here.test/{campaign}?r={request}")

    assert "https://here.test/Q2FtcGFpZ246MTI?r=QXBwcm92YWxSZXF1ZXN0OjM0" in done.out


# ----------------------------------------------------------------------------------------------- send-test
@pytest.fixture
def server() -> Iterator[Controller]:
    """An SMTP server that takes everything, in a thread of its own."""
    yield from serving(Sink())


def serving(sink, **options) -> Iterator[Controller]:
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    yield controller
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_test_mail_arrives_and_the_answer_is_told(run, server):
    url = f"smtp://127.0.0.1:{server.port}"
    done = run("mail", "send-test", "ada@acme.test", mail=url, mail_from="approvals@acme.test")

    assert (done.code, done.err) == (0, "")
    assert done.out == f"{url} took the mail to ada@acme.test: 250 taken\n"
    [letter] = server.handler.letters
    mail = message_from_bytes(letter.raw, policy=default)
    assert letter.recipients == ["ada@acme.test"]
    assert mail["Subject"] == "[Campaign approval] Test mail: nothing to review (revision 1)"
    assert "http" not in mail.get_body(("plain",)).get_content().partition("--- The copy")[0]


def test_programs_get_the_answer_as_json(run, server):
    url = f"smtp://127.0.0.1:{server.port}"
    done = run("mail", "send-test", "ada@acme.test", "--format", "json", mail=url)

    assert json.loads(done.out) == {
        "server": url, "to": "ada@acme.test", "taken": True, "answer": "250 taken"
    }  # fmt: skip


def test_a_recipient_who_is_refused_is_told_with_the_server_s_words(run):
    for server in serving(Sink(answers=["550 no such user here"] * 2)):
        url = f"smtp://127.0.0.1:{server.port}"
        done = run("mail", "send-test", "nobody@acme.test", mail=url)
        as_json = run("mail", "send-test", "nobody@acme.test", "--format", "json", mail=url)

    assert (done.code, done.out) == (1, "")
    assert f"{url} did not take the mail to nobody@acme.test: 550 no such user here" in done.err
    assert as_json.code == 1
    assert json.loads(as_json.out)["answer"] == "550 no such user here"


def test_a_wrong_password_is_told_and_not_shown(run):
    def refuse(*_):
        return AuthResult(success=False, handled=False, message="535 5.7.8 not that password")

    for server in serving(Sink(), authenticator=refuse, auth_require_tls=False):
        place = f"127.0.0.1:{server.port}"
        done = run("mail", "send-test", "ada@acme.test", mail=f"smtp://user:s3cret@{place}")

    assert done.code == 1
    assert f"smtp://{place} did not take the mail to ada@acme.test: 535 5.7.8 not that password" in done.err
    assert "user or password are wrong" in done.err
    assert "s3cret" not in done.err


def test_a_server_that_says_nothing_is_given_up(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        done = run("mail", "send-test", "ada@acme.test", "--timeout", "0.5", mail=url)

    assert done.code == 1
    assert "no answer within 0.5 s" in done.err


def test_a_server_that_is_not_there_is_told(run):
    done = run("mail", "send-test", "ada@acme.test", mail=f"smtp://127.0.0.1:{free_port()}")

    assert done.code == 1
    assert "SMTPConnectError" in done.err
    assert "check host and port" in done.err


def test_with_the_console_the_mail_is_printed(run):
    done = run("mail", "send-test", "ada@acme.test", mail="console")

    assert done.code == 0
    assert "To: ada <ada@acme.test>" in done.out
    assert "REVIEW REQUESTED" in done.out


@pytest.mark.parametrize(
    ("address", "settings", "words"),
    [
        ("ada@acme.test", {}, "GQL_APPROVALS_MAIL is `outbox`: mails are kept and none is sent"),
        ("nobody", {"mail": "console"}, "`nobody` is no mail address"),
        ("a@b.test\r\nBcc: c@d.test", {"mail": "console"}, "is no mail address"),
        ("ada@acme.test", {"mail": "console", "mail_from": "nobody"}, "MAIL_FROM: `nobody` is no mail"),
        ("ada@acme.test", {"mail": "smpt://x"}, "GQL_APPROVALS_MAIL: `smpt://x` must be"),
    ],
)
def test_what_cannot_be_tried_is_told_with_what_to_set(run, address, settings, words):
    done = run("mail", "send-test", address, **settings)

    assert done.code == 2
    assert words in " ".join(done.err.split())
