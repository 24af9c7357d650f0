"""The other sides when they misbehave: an SMTP server and a receiver of Standard Webhooks.

Whatever they answer, they write down what has reached them.
"""

import asyncio
import base64
import hmac
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook
from tests.server.server_process import free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of this test only").decode()
HANGS_S = 120  # nobody waits longer
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
_REPLIES = {"451": "451 4.3.0 try again later", "550": "550 5.7.1 not here"}

MailMode = Literal["take", "451", "550", "hang", "drop", "reset"]
HandoverMode = Literal["take", "500", "503", "410", "hang", "drop", "reset"]


@dataclass(frozen=True)
class Taken:
    """What has reached a sink, and whether the sink said that it took it.

    `id`: Message-ID or webhook-id. `event`: what it tells of (mail). `body`: the JSON, or the mail's text.
    """

    id: str
    to: str
    event: str
    subject: str
    body: Any
    at: float  # monotonic
    acknowledged: bool


@dataclass
class MailSink:
    """`mode`: how it answers from now on; drop: takes the mail and hangs up, reset: hangs up at DATA."""

    port: int = 0
    mode: MailMode = "take"
    taken: list[Taken] = field(default_factory=list)
    tried: int = 0  # mails, refused ones included

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.mode == "550":
            self.tried += 1
            return _REPLIES["550"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        mode = self.mode
        self.tried += 1
        if mode == "reset":
            _abort(server)
            return "421 gone"
        if mode in _REPLIES:
            return _REPLIES[mode]
        self._keep(envelope, acknowledged=mode == "take")
        if mode == "drop":
            _abort(server)
            return "421 gone"
        deadline = time.monotonic() + HANGS_S
        while "hang" == mode == self.mode and time.monotonic() < deadline:  # noqa: ASYNC110  # another thread
            await asyncio.sleep(0.02)
        if mode == "hang":
            _abort(server)  # whoever still waits is told nothing
        return "250 taken"

    def _keep(self, envelope: Envelope, *, acknowledged: bool) -> None:
        assert isinstance(envelope.content, bytes)
        mail = cast("Any", message_from_bytes(envelope.content, policy=policy.default))
        text = mail.get_body(("plain",))
        self.taken.append(
            Taken(
                id=str(mail["Message-ID"]),
                to=", ".join(envelope.rcpt_tos),
                event=str(mail["X-Gql-Approvals-Event"]),
                subject=str(mail["Subject"]),
                body=str(text.get_content()) if text is not None else "",
                at=time.monotonic(),
                acknowledged=acknowledged,
            )
        )


def _abort(server: SMTP) -> None:
    transport = cast("asyncio.Transport", server.transport)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """An SMTP server on loopback, in a thread of its own."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aborted sessions are no news
    sink = MailSink(port=free_port())
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        sink.mode = "take"
        controller.stop()


@dataclass
class HandoverSink:
    """`mode`: how it answers from now on. `forged`: requests whose signature was wrong.

    503 asks to come again after a second; drop takes the body and hangs up, reset hangs up before.
    """

    port: int = 0
    mode: HandoverMode = "take"
    taken: list[Taken] = field(default_factory=list)
    forged: int = 0
    tried: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hand-over"

    @property
    def settings(self) -> dict[str, str]:
        return {"DELIVERY_URL": self.url, "DELIVERY_SECRET": SECRET}

    def keep(self, body: bytes, headers: dict[str, str], *, acknowledged: bool) -> bool:
        """Write down what has come; False when its signature is wrong."""
        if not _is_signed(body, headers):
            self.forged += 1
            return False
        self.taken.append(
            Taken(
                id=headers["webhook-id"],
                to=self.url,
                event="handover",
                subject="",
                body=json.loads(body),
                at=time.monotonic(),
                acknowledged=acknowledged,
            )
        )
        return True


def _is_signed(body: bytes, headers: dict[str, str]) -> bool:
    """As `Webhook.verify`, but whatever the time: the clock of the server under test may be an hour off."""
    try:
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    except (KeyError, ValueError):
        return False
    return any(hmac.compare_digest(expected, one) for one in headers.get("webhook-signature", "").split(" "))


class _Handler(BaseHTTPRequestHandler):
    sink: HandoverSink

    def do_POST(self) -> None:  # http.server's name
        sink, mode = self.sink, self.sink.mode
        sink.tried += 1
        if mode == "reset":
            self._hang_up()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        good = mode in {"500", "503", "410"} or sink.keep(body, headers, acknowledged=mode == "take")
        deadline = time.monotonic() + HANGS_S
        while "hang" == mode == sink.mode and time.monotonic() < deadline:
            time.sleep(0.02)
        if mode in {"drop", "hang"}:
            self._hang_up()
            return
        self._answer(int(mode) if mode != "take" else 204 if good else 401)

    def _answer(self, status: int) -> None:
        try:
            self.send_response(status)
            if status == 503:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            return  # the other side was killed meanwhile

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return  # hung up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Say nothing."""


@contextmanager
def handover_sink() -> Iterator[HandoverSink]:
    """A sending system on loopback, in threads of its own."""
    sink = HandoverSink()
    handler = type("Handler", (_Handler,), {"sink": sink})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # hung up on purpose
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        sink.port = server.server_address[1]
        yield sink
    finally:
        sink.mode = "take"
        server.shutdown()
        thread.join(10)
        server.server_close()
