"""Clients as they are: patient ones, impatient ones that ask again, twins that ask twice at once.

Each has connections of its own. Whatever a client does to a request, its input and its idempotency key stay.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from tests.faults.history import OK, REFUSED, UNKNOWN, Attempt, History, Look, Request
from tests.faults.offices import Offices
from tests.faults.town import Account, Town
from tests.server.server_client import CAMPAIGN, NoAnswer, Wire, document_of, won

PATIENCE_S = 25.0  # until a client that asks again gives up
ANSWER_S = 12.0
READ = f"query($id: ID!) {{ campaign(id: $id) {{ {CAMPAIGN} }} }}"
PREVIEW = "{ disableApprovalsPreview { confirmToken wouldApprove } }"
NOTHING_KNOWN = frozenset({"UNAVAILABLE", "RATE_LIMITED"})
REFUSED_EARLY = frozenset({"UNAUTHENTICATED", "ACCOUNT_REQUIRED", "FORBIDDEN"})


class GaveUp(Exception):
    """What a story needs did not happen: refused, or unknown after all patience."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """How a request ended for the client."""

    outcome: str
    code: str
    result: dict[str, Any]

    @property
    def ok(self) -> bool:
        return self.outcome == OK

    @property
    def campaign(self) -> dict[str, Any]:
        return self.result["campaign"]  # type: ignore[no-any-return]


def digest(value: object) -> str:
    """SHA-256 of the canonical form, as docs/hashes.md has it; our texts are ASCII."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(body: str, mode: str, scheduled_at: str | None, size: int = 1000) -> str:
    """The hash of a campaign of ours: an SMS to everybody."""
    parts = {
        "COPY": {"channel": "SMS", "content": {"senderId": "ACME", "body": body}},
        "AUDIENCE": {"segment": "All", "definition": None, "estimatedSize": size},
        "SCHEDULE": {"publishMode": mode, "scheduledAt": scheduled_at},
    }
    return digest({name: digest(part) for name, part in parts.items()})


