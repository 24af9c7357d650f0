"""A client that knows its connections: which worker each one leads to, and whether an answer came.

HTTP is written by hand, because the tests race two connections at one instant, close them in the middle of
a request, and must never send a request twice without knowing it.
"""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass, field
from typing import Any

from tests.server.server_process import ServerProcess

CAMPAIGN = "id name status version authorisation head { number contentHash }"
DETAILS = {
    "approveCampaign": "... on AlreadyDecided { verdict by { name } at }",
    "rejectCampaign": "... on AlreadyDecided { verdict by { name } at }",
    "disableApprovals": "... on DisableApprovalsPayload { approved expired }",
    "enableApprovals": "... on EnableApprovalsPayload { account { approvalsEnabled } }",
    "recordDeliveryMetrics": "... on RecordDeliveryMetricsPayload { publication { id } }",
    "addComment": "... on AddCommentPayload { comment { id body } }",
    "addMember": "... on AddMemberPayload { member { id roles active } }",
    "assignRoles": "... on AssignRolesPayload { member { id roles active } }",
    "disableMember": "... on DisableMemberPayload { member { id roles active } }",
    "enableMember": "... on EnableMemberPayload { member { id roles active } }",
    "updateAccount": "... on UpdateAccountPayload { account { name } }",
}
WITHOUT_CAMPAIGN = frozenset(DETAILS) - {"approveCampaign", "rejectCampaign"}
ANSWER_S = 60
_STALE_S = 3.0  # the server closes connections that were idle for 5 s


class NoAnswer(Exception):
    """The connection ended before the answer was complete: whether anything happened is unknown."""


