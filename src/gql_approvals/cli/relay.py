"""`relay`: a process that delivers and serves nothing."""

import asyncio
import logging
import os
import signal
import threading

import click

from gql_approvals.settings import Settings, apply_to_environment, from_environment

STOP_S = 5.0  # what is not over by then is left: its lease ends, and another relay delivers it
_log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Deliver what is due, and end; for cron.")
def relay(*, once: bool) -> None:
    """Deliver mails, hand-overs and webhooks.

    Runs until SIGTERM or SIGINT, beside servers and other relays on any number of nodes: they share the work.
    A server delivers, too, unless its GQL_APPROVALS_RELAY is off. What is being sent is finished, within six
    seconds. Needs the policy files, which say who may be told.
    """
    from gql_approvals import logs

    settings = from_environment()
    apply_to_environment(settings)  # the policy's examination runs in a process of its own
    logs.configure(settings.log)
    logging.getLogger("gql_approvals.relay").setLevel(logging.DEBUG)  # each delivery, which is all it does
    asyncio.run(_run(settings, once=once))


async def _run(settings: Settings, *, once: bool) -> None:
    from gql_approvals.app import deliver

    stop = _stop()
    await deliver(settings, stop, once=once)
    if stop.is_set():
        os._exit(0)  # else a thread that still looks up a name would be waited for


def _stop() -> asyncio.Event:
    """What is set by SIGTERM and SIGINT; from then on the process ends within `STOP_S`."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        if not stop.is_set():
            _log.info("relay:stops")
            stop.set()
            # Neither a dead database nor a name server that hangs may hold up the end.
            last = threading.Timer(STOP_S, os._exit, (0,))
            last.daemon = True
            last.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return stop
