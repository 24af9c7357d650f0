"""Opaque global ids: what clients, the audit chain, mails and webhooks call an object."""

import base64
import binascii

MAX_KEY = 2**63 - 1


def global_id(kind: str, key: int) -> str:
    """The id of an object as the API shows it: URL-safe base64 of `Kind:key`, without padding."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def parse_global_id(text: str) -> tuple[str, int] | None:
    """Read a global id back; None for anything that `global_id` cannot have made."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    kind, _, digits = raw.partition(":")
    if not digits.isdigit() or len(digits) > len(str(MAX_KEY)):
        return None
    key = int(digits)
    return (kind, key) if key <= MAX_KEY and global_id(kind, key) == text else None
