"""`python -m bench.workloads.contenders NAME URL PORT`: serve one of the two that are not the product."""

import sys
from importlib import import_module

import uvicorn

MODULES = {"idiomatic": "idiomatic.schema", "hand-written": "hand_written"}


def main() -> None:
    """Serve until somebody ends it."""
    name, url, port = sys.argv[1:]
    module = import_module(f"bench.workloads.contenders.{MODULES[name]}")
    uvicorn.run(
        module.application(url), host="127.0.0.1", port=int(port), access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
