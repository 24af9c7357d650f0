"""An account with people, driven through `service.perform`, and real servers for what leaves it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP

from gql_approvals.persistence import campaigns, outbox, people
from gql_approvals.policy.engine import Policy
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import mail_delivery
from gql_approvals.relay.smtp import Smtp
from gql_approvals.service.caller import Caller
from gql_approvals.service.perform import Office, perform
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.reading import disable_preview
from gql_approvals.service.scopes import EVERY
from gql_approvals.service.tasks import AccountTask, CampaignTask
from gql_approvals.settings import Settings
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.case import Rules
from gql_approvals.workflow.content import Audience, SmsContent
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.vocabulary import AccountAction, Action

SHIPPED = Policy.load(Path(__file__).parents[2] / "policies", now=datetime.now(UTC))
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROLES = {
    "maya": {"maker"},
    "max": {"maker"},
    "chen": {"checker"},
    "cleo": {"checker"},
    "ada": {"admin"},
    "vera": {"viewer"},
}
SMS = SmsContent(sender_id="ACME", body="Sale ends tonight")
AUDIENCE = Audience(segment="Lapsed buyers", definition={"days": 90}, estimated_size=1200)


async def until(condition):
    """Wait for what another task brings about; a test that waits longer than 20 s has failed."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110  # the database has no events
            await asyncio.sleep(0.005)


@dataclass
class Clock:
    """The time of a test; it starts now, since receivers compare signatures with their own clock."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self):
        return self.at

    def forward(self, **duration):
        self.at += timedelta(**duration)


class World:
    """One account of an office. People are called by their names."""

    def __init__(self, office, clock, account, members):
        self.office = office
        self.clock = clock
        self.account = account
        self.members = members

    @classmethod
    async def open(
        cls,
        database,
        *,
        folder=None,
        names=None,
        slug="acme",
        clock=None,
        account_name="Acme",
        zone="Asia/Kolkata",
    ):
        """`names`: other display names, by the names of `ROLES`."""
        clock = clock or Clock()
        office = Office(
            database=database, policy=PolicyInForce(SHIPPED), now=clock, rules=Rules(), state_folder=folder
        )

        async def build():
            account = await people.create_account(slug, name=account_name, time_zone=zone, now=clock())
            members = {}
            for name, roles in ROLES.items():
                shown = (names or {}).get(name, name.title())
                user = await people.create_user(name=shown, email=f"{name}@{slug}.test", now=clock())
                members[name] = await people.create_member(account.id, user.id, roles, clock())
            return account, members

        account, members = await database.transaction(build)
        return cls(office, clock, account, members)

    def caller(self, name):
        member = self.members[name]
        return Caller(
            user_id=member.user_id,
            account=self.account,
            member=member,
            accounts=(self.account,),
            scopes=EVERY,
        )

    async def act(self, who, action, campaign=None, /, **fields):
        """Perform an action and give the result's ids."""
        if action in (Action.APPROVE, Action.REJECT):
            fields.setdefault("content_hash", (await self.campaign(campaign)).head.hashes.content)
        task = CampaignTask(intent=Intent(action=action, **fields), campaign_id=campaign)
        return await perform(self.office, self.caller(who), task)

    async def create(self, who="maya", /, **fields):
        """A draft's id."""
        fields = {"name": "Diwali sale", "content": SMS, "audience": AUDIENCE, **fields}
        return (await self.act(who, Action.CREATE, **fields))["campaign"]

    async def submitted(self, who="maya", /, note=None, **fields):
        campaign = await self.create(who, **fields)
        await self.act(who, Action.SUBMIT, campaign, note=note)
        return campaign

    async def campaign(self, campaign):
        return (await campaigns.load(self.account.id, [campaign]))[campaign]

    async def switch_off(self, name="ada"):
        scene = await self.office.scene(self.account.id)
        preview = await disable_preview(scene, self.members[name].user_id)
        intent = AccountIntent(action=AccountAction.DISABLE_APPROVALS, confirm_token=preview.confirm_token)
        await perform(self.office, self.caller(name), AccountTask(intent=intent))

    async def change_member(self, name, *, roles=None, active=True):
        member = self.members[name]
        changed = replace(member, roles=member.roles if roles is None else frozenset(roles), active=active)
        await self.office.database.transaction(lambda: people.save_member(changed))

    async def messages(self, kind=None):
        """The outbox, oldest first."""
        found = reversed(await outbox.newest(1000))
        return [message for message in found if kind in (None, message.kind)]

    def mail_lane(self, port, *, timeout_s=10, at_once=8, review_url=""):
        settings = Settings(mail_from="approvals@acme.test", review_url=review_url)
        transport = Smtp(f"smtp://127.0.0.1:{port}", timeout_s=timeout_s)
        return Lane(self.office, outbox.MAIL, mail_delivery(self.office, settings, transport), at_once)


