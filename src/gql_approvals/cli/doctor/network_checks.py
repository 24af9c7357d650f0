"""Checks of the servers that ours talks to. Nothing is sent to anybody: no mail, no publication."""

import asyncio
import ssl
from urllib.parse import urlsplit

from gql_approvals.cli.doctor.finding import LIMIT_S, Finding, Ground, fine, warning, wrong
from gql_approvals.http.oidc import try_provider
from gql_approvals.persistence.address import hide_password
from gql_approvals.relay.smtp import Smtp

_PORTS = {"https": 443, "http": 80}
_ANSWER_S = LIMIT_S - 1  # within the limit of the whole check
_HERE = {"localhost", "localhost.localdomain"}


async def mail(ground: Ground) -> list[Finding]:
    """Whether the SMTP server takes us."""
    setting = ground.settings.mail
    if not setting.startswith("smtp"):
        said = {"outbox": "kept in the outbox and not sent", "console": "printed by the server"}[setting]
        if ground.settings.production:
            return [
                warning(
                    f"mails are {said}: nobody is told of anything",
                    "set GQL_APPROVALS_MAIL=smtp://user:password@host:port",
                )
            ]
        return [fine(f"mails are {said}")]
    failed = await Smtp(setting, timeout_s=_ANSWER_S).greet()
    if failed is not None:
        fix = "check host, port, user and password in GQL_APPROVALS_MAIL"
        return [wrong(f"{hide_password(setting)} does not work: {failed}", fix)]
    return [fine(f"{hide_password(setting)} answers{' and knows us' if '@' in setting else ''}")]


async def mail_texts(ground: Ground) -> list[Finding]:
    """Whether mails come from somewhere, and lead somewhere."""
    settings = ground.settings
    if not settings.mail.startswith("smtp"):
        return []
    findings: list[Finding] = []
    domain = settings.mail_from.rpartition("@")[2].rstrip(">").lower()
    if "." not in domain or domain in _HERE:
        findings.append(
            warning(
                f"mails come from `{settings.mail_from}`, which other servers refuse",
                "set GQL_APPROVALS_MAIL_FROM to an address of yours",
            )
        )
    if not settings.review_url:
        findings.append(
            warning(
                "mails have no link to the review",
                "set GQL_APPROVALS_REVIEW_URL to your review page, with `{campaign}`",
            )
        )
    elif "{campaign}" not in settings.review_url:
        findings.append(
            warning(
                "every mail has the same link, whatever it is about",
                "write `{campaign}` where its id belongs in GQL_APPROVALS_REVIEW_URL",
            )
        )
    return findings or [fine(f"from {settings.mail_from}, with a link to the review")]


async def delivery(ground: Ground) -> list[Finding]:
    """Whether the sending system can be reached; nothing is posted."""
    url = ground.settings.delivery_url
    if not url:
        if ground.settings.production:
            return [
                warning(
                    "approved campaigns are handed over to nobody",
                    "set GQL_APPROVALS_DELIVERY_URL to the sending system",
                )
            ]
        return [fine("approved campaigns are handed over to nobody")]
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_ANSWER_S):
            _, writer = await asyncio.open_connection(
                parts.hostname,
                parts.port or _PORTS[parts.scheme],
                ssl=ssl.create_default_context() if parts.scheme == "https" else None,
            )
    except (OSError, TimeoutError) as error:
        why = str(error) or f"no answer within {_ANSWER_S:g} s"
        fix = "check GQL_APPROVALS_DELIVERY_URL and the network"
        return [wrong(f"{hide_password(url)} cannot be reached: {why}", fix)]
    writer.transport.abort()
    return [fine(f"{hide_password(url)} can be reached")]


async def provider(ground: Ground) -> list[Finding]:
    """Whether the OpenID provider tells us its keys."""
    issuer = ground.settings.oidc_issuer
    if not issuer:
        return []
    failed = await try_provider(ground.settings)
    if failed is not None:
        return [wrong(f"the keys of {issuer} cannot be read: {failed}", "check GQL_APPROVALS_OIDC_ISSUER")]
    return [fine(f"{issuer} tells its keys")]
