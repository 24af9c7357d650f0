"""The demo's own pages: what mail would say, what was handed over, and a sending system to hand it to.

For the demo only: they show every account's messages to whoever asks. Nothing here runs a script or leaves
the machine, and a mail's HTML is shown in a frame that may do nothing at all.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jinja2
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gql_approvals.http.dev_threads import threads_of, times_of, to_of
from gql_approvals.http.request_body import NotUnderstoodError, read_body
from gql_approvals.persistence import outbox, people
from gql_approvals.persistence.outbox import HANDOVER, MAIL, WEBHOOK, Message
from gql_approvals.relay.handover import body_of, webhook_of
from gql_approvals.relay.loop import mail_of
from gql_approvals.relay.mail import Unmailable
from gql_approvals.relay.text import paragraphs
from gql_approvals.service.delivery import HandoverFacts, handover_facts
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

SHOWN = 100  # messages in the list
KEPT_SHOWN = 30
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


def dev_routes(office: Callable[[], Office], settings: Settings) -> list[Route]:
    """The pages and the receiver; to be mounted in the demo only."""
    desk = _Desk(office, settings)
    return [
        Route("/dev/outbox", desk.outbox),
        Route("/dev/outbox/{id:int}", desk.message),
        Route("/dev/outbox/{id:int}/html", desk.html),
        Route("/dev/outbox/{id:int}/eml", desk.eml),
        Route("/dev/delivery", desk.receive, methods=["POST"]),
        Route("/dev/deliveries", desk.deliveries),
        Route("/dev/dev.css", _style),
    ]


class _Desk:
    def __init__(self, office: Callable[[], Office], settings: Settings) -> None:
        self._opened = office
        self._settings = settings

    async def outbox(self, _: Request) -> Response:
        """The newest messages, in threads."""
        threads = await threads_of(await outbox.newest(SHOWN), self._subject)
        return _page("outbox.html", threads=threads, shown=SHOWN)

    async def message(self, request: Request) -> Response:
        """One message."""
        message = await _found(request)
        user = message.payload.get("recipient")
        to = to_of(message, await people.users([user] if isinstance(user, int) else []))
        times = times_of(message.created_at, await people.account_by_id(message.account_id))
        shown = {"message": message, "state": message.state, "to": to, "times": times}
        subject = await self._subject(message) or message.key
        if message.kind == MAIL:
            mail = await self._mail(message)
            headers = [] if mail is None else [(name, paragraphs(str(value))) for name, value in mail.items()]
            return _page("mail.html", **shown, subject=subject, headers=headers, text=_text(mail))
        body = await self._handed_over(message)
        return _page("handover.html", **shown, subject=subject, body=body, url=self._settings.delivery_url)

    async def html(self, request: Request) -> Response:
        """A mail's HTML, to be shown in a frame."""
        mail = await self._mail(await _found(request))
        body = None if mail is None else mail.get_body(("html",))
        if body is None:
            raise HTTPException(404)
        return HTMLResponse(str(body.get_content()), headers=FRAME_HEADERS)

    async def eml(self, request: Request) -> Response:
        """A mail as it is sent, for a mail program."""
        message = await _found(request)
        mail = await self._mail(message)
        if mail is None:
            raise HTTPException(404)
        name = {"Content-Disposition": f'attachment; filename="mail-{message.id}.eml"'}
        return Response(mail.as_bytes(), media_type="message/rfc822", headers={**_COMMON, **name})

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
            for line in reversed(kept[-KEPT_SHOWN:])
        ]
        return _page("deliveries.html", lines=newest, count=len(kept))

    async def _subject(self, message: Message) -> str | None:
        """What a message is called; None for a mail that nobody gets."""
        if message.kind == HANDOVER:
            facts = await self._publication(message)
            return None if facts is None else f"{facts.name} (revision {facts.revision})"
        if message.kind == WEBHOOK:
            return to_of(message, {})
        mail = await self._mail(message)
        return None if mail is None else str(mail["Subject"])

    async def _handed_over(self, message: Message) -> str:
        """What the other side gets, or what the outbox holds."""
        facts = await self._publication(message) if message.kind == HANDOVER else None
        body = message.payload if facts is None else body_of(facts)
        return json.dumps(body, indent=2, ensure_ascii=False)

    async def _publication(self, message: Message) -> HandoverFacts | None:
        try:
            return await handover_facts(self._opened(), message)
        except LookupError:
            return None

    async def _mail(self, message: Message) -> EmailMessage | None:
        """The mail as it is sent; None when nobody is to be told, nobody can be, or its campaign is gone."""
        if message.kind != MAIL:
            return None
        try:
            return await mail_of(self._opened(), self._settings, message)
        except (Unmailable, LookupError):
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
