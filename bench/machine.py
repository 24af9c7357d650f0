"""What figures depend on."""

import os
import platform
from datetime import UTC, datetime
from typing import Any


def cores() -> int:
    """How many cores may be used."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """The machine in a few words."""
    return f"{platform.machine()}, {cores()} cores, {platform.system()}, Python {platform.python_version()}"


def conditions(**more: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """When and where something was measured. `load`: how many processes wanted a core in the last minute."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        **more,
    }
