"""One run: a server in bad weather, clients who do not rest, and a judge who comes when all is over."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults import directed, stories
from tests.faults.checks import check
from tests.faults.clients import Desk, GaveUp
from tests.faults.deliveries import Sinks, check_deliveries, drain
from tests.faults.history import History
from tests.faults.ledger import Ledger, Violation, read_ledger
from tests.faults.offices import Offices, offices
from tests.faults.town import Town, settle
from tests.faults.weather.faults import FAULTS, Fault, needs_of
from tests.faults.weather.place import Place, place
from tests.faults.weather.sinks import HandoverSink, handover_sink
from tests.server.server_client import NoAnswer, Wire, document_of
from tests.server.server_policies import PolicyFolder

Story = Callable[[Desk], Awaitable[None]]
ALL_DAY: Mapping[str, tuple[int, Story]] = {"bustle": (60, stories.bustle), "review": (40, stories.review)}
DIRECTED: Mapping[str, Story] = {
    story.__name__: story
    for story in (
        directed.own_work,
        directed.promoted_maker,
        directed.stale_decision,
        directed.decision_and_edit,
        directed.two_decisions,
        directed.double_publish,
        directed.due_at_once,
        directed.swapped_after_approval,
        directed.two_submissions,
        directed.same_version,
        directed.twins,
        directed.key_reused,
        directed.deserters,
        directed.other_account,
        directed.role_taken_away,
        directed.member_disabled,
        directed.token_revoked,
        directed.policy_changed,
        directed.switched_off_while_pending,
        directed.figures_reported,
    )
}
STORIES: Mapping[str, Story] = {**{name: story for name, (_, story) in ALL_DAY.items()}, **DIRECTED}
DIRECTED_SHARE = 0.35
BESIDE: Mapping[str, tuple[str, ...]] = {"sides": ("mail_", "http_"), "clock": ("clock_",)}
RECOVERY_S = 30.0
WORKER_S = 15.0
REPLACED_S = 10.0
STOP_S = 6.0 + 2.0  # what is promised, and what a loaded machine adds
LOST_ANSWERS = 60  # deliveries that one fault may cause again: what all lanes of two workers hold
LONG = frozenset({"kill9_all", "term", "pause", "pg_restart", "pg_crash", "net_blackhole"})
LONG_SHARE = 0.4
GAP_S = (0.3, 2.5)


@dataclass(frozen=True)
class Plan:
    """What a run is to be. `stories`: only these; empty: all. `source`: where the server's code is from.

    `directed`: how many of the stories are directed ones, 0 to 1. `gap_s`: between two faults, from … to.
    """

    database: str
    seconds: float = 20
    seed: int = 1
    clients: int = 12
    accounts: int = 4
    faults: Sequence[str] = ()
    stories: Sequence[str] = ()
    directed: float = DIRECTED_SHARE
    gap_s: tuple[float, float] = GAP_S
    source: Path | None = None


@dataclass
class Report:
    """How a run ended. `recoveries_s`: from the end of all faults to the first answer to a later request."""

    plan: Plan
    history: History
    seconds: float = 0
    faults: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    recoveries_s: list[float] = field(default_factory=list)
    stops_s: list[float] = field(default_factory=list)
    drain_s: float = 0
    delivered: int = 0
    redelivered: int = 0
    found: list[Violation] = field(default_factory=list)


def run(plan: Plan, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Carry a plan out, and judge."""
    report = Report(plan, History())
    chosen = [FAULTS[name] for name in plan.faults]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        policies = PolicyFolder.made(folder / "policies")
        webhooks = stack.enter_context(handover_sink())
        towns: list[Town] = []
        where = stack.enter_context(
            place(
                folder,
                plan.database,  # type: ignore[arg-type]  # checked where it is read
                needs=needs_of(chosen),
                prepare=lambda url: towns.append(settle(url, plan.accounts, webhooks.url)),
                environment={} if plan.source is None else {"PYTHONPATH": str(plan.source)},
                POLICIES=str(policies.path),
                WEBHOOK_ALLOW_HOSTS="127.0.0.1",
                RATE_LIMIT="0",
            )
        )
        day = _Day(plan, report, where, towns[0], policies, webhooks, chosen, progress)
        asyncio.run(day.live())
    return report


