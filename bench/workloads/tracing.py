"""`python -m bench.workloads.tracing FILE MODULE …`: run a module, and write down every SQLite statement."""

import runpy
import sqlite3
import sys
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Become that module."""
    _, place, module, *arguments = sys.argv
    file = open(place, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123  # until this process ends

    def told(statement: str) -> None:
        file.write(f"TRACED {' '.join(statement.split())}\n")

    sqlite3.connect = sqlite3.dbapi2.connect = _traced(sqlite3.connect, told)  # type: ignore[assignment]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _traced(connect: Callable[..., Any], told: Callable[[str], None]) -> Callable[..., Any]:
    def connected(*given: Any, **named: Any) -> Any:  # noqa: ANN401  # as `sqlite3.connect` takes it
        made = connect(*given, **named)
        made.set_trace_callback(told)
        return made

    return connected


if __name__ == "__main__":
    main()
