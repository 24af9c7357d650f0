"""The demo's own pages: what mail would say, what was handed over, and a sending system to hand it to.

For the demo only: they show every account's messages to whoever asks. Nothing here runs a script or leaves
the machine, and a mail's HTML is shown in a frame that may do nothing at all.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jinja2
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gql_approvals.http.request_body import NotUnderstoodError, read_body
from gql_approvals.persistence import outbox, people
from gql_approvals.persistence.outbox import HANDOVER, MAIL, Message
from gql_approvals.relay.handover import body_of, webhook_of
from gql_approvals.relay.loop import mail_of
from gql_approvals.relay.mail import Unmailable
from gql_approvals.relay.text import paragraphs
from gql_approvals.service.delivery import handover_facts
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

SHOWN = 30
DELIVERIES = "deliveries.jsonl"
_HERE = Path(__file__).parent
_COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
PAGE_HEADERS = {
    **_COMMON,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}
# Mails carry their style with them; without scripts, forms and foreign requests that is all it can do.
FRAME_HEADERS = {
    **_COMMON,
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A message in the list."""

    id: int
    kind: str
    state: str
    to: str
    subject: str
    message: Message


def dev_routes(office: Callable[[], Office], settings: Settings) -> list[Route]:
    """The pages and the receiver; to be mounted in the demo only."""
    desk = _Desk(office, settings)
    return [
        Route("/dev/outbox", desk.outbox),
        Route("/dev/outbox/{id:int}", desk.message),
        Route("/dev/outbox/{id:int}/html", desk.html),
        Route("/dev/delivery", desk.receive, methods=["POST"]),
        Route("/dev/deliveries", desk.deliveries),
        Route("/dev/dev.css", _style),
    ]


class _Desk:
    def __init__(self, office: Callable[[], Office], settings: Settings) -> None:
        self._opened = office
        self._settings = settings

    async def outbox(self, _: Request) -> Response:
        """The newest messages."""
        found = await outbox.newest(SHOWN)
        return _page("outbox.html", lines=[await self._line(message) for message in found], shown=SHOWN)

    async def message(self, request: Request) -> Response:
        """One message."""
        message = await _found(request)
        line = await self._line(message)
        if message.kind == HANDOVER:
            facts = await handover_facts(self._opened(), message)
            body = json.dumps(body_of(facts), indent=2, ensure_ascii=False)
            return _page("handover.html", line=line, body=body, to=self._settings.delivery_url)
        mail = await self._mail(message)
        headers = [] if mail is None else [(name, paragraphs(str(value))) for name, value in mail.items()]
        return _page("mail.html", line=line, headers=headers, text=_text(mail))

    async def html(self, request: Request) -> Response:
        """A mail's HTML, to be shown in a frame."""
        mail = await self._mail(await _found(request))
        body = None if mail is None else mail.get_body(("html",))
        if body is None:
            raise HTTPException(404)
        return HTMLResponse(str(body.get_content()), headers=FRAME_HEADERS)

    async def receive(self, request: Request) -> Response:
        """A sending system: verify, keep each delivery once, and answer."""
        folder = self._opened().state_folder
        if folder is None or not self._settings.delivery_secret:
            raise HTTPException(503, "there is nowhere to keep deliveries, or no secret to verify them by")
        body = await _body(request)
        try:
            webhook = webhook_of(self._settings.delivery_secret)
            content = webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError, RecursionError):
            raise HTTPException(401, "the signature does not fit") from None
        line = {
            "id": request.headers["webhook-id"],
            "receivedAt": self._opened().now().isoformat(),
            "body": content,
        }
        stored = await asyncio.to_thread(_keep, folder / DELIVERIES, line)
        return JSONResponse({"stored": stored})

    async def deliveries(self, _: Request) -> Response:
        """What the receiver has kept, newest first."""
        folder = self._opened().state_folder
        kept = [] if folder is None else await asyncio.to_thread(_kept, folder / DELIVERIES)
        newest = [
            {**line, "text": json.dumps(line["body"], indent=2, ensure_ascii=False)}
            for line in reversed(kept[-SHOWN:])
        ]
        return _page("deliveries.html", lines=newest, count=len(kept))

    async def _line(self, message: Message) -> _Line:
        describe: Callable[[Message], Awaitable[tuple[str, str]]] = (
            self._publication if message.kind == HANDOVER else self._letter
        )
        try:
            to, subject = await describe(message)
        except LookupError:
            to, subject = "—", message.key
        state = "delivered" if message.delivered_at else "dropped" if message.dropped_at else "waiting"
        return _Line(id=message.id, kind=message.kind, state=state, to=to, subject=subject, message=message)

    async def _letter(self, message: Message) -> tuple[str, str]:
        mail = await self._mail(message)
        if mail is not None:
            return str(mail["To"]), str(mail["Subject"])
        user = message.payload.get("recipient")
        found = await people.users([user] if isinstance(user, int) else [])
        to = ", ".join(person.email for person in found.values())
        return to or "—", f"{message.payload.get('event')}: not told"

    async def _publication(self, message: Message) -> tuple[str, str]:
        facts = await handover_facts(self._opened(), message)
        return "the sending system", f"{facts.name} (revision {facts.revision})"

    async def _mail(self, message: Message) -> EmailMessage | None:
        """The mail as it is sent; None when nobody is to be told, or nobody can be."""
        if message.kind != MAIL:
            return None
        try:
            return await mail_of(self._opened(), self._settings, message)
        except Unmailable:
            return None


async def _style(_: Request) -> Response:
    return FileResponse(_HERE / "static" / "dev" / "dev.css", headers=_COMMON)


async def _found(request: Request) -> Message:
    message = await outbox.one(min(request.path_params["id"], 2**63 - 1))
    if message is None:
        raise HTTPException(404)
    return message


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request)
    except NotUnderstoodError as error:
        raise HTTPException(error.status, error.message) from None


def _text(mail: EmailMessage | None) -> str:
    body = None if mail is None else mail.get_body(("plain",))
    return "" if body is None else str(body.get_content())


def _keep(file: Path, line: Mapping[str, Any]) -> bool:
    """Append the line unless one with its id is there; it is on disk when this returns."""
    with file.open("a+", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # other workers append to the same file
        stream.seek(0)
        if any(json.loads(known)["id"] == line["id"] for known in stream):
            return False
        stream.write(json.dumps(line) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return True


def _kept(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _page(name: str, **shown: object) -> HTMLResponse:
    return HTMLResponse(_TEMPLATES.get_template(name).render(shown), headers=PAGE_HEADERS)


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates" / "dev"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
