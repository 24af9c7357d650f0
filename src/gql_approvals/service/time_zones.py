"""The time zones that an account may go by: those of this machine's IANA data."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_LENGTH = 64  # of the longest name that is stored


def is_time_zone(name: str) -> bool:
    """Whether there is a time zone of this name, such as Europe/Berlin; asked without a walk through all."""
    try:
        return len(name) <= MAX_LENGTH and bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
