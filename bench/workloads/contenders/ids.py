"""Ids as the API shows them, made and read as briefly as can be."""

import base64


def id_of(kind: str, key: int) -> str:
    """An id as the API shows it."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def key_of(text: str) -> int:
    """The number in it."""
    return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).partition(b":")[2])
