"""The API's client in the tests: everybody signs in, and whatever is not expected fails the test.

`send` proves the refusal before it proves the success; `refused` proves that nothing was written.
"""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, GraphQLUnionType, build_schema

from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database
from gql_approvals.schema import sdl
from gql_approvals.service.perform import Office
from gql_approvals.workflow.identity import global_id

# For rules that are the workflow's alone: they read and write nothing that others do not on both databases.
on_one_database = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TOMORROW = "2026-11-22T09:00:00Z"
YESTERDAY = "2026-11-20T09:00:00Z"
NOBODYS_HASH = "0" * 64
ACCOUNTS = {
    "acme": {
        "maya": ["maker"],
        "max": ["maker"],
        "chen": ["checker"],
        "cleo": ["checker"],
        "ada": ["admin"],
        "vera": [],
        "sofia": ["text_approver"],
        "leo": ["legal_reviewer"],
        "dora": ["delivery"],
        "noor": ["viewer"],
    },
    "globex": {"gil": ["admin"], "gwen": ["maker"], "gus": ["checker"], "noor": ["viewer"]},
}
JSON = {"Content-Type": "application/json"}
ADMINS = {"acme": "ada", "globex": "gil"}
CONTENT: dict[str, dict[str, Any]] = {
    "email": {"subject": "Sale", "fromName": "Acme", "fromEmail": "news@acme.test", "html": "<p>Buy!</p>"},
    "sms": {"senderId": "ACME", "body": "Buy!"},
    "appPush": {"title": "Sale", "body": "Buy!"},
    "whatsapp": {"templateName": "sale", "language": "en_US", "parameters": ["10 %"]},
    "webPush": {"title": "Sale", "body": "Buy!", "url": "https://acme.test"},
    "onsite": {"placement": "banner", "html": "<p>Buy!</p>"},
}
CAMPAIGN = """
  id name channel status publishMode version authorisation updatedAt
  head { id number contentHash scheduledAt contributors { name } audience { segment estimatedSize } }
  live { id contentHash authorisation sentAt revision { number } request { id status } }
  openRequest { id contentHash status expiresAt requirements { role needed left satisfied approvedBy { name } } }
  metrics { sent delivered opened clicked failed updatedAt }
  createdBy { name }
"""
# What each refusal says beside code and message; selected wherever a mutation can answer it.
DETAILS = {
    "AlreadyDecided": "verdict by { name } at",
    "Forbidden": "action policyVersion reasons { code message source }",
    "InvalidInput": "problems { path message }",
    "QuorumImpossible": (
        "requirements { role needed left } eligibleApprovers { user { name } eligible reasons { code } }"
    ),
    "SegregationOfDuties": "reasons { code message source }",
    "StaleRevision": "currentContentHash changedSections",
    "StaleVersion": "currentVersion",
}
TABLES = (
    "account",
    "app_user",
    "member",
    "api_token",
    "campaign",
    "revision",
    "contributor",
    "approval_request",
    "decision",
    "comment",
    "publication",
    "audit_event",
    "outbox_message",
    "idempotency_key",
)


@dataclass
class Clock:
    """The server's time; it stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@cache
def api_schema() -> GraphQLSchema:
    """The schema as clients know it."""
    return build_schema(sdl())


@cache
def document(mutation: str, selection: str) -> str:
    """A mutation that selects everything its refusals can say; `selection` is its payload's."""
    union = api_schema().mutation_type.fields[mutation].type
    assert isinstance(union, GraphQLUnionType)
    name = mutation[0].upper() + mutation[1:]
    details = [
        f"... on {kind.name} {{ {DETAILS[kind.name]} }}" for kind in union.types if kind.name in DETAILS
    ]
    payload = f"... on {name}Payload {{ {selection} }}" if selection else ""
    return (
        f"mutation Do($input: {name}Input!) {{ {mutation}(input: $input) "
        f"{{ __typename ... on UserError {{ code message }} {' '.join(details)} {payload} }} }}"
    )


