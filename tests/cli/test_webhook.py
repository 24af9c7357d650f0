"""Webhooks from the terminal: made, listed, tried, rotated and removed, each change in the audit log."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from standardwebhooks.webhooks import Webhook
from tests.databases import look

from gql_approvals.persistence import lookups, outbox, people
from gql_approvals.persistence.database import Database
from gql_approvals.service.events import EVENTS
from gql_approvals.service.webhooks import MAX_WEBHOOKS

pytestmark = pytest.mark.wide

URL = "https://receiver.example/approvals"


@pytest.fixture
def acme(run, prepared, database_url):
    """A new account, and `gql-approvals webhook …` as text."""
    prepared(database_url, "account create acme --admin ada@acme.test")

    def command(*arguments, **settings):
        return run("webhook", *arguments, database_url=database_url, **settings)

    return command


@pytest.fixture
def hooks(acme):
    """The same, whose answer is data."""

    def command(*arguments, **settings):
        done = acme(*arguments, "--format", "json", **settings)
        assert done.code == 0, done
        return json.loads(done.out)

    return command


@pytest.fixture
def receiver():
    """A receiver on loopback: `status` is its answer, `requests` what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        status, requests = 204, []

        def do_POST(self):  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.requests.append(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Handler.url = f"http://127.0.0.1:{server.server_address[1]}/take"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_secret_is_shown_once_by_add_and_by_rotate(acme, hooks):
    made = hooks("add", "acme", URL, "--description", "the chat")
    rotated = hooks("rotate", str(made["id"]))
    listed = acme("list").out + acme("list", "acme", "--format", "json").out

    assert made["secret"].startswith("whsec_")
    assert rotated["secret"].startswith("whsec_")
    assert made["secret"] != rotated["secret"]
    assert Webhook(rotated["secret"])
    assert "whsec_" not in listed
    assert URL in listed
    assert "the chat" in listed


def test_add_says_what_is_told_and_where(acme):
    done = acme("add", "acme", URL, "--event", "campaign:sent", "--event", "campaign:held")

    assert done.out.startswith(
        f"webhook 1: {URL} is told of campaign:held, campaign:sent; its secret, shown only"
    )


def test_list_says_how_deliveries_went(acme, hooks, database_url):
    made = hooks("add", "acme", URL)
    assert "every event, active; nothing delivered, 1 waiting, 0 dead" in acme("list").out

    async def fails():
        async with Database.open(database_url) as database:
            [message] = await outbox.newest(1)

            async def steps():
                await outbox.mark_failed(
                    message, error="answered 500", now=message.created_at, next_at=message.created_at
                )

            await database.transaction(steps)

    asyncio.run(fails())
    [one] = hooks("list")["webhooks"]

    assert (one["id"], one["state"], one["waiting"]) == (made["id"], "active", 1)
    assert one["lastError"] == "answered 500"
    assert "last error: answered 500" in acme("list").out


def test_list_says_that_there_is_none(acme):
    assert acme("list").out == "there is no webhook\n"
    assert acme("list", "acme").out == "`acme` has no webhook\n"


def test_what_waits_for_a_removed_webhook_becomes_dead_letters(acme, hooks, database_url):
    hooks("add", "acme", URL)
    hooks("rotate", "1")

    assert acme("remove", "1").out == "webhook 1 is removed, and leaves 2 dead letters\n"
    assert hooks("list") == {"webhooks": []}
    assert all(message.given_up_at for message in look(database_url, lambda: outbox.newest(9)))


def test_each_change_is_in_the_audit_log(hooks, database_url):
    hooks("add", "acme", URL)
    hooks("rotate", "1")
    hooks("remove", "1")

    async def kinds():
        account = await people.account_by_slug("acme")
        found = [await lookups.audit_event_at(account.id, seq) for seq in range(1, 20)]
        return [(event.entry.kind, dict(event.entry.detail)) for event in found if event is not None]

    assert look(database_url, kinds)[-3:] == [
        ("webhook:added", {"webhook": 1}),
        ("webhook:rotated", {"webhook": 1}),
        ("webhook:removed", {"deadLetters": 2, "webhook": 1}),
    ]


@pytest.mark.parametrize(("status", "code"), [(204, 0), (500, 1), (302, 1), (410, 1)])
@pytest.mark.sampled(1)
def test_test_sends_a_signed_request_at_once_and_says_what_was_answered(acme, hooks, receiver, status, code):
    made = hooks("add", "acme", receiver.url)
    receiver.status, receiver.requests = status, []
    done = acme("test", "1")

    [(headers, body)] = receiver.requests
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "webhook:test"
    assert done.code == code
    assert f"it answered {status}" in done.out
    assert ("has taken it" in done.out) == (code == 0)
    assert hooks("list")["webhooks"][0]["state"] == "active"


def test_test_says_why_nothing_was_sent(acme, hooks, receiver):
    hooks("add", "acme", receiver.url)
    done = acme("test", "1", production="true")

    assert done.code == 1
    assert "must begin with https://" in done.out
    assert receiver.requests == []


def test_events_lists_every_kind(acme, hooks):
    assert hooks("events") == EVENTS
    assert acme("events").out.count("\n") == len(EVENTS)


REFUSED = {
    "no account": (("add", "acne", URL), "account: there is no account `acne`: did you mean `acme`?"),
    "no event": (("add", "acme", URL, "--event", "campaign:sen"), "did you mean `campaign:sent`?"),
    "odd event": (("add", "acme", URL, "--event", "x"), "`gql-approvals webhook events` lists them"),
    "plain": (("add", "acme", "http://receiver.example/"), "must begin with https://"),
    "no address": (("add", "acme", "receiver"), "must begin with https://"),
    "inside": (("add", "acme", "https://10.0.0.5/"), "GQL_APPROVALS_WEBHOOK_ALLOW_HOSTS can open it"),
    "password": (("add", "acme", "https://me:pw@receiver.example/"), "must not hold a name or password"),
    "description": (("add", "acme", URL, "--description", "a\nb"), "at most 200 letters, on one line"),
    "none to test": (("test", "7"), "there is no webhook 7: `gql-approvals webhook list` has them"),
    "none to rotate": (("rotate", "7"), "there is no webhook 7"),
    "none to remove": (("remove", "7"), "there is no webhook 7"),
    "none to enable": (("enable", "7"), "there is no webhook 7"),
    "none listed": (("list", "acne"), "did you mean `acme`?"),
    "no number": (("rotate", "x"), "'x' is not a valid integer range"),
    "too big": (("rotate", str(2**63)), "is not in the range"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.sampled
def test_what_cannot_be_is_refused_with_the_way_out(acme, what):
    arguments, said = REFUSED[what]
    done = acme(*arguments)

    assert done.code != 0
    assert said in done.err
    assert acme("list").out == "there is no webhook\n"


def test_a_password_in_an_address_is_not_repeated(acme):
    assert "pw1234" not in acme("add", "acme", "https://me:pw1234@receiver.example/").err


@pytest.mark.slow
def test_an_account_has_a_limit_of_webhooks(acme, hooks):
    for number in range(MAX_WEBHOOKS):
        hooks("add", "acme", f"{URL}/{number}", "--event", "campaign:sent")
    done = acme("add", "acme", URL)

    assert done.code == 1
    assert f"`acme` has {MAX_WEBHOOKS} webhooks, which is the most" in done.err


def test_an_opened_host_inside_is_fine(hooks):
    made = hooks("add", "acme", "https://10.1.2.3/", webhook_allow_hosts="10.1.0.0/16, n8n.internal")

    assert made["url"] == "https://10.1.2.3/"
