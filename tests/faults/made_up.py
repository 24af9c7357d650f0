"""A run that never was: a history and the tables that go with it, made by hand to be tampered with."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.checks import check
from tests.faults.clients import content_hash, digest
from tests.faults.deliveries import Sinks, check_deliveries
from tests.faults.history import Attempt, History, Request
from tests.faults.ledger import GENESIS, TABLES, Ledger, Row, replayed
from tests.faults.town import ROLES, Account, Person, Town
from tests.faults.weather.sinks import Taken

from gql_approvals.workflow.identity import global_id

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = "policy1"


@dataclass
class MadeUp:
    """One account with a campaign that was made, edited, commented on, approved and sent."""

    history: History = field(default_factory=History)
    tables: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    mails: list[Taken] = field(default_factory=list)
    handovers: list[Taken] = field(default_factory=list)
    webhooks: list[Taken] = field(default_factory=list)
    clock: float = 0

    def __post_init__(self) -> None:
        people = {
            name: Person(name, "town1", name, global_id("User", n), global_id("Member", n))
            for n, name in enumerate(ROLES, 1)
        }
        self.town = Town([Account("town1", 1, people, webhook=1)])
        self.numbers = {name: n for n, name in enumerate(ROLES, 1)}
        for name, n in self.numbers.items():
            self.tables["app_user"].append({"id": n, "email": f"{name}@town1.test"})
            member = {"id": n, "account_id": 1, "user_id": n, "roles": list(ROLES[name]), "active": True}
            self.tables["member"].append(member)
        self.tables["account"].append({"id": 1, "slug": "town1", "approvals_enabled": True})

    # -------------------------------------------------------------------------------------- what happens
    def asked(self, who: str, mutation: str, outcome: str = "ok", code: str = "", **more: Any) -> Request:
        """Somebody asks, and is answered a second later."""
        given = more.pop("given", {})
        campaign = global_id("Campaign", 1)
        request = self.history.request(
            account="town1", who=who, mutation=mutation, given={"campaignId": campaign, **given},
            campaign=campaign, **more,
        )  # fmt: skip
        self.clock += 2
        request.attempts.append(Attempt(self.clock - 1, self.clock, outcome, code))
        return request

    def entry(self, kind: str, who: str | None, campaign: int | None = 1, **detail: Any) -> Row:
        """An entry of the log; entries of one moment belong together."""
        row = {
            "id": len(self.tables["audit_event"]) + 1,
            "account_id": 1,
            "seq": len(self.tables["audit_event"]) + 1,
            "kind": kind,
            "at": BEGIN + timedelta(seconds=self.clock),
            "actor_id": None if who is None else self.numbers[who],
            "campaign_id": campaign,
            "detail": json.dumps(detail),
            "policy_version": POLICY,
        }
        self.tables["audit_event"].append(row)
        return row

    def tell(self, kind: str, key: str, body: Any = None) -> None:
        """A message that was delivered."""
        self.tables["outbox_message"].append(
            {
                "id": len(self.tables["outbox_message"]) + 1, "account_id": 1, "key": key, "kind": kind,
                "payload": {}, "attempts": 0, "leased_until": None, "next_at": BEGIN, "delivered_at": BEGIN,
                "dropped_at": None, "last_error": None,
            }
        )  # fmt: skip
        sink = {"mail": self.mails, "handover": self.handovers, "webhook": self.webhooks}[kind]
        id_ = f"<{key}@localhost>" if kind == "mail" else key
        sink.append(Taken(id_, "", "", "", body, 0.0, acknowledged=True))

    # ------------------------------------------------------------------------------------------ judging
    def seal(self) -> None:
        """Chain the entries, and tell of them."""
        previous = GENESIS
        for row in self.tables["audit_event"]:
            at = row["at"].replace(tzinfo=None).isoformat() + "Z"
            row["previous_hash"], row["hash"] = (
                previous,
                digest(
                    {
                        "actor": row["actor_id"] and global_id("User", row["actor_id"]),
                        "at": at,
                        "campaign": row["campaign_id"] and global_id("Campaign", row["campaign_id"]),
                        "detail": json.loads(row["detail"]),
                        "kind": row["kind"],
                        "policyVersion": row["policy_version"],
                        "previousHash": previous,
                        "seq": row["seq"],
                    }
                ),
            )
            previous = row["hash"]
        self.tables["account"][0].update(audit_seq=len(self.tables["audit_event"]), audit_hash=previous)

    def announce(self) -> None:
        """Every entry reaches the webhook."""
        for row in self.tables["audit_event"]:
            data = {"account": "town1", "seq": row["seq"], "hash": row["hash"]}
            self.tell("webhook", f"webhook-1-{row['seq']}", {"data": data})

    def judged(self) -> Ledger:
        """What the checks find."""
        ledger = replayed(self.tables, self.town)
        check(self.history, ledger, self.town)
        check_deliveries(ledger, self.town, Sinks(self.mails, self.handovers, self.webhooks), ceiling=0)
        return ledger

    def kinds(self) -> set[str]:
        return {violation.kind for violation in self.judged().found}


def a_good_day() -> MadeUp:
    """Nothing is wrong here."""
    day = MadeUp()
    first, second = content_hash("body 1", "ON_APPROVAL", None), content_hash("body 2", "ON_APPROVAL", None)
    day.asked("maya", "createCampaign", content=first)
    day.entry("campaign:created", "maya", contentHash=first, revision=1)
    day.asked("max", "updateCampaign", content=second, given={"expectedVersion": 1})
    day.entry("campaign:edited", "max", contentHash=second, revision=1)
    day.asked("maya", "addComment", mark="remark 1")
    day.entry("comment:added", "maya", comment=1)
    day.tables["comment"].append({"id": 1, "campaign_id": 1, "by_id": 1, "body": "remark 1"})
    day.asked("maya", "submitCampaign", mark="note 1")
    day.entry("campaign:submitted", "maya", contentHash=second, revision=1, request=1)
    for checker in ("chen", "cleo", "rita", "ada"):
        day.tell("mail", f"town1-4-{day.numbers[checker]}")
    day.asked("chen", "approveCampaign", mark="comment 1", given={"contentHash": second})
    day.entry("campaign:approved", "chen", contentHash=second, revision=1, request=1)
    day.entry("campaign:sent", "chen", contentHash=second, revision=1, authorisation="QUORUM")
    day.asked("cleo", "approveCampaign", "refused", "WRONG_STATUS", mark="comment 2")
    day.asked("ada", "assignRoles", given={"memberId": global_id("Member", 5)})
    day.entry("member:roles_assigned", "ada", None, user=5, added=[], removed=["checker"])
    _as_it_stands(day, second)
    day.seal()
    day.announce()
    return day


def _as_it_stands(day: MadeUp, content: str) -> None:
    """The rows that the log explains."""
    day.tables["campaign"].append(
        {
            "id": 1, "account_id": 1, "name": "campaign 1", "status": "SENT", "version": 4, "head_number": 1,
            "authorised_hash": content, "created_by_id": 1,
        }
    )  # fmt: skip
    day.tables["revision"].append(
        {
            "id": 1, "campaign_id": 1, "number": 1, "state": "SENT", "content_hash": content,
            "content": {"senderId": "ACME", "body": "body 2"}, "publish_mode": "ON_APPROVAL",
            "scheduled_at": None, "segment": "All", "estimated_size": 1000,
        }
    )  # fmt: skip
    day.tables["approval_request"].append(
        {"id": 1, "campaign_id": 1, "content_hash": content, "status": "APPROVED", "note": "note 1"}
    )
    day.tables["decision"].append(
        {"id": 1, "request_id": 1, "by_id": 3, "verdict": "APPROVED", "reason": "comment 1"}
    )
    day.tables["publication"].append(
        {
            "id": 1, "campaign_id": 1, "revision_number": 1, "content_hash": content,
            "authorisation": "QUORUM", "handed_over_at": BEGIN,
        }
    )  # fmt: skip
    day.tell("handover", "publication-1", _body("body 2", content))


def _body(text: str, content: str) -> dict[str, Any]:
    return {
        "channel": "SMS",
        "content": {"senderId": "ACME", "body": text},
        "audience": {"segment": "All", "definition": None, "estimatedSize": 1000},
        "publishMode": "ON_APPROVAL",
        "scheduledAt": None,
        "contentHash": content,
    }
