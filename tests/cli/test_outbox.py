"""`outbox`: what waits, what was given up, and having it delivered after all."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from tests.cli.keeping import build
from tests.relay.world import World

from gql_approvals.persistence import outbox
from gql_approvals.persistence.database import Database
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.outcome import Delivered, Failed, NotTold, Refused

pytestmark = pytest.mark.wide


@pytest.fixture
def messages(run, database_url):
    """Run `outbox …`, and return its answer as data."""
    build(database_url)

    def command(*arguments, code=0):
        done = run("outbox", *arguments, "--format", "json", database_url=database_url)
        assert done.code == code, done
        return json.loads(done.out)

    return command


def deliver(url, outcomes):
    """Let a relay claim as many mails as there are outcomes, by their ids; gives the ids it delivered."""
    sent = []

    async def attempt(message):
        if isinstance(outcomes[message.id], Delivered):
            sent.append(message.id)
        return outcomes[message.id]

    async def work():
        async with Database.open(url) as database:
            world = await World.open(database, slug=f"other-{datetime.now(UTC):%H%M%S%f}")
            await Lane(world.office, outbox.MAIL, attempt, at_once=len(outcomes)).round()

    asyncio.run(work())
    return sorted(sent)


@pytest.fixture
def mails(messages):
    """The ids of all mails, oldest first."""
    return sorted(one["id"] for one in messages("list", "--kind", "mail")["messages"])


def states(answer):
    return {one["id"]: one["state"] for one in answer["messages"]}


def test_every_message_is_listed_with_what_became_of_it(messages, mails, database_url):
    ends = [Delivered(), Failed("answered 500"), Refused("no such mailbox"), NotTold()]
    deliver(database_url, dict(zip(mails, ends, strict=False)))

    found = messages("list", "--kind", "mail")
    dead = messages("list", "--state", "dead")

    assert [states(found)[key] for key in mails[:4]] == ["delivered", "waiting", "dead", "untold"]
    assert found["total"] == len(found["messages"]) == len(mails)
    (letter,) = dead["messages"]
    assert {name: letter[name] for name in ("id", "kind", "account", "event", "attempts", "lastError")} == {
        "id": mails[2],
        "kind": "mail",
        "account": "acme",
        "event": letter["event"],
        "attempts": 0,
        "lastError": "no such mailbox",
    }
    assert letter["event"].startswith("campaign:")
    assert letter["to"].endswith("@acme.test")
    waiting = next(one for one in found["messages"] if one["id"] == mails[1])
    assert (waiting["attempts"], waiting["lastError"]) == (1, "answered 500")
    assert waiting["nextAt"] > datetime.now(UTC).isoformat()[:10]


def test_messages_are_chosen_by_state_kind_account_and_number(messages):
    everything = messages("list")

    assert {one["kind"] for one in everything["messages"]} == {"mail", "handover"}
    assert [one["kind"] for one in messages("list", "--kind", "handover")["messages"]] == ["handover"]
    assert messages("list", "--state", "delivered") == {"messages": [], "total": 0}
    newest = messages("list", "--account", "acme", "--limit", "1")
    assert (newest["total"], newest["messages"]) == (everything["total"], everything["messages"][:1])


def test_dead_letters_are_tried_again_and_then_as_often_as_new_ones(messages, mails, database_url):
    one, two, three = mails[:3]
    deliver(database_url, {one: Refused("full"), two: Delivered(), three: Refused("full")})

    done = messages("retry", "--all-dead")

    did = "was dead, and is due at once"
    assert done == {"messages": [{"id": key, "did": did} for key in (one, three)], "unknown": []}
    assert deliver(database_url, {one: Delivered(), three: Delivered()}) == [one, three]
    assert messages("retry", "--all-dead") == {"messages": [], "unknown": []}


def test_a_message_that_waits_for_its_next_attempt_is_due_at_once(messages, mails, database_url):
    deliver(database_url, dict.fromkeys(mails, Failed("down")))

    messages("retry", str(mails[1]))

    (found,) = [one for one in messages("list")["messages"] if one["id"] == mails[1]]
    assert (found["state"], found["attempts"], found["lastError"]) == ("waiting", 0, "down")
    assert datetime.fromisoformat(found["nextAt"]) <= datetime.now(UTC)


def test_what_was_delivered_stays_and_unknown_ids_are_named(messages, mails, run, database_url):
    one, two = mails[:2]
    deliver(database_url, {one: Delivered(), two: Refused("full")})

    done = run("outbox", "retry", str(one), str(two), "99", "98", database_url=database_url)

    assert done.code == 1
    assert done.out.splitlines() == [
        f"{one} (mail): was delivered before; it is not sent again",
        f"{two} (mail): was dead, and is due at once",
    ]
    assert done.err == "Error: there is no message 98, 99: `gql-approvals outbox list` has the IDs\n"
    assert [states(messages("list"))[key] for key in (one, two)] == ["delivered", "waiting"]


def test_who_is_not_to_be_told_is_no_dead_letter(messages, mails, database_url):
    deliver(database_url, {mails[0]: NotTold()})

    assert messages("list", "--state", "dead")["total"] == 0
    assert messages("retry", "--all-dead") == {"messages": [], "unknown": []}
    assert states(messages("list", "--state", "untold")) == {mails[0]: "untold"}


def test_a_message_in_the_hands_of_a_relay_is_left_to_it(messages, mails, database_url):
    async def claim():
        async with Database.open(database_url) as database:
            await database.transaction(lambda: outbox.claim(datetime.now(UTC), limit=1, kinds=("mail",)))

    asyncio.run(claim())

    assert messages("retry", str(mails[0]))["messages"][0]["did"] == "is being tried at this moment"


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["list", "--kind", "pigeon"], (1, "there is no message of kind `pigeon`: there are handover, mail")),
        (["list", "--account", "nope"], (1, "there is no account `nope`")),
        (["list", "--state", "lost"], (2, "'lost' is not one of 'waiting', 'delivered', 'dead', 'untold'")),
        (["retry"], (2, "name messages by the IDs that `outbox list` shows, or all with --all-dead")),
        (["retry", "1", "--all-dead"], (2, "name messages by the IDs")),
        (["retry", "first"], (2, "'first' is not a valid integer")),
        (["retry", "9" * 30], (2, "is not in the range")),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(run, sqlite_url, arguments, refusal):
    code, told = refusal
    build(sqlite_url)

    done = run("outbox", *arguments, database_url=sqlite_url)

    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_people_read_a_line_for_each_message(run, sqlite_url):
    build(sqlite_url)
    deliver(sqlite_url, {1: Refused("no such mailbox")})

    lines = run("outbox", "list", "--state", "dead", database_url=sqlite_url).out.splitlines()

    (heading, line) = lines
    assert heading.split() == ["id", "kind", "account", "state", "failed", "about", "last", "error"]
    assert line.split()[:4] == ["1", "mail", "acme", "dead"]
    assert line.endswith("@acme.test  no such mailbox")
    assert run("outbox", "list", "--limit", "1", database_url=sqlite_url).out.endswith(
        "more: raise --limit\n"
    )
