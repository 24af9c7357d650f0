"""What hand-overs and webhooks have in common: what an HTTP answer means, and whose certificates count."""

import ssl
from datetime import timedelta

import httpx

from gql_approvals.relay.outcome import Delivered, Failed

_BUSY = frozenset({429, 503})


def outcome_of(answer: httpx.Response) -> Delivered | Failed:
    """What an answer means; its body means nothing."""
    status = answer.status_code
    if 200 <= status < 300:  # noqa: PLR2004  # 2xx
        return Delivered()
    if answer.is_redirect:
        return Failed(f"answered {status}: redirects are not followed")
    wait = _wait_of(answer.headers.get("retry-after", "")) if status in _BUSY else None
    return Failed(f"answered {status}", wait)


def trusted() -> ssl.SSLContext:
    """The authorities of the web, and those that this machine trusts, for receivers inside."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _wait_of(text: str) -> timedelta | None:
    """What the receiver asks for in seconds; the form with a date is not heeded."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  # thirty years
        return None
    return timedelta(seconds=int(text))
