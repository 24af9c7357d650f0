"""The other sides: an SMTP server and a sending system, which take, or take and never answer."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.server.server_process import free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of this test only").decode()


@dataclass(frozen=True)
class Mail:
    """A mail as the server got it."""

    id: str
    to: str
    subject: str
    text: str
    event: str


@dataclass
class MailSink:
    """`hangs`: whether it takes a mail without ever saying so."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    hangs: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        assert body is not None
        self.mails.append(
            Mail(
                id=str(mail["Message-ID"]),
                to=", ".join(envelope.rcpt_tos),
                subject=str(mail["Subject"]),
                text=str(body.get_content()),
                event=str(mail["X-Gql-Approvals-Event"]),
            )
        )
        while self.hangs:  # noqa: ASYNC110  # set from the test's thread
            await asyncio.sleep(0.02)
        return "250 taken"


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """An SMTP server on loopback, in a thread of its own."""
    sink = MailSink(port=free_port())
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        sink.hangs = False
        controller.stop()


@dataclass
class HandoverSink:
    """`bodies`: (webhook-id, body) of every request whose signature is right. `forged`: how many were not."""

    port: int = 0
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0
    hangs: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hand-over"

    @property
    def settings(self) -> dict[str, str]:
        return {"DELIVERY_URL": self.url, "DELIVERY_SECRET": SECRET}

    @property
    def ids(self) -> list[str]:
        return [key for key, _ in self.bodies]

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer."""
        try:
            Webhook(SECRET).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            self.forged += 1
            return 401
        self.bodies.append((headers["webhook-id"], json.loads(body)))
        while self.hangs:
            time.sleep(0.02)
        return 204


@contextmanager
def handover_sink() -> Iterator[HandoverSink]:
    """A sending system on loopback, in threads of its own."""
    sink = HandoverSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = sink.take(body, {name.lower(): value for name, value in self.headers.items()})
            try:
                self.send_response(status)
                self.end_headers()
            except OSError:
                return  # the other side was killed meanwhile

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        sink.port = server.server_address[1]
        yield sink
    finally:
        sink.hangs = False
        server.shutdown()
        thread.join()
        server.server_close()