@dataclass
class Wire:
    """One connection. Not to be used by two at once."""

    port: int
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _used: float = 0
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def post(self, token: str, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Post a GraphQL request and return the whole body of an answer with status 200.

        Raises:
            NoAnswer: when the server hung up.
        """
        async with self._busy:
            await self.send(token, document, variables)
            return await self.answer()

    async def send(self, token: str, document: str, variables: dict[str, Any], *, part: float = 1) -> None:
        """Write a request, or only the first `part` of it."""
        await self._open()
        assert self._writer is not None
        data = request(token, document, variables)
        try:
            self._writer.write(data[: int(len(data) * part)])
            await self._writer.drain()
        except OSError as error:
            raise NoAnswer from error

    async def answer(self) -> dict[str, Any]:
        """Read the answer to what was sent."""
        status, body = await self._answered()
        assert status == 200, f"{status} {body!r}"
        return json.loads(body)  # type: ignore[no-any-return]

    async def exchange(
        self, token: str, document: str, variables: dict[str, Any], *, within_s: float
    ) -> dict[str, Any]:
        """Post a request and return the body of its answer, whatever its status; hang up when it is late.

        Raises:
            NoAnswer: when none has come in that time, or the server hung up.
        """
        async with self._busy:
            try:
                async with asyncio.timeout(within_s):
                    await self.send(token, document, variables)
                    _, body = await self._answered()
            except TimeoutError as error:
                self.drop()
                raise NoAnswer from error
            except BaseException:
                self.drop()  # the answer would be taken for that of the next request
                raise
        return json.loads(body)  # type: ignore[no-any-return]

    async def _answered(self) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(ANSWER_S):
                status, body = await self._read()
        except (OSError, EOFError) as error:
            self.drop()
            raise NoAnswer from error
        self._used = asyncio.get_running_loop().time()
        return status, body

    async def get(self, path: str) -> int:
        """The status of a page."""
        async with self._busy:
            await self._open()
            assert self._writer is not None
            self._writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            try:
                status, _ = await self._read()
            except (OSError, EOFError) as error:
                self.drop()
                raise NoAnswer from error
        self._used = asyncio.get_running_loop().time()
        return status

    def drop(self) -> None:
        """Hang up at once, with a reset."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None

    async def _open(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._writer is not None and now - self._used > _STALE_S:
            await self.close()
        if self._writer is None:
            try:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as error:
                raise NoAnswer from error
            self._used = now

    async def _read(self) -> tuple[int, bytes]:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await self._reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return int(head[0].split()[1]), body


def request(token: str, document: str, variables: dict[str, Any]) -> bytes:
    """A GraphQL request as it goes over the wire."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def document_of(mutation: str) -> str:
    """A mutation that selects what the tests look at."""
    name = mutation[0].upper() + mutation[1:]
    payload = "" if mutation in WITHOUT_CAMPAIGN else f"... on {name}Payload {{ campaign {{ {CAMPAIGN} }} }}"
    return (
        f"mutation Do($input: {name}Input!) {{ {mutation}(input: $input) "
        f"{{ __typename ... on UserError {{ code message }} {DETAILS.get(mutation, '')} {payload} }} }}"
    )


@dataclass
class Client:
    """Several connections, in the order of their workers: 0, 1, 0, 1, …"""

    wires: list[Wire]
    tokens: dict[str, str]
    _next: int = 0

    @classmethod
    async def open(cls, server: ServerProcess, tokens: dict[str, str], connections: int = 8) -> "Client":
        """Open the connections, as many to each worker."""
        wires = [Wire(server.port) for _ in range(connections)]
        pids = server.worker_pids if server.workers > 1 else []
        if not pids:
            await asyncio.gather(*(wire.get("/healthz/live") for wire in wires))
            return cls(wires, tokens)
        for index, pid in enumerate(pids):
            # Only a worker that runs can take a connection; it has taken it when it answers on it.
            others = [other for other in pids if other != pid]
            for other in others:
                os.kill(other, signal.SIGSTOP)
            try:
                mine = wires[index :: len(pids)]
                statuses = await asyncio.gather(*(wire.get("/healthz/live") for wire in mine))
            finally:
                for other in others:
                    os.kill(other, signal.SIGCONT)
            assert set(statuses) == {200}
        return cls(wires, tokens)

    async def close(self) -> None:
        for wire in self.wires:
            await wire.close()

    def wire(self) -> Wire:
        """The next connection in turn."""
        self._next += 1
        return self.wires[self._next % len(self.wires)]

    async def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        """Post a query and return its data; any error fails the test."""
        body = await self.wire().post(self.tokens[who], query, variables)
        assert "errors" not in body, body
        return body["data"]  # type: ignore[no-any-return]

    async def mutate(
        self, who: str, mutation: str, *, over: Wire | None = None, **given: Any
    ) -> dict[str, Any]:
        """Call a mutation and return its result, payload or refusal; any error fails the test."""
        body = await (over or self.wire()).post(self.tokens[who], document_of(mutation), {"input": given})
        assert "errors" not in body, body
        return body["data"][mutation]  # type: ignore[no-any-return]

    async def act(self, who: str, mutation: str, **given: Any) -> dict[str, Any]:
        """Call a mutation that succeeds, and return its campaign."""
        done = await self.mutate(who, mutation, **given)
        assert done["__typename"].endswith("Payload"), done
        return done.get("campaign", done)  # type: ignore[no-any-return]

    async def create(self, name: str, who: str = "maya", **more: Any) -> dict[str, Any]:
        return await self.act(who, "createCampaign", **draft(name, **more))

    async def submitted(self, name: str, who: str = "maya", **more: Any) -> dict[str, Any]:
        campaign = await self.create(name, who, **more)
        return await self.act(who, "submitCampaign", campaignId=campaign["id"])

    async def approved(self, name: str, who: str = "maya", by: str = "chen", **more: Any) -> dict[str, Any]:
        return await self.approve(await self.submitted(name, who, **more), by)

    async def approve(self, campaign: dict[str, Any], by: str = "chen") -> dict[str, Any]:
        return await self.act(by, "approveCampaign", **exactly(campaign))


def draft(name: str, **more: Any) -> dict[str, Any]:
    """The input of createCampaign."""
    return {
        "name": name,
        "content": sms("Buy!"),
        "audience": {"segment": "All", "estimatedSize": 1000},
        **more,
    }


def sms(body: str) -> dict[str, Any]:
    """An SMS's copy."""
    return {"sms": {"senderId": "ACME", "body": body}}


def exactly(campaign: dict[str, Any]) -> dict[str, Any]:
    """The id and the hash of a campaign: what decisions and publishing name."""
    return {"campaignId": campaign["id"], "contentHash": campaign["head"]["contentHash"]}


def won(result: dict[str, Any]) -> bool:
    """Whether a mutation was accepted."""
    return str(result["__typename"]).endswith("Payload")