def hash_of(campaign: dict[str, Any]) -> str:
    """The hash of a campaign's head."""
    return campaign["head"]["contentHash"]


def paths_of(refusal: dict[str, Any]) -> list[str]:
    """Where an InvalidInput found something wrong."""
    assert refusal["code"] == "INVALID_INPUT", refusal
    return [".".join(problem["path"]) for problem in refusal["problems"]]


def nodes_of(connection: dict[str, Any]) -> list[dict[str, Any]]:
    """What a page holds."""
    return [edge["node"] for edge in connection["edges"]]


@dataclass
class Api:
    """Everybody's client; `ask` and `send` fail the test on unexpected errors."""

    client: httpx.AsyncClient
    clock: Clock
    office: Office

    @property
    def database(self) -> Database:
        """The server's database."""
        return self.office.database

    # ----------------------------------------------------------------------------------------- asking
    async def post(
        self, who: str | None, query: str, variables: dict[str, Any] | None = None, account: str | None = None
    ) -> dict[str, Any]:
        """Post a document and return the whole body."""
        headers = {} if who is None else {"Authorization": f"Bearer demo-insecure-{who}"}
        if account is not None:
            headers["X-Account"] = account
        body = json.dumps(
            {"query": query, "variables": variables or {}}
        )  # ASCII, so that any text can be sent
        response = await self.client.post("/graphql", content=body, headers=headers | JSON)
        assert response.status_code == 200, response.text
        return response.json()

    async def ask(
        self, who: str | None, query: str, account: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Post a query and return its data."""
        body = await self.post(who, query, variables, account)
        assert "errors" not in body, body
        return body["data"]

    async def fault(
        self, who: str | None, query: str, account: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Post a query whose every field fails, and return its one top-level error."""
        body = await self.post(who, query, variables, account)
        assert not any((body.get("data") or {}).values()), body
        [error] = body["errors"]
        return {"code": error["extensions"]["code"], **error}

    async def mutate(
        self, who: str, mutation: str, selection: str = "", account: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """Call a mutation and return its result, whatever it is."""
        body = await self.post(who, document(mutation, selection), {"input": given}, account)
        assert "errors" not in body, body
        return body["data"][mutation]

    async def send(
        self, who: str, mutation: str, selection: str = "", *, without: str = "vera", **given: Any
    ) -> dict[str, Any]:
        """Call a mutation that succeeds, after proving that a person without the permission is refused."""
        before = await self.footprint()
        refused = await self.mutate(without, mutation, **given)
        assert refused["code"] == "FORBIDDEN", refused
        assert await self.footprint() == before
        done = await self.mutate(who, mutation, selection, **given)
        assert done["__typename"].endswith("Payload"), done
        assert await self.footprint() != before
        return done

    async def act(self, who: str, mutation: str, campaign: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Call a mutation on a campaign, and return its payload with the campaign as it is then."""
        done = await self.mutate(
            who, mutation, f"campaign {{ {CAMPAIGN} }}", campaignId=campaign["id"], **more
        )
        assert done["__typename"].endswith("Payload"), done
        return done

    async def refused(
        self, who: str, mutation: str, campaign: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Call a mutation that is refused, and return the refusal; nothing has changed."""
        given = more if campaign is None else {"campaignId": campaign["id"], **more}
        before = await self.footprint()
        done = await self.mutate(who, mutation, **given)
        assert "code" in done, done
        assert await self.footprint() == before, done
        return done

    async def code(self, who: str, mutation: str, campaign: dict[str, Any] | None = None, **more: Any) -> str:
        """The code of a refusal; nothing has changed."""
        return (await self.refused(who, mutation, campaign, **more))["code"]

    async def footprint(self) -> dict[str, int]:
        """How much is stored: any accepted change makes it another."""
        sums = {table: f"SELECT count(*) FROM {table}" for table in TABLES} | {  # noqa: S608  # no input
            "versions": "SELECT coalesce(sum(version), 0) FROM campaign",
            "entries": "SELECT coalesce(sum(audit_seq), 0) FROM account",
            "off": "SELECT count(*) FROM account WHERE NOT approvals_enabled",
            "open": "SELECT count(*) FROM approval_request WHERE status = 'OPEN'",
            "void": "SELECT count(*) FROM decision WHERE voided",
        }
        query = "SELECT " + ", ".join(f"({select}) AS {name}" for name, select in sums.items())
        return dict((await self.database._client.execute_query_dict(query))[0])

    # -------------------------------------------------------------------------------------- situations
    async def create(
        self, who: str = "maya", channel: str = "email", size: int = 1000, **more: Any
    ) -> dict[str, Any]:
        """Create a campaign and return what `CAMPAIGN` selects."""
        given = {
            "name": "Winter sale",
            "content": {channel: CONTENT[channel]},
            "audience": {"segment": "All", "estimatedSize": size},
            **more,
        }
        done = await self.mutate(who, "createCampaign", f"campaign {{ {CAMPAIGN} }}", **given)
        assert done["__typename"] == "CreateCampaignPayload", done
        return done["campaign"]

    async def edited(
        self, campaign: dict[str, Any], who: str = "maya", subject: str = "Sale 2", **more: Any
    ) -> dict[str, Any]:
        """Write another copy, whatever that voids, and return the campaign."""
        given = {
            "expectedVersion": campaign["version"],
            "content": {"email": CONTENT["email"] | {"subject": subject}},
            "ifPending": "WITHDRAW",
        }
        return (await self.act(who, "updateCampaign", campaign, **given | more))["campaign"]

    async def submitted(
        self, who: str = "maya", channel: str = "email", size: int = 1000, **more: Any
    ) -> dict[str, Any]:
        """Create and submit a campaign, and return it."""
        campaign = await self.create(who, channel, size, **more)
        return (await self.act(who, "submitCampaign", campaign))["campaign"]

    async def decided(
        self, campaign: dict[str, Any], who: str = "chen", mutation: str = "approveCampaign", **more: Any
    ) -> dict[str, Any]:
        """Approve, reject or publish a campaign by its head's hash, and return it."""
        return (await self.act(who, mutation, campaign, contentHash=hash_of(campaign), **more))["campaign"]

    async def approved(self, **more: Any) -> dict[str, Any]:
        """Create, submit and approve a campaign that then waits for a person, and return it."""
        return await self.decided(await self.submitted(**{"publishMode": "MANUAL"} | more))

    async def scheduled(self, **more: Any) -> dict[str, Any]:
        """Create, submit and approve a campaign that then waits for its time, and return it."""
        return await self.decided(await self.submitted(**{"scheduledAt": TOMORROW} | more))

    async def rejected(self, **more: Any) -> dict[str, Any]:
        """Create, submit and reject a campaign, and return it."""
        return await self.decided(await self.submitted(**more), mutation="rejectCampaign", reason="too loud")

    async def sent(self, **more: Any) -> dict[str, Any]:
        """Create, submit and approve a campaign that goes out at once, and return it."""
        return await self.decided(await self.submitted(**more))

    async def in_status(self, status: str) -> dict[str, Any]:
        """A campaign in this status, which is effective and may not be written down yet."""
        if status == "EXPIRED":
            campaign = await self.submitted()
            self.clock.pass_(days=15)
        elif status == "ARCHIVED":
            campaign = (await self.act("maya", "archiveCampaign", await self.create()))["campaign"]
        else:
            make = {
                "DRAFT": self.create,
                "PENDING_REVIEW": self.submitted,
                "APPROVED": self.approved,
                "REJECTED": self.rejected,
                "SENT": self.sent,
            }
            campaign = await make[status]()
        campaign = await self.campaign(campaign["id"])
        assert campaign["status"] == status
        return campaign

    async def switch_off(self, account: str = "acme") -> dict[str, Any]:
        """Switch approvals off as previewed, and return the payload."""
        who = ADMINS[account]
        preview = await self.ask(who, "{ disableApprovalsPreview { confirmToken } }")
        token = preview["disableApprovalsPreview"]["confirmToken"]
        done = await self.mutate(who, "disableApprovals", "approved expired", confirmToken=token)
        assert done["__typename"] == "DisableApprovalsPayload", done
        return done

    async def switch_on(self) -> None:
        """Switch approvals on."""
        assert "code" not in await self.mutate("ada", "enableApprovals")

    async def assign(self, name: str, *roles: str) -> None:
        """Give somebody of acme exactly these roles."""
        done = await self.mutate("ada", "assignRoles", memberId=await self.member_id(name), roles=list(roles))
        assert done["__typename"] == "AssignRolesPayload", done

    async def comment(self, campaign: dict[str, Any], who: str = "maya", body: str = "Hm.") -> dict[str, Any]:
        """Say something about a campaign, and return the comment."""
        given = {"campaignId": campaign["id"], "body": body}
        return (await self.mutate(who, "addComment", "comment { id body }", **given))["comment"]

    async def disable(self, name: str) -> str:
        """Disable a member of acme, and return their id."""
        member = await self.member_id(name)
        done = await self.mutate("ada", "disableMember", memberId=member)
        assert done["__typename"] == "DisableMemberPayload", done
        return member

    # ----------------------------------------------------------------------------------------- looking
    async def campaign(self, campaign_id: str, who: str = "vera") -> dict[str, Any]:
        """A campaign as it is now."""
        query = f"query($id: ID!) {{ campaign(id: $id) {{ {CAMPAIGN} }} }}"
        return (await self.ask(who, query, id=campaign_id))["campaign"]

    async def show(self, campaign: dict[str, Any], selection: str, who: str = "vera") -> dict[str, Any]:
        """Any fields of a campaign as they are now."""
        query = f"query($id: ID!) {{ campaign(id: $id) {{ {selection} }} }}"
        return (await self.ask(who, query, id=campaign["id"]))["campaign"]

    async def inbox(self, who: str) -> list[str]:
        """The ids of the campaigns that wait for somebody, oldest first."""
        data = await self.ask(
            who, "{ reviewInbox(first: 100) { totalCount edges { node { campaign { id } } } } }"
        )
        found = [node["campaign"]["id"] for node in nodes_of(data["reviewInbox"])]
        assert data["reviewInbox"]["totalCount"] == len(found)
        return found

    async def kinds(self, campaign_id: str | None = None) -> list[str]:
        """The kinds of acme's audit entries, oldest first."""
        query = "query($id: ID) { auditLog(first: 100, campaignId: $id) { edges { node { kind } } } }"
        data = await self.ask("ada", query, id=campaign_id)
        return [node["kind"] for node in reversed(nodes_of(data["auditLog"]))]

    async def member_id(self, name: str, account: str = "acme") -> str:
        """The global id of a member."""
        query = "{ members(first: 100) { edges { node { id user { name } } } } }"
        data = await self.ask(ADMINS[account], query)
        return next(node["id"] for node in nodes_of(data["members"]) if node["user"]["name"] == name.title())

    async def user_id(self, name: str) -> str:
        """The global id of a person."""
        user = await people.user_by_email(f"{name}@acme.test") or await people.user_by_email(
            f"{name}@globex.test"
        )
        assert user is not None
        return global_id("User", user.id)


async def settle(now: datetime) -> None:
    """Let everybody of `ACCOUNTS` in; who belongs to two accounts is one person."""
    for slug, members in ACCOUNTS.items():
        account = await people.create_account(slug, name=slug.title(), time_zone="Europe/Berlin", now=now)
        for name, roles in members.items():
            email = f"{name}@{'acme' if name == 'noor' else slug}.test"
            user = await people.user_by_email(email)
            if user is None:
                user = await people.create_user(name=name.title(), email=email, now=now)
                demo = f"demo-insecure-{name}"
                await people.create_token(user.id, name=name, now=now, expires_at=None, demo=demo)
            await people.create_member(account.id, user.id, roles, now)