@dataclass
class Letter:
    """What an SMTP server was given."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def mail(self):
        return message_from_bytes(self.raw, policy=default)

    @property
    def header_names(self):
        head = self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("ascii")
        return [line.partition(":")[0] for line in re.sub(r"\n[ \t]", " ", head).splitlines()]

    @property
    def to_name(self):
        """The recipient's name, by RFC 2047: the standard library's own parser keeps the folds' spaces."""
        head = self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("ascii").replace("\n ", " ")
        [line] = [line for line in head.splitlines() if line.startswith("To: ")]
        name = str(make_header(decode_header(line.removeprefix("To: ").rpartition(" <")[0])))
        return name[1:-1].replace('\\"', '"') if name.startswith('"') else name

    @property
    def text(self):
        return self.mail.get_body(("plain",)).get_content()

    @property
    def html(self):
        return self.mail.get_body(("html",)).get_content()


@dataclass
class Sink:
    """An SMTP server's handler. `answers`: to RCPT TO, in order; afterwards everything is taken."""

    answers: list[str] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    port: int = 0
    hold: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(self, _, __, envelope, address, ___):  # noqa: N802  # aiosmtpd's names
        answer = self.answers.pop(0) if self.answers else "250 fine"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _, __, envelope):  # noqa: N802
        self.arrived.set()
        if self.hold is not None:
            await self.hold.wait()
        self.letters.append(Letter(envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 taken"

    @property
    def told(self):
        """Who got a mail, by the short names, sorted."""
        return sorted(
            recipient.partition("@")[0] for letter in self.letters for recipient in letter.recipients
        )


@asynccontextmanager
async def smtp_server(sink=None) -> AsyncGenerator[Sink, None]:
    sink = sink or Sink()
    loop = asyncio.get_running_loop()
    sessions = []

    def session():
        sessions.append(SMTP(sink, hostname="sink.test"))
        return sessions[-1]

    server = await loop.create_server(session, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        if sink.hold is not None:
            sink.hold.set()
        for one in sessions:
            if one.transport is not None:
                one.transport.abort()
        await server.wait_closed()


@dataclass
class Receiver:
    """An HTTP server that answers with `answers` in order, then 204. `requests`: (headers, body)."""

    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    location: str = ""

    async def __call__(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((headers, body))
        status = self.answers.pop(0) if self.answers else 204
        more = f"Location: {self.location}\r\n" if self.location else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def http_server(receiver=None) -> AsyncGenerator[Receiver, None]:
    receiver = receiver or Receiver()
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/take"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


class Line:
    """A connection to PostgreSQL that can be cut: a proxy on loopback in front of the real server."""

    def __init__(self, url):
        self._parts = urlsplit(url)
        self._server = None
        self._port = 0
        self._writers = []

    @property
    def url(self):
        user = self._parts.netloc.rpartition("@")[0] or "postgres"
        return f"postgresql://{user}@127.0.0.1:{self._port}{self._parts.path}"

    async def restore(self):
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await self._server.wait_closed()

    async def _relay(self, reader, writer):
        folder = parse_qs(self._parts.query).get("host")
        if folder:
            there = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")
        else:
            there = await asyncio.open_connection(self._parts.hostname, self._parts.port or 5432)
        self._writers += [writer, there[1]]
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, source, target):
        with suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        target.close()
