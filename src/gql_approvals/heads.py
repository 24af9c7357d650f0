"""The driver that tells the heads of audit chains to the log, and to whom an operator has named.

Any number may run at once: all of them together tell a head once.
"""

import asyncio
import logging
from datetime import timedelta

from gql_approvals.service.audit_heads import HEAD, heads_to_tell
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

LOOK_S = 5.0
LOG = "log"
_log = logging.getLogger(__name__)


async def tell_heads(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Tell each head that has moved, every `settings.audit_heads_s` seconds, until `stop` is set.

    The demo tells none: its tokens are public, and its trail proves nothing.
    """
    places = () if settings.demo else settings.audit_heads
    every = timedelta(seconds=settings.audit_heads_s)
    addresses = [place for place in places if place != LOG]
    trouble = Trouble(_log, "heads")
    while places and not stop.is_set():
        try:
            async for head in heads_to_tell(office, every, addresses):
                if LOG in places:
                    fields = {"account": head.account, "seq": head.seq, "hash": head.hash}
                    _log.info(HEAD, extra=fields)
            trouble.over()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next look may succeed
            trouble.met(error)
        await rest(stop, min(LOOK_S, settings.audit_heads_s))
