"""Every way in which a mail server or a sending system may misbehave, and what becomes of the message.

The ways of webhooks' receivers are in `test_webhooks.py`; what a lane makes of an outcome is in
`test_delivery.py`.
"""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.relay import bad_smtp as bad
from tests.relay import misbehaving
from tests.relay.bad_smtp import STAGES
from tests.relay.misbehaving import receiving, status
from tests.relay.test_webhooks import FAILS, NEVER, TAKES
from tests.relay.world import SECRET, Sink

from gql_approvals.persistence import outbox
from gql_approvals.persistence.message_state import State
from gql_approvals.relay import handover
from gql_approvals.relay.handover import HandOver
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import handover_delivery, mail_delivery
from gql_approvals.relay.outcome import Delivered, Failed, Refused
from gql_approvals.relay.smtp import Smtp
from gql_approvals.service.delivery import handover_facts
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

SHORT_S = 0.4
MANNERS = {
    "hangs": bad.hang,
    "resets": bad.reset,
    "closes": bad.close,
    "says garbage": bad.garbage,
    "says half a line": bad.half,
    "says lines without end": bad.endless,
    "says a line without end": bad.endless_line,
    "drips": bad.drip,
    "says 421": bad.says("421 closing"),
    "says 451": bad.says("451 try later"),
    "says 550": bad.says("550 never"),
    "says 200": bad.says("200 what is this"),
}
# Only what is said of this recipient or this mail is final: anything else may be the server's own trouble.
FINAL = {("RCPT", "says 550"), ("DATA", "says 550"), ("content", "says 550")}


# A server that knows no EHLO is asked with HELO, RFC 5321.
TAKEN = {("EHLO", manner) for manner in ("says 451", "says 550", "says 200")}


def letter(to="maya@acme.test"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "approvals@acme.test", to, "<one@acme.test>"
    mail.set_content("Hello")
    return mail


# ------------------------------------------------------------------------------------------- mail servers
@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.sampled
async def test_a_mail_server_that_misbehaves_gets_the_mail_again_unless_it_refuses_this_mail(stage, manner):
    async with bad.bad_smtp(stage, MANNERS[manner]) as server, asyncio.timeout(20):
        outcome = await Smtp(f"smtp://127.0.0.1:{server.port}", timeout_s=SHORT_S)(letter())

    if (stage, manner) in TAKEN:
        assert isinstance(outcome, Delivered)
        return
    assert type(outcome) is (Refused if (stage, manner) in FINAL else Failed)
    assert outcome.error
    assert len(server.contents) == (stage == "content")


async def test_a_mail_that_was_taken_is_delivered_however_the_farewell_goes():
    for manner in MANNERS.values():
        async with bad.bad_smtp("other", manner) as server, asyncio.timeout(20):  # QUIT
            outcome = await Smtp(f"smtp://127.0.0.1:{server.port}", timeout_s=SHORT_S)(letter())
        assert isinstance(outcome, Delivered)


@pytest.mark.wide
async def test_a_mail_goes_through_every_misfortune_under_one_id_and_arrives(world):
    campaign = await world.submitted()
    await world.act("maya", Action.WITHDRAW, campaign)
    key = (await world.messages("mail"))[0].key
    ways = [("content", name) for name in ("hangs", "resets", "closes", "says garbage", "says 451")]
    seen = []
    for stage, manner in ways:
        async with bad.bad_smtp(stage, MANNERS[manner]) as server:
            assert await lane_to(world, server.port).round() == 1
        seen += server.contents
        world.clock.forward(hours=1)
    async with bad.bad_smtp("none", bad.close) as server:
        assert await lane_to(world, server.port).round() == 1
    seen += server.contents

    message = next(one for one in await world.messages("mail") if one.key == key)
    assert (message.state, message.attempts) == (State.DELIVERED, len(ways))
    assert len(seen) == len(ways) + 1
    assert all(f"<{key}@acme.test>".encode() in content for content in seen)


def lane_to(world, port):
    settings = Settings(mail_from="approvals@acme.test")
    transport = Smtp(f"smtp://127.0.0.1:{port}", timeout_s=SHORT_S)
    return Lane(world.office, outbox.MAIL, mail_delivery(world.office, settings, transport), 1)


# ---------------------------------------------------------------------------------------- certificates
CERTIFICATES = {
    "right": ({}, True),
    "of another name": ({"name": "other.test"}, False),
    "expired": ({"ended": timedelta(days=1)}, False),
    "of nobody known": ({"known": False}, False),
}


@pytest.fixture(params=CERTIFICATES)
def certificate(request, tmp_path, monkeypatch):
    """A server's TLS, and whether it is to be trusted."""
    given, good = CERTIFICATES[request.param]
    serving, authority = made(tmp_path, **{key: one for key, one in given.items() if key != "known"})
    trusted = authority if given.get("known", True) else made(tmp_path / "other")[1]
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return serving, good


def made(folder, *, name="localhost", ended=timedelta(days=-1)):
    """A server's context with a certificate of its own making, and the file that trusts it."""
    folder.mkdir(exist_ok=True)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - ended)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return serving, folder / "cert.pem"


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
@pytest.mark.sampled
async def test_a_mail_goes_over_tls_to_whom_the_certificate_names_and_to_nobody_else(certificate, scheme):
    serving, good = certificate
    sink, begins = Sink(), scheme == "smtps"

    def session():
        offered = {} if begins else {"tls_context": serving, "require_starttls": True}
        return SMTP(sink, hostname="sink.test", **offered)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=serving if begins else None)
    port = server.sockets[0].getsockname()[1]
    outcome = await Smtp(f"{scheme}://localhost:{port}", timeout_s=5)(letter())
    server.close()

    assert isinstance(outcome, Delivered if good else Failed)
    assert len(sink.letters) == good
    if not good:
        assert "certificate" in outcome.error.lower()