@dataclass
class _Day:
    plan: Plan
    report: Report
    place: Place
    town: Town
    policies: PolicyFolder
    webhooks: HandoverSink
    chosen: list[Fault]
    progress: Callable[[str], None]
    over: bool = False
    broken: bool = False
    striking: int = 0

    async def live(self) -> None:
        begun = time.monotonic()
        async with offices(self.place.database_url, self.policies, self.report.history) as office:
            desks = [self._desk(number, office) for number in range(self.plan.clients)]
            clients = [asyncio.create_task(self._client(desk)) for desk in desks]
            watching = asyncio.create_task(self._watch(begun))
            try:
                await self._weather(begun)
                await asyncio.sleep(min(3.0, self.plan.seconds / 8))
            finally:
                self.over = True
                for desk in desks:
                    desk.over = True
                await asyncio.gather(*clients)
                watching.cancel()
            self.report.seconds = time.monotonic() - begun
            self.progress("judging")
            stuck = await self._stuck_workers()
            self.report.drain_s = await drain(self.place.database_url, office)
        await asyncio.to_thread(self.place.server.terminate)
        self.report.stops_s = list(self.place.server.stops)
        ledger = await read_ledger(self.place.database_url, self.town)
        self._judge(ledger, stuck)

    # ------------------------------------------------------------------------------------------- doing
    def _desk(self, number: int, office: Offices) -> Desk:
        return Desk(
            town=self.town,
            account=self.town.accounts[number % len(self.town.accounts)],
            history=self.report.history,
            offices=office,
            port=self.place.server.port,
            rng=random.Random(f"{self.plan.seed} client {number}"),  # noqa: S311  # no secret
        )

    async def _client(self, desk: Desk) -> None:
        """Tell one story after the other; what one needs and does not get ends it."""
        while not self.over:
            await asyncio.sleep(0.01)  # a story that cannot be told now is over at once
            name = self._draw(desk.rng)
            self.report.told[name] += 1
            try:
                with suppress(GaveUp):
                    await STORIES[name](desk)
            except BaseException:
                self.over = self.broken = True  # a mistake of ours: there is nothing to wait for
                raise
        await desk.close()

    def _draw(self, rng: random.Random) -> str:
        if self.plan.stories:
            return rng.choice(list(self.plan.stories))
        if rng.random() < self.plan.directed:
            return rng.choice(list(DIRECTED))
        names = list(ALL_DAY)
        return rng.choices(names, [ALL_DAY[name][0] for name in names])[0]

    async def _weather(self, begun: float) -> None:
        """Faults of the machine one after the other; beside them the clock's and the other sides'."""
        end = begun + self.plan.seconds
        kinds = {which: [f for f in self.chosen if _is_of(f) == which] for which in (*BESIDE, "machine")}
        await asyncio.gather(*(self._strike(faults, end, which) for which, faults in kinds.items()))

    async def _strike(self, faults: Sequence[Fault], end: float, which: str) -> None:
        rng = random.Random(f"{self.plan.seed} {which}")  # noqa: S311  # no secret
        row: list[Fault] = []
        await asyncio.sleep(min(2.0, self.plan.seconds / 6))
        while time.monotonic() < end and not self.broken:
            if not faults:
                await asyncio.sleep(0.1)
                continue
            row = row or self._round(faults, rng)
            fault = row.pop()
            completions = self._completions()
            self._calm_ends()
            self.striking += 1
            try:
                with self._receiver_as_well(fault):
                    await fault.strike(self.place, rng)
            finally:
                self.striking -= 1
            self.report.faults[fault.name] += 1
            if self.striking == 0:
                self.report.history.known_now("calm", "", fault.name)
            if fault.name == "kill9_worker":
                await self._workers_stand(completions)
            await asyncio.sleep(rng.uniform(*self.plan.gap_s))

    async def _workers_stand(self, completions: int) -> None:
        """Wait until more workers serve than that many: clients are to work between two faults."""
        deadline = time.monotonic() + REPLACED_S
        while self._completions() <= completions and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    def _completions(self) -> int:
        """How many workers have begun to serve since the server was started."""
        return self.place.server.log.read_text().count("Application startup complete")

    def _round(self, faults: Sequence[Fault], rng: random.Random) -> list[Fault]:
        """Every fault in any order; those that stop all work for long only in some rounds."""
        chosen = [fault for fault in faults if fault.name not in LONG or rng.random() < LONG_SHARE]
        return rng.sample(chosen, len(chosen)) or list(faults)

    @contextmanager
    def _receiver_as_well(self, fault: Fault) -> Iterator[None]:
        """The webhooks' receiver answers as the sending system does; but 410 would end the webhook."""
        mode = fault.name.removeprefix("http_")
        if mode in {fault.name, "410"}:
            yield
            return
        self.webhooks.mode = mode  # type: ignore[assignment]  # the names are the modes
        try:
            yield
        finally:
            self.webhooks.mode = "take"

    def _calm_ends(self) -> None:
        known = self.report.history.known
        for index, one in enumerate(known):
            if one.kind == "calm" and one.until == float("inf"):
                known[index] = replace(one, until=time.monotonic())

    async def _watch(self, begun: float) -> None:
        while True:
            await asyncio.sleep(5)
            count, faults = self.report.history.count(), self.report.faults.total()
            self.progress(
                f"{time.monotonic() - begun:4.0f} s  {count['calls']} calls, {count['ok']} acknowledged, "
                f"{count['refused']} refused, {count['unknown']} unknown, {faults} faults"
            )

    async def _stuck_workers(self) -> list[str]:
        """Every worker must do something now: one request on each of many new connections."""
        try:
            async with asyncio.timeout(RECOVERY_S):
                while not await asyncio.to_thread(self.place.server.is_ready):  # noqa: ASYNC110  # a process
                    await asyncio.sleep(0.1)
        except TimeoutError:
            said = await asyncio.to_thread(self.place.server.last_words)
            return [f"not ready within {RECOVERY_S:g} s after the last fault: {said}"]
        wires = [Wire(self.place.server.port) for _ in range(4 * self.place.server.workers)]
        answers = await asyncio.gather(*(self._works(wire, f"Town {n}") for n, wire in enumerate(wires)))
        return [answer for answer in answers if answer]

    async def _works(self, wire: Wire, name: str) -> str:
        """What is wrong with the worker at the other end, if anything."""
        token = self.town.accounts[0].people["ada"].token
        given = {"input": {"name": f"{name} {self.report.history.number()}"}}
        try:
            body = await wire.exchange(token, document_of("updateAccount"), given, within_s=WORKER_S)
        except NoAnswer as error:
            return f"a worker does not answer: {error!r} {error.__cause__!r}"
        finally:
            await wire.close()
        return "" if "errors" not in body else f"a worker does not work: {body['errors']}"

    # ----------------------------------------------------------------------------------------- judging
    def _judge(self, ledger: Ledger, stuck: list[str]) -> None:
        history, report = self.report.history, self.report
        history.odd = [f"{odd}\n{self._logged(odd)}" for odd in history.odd]
        check(history, ledger, self.town)
        sinks = Sinks(self.place.mails.taken, self.place.handovers.taken, self.webhooks.taken)
        report.redelivered = check_deliveries(
            ledger, self.town, sinks, ceiling=LOST_ANSWERS * report.faults.total()
        )
        report.delivered = len(sinks.mails) + len(sinks.handovers) + len(sinks.webhooks)
        self._judge_service(ledger)
        for text in stuck:
            ledger.wrong("stuck", text)
        report.found = ledger.found

    def _logged(self, odd: str) -> str:
        """What the server wrote of a request that failed, by its id."""
        request_id = odd.partition("'requestId': '")[2][:32]
        logs = sorted(self.place.folder.glob("server-*.log"))
        text = "\n".join(path.read_text() for path in logs)
        return text.partition(request_id)[2][:6000] if request_id else ""

    def _judge_service(self, ledger: Ledger) -> None:
        """The server was there for its clients again soon after each fault, and ended in time."""
        history = self.report.history
        served = sorted((a.started, a.ended) for a in history.attempts() if a.outcome == "ok")
        for calm in (known for known in history.known if known.kind == "calm"):
            until = min(calm.until, calm.at + self.report.seconds)
            after = next((end for start, end in served if start >= calm.at), until)
            self.report.recoveries_s.append(min(after, until) - calm.at)
            if self.report.recoveries_s[-1] > RECOVERY_S:
                ledger.wrong("stuck", f"{after - calm.at:.0f} s without an answer after {calm.subject}")
        for seconds in self.report.stops_s:
            if seconds > STOP_S:
                ledger.wrong("slow stop", f"{seconds:.1f} s after SIGTERM")
        if self.report.faults.total() == 0:
            self._judge_calm(ledger)

    def _judge_calm(self, ledger: Ledger) -> None:
        """Without faults the database always answers, and nothing is logged as a fault."""
        busy = Counter(a.code for a in self.report.history.attempts() if a.code == "UNAVAILABLE")
        if busy:
            ledger.wrong("unavailable", f"{busy} though nothing was wrong")
        for line in self.place.server.faults()[:3]:
            ledger.wrong("unexpected error", line)


def _is_of(fault: Fault) -> str:
    """Beside which others it strikes."""
    return next((which for which, names in BESIDE.items() if fault.name.startswith(names)), "machine")
