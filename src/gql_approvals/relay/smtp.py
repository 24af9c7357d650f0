"""Where mails go: an SMTP server, the terminal, or nowhere but the outbox.

The SMTP server's recipients are named explicitly, one for each mail: nothing in a header adds another.
"""

import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import TextIO
from urllib.parse import unquote, urlsplit

import aiosmtplib

from gql_approvals.relay.outcome import Delivered, Failed, Outcome, Refused

TIMEOUT_S = 30.0
_QUIT_S = 2.0
_PERMANENT = range(500, 600)
_TAKEN = 250  # the one code that means so, RFC 5321
_UNPRINTABLE = re.compile(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f]")

Transport = Callable[[EmailMessage], Awaitable[Outcome]]


def transport_of(mail: str, *, timeout_s: float = TIMEOUT_S) -> Transport:
    """What the setting GQL_APPROVALS_MAIL names: `outbox`, `console`, or an `smtp(s)://` address."""
    if mail == "outbox":
        return keep
    if mail == "console":
        return Console(sys.stdout)
    return Smtp(mail, timeout_s=timeout_s)


async def keep(mail: EmailMessage) -> Outcome:
    """Send nothing: the mail is shown from the outbox."""
    del mail
    return Delivered()


class Console:
    """Writes each mail's text to a stream, without anything a terminal would obey."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    async def __call__(self, mail: EmailMessage) -> Outcome:
        """Show the mail."""
        body = mail.get_body(("plain",))
        text = "" if body is None else str(body.get_content())
        lines = f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{text}"
        self._stream.write(_UNPRINTABLE.sub(" ", lines) + "\n")
        self._stream.flush()
        return Delivered()


class Smtp:
    """Sends each mail over a connection of its own; `timeout_s` covers all of it.

    `smtp://` goes over to TLS when the server offers it, `smtps://` begins with it; certificates are checked.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout_s = timeout_s

    async def __call__(self, mail: EmailMessage) -> Outcome:
        """Send the mail to the one address in its To header."""
        to = mail["To"].addresses[0].addr_spec
        sender = mail["From"].addresses[0].addr_spec
        try:
            answer = await self._send(mail, sender, to)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refusal(error.recipients[0])
        except aiosmtplib.SMTPDataError as error:
            return _refusal(error)
        except TimeoutError:
            return Failed(f"no answer within {self._timeout_s:g} s")
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
            return Failed(_text(error))
        return Delivered(f"{_TAKEN} {answer}")

    async def greet(self) -> str | None:
        """Connect, go over to TLS where it is offered, sign in and leave; gives what failed."""
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout_s):
                await client.connect()
                await client.quit()
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s"
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
            return _text(error)
        finally:
            client.close()
        return None

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=self._timeout_s,
        )

    async def _send(self, mail: EmailMessage, sender: str, to: str) -> str:
        client = self._client()
        options = [] if to.isascii() else ["SMTPUTF8"]
        # In a thread, since long names take half a second to fold: requests do not wait for that.
        raw = await asyncio.to_thread(mail.as_bytes)
        try:
            async with asyncio.timeout(self._timeout_s):
                await client.connect()
                _, answer = await client.sendmail(sender, [to], raw, mail_options=options)
            # The server has the mail: whatever becomes of the farewell, it is delivered.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(_QUIT_S):
                    await client.quit()
        finally:
            client.close()
        return answer


def _refusal(error: aiosmtplib.SMTPResponseException) -> Outcome:
    """What the server says about this recipient or this mail: 5xx is final, by RFC 5321."""
    return Refused(_text(error)) if error.code in _PERMANENT else Failed(_text(error))


def _text(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}"
