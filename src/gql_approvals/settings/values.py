"""How the text of a setting is read: one function for each form, which says what it must be instead.

All of them raise `ValueError`; the message says what the value must be.
"""

import base64
import binascii
import re
from ipaddress import ip_network
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

MIN_SECRET, MAX_SECRET = 24, 64  # bytes; Standard Webhooks 1.0
_HOST = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
MIN_TOKEN = 16  # characters
Switch: TypeAlias = bool | Literal["auto"]
MAX_ISSUER = 255  # as the database keeps it
# Signatures with a key that only the provider has: not `none`, and no HS256,
# whose key we would share.
SIGNATURES = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)


def words(value: str) -> str:
    """Any text."""
    return value.strip()


def yes(value: str) -> bool:
    """A switch."""
    meant = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if value.strip().lower() not in meant:
        raise ValueError("say `true` or `false`")
    return meant[value.strip().lower()]


def unless_in_production(value: str) -> Switch:
    """A switch, or `auto`: on unless in production."""
    return "auto" if value.strip().lower() == "auto" else yes(value)


def whole(value: str) -> int:
    """A number that may be 0."""
    if not value.strip().isdecimal():
        raise ValueError("must be a whole number, zero or more")
    return int(value)


def some(value: str) -> int:
    """A number of at least 1."""
    if not value.strip().isdecimal() or int(value) < 1:
        raise ValueError("must be a whole number, 1 or more")
    return int(value)


def seconds(value: str) -> float:
    """A time in seconds, at most an hour."""
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 < number <= 3600:  # noqa: PLR2004  # an hour
        raise ValueError("must be a number of seconds above 0, up to 3600")
    return number


def web(value: str) -> str:
    """An address of the web."""
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as `https://sender.example/hand-over`")
    return value.strip()


def mail(value: str) -> str:
    """Where mails go."""
    text = value.strip()
    if text in {"outbox", "console"}:
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be `outbox`, `console` or `smtp://user:password@host:port`")
    return text


def log(value: str) -> str:
    """The form of log records."""
    text = value.strip().lower()
    if text not in {"text", "json"}:
        raise ValueError("must be `text` or `json`")
    return text


def heads(value: str) -> tuple[str, ...]:
    """Where heads of the audit trail are told."""
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    for item in items:
        name, _, host = item.partition("@")
        if item != "log" and (not name or not host or "@" in host or not item.isprintable() or " " in item):
            raise ValueError("must be `log`, mail addresses, or both, separated by commas")
    return items


def secret(value: str) -> str:
    """A key that signs, as Standard Webhooks writes it."""
    text = value.strip()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith("whsec_") or not MIN_SECRET <= len(key) <= MAX_SECRET:
        raise ValueError("must be `whsec_` and 24 to 64 bytes in base64")
    return text


def token(value: str) -> str:
    """A bearer token."""
    text = value.strip()
    if not (text.isascii() and text.isprintable()) or " " in text or len(text) < MIN_TOKEN:
        raise ValueError(f"must be at least {MIN_TOKEN} letters, digits and signs, such as 32 random ones")
    return text


def is_secure(url: str) -> bool:
    """Whether nobody between us and this address can read or change anything: https, or this very machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.hostname) and (parts.scheme == "https" or here) and "@" not in parts.netloc


def issuer(value: str) -> str:
    """An identity provider, exactly as its tokens name it."""
    text = value.strip()  # else as it is: tokens must say exactly the same
    if not is_secure(text) or urlsplit(text).query or urlsplit(text).fragment or len(text) > MAX_ISSUER:
        raise ValueError("must be the provider's issuer, such as `https://login.example/realms/acme`")
    return text


def algorithms(value: str) -> tuple[str, ...]:
    """Ways of signing that are accepted."""
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names or not set(names) <= set(SIGNATURES):
        raise ValueError(f"must be some of {', '.join(SIGNATURES)}: nothing else proves who signed")
    return names


def origins(value: str) -> tuple[str, ...]:
    """Pages that may call."""
    return tuple(web(item).rstrip("/") for item in value.split(",") if item.strip())


def allowed(value: str) -> tuple[str, ...]:
    """Hosts and networks."""
    items = tuple(item.strip().lower().rstrip(".") for item in value.split(",") if item.strip())
    for item in items:
        try:
            ip_network(item)
        except ValueError:
            if not _HOST.fullmatch(item) or item.split(".")[-1].isdecimal():
                raise ValueError("must be hosts and networks such as `n8n.internal, 10.1.0.0/16`") from None
    return items


def proxies(value: str) -> tuple[str, ...]:
    """Addresses and networks."""
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    for item in items:
        try:
            ip_network(item)
        except ValueError:
            raise ValueError("must be addresses and networks such as `127.0.0.1, 10.0.0.0/8`") from None
    return items
