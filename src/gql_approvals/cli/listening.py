"""The socket, and the processes that serve on it."""

import errno
import os
import signal
import socket
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, cast

import click

from gql_approvals.cli.output import CannotStart
from gql_approvals.settings import from_environment, name_of

if TYPE_CHECKING:
    from uvicorn import Config

FACTORY = "gql_approvals.app:from_environment"
_SHUTDOWN_S = 3  # running requests may end within this; see ending.LIMIT_S
_BACKLOG = 2048
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help=f"Processes; by default what {name_of('workers')} says.",
)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that all workers share; from now on clients wait instead of being refused.

    Raises:
        CannotStart: when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends answers at once (TCP_NODELAY) only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _unusable(host, port, error) from error
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds it: `http://127.0.0.1:8000`."""
    host, port = cast("tuple[str, int]", listener.getsockname()[:2])
    anywhere: dict[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not bound
    host = anywhere.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(listener: socket.socket, workers: int) -> None:
    """Serve until SIGINT or SIGTERM; every worker reads its settings from the environment."""
    import uvicorn

    from gql_approvals import logs
    from gql_approvals.http.request_body import MAX_BODY
    from gql_approvals.observability.shared_figures import shared_folder

    os.environ[name_of("workers")] = str(workers)
    settings = from_environment()
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=workers,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MAX_BODY,
        ws_per_message_deflate=False,
        server_header=False,
        access_log=False,  # http/calls.py writes it
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        log_config=logs.configuration(settings.log),
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(shared_folder(wanted=workers > 1 and settings.serves_metrics))
        except OSError as error:
            raise CannotStart(f"the workers' figures have no place: {error}") from error
        _run(config, listener, workers)


def _run(config: "Config", listener: socket.socket, workers: int) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    if workers > 1:
        Multiprocess(config, sockets=[listener]).run()
        return
    signal.signal(signal.SIGTERM, _asked_for_and_done)
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return  # asked for with Ctrl-C, and done
    if not server.started:
        raise click.exceptions.Exit(2)


def _asked_for_and_done(_number: int, _frame: FrameType | None) -> None:
    """What uvicorn's signal does when uvicorn, having obeyed it, passes it on."""
    raise SystemExit(0)


def _unusable(host: str, port: int, error: OSError) -> CannotStart:
    match error.errno:
        case errno.EADDRINUSE:
            message = (
                f"port {port} of {host} is taken: stop what listens there, or choose another with --port"
            )
        case errno.EACCES:
            message = f"port {port} needs privileges: choose one above 1023 with --port"
        case _:
            message = f"cannot listen on {host}, port {port}: {error.strerror}; choose another with --host"
    return CannotStart(message)
