"""`mail send-test`: one sample mail through the configured mail server, and what the server said."""

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from gql_approvals.cli.output import CannotStart, format_option, show
from gql_approvals.settings import Settings, from_environment
from gql_approvals.workflow.vocabulary import Channel

if TYPE_CHECKING:
    from gql_approvals.relay.outcome import Outcome

_NAME = "Test mail: nothing to review"
# how a failure begins → what to look at
_HINTS = {
    "5": "the server says no for good; the code and the words are its own",
    "4": "the server says not now; try again in some minutes",
    "535": "user or password are wrong in GQL_APPROVALS_MAIL; write special letters in them as %40 for `@`",
    "530": "the server wants a login, or TLS: smtp://user:password@host:587, or smtps://…:465",
    "no answer": "is it that host and port? a firewall swallows the connection, or `smtps://` fits the port",
    "SMTPConnectError": "nothing listens there, or the name is unknown: check host and port",
    "SMTPServerDisconnected": "the server hung up: `smtps://` begins with TLS, `smtp://` does not",
    "SMTPException": "is TLS spoken there? `smtps://` begins with it, `smtp://` does not",
    "SSL": "the server's certificate is not good for that name",
}


@click.command(name="send-test")
@click.argument("address")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0.1, 300), default=30.0, show_default=True,
    help="Seconds to wait for the server.",
)  # fmt: skip
@format_option
def send_test(address: str, timeout_s: float, form: str) -> None:
    """Send a sample mail, and say what the server answered.

    To ADDRESS, through GQL_APPROVALS_MAIL. Exits with 1 when the server did not take the mail. Needs no
    database.
    """
    from gql_approvals.relay.smtp import transport_of

    settings = from_environment()
    if settings.mail == "outbox":
        what = "GQL_APPROVALS_MAIL is `outbox`: mails are kept and none is sent"
        raise CannotStart(f"{what}; set it to `smtp://user:password@host:port`")
    mail = _mail(settings, address)
    transport = transport_of(settings.mail, timeout_s=timeout_s)

    async def run() -> "Outcome":
        return await transport(mail)

    outcome = asyncio.run(run())
    if settings.mail != "console":
        _report(settings, address, outcome, form)


def _mail(settings: Settings, address: str) -> EmailMessage:
    """The mail, or what is wrong with one of its two addresses."""
    from gql_approvals.relay.mail import Unmailable, address_of
    from gql_approvals.relay.samples import sample
    from gql_approvals.service.delivery import SUBMITTED, Person

    try:
        address_of(parseaddr(settings.mail_from)[1])
    except Unmailable as error:
        raise CannotStart(f"GQL_APPROVALS_MAIL_FROM: {error}; set it to `approvals@your.domain`") from error
    person = Person(name=address.partition("@")[0], email=address)
    try:
        return sample(
            SUBMITTED, Channel.EMAIL, datetime.now(UTC), recipient=person, sender=settings.mail_from,
            review_url=settings.review_url, name=_NAME,
        )  # fmt: skip
    except Unmailable as error:
        raise click.BadParameter(str(error), param_hint="ADDRESS") from error


def _report(settings: Settings, address: str, outcome: "Outcome", form: str) -> None:
    from gql_approvals.relay.outcome import Delivered, Failed, Refused
    from gql_approvals.relay.text import one_line

    server = _server(settings.mail)
    match outcome:
        case Delivered(answer):
            said = one_line(answer)
            data = {"server": server, "to": address, "taken": True, "answer": said}
            show(data, f"{server} took the mail to {address}: {said}", form)
        case Failed(error) | Refused(error):
            said = one_line(error, 500)
            if form == "json":
                show({"server": server, "to": address, "taken": False, "answer": said}, "", form)
            raise click.ClickException(
                f"{server} did not take the mail to {address}: {said}\n  {_hint(said)}"
            )
        case _:
            raise LookupError(outcome)


def _server(url: str) -> str:
    """Scheme, host and port, without the password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _hint(said: str) -> str:
    """What fits best: the longest beginning that is known."""
    fitting = [start for start in _HINTS if said.startswith(start)]
    return _HINTS[max(fitting, key=len)] if fitting else "is it that host and port?"