@dataclass
class Desk:
    """Where one client works: an account, connections, and a way to behave.

    `impatient`, `twins`: how many of the requests are made in that manner, 0 to 1.
    """

    town: Town
    account: Account
    history: History
    offices: Offices
    port: int
    rng: random.Random
    impatient: float = 0.12
    twins: float = 0.12
    wires: list[Wire] = field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        self.wires = self.wires or [Wire(self.port) for _ in range(4)]

    def mark(self, word: str) -> str:
        """A text that is nowhere else."""
        return f"{word} {self.history.number()}"

    async def close(self) -> None:
        for wire in self.wires:
            await wire.close()

    # ------------------------------------------------------------------------------------------- asking
    async def act(self, who: str, mutation: str, **more: Any) -> Answer:
        """Ask for what a story needs.

        Raises:
            GaveUp: when it did not happen.
        """
        answer = await self.ask(who, mutation, **more)
        if not answer.ok:
            raise GaveUp(answer.code)
        return answer

    async def ask(
        self,
        who: str,
        mutation: str,
        *,
        mark: str = "",
        hashed: str = "",
        expected: Collection[str] = (),
        key: str | None = None,
        manner: str = "",
        wire: int = 0,
        **given: Any,
    ) -> Answer:
        """Ask for a mutation in one manner or another, and tell how it ended. `wire`: which connection.

        Raises:
            GaveUp: when the day is over.
        """
        if self.over:
            raise GaveUp("OVER")
        account = self.account
        manner = manner or self._manner()
        if key is None and (manner not in {"once", "deserter"} or self.rng.random() < 0.5):
            key = f"key {self.history.number()}"
        request = self.history.request(
            account=account.slug, who=who, mutation=mutation, given=given, key=key, manner=manner, mark=mark,
            content=hashed, campaign=given.get("campaignId", ""), expected=frozenset(expected),
        )  # fmt: skip
        token = account.people[who].token
        await _MANNERS[manner](self, request, token, wire)
        return self._end(account, request)

    def _manner(self) -> str:
        dice = self.rng.random()
        if dice < self.twins:
            return "twin"
        return "impatient" if dice < self.twins + self.impatient else "patient"

    def _end(self, account: Account, request: Request) -> Answer:
        outcome = request.outcome
        if outcome != OK:
            return Answer(outcome, request.first_code, {})
        result = request.result
        if "campaign" in result:
            account.campaigns[result["campaign"]["id"]] = result["campaign"]
        return Answer(OK, "", result)

    async def _patient(self, request: Request, token: str, wire: int = 0) -> None:
        """Ask, and if no answer comes ask again until one does."""
        deadline = time.monotonic() + PATIENCE_S
        while await self._try(request, token, self.wires[wire], ANSWER_S) == UNKNOWN:
            if time.monotonic() > deadline or self.over:
                return
            self.history.retries += 1
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))

    async def _impatient(self, request: Request, token: str, wire: int = 0) -> None:
        """Hang up after a moment and ask again under the same key."""
        for _ in range(3):
            within_s = self.rng.uniform(0.004, 0.3)
            if await self._try(request, token, self.wires[wire], within_s) != UNKNOWN:
                return
            self.history.retries += 1
        await self._patient(request, token, wire)

    async def _twin(self, request: Request, token: str, wire: int = 0) -> None:
        """Ask twice at once, on two connections."""
        await asyncio.gather(*(self._try(request, token, one, ANSWER_S) for one in self._pair(wire)))
        if request.outcome == UNKNOWN:
            await self._patient(request, token, wire)

    async def _once(self, request: Request, token: str, wire: int = 0) -> None:
        """Ask once, and live with not knowing."""
        await self._try(request, token, self.wires[wire], ANSWER_S)

    async def _deserter(self, request: Request, token: str, wire: int = 0) -> None:
        """Hang up after a moment, and never ask again."""
        await self._try(request, token, self.wires[wire], self.rng.uniform(0.001, 0.05))

    def _pair(self, wire: int) -> tuple[Wire, Wire]:
        return self.wires[wire], self.wires[(wire + 1) % len(self.wires)]

    async def _try(self, request: Request, token: str, wire: Wire, within_s: float) -> str:
        attempt = Attempt(time.monotonic())
        request.attempts.append(attempt)
        given = request.given if request.key is None else {**request.given, "idempotencyKey": request.key}
        try:
            document = document_of(request.mutation)
            body = await wire.exchange(token, document, {"input": given}, within_s=within_s)
        except NoAnswer:
            attempt.code = "NO_ANSWER"
        else:
            self._understand(request, attempt, body)
        attempt.ended = time.monotonic()
        return attempt.outcome

    def _understand(self, request: Request, attempt: Attempt, body: dict[str, Any]) -> None:
        if "errors" in body:
            code = body["errors"][0].get("extensions", {}).get("code", "NONE")
            attempt.code = code
            if code in REFUSED_EARLY:
                attempt.outcome = REFUSED
            elif code not in NOTHING_KNOWN:
                self.history.odd.append(f"{request.mutation} {request.given}: {body['errors'][0]}")
            return
        result = body["data"][request.mutation]
        attempt.outcome, attempt.result = (OK, result) if won(result) else (REFUSED, result)
        attempt.code = "" if won(result) else result["code"]

    # ------------------------------------------------------------------------------------------ reading
    async def look(self, campaign: str, who: str = "ada") -> dict[str, Any] | None:
        """A campaign as it is now; None when no answer came."""
        started = time.monotonic()
        data = await self.read(who, READ, id=campaign)
        found: dict[str, Any] | None = (data or {}).get("campaign")
        if found is not None:
            self.history.looks.append(
                Look(
                    account=self.account.slug,
                    campaign=campaign,
                    started=started,
                    ended=time.monotonic(),
                    version=found["version"],
                    status=found["status"],
                    content=found["head"]["contentHash"],
                )
            )
        return found

    async def read(self, who: str, query: str, **variables: Any) -> dict[str, Any] | None:
        """The data of a query; None when no answer came, or none with data."""
        token = self.account.people[who].token
        try:
            body = await self.wires[0].exchange(token, query, variables, within_s=ANSWER_S)
        except NoAnswer:
            return None
        return body.get("data")

    async def preview(self) -> dict[str, Any] | None:
        """What switching approvals off would do."""
        data = await self.read("ada", PREVIEW)
        return None if data is None else data["disableApprovalsPreview"]


_MANNERS = {
    "patient": Desk._patient,
    "impatient": Desk._impatient,
    "twin": Desk._twin,
    "once": Desk._once,
    "deserter": Desk._deserter,
}
