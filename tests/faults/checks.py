"""What clients were told against what there is: nothing acknowledged is lost, nothing happened twice.

Each request is looked for by a text that is nowhere else, or, where it leaves none, counted among its like.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.faults.history import OK, REFUSED, History, Request
from tests.faults.ledger import DECIDERS, Effect, Ledger, Row, Violation
from tests.faults.stories import RENAMED
from tests.faults.town import Town
from tests.server.server_history import VOTING

from gql_approvals.workflow.identity import parse_global_id

# Mutations that leave no text of their own, and the entries that they leave. Silent: it may be as it was.
COUNTED = {
    "withdrawCampaign": frozenset({"campaign:withdrawn"}),
    "revokeApproval": frozenset({"campaign:revoked"}),
    "archiveCampaign": frozenset({"campaign:archived"}),
    "discardDraft": frozenset({"campaign:discarded"}),
    "publishCampaign": frozenset({"campaign:sent", "campaign:released"}),
    "assignRoles": frozenset({"member:roles_assigned"}),
    "disableMember": frozenset({"member:disabled"}),
    "enableMember": frozenset({"member:enabled"}),
    "disableApprovals": frozenset({"account:approvals_disabled"}),
    "enableApprovals": frozenset({"account:approvals_enabled"}),
}
SILENT = frozenset({"disableMember", "enableMember", "enableApprovals"})


@dataclass
class Matched:
    """Which entry each acknowledged request is, as far as it can be told."""

    by_request: dict[int, Effect] = field(default_factory=dict)


def check(history: History, ledger: Ledger, town: Town) -> Matched:
    """All that a history and a ledger say of each other; what is wrong is noted in the ledger."""
    matched = Matched()
    _Marks(history, ledger, town, matched).check()
    _Counts(history, ledger, town, matched).check()
    _check_answers(history, ledger)
    _check_expected_versions(history, ledger, matched)
    _check_decisions(history, ledger, matched)
    _check_order(history, ledger, matched)
    _check_looks(history, ledger, matched)
    _check_policy(history, ledger, matched)
    return matched


def _local(global_id: str) -> int:
    parsed = parse_global_id(global_id)
    return 0 if parsed is None else parsed[1]


# ------------------------------------------------------------------------------- what left a text behind
@dataclass
class _Marks:
    """Finds by text: how often it is there, and the entry that tells of it."""

    history: History
    ledger: Ledger
    town: Town
    matched: Matched

    def check(self) -> None:
        places = {mutation: place() for mutation, place in self._places().items()}
        known: set[str] = set()
        for request in self.history.requests:
            text = self._text(request)
            if request.mutation in places and text:
                known.add(text)
                self._judge(request, places[request.mutation].get(text, []))
        for found in places.values():
            for text, effects in found.items():
                if text not in known:
                    self.ledger.wrong("phantom", f"nobody asked for `{text}`: {effects}")

    def _judge(self, request: Request, found: list[Effect]) -> None:
        if len(found) > 1:
            self.ledger.wrong("doubled", f"{len(found)} times: {_shown(request)}")
        if request.outcome == OK and not found:
            self.ledger.wrong("lost", f"acknowledged, and not there: {_shown(request)}")
        if request.outcome == REFUSED and found:
            self.ledger.wrong("phantom", f"refused, and there: {_shown(request)}")
        if request.outcome == OK and len(found) == 1:
            self.matched.by_request[request.number] = found[0]

    @staticmethod
    def _text(request: Request) -> str:
        return request.content if request.mutation in {"createCampaign", "updateCampaign"} else request.mark

    def _places(self) -> dict[str, Callable[[], dict[str, list[Effect]]]]:
        return {
            "createCampaign": self._creations,
            "duplicateCampaign": self._duplicates,
            "updateCampaign": self._edits,
            "submitCampaign": self._submissions,
            "approveCampaign": self._decisions,
            "rejectCampaign": self._decisions,
            "addComment": self._comments,
            "recordDeliveryMetrics": self._figures,
            "addMember": self._members,
        }

    def _creations(self) -> dict[str, list[Effect]]:
        return _grouped(self.ledger.effects, "campaign:created", lambda e: str(e.detail["contentHash"]))

    def _duplicates(self) -> dict[str, list[Effect]]:
        """By the name, whose first part no renaming changes."""
        names = {row["id"]: row["name"] for row in self.ledger.tables["campaign"]}
        return _grouped(
            self.ledger.effects,
            "campaign:duplicated",
            lambda e: str(names.get(e.campaign or 0, "")).split(RENAMED)[0],
        )

    def _edits(self) -> dict[str, list[Effect]]:
        return _grouped(self.ledger.effects, "campaign:edited", lambda e: str(e.detail["contentHash"]))

    def _submissions(self) -> dict[str, list[Effect]]:
        entries = {e.detail.get("request"): e for e in self.ledger.effects if e.kind == "campaign:submitted"}
        found: dict[str, list[Effect]] = defaultdict(list)
        for row in self.ledger.tables["approval_request"]:
            if row["note"] and row["id"] in entries:
                found[row["note"]].append(entries[row["id"]])
            elif row["id"] not in entries:
                self.ledger.wrong("row is not its log", f"no entry speaks of the request {row}")
        return found

    def _decisions(self) -> dict[str, list[Effect]]:
        entries = {(e.detail.get("request"), e.actor): e for e in self.ledger.effects if e.kind in VOTING}
        found: dict[str, list[Effect]] = defaultdict(list)
        for row in self.ledger.tables["decision"]:
            entry = entries.get((row["request_id"], row["by_id"]))
            if entry is None:
                self.ledger.wrong("row is not its log", f"no entry speaks of the decision {row}")
            elif row["reason"]:
                found[row["reason"]].append(entry)
        return found

    def _comments(self) -> dict[str, list[Effect]]:
        entries = {e.detail.get("comment"): e for e in self.ledger.effects if e.kind == "comment:added"}
        found: dict[str, list[Effect]] = defaultdict(list)
        for row in self.ledger.tables["comment"]:
            if row["id"] in entries:
                found[row["body"]].append(entries[row["id"]])
            else:
                self.ledger.wrong("row is not its log", f"no entry speaks of the comment {row}")
        return found

    def _figures(self) -> dict[str, list[Effect]]:
        return _grouped(self.ledger.effects, "delivery:metrics_recorded", lambda e: str(e.detail["sent"]))

    def _members(self) -> dict[str, list[Effect]]:
        emails = {row["id"]: row["email"] for row in self.ledger.tables["app_user"]}
        return _grouped(self.ledger.effects, "member:added", lambda e: emails.get(e.detail["user"], ""))


def _grouped(effects: Iterable[Effect], kind: str, text: Callable[[Effect], str]) -> dict[str, list[Effect]]:
    found: dict[str, list[Effect]] = defaultdict(list)
    for effect in effects:
        if effect.kind == kind:
            found[text(effect)].append(effect)
    return found


def _shown(request: Request) -> str:
    attempts = ", ".join(f"{a.outcome} {a.code}".strip() for a in request.attempts)
    return f"{request.account} {request.who} {request.mutation} {json.dumps(request.given)} [{attempts}]"


# --------------------------------------------------------------------------------- what left none behind
Group = tuple[str, frozenset[str], int, int]  # account, kinds of entry, actor, campaign or member


@dataclass
class _Counts:
    """Counts entries of a kind, by whom and of what, against those who asked for that."""

    history: History
    ledger: Ledger
    town: Town
    matched: Matched

    def check(self) -> None:
        asked: dict[Group, list[Request]] = defaultdict(list)
        users = self._users()
        for request in self.history.requests:
            kinds = kinds_of(request)
            if kinds is not None:
                actor = users[f"{request.who}@{request.account}.test"]
                asked[request.account, kinds, actor, self._about(request)].append(request)
        there = self._entries({group[1] for group in asked})
        for group in {*asked, *there}:
            self._judge(group, asked.get(group, []), there.get(group, []))

    def _judge(self, group: Group, asked: list[Request], there: list[Effect]) -> None:
        outcomes = Counter(request.outcome for request in asked)
        silent = bool(asked) and asked[0].mutation in SILENT
        if len(there) < outcomes[OK] and not silent:
            self.ledger.wrong("lost", f"{outcomes[OK]} acknowledged, {len(there)} there: {group} {asked[:3]}")
        if len(there) > len(asked) - outcomes[REFUSED]:
            kind = "doubled" if asked else "phantom"
            self.ledger.wrong(kind, f"{len(there)} there, asked for by {outcomes}: {group} {there[:3]}")
        if len(there) == len(asked) == outcomes[OK] == 1:
            self.matched.by_request[asked[0].number] = there[0]

    def _users(self) -> dict[str, int]:
        return {row["email"]: row["id"] for row in self.ledger.tables["app_user"]}

    def _about(self, request: Request) -> int:
        if "memberId" in request.given:
            member = _local(request.given["memberId"])
            return next((m["user_id"] for m in self.ledger.tables["member"] if m["id"] == member), 0)
        return _local(request.campaign) if request.campaign else 0

    def _entries(self, kinds: set[frozenset[str]]) -> dict[Group, list[Effect]]:
        found: dict[Group, list[Effect]] = defaultdict(list)
        for effect in self.ledger.effects:
            if effect.actor is None or effect.goes_on:
                continue
            for some in kinds:
                if effect.kind in some:
                    about = effect.campaign or effect.detail.get("user", 0)
                    found[effect.account, some, effect.actor, about].append(effect)
        return found


def kinds_of(request: Request) -> frozenset[str] | None:
    """The kinds of entry that it leaves, if it is counted."""
    if request.mutation == "updateCampaign" and not request.content:
        return frozenset({"campaign:renamed"})
    return COUNTED.get(request.mutation)


# ------------------------------------------------------------------------------------------ the answers
def _check_answers(history: History, ledger: Ledger) -> None:
    """Only what may be answered was; and every attempt of a request got the same thing."""
    for odd in history.odd:
        ledger.found.append(Violation("unexpected error", odd))
    for request in history.requests:
        codes = {a.code or "OK" for a in request.attempts if a.outcome != "unknown"}
        if request.expected and codes - request.expected:
            kind = _EXPECTED.get(next(iter(request.expected)), "not refused")
            ledger.wrong(kind if "OK" in codes else "wrong answer", f"{codes}: {_shown(request)}")
        made = {_made(a.result) for a in request.attempts if a.outcome == OK}
        if len(made) > 1:
            ledger.wrong("doubled", f"one request, several results {made}: {_shown(request)}")


_EXPECTED = {"IDEMPOTENCY_MISMATCH": "key reused", "NOT_FOUND": "other account"}


def _made(result: Row) -> str:
    one = result.get("comment") or result.get("member") or result.get("campaign") or {}
    return str(one.get("id", ""))


def _check_expected_versions(history: History, ledger: Ledger, matched: Matched) -> None:
    """Whoever said which version they had seen changed exactly that one."""
    for request in history.requests:
        effect = matched.by_request.get(request.number)
        expected = request.given.get("expectedVersion")
        if effect is not None and expected is not None and effect.version != expected + 1:
            ledger.wrong("stale write", f"made version {effect.version}: {_shown(request)}")


def _check_decisions(history: History, ledger: Ledger, matched: Matched) -> None:
    """Whoever decided, or published, named the content that it was for."""
    for request in history.requests:
        effect, named = matched.by_request.get(request.number), request.given.get("contentHash")
        if effect is not None and named is not None and effect.detail.get("contentHash") != named:
            ledger.wrong("stale decision", f"for {effect.detail.get('contentHash')}: {_shown(request)}")


def _check_order(history: History, ledger: Ledger, matched: Matched) -> None:
    """What was acknowledged before something else was asked for stands before it in the log."""
    by_account: dict[str, list[tuple[float, float, int, Request]]] = defaultdict(list)
    for request in history.requests:
        effect = matched.by_request.get(request.number)
        if effect is not None:
            by_account[effect.account].append((request.started, request.acknowledged, effect.seq, request))
    for writes in by_account.values():
        ends = sorted((end, seq) for _, end, seq, _ in writes)
        newest, position = 0, 0
        for start, _, seq, request in sorted(writes, key=lambda write: write[0]):
            while position < len(ends) and ends[position][0] < start:
                newest = max(newest, ends[position][1])
                position += 1
            if seq < newest:
                ledger.wrong(
                    "order", f"entry {seq}, though {newest} was acknowledged before: {_shown(request)}"
                )


def _check_looks(history: History, ledger: Ledger, matched: Matched) -> None:
    """Nobody read what was over, or what never was; an acknowledgement is a look as well."""
    writes: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for request in history.requests:
        effect = matched.by_request.get(request.number)
        if effect is None or effect.campaign is None:
            continue
        writes[effect.campaign].append((request.acknowledged, effect.version))
        answered = request.result.get("campaign")
        if answered is not None and _local(answered["id"]) == effect.campaign:
            _check_seen(ledger, effect.campaign, answered, effect.version)
    for found in writes.values():
        found.sort()
    for look in history.looks:
        key = _local(look.campaign)
        floor = max((v for at, v in writes.get(key, []) if at < look.started), default=0)
        seen = {"version": look.version, "status": look.status, "head": {"contentHash": look.content}}
        _check_seen(ledger, key, seen, floor)


def _check_seen(ledger: Ledger, campaign: int, seen: Row, floor: int) -> None:
    if seen["version"] < floor:
        ledger.wrong("stale read", f"campaign {campaign}: {seen}, though version {floor} was acknowledged")
    state = (seen["status"], seen["head"]["contentHash"])
    if state not in ledger.states.get((campaign, seen["version"]), set()):
        ledger.wrong("stale read", f"campaign {campaign} never was {seen}")


def _check_policy(history: History, ledger: Ledger, matched: Matched) -> None:
    """While all workers were known to obey a policy, nothing was decided by another."""
    without = {known.subject for known in history.known if known.kind == "policy"}
    for known in history.known:
        for request in history.requests:
            effect = matched.by_request.get(request.number)
            if known.kind != "policy" or effect is None or effect.policy == known.subject:
                continue
            if known.at < request.started and request.acknowledged < known.until:
                ledger.wrong("policy changed", f"not by {known.subject[:12]}: {effect} {_shown(request)}")
    deciders = DECIDERS - {"checker"}
    for effect in ledger.effects:
        if effect.kind in VOTING and effect.policy in without and not _holds(ledger, effect, deciders):
            ledger.wrong("policy changed", f"decided without the right to: {effect}")


def _holds(ledger: Ledger, effect: Effect, roles: frozenset[str]) -> bool:
    account = next(row["id"] for row in ledger.tables["account"] if row["slug"] == effect.account)
    for member in ledger.tables["member"]:
        if (member["account_id"], member["user_id"]) == (account, effect.actor):
            held = member["roles"]
            return bool(roles & set(json.loads(held) if isinstance(held, str) else held))
    return False
