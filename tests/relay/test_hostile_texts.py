"""Names that try to be headers, addresses, or HTML: exact headers, exact recipients, escaped bodies."""

import pytest
from tests.relay.world import World

from gql_approvals.relay.mail import Unmailable, address_of
from gql_approvals.relay.text import header_text
from gql_approvals.workflow.content import Audience, EmailContent, SmsContent
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

HOSTILE = [
    "Sale\r\nBcc: evil@x.test",
    "=?utf-8?q?a=0d=0aBcc:_evil@x.test?=",
    "=?utf-8?b?YQ0KQmNjOiBldmlsQHgudGVzdA==?=",
    "<script>alert(1)</script>",
    '"b, evil"@x.test, evil@x.test',
    "b, evil@x.test",
    "Sale\u2028Bcc: evil@x.test\u0085\u000b",
    "\u202eelas \U0001f389 Größe " + "\U0001f469\u200d\U0001f4bb",
    "x" * 200,
    "Ж" * 200,
]
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Gql-Approvals-Event", "X-Gql-Approvals-Campaign", "MIME-Version",
    "Content-Type",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_name_stays_a_name(database, sink, text):
    world = await World.open(database, names={"maya": text, "chen": text}, account_name=text)
    campaign = await world.create(
        name=text,
        content=SmsContent(sender_id=text, body=f"{text}\r\n.\r\nMAIL FROM:<evil@x.test>\r\n.\n"),
        audience=Audience(segment=text * 50, definition={text: text}, estimated_size=1),
    )
    await world.act("maya", Action.SUBMIT, campaign, note=text)
    await world.act("chen", Action.REJECT, campaign, reason=text)
    while await world.mail_lane(sink.port).round():
        pass

    assert sink.told == ["ada", "chen", "cleo", "maya"]
    for letter in sink.letters:
        assert sorted(letter.header_names) == sorted(HEADERS)
        assert letter.sender == "approvals@acme.test"
        assert letter.mail["From"].addresses[0].addr_spec == "approvals@acme.test"
        assert [a.addr_spec for a in letter.mail["To"].addresses] == letter.recipients
        assert letter.mail["Subject"] == f"[Campaign approval] {header_text(text)} (revision 1)"
        assert "<script" not in letter.html
        assert max(len(line) for line in letter.raw.splitlines()) <= 998
    names = {letter.recipients[0]: letter.to_name for letter in sink.letters}
    assert names["maya@acme.test"] == names["chen@acme.test"] == header_text(text)


@pytest.mark.slow
async def test_ten_thousand_characters_are_cut_short(world, sink):
    text = "\U0001f389" * 10_000
    content = EmailContent(
        subject=text,
        from_name=text,
        from_email="a@b.test",
        html=f"<script>{text}</script>",
        text=f"<script>{text}</script>",
    )
    await world.submitted(content=content, name="\U0001f389" * 200)
    await world.mail_lane(sink.port).round()

    assert len(sink.letters) == 3
    for letter in sink.letters:
        assert len(letter.raw) < 500_000
        assert "<script>" not in letter.html
        assert "1 script" in letter.html
        assert "&lt;script&gt;" in letter.html  # the plain text version


NO_ADDRESSES = [
    "", "nobody", "b, evil@x.test", '"b, evil"@x.test', "a@b@c", "a@b\r\nBcc: c@d", "<a@b>", "a b@c",
    "a@b\x00", "a@", "a@.", "a@" + "x" * 64 + ".test",
    "a@größe.test",  # the standard library would write another domain: grösse.test
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(Unmailable):
        address_of(text)


def test_a_domain_is_written_in_ascii():
    assert address_of("jo@büro.example") == "jo@xn--bro-hoa.example"


def test_a_header_is_one_line_of_at_most_200_letters():
    assert header_text("a" * 10_000) == "a" * 199 + "…"
    assert header_text("a\r\n\tb\x00c") == "a b c"
    assert "=?" not in header_text("=?=?" * 10)