# ------------------------------------------------------------------------------------- the sending system
@pytest.fixture
async def facts(world):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    [message] = await world.messages("handover")
    return await handover_facts(world.office, message)


async def posted(facts, url, timeout_s=5.0):
    async with handover.client() as client, asyncio.timeout(20):
        return await HandOver(client, url, SECRET, timeout_s=timeout_s)(facts, datetime.now(UTC))


BREAKS = {**FAILS, "410": status(410)}


@pytest.mark.wide
@pytest.mark.sampled
@pytest.mark.parametrize("how", BREAKS)
async def test_a_sending_system_that_misbehaves_gets_the_publication_again_under_the_same_id(facts, how):
    async with receiving(BREAKS[how]) as receiver:
        first = await posted(facts, receiver.url, SHORT_S if how in NEVER else 5)
        second = await posted(facts, receiver.url)
    assert isinstance(first, Failed)
    assert first.error
    assert second == Delivered()
    assert receiver.ids == [facts.key] * 2
    assert receiver.requests[0][1] == receiver.requests[1][1]


@pytest.mark.wide
@pytest.mark.sampled
@pytest.mark.parametrize("how", TAKES)
async def test_a_sending_system_has_taken_it_however_its_answer_goes_on(facts, how):
    async with receiving(TAKES[how]) as receiver:
        assert await posted(facts, receiver.url, 2) == Delivered()


@pytest.mark.wide
@pytest.mark.parametrize(("code", "waits_s"), [(429, 7200), (503, 7200), (500, 1)])
@pytest.mark.sampled(1)
async def test_a_busy_sending_system_says_when_to_come_again(world, facts, code, waits_s):
    async with receiving(status(code, "Retry-After: 7200\r\n")) as receiver, handover.client() as client:
        post = HandOver(client, receiver.url, SECRET)
        lane = Lane(world.office, outbox.HANDOVER, handover_delivery(world.office, post))
        assert await lane.round() == 1
        world.clock.forward(seconds=waits_s * 0.79)
        assert await lane.round() == 0
        world.clock.forward(seconds=waits_s * 0.42)
        assert await lane.round() == 1

    assert receiver.ids == [facts.key] * 2


@pytest.mark.wide
@pytest.mark.sampled(2)
async def test_a_publication_goes_to_whom_the_certificate_names_and_to_nobody_else(facts, certificate):
    serving, good = certificate
    async with receiving(tls=serving) as receiver:
        outcome = await posted(facts, receiver.url.replace("http://127.0.0.1", "https://localhost"))

    assert isinstance(outcome, Delivered if good else Failed)
    assert len(receiver.requests) == good
    if not good:
        assert "certificate" in outcome.error.lower()


@pytest.mark.wide
async def test_nothing_is_sent_to_a_receiver_that_takes_the_connection_and_reads_nothing(facts):
    async with receiving(misbehaving.hang) as receiver:
        outcome = await posted(facts, receiver.url, SHORT_S)

    assert outcome == Failed(f"no answer within {SHORT_S:g} s")
