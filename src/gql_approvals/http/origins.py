"""Which web pages may open a socket; browsers ask nobody before they do, unlike for requests (CORS)."""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def may_connect(headers: Mapping[str, str], allowed: Collection[str]) -> bool:
    """Whether the page that asks is an allowed one, or this server's own; programs name no page.

    `allowed`: the setting that CORS follows as well, such as `https://app.example`.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin.rstrip("/").lower() in {one.lower() for one in allowed} or _is_own(
        origin, headers.get("host", "")
    )


def _is_own(origin: str, host: str) -> bool:
    """Whether it is of this host, whichever scheme a proxy in between has taken off."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower() != ""
