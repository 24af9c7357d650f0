"""The mail about refused policy files, over SMTP: who is told, what it says, and what it does not obey."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from starlette.applications import Starlette
from tests.relay.world import SHIPPED, Letter, World

from gql_approvals.http.dev_pages import dev_routes
from gql_approvals.persistence import outbox
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.policy.problem import Code, PolicyProblem
from gql_approvals.relay.loop import mail_of
from gql_approvals.relay.mail import Unmailable
from gql_approvals.relay.policy_mail import PROBLEM_LENGTH, compose_notice
from gql_approvals.relay.text import header_text, one_line
from gql_approvals.service.delivery import Person
from gql_approvals.service.policy_notice import MAX_PROBLEMS, REFUSED, NoticeFacts, refused_messages
from gql_approvals.settings import Settings

pytestmark = pytest.mark.wide

PROBLEMS = (
    PolicyProblem("policy.csv", 41, 24, Code.ACTION, "`aprove` is no action", "did you mean `approve`?").text,
    PolicyProblem("policy.csv", 44, 1, Code.COLUMNS, "there are 6 columns, not 7").text,
    "tests/laws.csv:3:1: [test] maker, acme, edit, email: expected allow, is deny",
)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Gql-Approvals-Event", "MIME-Version", "Content-Type",
]  # fmt: skip
TEXT = """\
POLICY REFUSED

Hello Ada,

The policy files on node-1 were changed and have 3 mistakes.

They were not put in force: version 0123456789ab from Fri 02 Jan 2026, 03:04 UTC keeps serving.

    policy.csv:41:24: [action] `aprove` is no action: did you mean `approve`?
    policy.csv:44:1: [columns] there are 6 columns, not 7
    tests/laws.csv:3:1: [test] maker, acme, edit, email: expected allow, is deny

The same with each place marked:  gql-approvals policy check
Correct the files and save them: within two seconds they are in force.

