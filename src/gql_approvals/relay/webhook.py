"""Webhooks: an event, signed by Standard Webhooks 1.0, posted to a receiver that an account chose.

The name of the receiver is resolved once, every address it stands for is judged, and the connection goes to a
judged address: a name that means something else a moment later changes nothing. What is posted and how it is
checked is written down in docs/webhooks.md.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import httpx
from standardwebhooks.webhooks import Webhook as Signer

from gql_approvals.persistence import webhooks
from gql_approvals.persistence.outbox import Message
from gql_approvals.persistence.webhooks import Webhook
from gql_approvals.relay import answers
from gql_approvals.relay.handover import signed_headers
from gql_approvals.relay.lane import Deliver
from gql_approvals.relay.outcome import Failed, Gone, Outcome, Refused
from gql_approvals.service.perform import Office
from gql_approvals.service.reach import Place, Reach, Unreachable
from gql_approvals.workflow.content import Json, canonical

TIMEOUT_S = 15.0
CONNECT_S = 5.0  # so that time is left for the next of several addresses
MAX_ADDRESSES = 4  # that are tried of a name's
_GONE = 410
_SIGNATURE = "webhook-signature"

# Threads of their own: a name server that hangs must not delay who else looks up names.
_RESOLVERS = ThreadPoolExecutor(32, thread_name_prefix="webhook-names")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Poster:
    """Posts to webhooks. `resolve`: a name and a port → IP addresses. `timeout_s` covers a whole exchange."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        reach: Reach,
        *,
        resolve: "Resolve | None" = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._client = client
        self._reach = reach
        self._resolve = resolve or addresses_of
        self._timeout_s = timeout_s

    async def __call__(self, webhook: Webhook, key: str, body: dict[str, Json], now: datetime) -> Outcome:
        """Post the event; the receiver has it when it answers 2xx."""
        answer = await self.exchange(webhook, key, body, now)
        return answer if isinstance(answer, Failed) else outcome_of(answer)

    async def exchange(
        self, webhook: Webhook, key: str, body: dict[str, Json], now: datetime
    ) -> httpx.Response | Failed:
        """Post the event and return the answer, whose body is not read; Failed when there was none."""
        content = canonical(body)
        headers = headers_of(webhook, key, content.decode(), now)
        try:
            async with asyncio.timeout(self._timeout_s):
                place = self._reach.place(webhook.url)
                return await self._post(place, await self._judged(place), content, headers)
        except Unreachable as error:
            return Failed(f"the address {error}")
        except TimeoutError:
            return Failed(f"no answer within {self._timeout_s:g} s")
        except (OSError, UnicodeError) as error:
            return Failed(f"the name cannot be resolved: {error}")
        except httpx.HTTPError as error:
            return Failed(f"{type(error).__name__}: {error}")

    async def _judged(self, place: Place) -> list[str]:
        """The addresses of the place, each of which may be called.

        Raises:
            Unreachable: when one of them may not.
            OSError: when it has none.
        """
        found = list(dict.fromkeys(await self._resolve(place.host, place.port)))
        for address in found:
            self._reach.check(place.host, ipaddress.ip_address(address))
        if not found:
            raise OSError("it has no address")
        return found[:MAX_ADDRESSES]

    async def _post(
        self, place: Place, addresses: Sequence[str], content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        """Post to the first address that takes the connection; nothing is sent twice."""
        *others, last = addresses
        for address in others:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post_to(place, address, content, headers)
        return await self._post_to(place, last, content, headers)

    async def _post_to(
        self, place: Place, address: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        async with (
            self._client.stream(  # streamed, so that no answer is too long to read: only its head counts
                "POST",
                place.url.copy_with(host=address),
                content=content,
                headers={**headers, "host": place.url.netloc.decode("ascii")},
                extensions={"sni_hostname": place.host},  # whom the certificate must name
            ) as answer
        ):
            return answer


def client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client that goes where it is told: no redirects, no proxy from the environment."""
    return httpx.AsyncClient(
        transport=transport or _transport(),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S, pool=None),
    )


def _transport() -> httpx.AsyncHTTPTransport:
    """Connections are not kept: one that was verified for a name must not serve another at that address."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(verify=answers.trusted(), limits=limits, trust_env=False)


async def addresses_of(host: str, port: int) -> list[str]:
    """What the machine's resolver says, in the order in which it would connect.

    Raises:
        OSError: when the name is unknown.
    """
    loop = asyncio.get_running_loop()
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(_RESOLVERS, look_up)
    return [str(address[0]) for *_, address in found]


def headers_of(webhook: Webhook, key: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret that signs now."""
    signed = [signed_headers(Signer(secret), key, body, now) for secret in webhook.signing(now)]
    return {
        **signed[0],
        _SIGNATURE: " ".join(headers[_SIGNATURE] for headers in signed),
        "user-agent": "gql-approvals",
    }


def outcome_of(answer: httpx.Response) -> Outcome:
    """What an answer means, that of a receiver that wants no more included."""
    if answer.status_code == _GONE:
        return Gone("the receiver answered 410 Gone")
    return answers.outcome_of(answer)


def delivery(office: Office, post: Poster) -> Deliver:
    """How an event is delivered to its webhook, as that is now."""

    async def deliver(message: Message) -> Outcome:
        webhook = await webhooks.one(message.webhook or 0)
        if webhook is None or webhook.disabled_at is not None:
            return Refused("the webhook was removed or disabled")
        return await post(webhook, message.key, message.payload, office.now())

    return deliver
