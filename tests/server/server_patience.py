"""Makers and checkers who never rest, and ask again under the same key until they are answered."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.server.server_client import NoAnswer, Wire, document_of, draft, exactly, won
from tests.server.server_history import History, until

_AGAIN_S = 0.05
_GIVE_UP_S = 60


class PatientLoad:
    """Stories over connections to one port, where a balancer may stand.

    `acknowledged`: campaigns as they were answered. `again`: how many requests were sent again, because no
    answer came or the server said UNAVAILABLE.
    """

    def __init__(self, port: int, tokens: dict[str, str], people: int = 6) -> None:
        self.port, self.tokens, self.people = port, tokens, people
        self.acknowledged: list[dict[str, Any]] = []
        self.names: set[str] = set()
        self.again = 0
        self._over = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["PatientLoad", None]:
        tasks = [asyncio.create_task(self._work(number)) for number in range(self.people)]
        try:
            yield self
        finally:
            self._over.set()
            await asyncio.gather(*tasks)

    async def reaches(self, number: int) -> None:
        """Wait until so many more mutations are acknowledged."""
        goal = len(self.acknowledged) + number
        await until(lambda: len(self.acknowledged) >= goal, within_s=_GIVE_UP_S, every_s=0.02)

    def check(self, history: History) -> None:
        """Everything that was asked for is there, and once."""
        found = sorted(campaign["name"] for campaign in history.campaigns.values())
        assert found == sorted(self.names)
        assert {life.status for life in history.lives.values()} == {"SENT"}
        assert len(self.acknowledged) == 3 * len(found)

    async def _work(self, number: int) -> None:
        story = 0
        while not self._over.is_set():
            story += 1
            name = f"Load {number}.{story}"
            self.names.add(name)
            made = await self._call("maya", "createCampaign", draft(name), f"{name} made")
            sent = await self._call("maya", "submitCampaign", {"campaignId": made["id"]}, f"{name} handed in")
            await self._call("chen", "approveCampaign", exactly(sent), f"{name} approved")

    async def _call(self, who: str, mutation: str, given: dict[str, Any], key: str) -> dict[str, Any]:
        document, input_ = document_of(mutation), {"input": {**given, "idempotencyKey": key}}
        async with asyncio.timeout(_GIVE_UP_S):
            while True:
                wire = Wire(self.port)  # a connection each, so that a balancer has something to do
                try:
                    body = await wire.post(self.tokens[who], document, input_)
                except NoAnswer:
                    body = None
                finally:
                    await wire.close()
                if body is not None and "errors" not in body:
                    result = body["data"][mutation]
                    assert won(result), result
                    self.acknowledged.append(result["campaign"])
                    return result["campaign"]  # type: ignore[no-any-return]
                assert body is None or {one["extensions"]["code"] for one in body["errors"]} == {
                    "UNAVAILABLE"
                }, body
                self.again += 1
                await asyncio.sleep(_AGAIN_S)