-- 
Acme · Campaign approval
"""  # noqa: W291  # the space belongs to the mark of a signature (RFC 3676)


async def refuse(world, *, key="1a2b3c", node="node-1", problems=PROBLEMS):
    """Write the notices as a reload does."""

    async def write():
        scene = await world.office.scene(world.account.id)
        messages = refused_messages(scene, key=key, node=node, problems=problems)
        await outbox.write(messages)
        return messages

    return await world.office.database.transaction(write)


async def sent(world, sink):
    """Deliver all there is, and give the letters of this kind."""
    while await world.mail_lane(sink.port).round():
        pass
    return [letter for letter in sink.letters if letter.mail["X-Gql-Approvals-Event"] == REFUSED]


def facts(**other):
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    given = {
        "key": "acme-policy-1a2b3c-5", "at": moment, "account_name": "Acme", "account_slug": "acme",
        "recipient": Person(name="Ada", email="ada@acme.test"), "node": "node-1", "problems": PROBLEMS,
        "more": 0, "version": "0123456789ab", "since": moment, **other,
    }  # fmt: skip
    return NoticeFacts(**given)


def composed(**other):
    return compose_notice(facts(**other), sender="approvals@acme.test")


def part(mail, kind):
    return mail.get_body((kind,)).get_content()


def test_the_text_says_what_happened_what_is_wrong_and_how_to_go_on():
    assert part(composed(), "plain") == TEXT


def test_the_html_says_the_same_in_the_look_of_the_other_mails():
    html = part(composed(), "html")

    for words in (
        "have 3 mistakes", "were not put in force", "0123456789ab", "Fri 02 Jan 2026, 03:04 UTC", *PROBLEMS,
        "gql-approvals policy check", "within two seconds", "prefers-color-scheme: dark",
        "width=device-width", "overflow-wrap:anywhere", "monospace", 'class="card"',
    ):  # fmt: skip
        assert words in html


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"problems": PROBLEMS[:1]}, "were changed and have a mistake."),
        ({"more": 1997}, "were changed and have 2,000 mistakes."),
        ({"more": 1997}, "    and 1,997 more\n"),
    ],
)
def test_mistakes_are_counted_with_those_that_are_left_out(given, words):
    assert words in part(composed(**given), "plain")


async def test_exactly_who_may_see_the_policy_is_told(world, sink):
    await world.change_member("vera", roles=["auditor"])
    await world.change_member("chen", roles=["admin"], active=False)
    letters = await refused_and_sent(world, sink)

    assert sorted(letter.recipients[0] for letter in letters) == ["ada@acme.test", "vera@acme.test"]
    assert len(sink.letters) == 2
    assert all(message.delivered_at for message in await world.messages())


async def refused_and_sent(world, sink):
    await refuse(world)
    return await sent(world, sink)


async def test_nobody_of_another_account_is_told(database, sink):
    here = await World.open(database)
    there = await World.open(database, slug="globex", clock=here.clock)
    await refused_and_sent(there, sink)

    assert [letter.recipients for letter in sink.letters] == [["ada@globex.test"]]
    assert sink.letters[0].mail["List-Id"] == "Campaign approval <globex.approvals.acme.test>"


@pytest.mark.parametrize("loss", [{"roles": ["checker"]}, {"active": False}])
async def test_who_lost_the_right_meanwhile_is_not_told(world, sink, loss):
    [message] = await refuse(world)
    await world.change_member("ada", **loss)

    assert await sent(world, sink) == []
    [kept] = await world.messages()
    assert kept.key == message.key == f"acme-policy-1a2b3c-{world.members['ada'].user_id}"
    assert kept.given_up_at is not None
    assert kept.delivered_at is None


async def test_the_headers_are_those_of_the_other_mails(world, sink):
    [letter] = await refused_and_sent(world, sink)
    [message] = await world.messages()

    mail = letter.mail
    assert sorted(letter.header_names) == sorted(HEADERS)
    assert mail["Subject"] == "[Campaign approval] The policy files on node-1 have mistakes"
    assert mail["From"] == "Campaign approval <approvals@acme.test>"
    assert mail["Message-ID"] == f"<{message.key}@acme.test>"
    assert mail["List-Id"] == "Campaign approval <acme.approvals.acme.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert parsedate_to_datetime(mail["Date"]) == message.created_at.replace(microsecond=0)
    assert f"version {SHIPPED.version} from" in letter.text


async def test_notices_of_a_node_are_one_thread_and_no_other_mail_is_in_it(world, sink):
    for key, node in (("a", "node-1"), ("b", "node-1"), ("c", "node-2")):
        await refuse(world, key=key, node=node)
    await world.submitted()
    letters = await sent(world, sink)

    first, second, other = sorted(letters, key=lambda letter: letter.mail["Message-ID"])
    assert first.mail["References"] == second.mail["References"] == first.mail["In-Reply-To"]
    assert first.mail["Subject"] == second.mail["Subject"]
    assert first.mail["Message-ID"] != second.mail["Message-ID"]
    assert other.mail["References"] != first.mail["References"]
    assert len({letter.mail["References"] for letter in sink.letters}) == 3


@pytest.mark.parametrize("other", [("globex", "node-1"), ("acme", "node.1"), ("acme-node", "1")])
def test_no_two_accounts_or_nodes_share_a_thread(other):
    slug, node = other
    mail = composed(account_slug=slug, node=node)

    assert mail["References"] != composed()["References"]


async def test_every_attempt_sends_the_same_bytes(world, sink):
    [message] = await refuse(world)
    lane = world.mail_lane(sink.port)
    await lane.round()
    await OutboxRow.filter(key=message.key).update(delivered_at=None)
    world.clock.forward(days=2)
    await lane.round()

    first, second = sink.letters
    assert first.raw == second.raw


HOSTILE = [
    "policy.csv:1:1: [role] `x\r\nBcc: evil@x.test` is none",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "=?utf-8?q?a=0d=0aBcc:_evil@x.test?=",
    "\r\n.\r\nMAIL FROM:<evil@x.test>\r\n.\n-- \n",
    "\u202eelas\u2028\x85\x1b[31m\x00\x07\x9b" + "\U0001f389",
    "half a pair: \udc80",
    "x" * 100_000,
]
ODD = set("\r\x00\x07\x1b\x85\x9b\u2028\u202e\udc80")


async def test_what_a_refused_file_says_is_shown_and_never_obeyed(world, sink):
    await refuse(world, problems=[*HOSTILE, "the last one"])
    [letter] = await sent(world, sink)

    text, html = (body.replace("\r\n", "\n") for body in (letter.text, letter.html))
    shown = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]
    assert shown == [one_line(storable(text), PROBLEM_LENGTH) for text in HOSTILE] + ["the last one"]
    assert html.count("<li") == len(shown), "each mistake is one line"
    assert not set(text + html) & ODD
    assert "<script" not in html
    assert "<img" not in html
    assert "{{ 7 * 7 }}{% raw %}" in text
    assert sorted(letter.header_names) == sorted(HEADERS)
    assert letter.recipients == ["ada@acme.test"]
    assert max(len(line) for line in letter.raw.splitlines()) <= 998


def storable(text):
    return text.replace("\x00", "\ufffd").replace("\udc80", "\ufffd")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.sampled
def test_a_hostile_node_stays_a_name(text):
    node = storable(text)
    mail = composed(node=node, account_name=node, version=node)
    letter = Letter("", [], mail.as_bytes())

    assert sorted(letter.header_names) == sorted(HEADERS)
    subject = letter.mail["Subject"].removeprefix(" ")  # the standard library may fold before the first word
    assert subject == f"[Campaign approval] The policy files on {header_text(node)} have mistakes"
    assert [address.addr_spec for address in letter.mail["To"].addresses] == ["ada@acme.test"]
    assert "<script" not in letter.html
    assert not set(letter.text.replace("\r\n", "\n") + subject) & ODD
    assert max(len(line) for line in letter.raw.splitlines()) <= 998


async def test_the_outbox_keeps_fifty_mistakes_of_any_number_and_any_length(world, sink):
    problems = [f"policy.csv:{line}:1: [role] {'x' * 5000}" for line in range(1, 2001)]
    await refuse(world, problems=problems)
    [message] = await world.messages()
    [letter] = await sent(world, sink)

    assert len(message.payload["problems"]) == MAX_PROBLEMS
    assert message.payload["more"] == 1950
    assert max(len(text) for text in message.payload["problems"]) == 1000
    assert "have 2,000 mistakes" in letter.text
    assert "    and 1,950 more" in letter.text.splitlines()
    assert "policy.csv:50:1:" in letter.text
    assert "policy.csv:51:1:" not in letter.text


def test_the_longest_account_and_a_full_key_fit_the_outbox():
    room = OutboxRow._meta.fields_map["key"].max_length
    assert len(f"{'a' * 63}-policy-{'k' * 12}-{10**15}") <= room


async def test_a_message_without_its_parts_is_an_error_and_no_empty_mail(world):
    [message] = await refuse(world)
    del message.payload["version"]

    with pytest.raises(LookupError):
        await mail_of(world.office, Settings(), message)


def test_an_address_that_is_none_is_refused():
    with pytest.raises(Unmailable):
        composed(recipient=Person(name="Ada", email="nobody"))


async def test_the_demo_s_outbox_shows_the_notice(world):
    await refuse(world, problems=["<script>alert(1)</script>", *PROBLEMS])
    [message] = await world.messages()
    routes = dev_routes(lambda: world.office, Settings(demo=True))
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo.test") as http:
        listed = await http.get("/dev/outbox")
        page = await http.get(f"/dev/outbox/{message.id}")
        frame = await http.get(f"/dev/outbox/{message.id}/html")
        await world.change_member("ada", roles=[])
        untold = await http.get("/dev/outbox")

    for answer in (listed, page):
        assert "[Campaign approval] The policy files on node-1 have mistakes" in answer.text
        assert "ada@acme.test" in answer.text
    for answer in (page, frame):
        assert "[columns] there are 6 columns, not 7" in answer.text
        assert "<script" not in answer.text
    assert ">untold<" in untold.text
    assert "ada@acme.test" in untold.text
