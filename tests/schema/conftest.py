"""The API as its clients meet it: over HTTP, on both databases, with a clock that the test sets."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gql_approvals import app
from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
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
EMAIL = {"subject": "Sale", "fromName": "Acme", "fromEmail": "news@acme.test", "html": "<p>Buy!</p>"}
CONTENT: dict[str, dict[str, Any]] = {
    "email": EMAIL,
    "sms": {"senderId": "ACME", "body": "Buy!"},
    "appPush": {"title": "Sale", "body": "Buy!"},
    "whatsapp": {"templateName": "sale", "language": "en_US", "parameters": ["10 %"]},
    "webPush": {"title": "Sale", "body": "Buy!", "url": "https://acme.test"},
    "onsite": {"placement": "banner", "html": "<p>Buy!</p>"},
}


@dataclass
class Clock:
    """The server's time."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Api:
    """A client for every person; `ask` and `send` fail the test on unexpected errors."""

    client: httpx.AsyncClient
    clock: Clock
    database: Database
    settings: Settings
    members: dict[tuple[str, str], int] = field(default_factory=dict)

    async def post(
        self, who: str | None, query: str, variables: dict[str, Any] | None = None, account: str | None = None
    ) -> dict[str, Any]:
        """Post a document and return the whole body."""
        headers = {} if who is None else {"Authorization": f"Bearer demo-insecure-{who}"}
        if account is not None:
            headers["X-Account"] = account
        body = {"query": query, "variables": variables or {}}
        response = await self.client.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def ask(self, who: str | None, query: str, account: str | None = None, **variables: Any) -> dict[str, Any]:
        """Post a query and return its data."""
        body = await self.post(who, query, variables, account)
        assert "errors" not in body, body
        return body["data"]

    async def mutate(
        self, who: str, mutation: str, selection: str = "", account: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """Call a mutation and return its result, whatever it is; refusals answer code and message."""
        name = mutation[0].upper() + mutation[1:]
        payload = f"... on {name}Payload {{ {selection} }}" if selection else ""
        document = (
            f"mutation Do($input: {name}Input!) {{ {mutation}(input: $input) "
            f"{{ __typename ... on UserError {{ code message }} {DETAILS[name] if name in DETAILS else ''} {payload} }} }}"
        )
        body = await self.post(who, document, {"input": given}, account)
        assert "errors" not in body, body
        return body["data"][mutation]

    async def send(
        self, who: str, mutation: str, selection: str = "", *, without: str | None = "vera", **given: Any
    ) -> dict[str, Any]:
        """Call a mutation that succeeds, after proving that a person without the permission is refused."""
        if without is not None:
            before = await self.head_of_audit()
            refused = await self.mutate(without, mutation, selection, **given)
            assert refused["code"] == "FORBIDDEN", refused
            assert await self.head_of_audit() == before
        done = await self.mutate(who, mutation, selection, **given)
        assert done["__typename"].endswith("Payload"), done
        return done

    async def head_of_audit(self) -> tuple[int, str]:
        """The newest entry of acme's audit log: unchanged means that nothing happened."""
        data = await self.ask("ada", "{ auditLog(first: 1) { edges { node { seq hash } } } }")
        edges = data["auditLog"]["edges"]
        return (edges[0]["node"]["seq"], edges[0]["node"]["hash"]) if edges else (0, "")

    async def kinds(self, campaign_id: str | None = None) -> list[str]:
        """The kinds of acme's audit entries, oldest first."""
        query = "query($id: ID) { auditLog(first: 100, campaignId: $id) { edges { node { kind } } } }"
        data = await self.ask("ada", query, id=campaign_id)
        return [edge["node"]["kind"] for edge in reversed(data["auditLog"]["edges"])]

    async def create(self, who: str = "maya", channel: str = "email", size: int = 1000, **more: Any) -> dict[str, Any]:
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

    async def submitted(self, who: str = "maya", channel: str = "email", size: int = 1000, **more: Any) -> dict[str, Any]:
        """Create and submit a campaign, and return it."""
        campaign = await self.create(who, channel, size, **more)
        return (await self.act(who, "submitCampaign", campaign))["campaign"]

    async def approved(self, **more: Any) -> dict[str, Any]:
        """Create, submit and approve a campaign, and return it."""
        campaign = await self.submitted(**more)
        return (await self.act("chen", "approveCampaign", campaign, contentHash=hash_of(campaign)))["campaign"]

    async def act(self, who: str, mutation: str, campaign: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Call a mutation on a campaign, and return its payload with the campaign as it is then."""
        done = await self.mutate(
            who, mutation, f"campaign {{ {CAMPAIGN} }}", campaignId=campaign["id"], **more
        )
        assert done["__typename"].endswith("Payload"), done
        return done

    async def refused(self, who: str, mutation: str, campaign: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Call a mutation on a campaign that is refused, and return the refusal; nothing has changed."""
        before = await self.head_of_audit()
        done = await self.mutate(who, mutation, campaignId=campaign["id"], **more)
        assert "code" in done, done
        assert await self.head_of_audit() == before
        return done

    async def campaign(self, campaign_id: str, who: str = "vera") -> dict[str, Any]:
        """A campaign as it is now."""
        query = f"query($id: ID!) {{ campaign(id: $id) {{ {CAMPAIGN} }} }}"
        return (await self.ask(who, query, id=campaign_id))["campaign"]

    async def member_id(self, name: str, account: str = "acme") -> str:
        """The global id of a member."""
        query = "{ members(first: 100) { edges { node { id user { email } } } } }"
        admin = {"acme": "ada", "globex": "gil"}[account]
        data = await self.ask(admin, query)
        return next(e["node"]["id"] for e in data["members"]["edges"] if e["node"]["user"]["email"].startswith(name))


CAMPAIGN = """
  id name channel status publishMode version authorisation
  head { id number contentHash scheduledAt contributors { name } audience { segment estimatedSize } }
  live { id contentHash authorisation sentAt revision { number } request { id status } }
  openRequest { id contentHash status expiresAt requirements { role needed left satisfied approvedBy { name } } }
  metrics { sent delivered opened clicked failed updatedAt }
  createdBy { name }
  viewerActions { action allowed reasons { code } }
"""
DETAILS = {
    "CreateCampaign": "... on InvalidInput { problems { path message } }",
    "UpdateCampaign": "... on InvalidInput { problems { path message } } ... on StaleVersion { currentVersion }",
    "SubmitCampaign": """
      ... on InvalidInput { problems { path message } } ... on StaleVersion { currentVersion }
      ... on QuorumImpossible { requirements { role needed left } eligibleApprovers { user { name } eligible reasons { code } } }
    """,
    "ApproveCampaign": """
      ... on StaleRevision { currentContentHash changedSections } ... on AlreadyDecided { verdict by { name } at }
      ... on Forbidden { action policyVersion reasons { code message source } }
    """,
    "RejectCampaign": """
      ... on StaleRevision { currentContentHash changedSections } ... on AlreadyDecided { verdict by { name } at }
      ... on InvalidInput { problems { path message } }
    """,
    "AssignRoles": "... on SegregationOfDuties { reasons { code message source } } ... on InvalidInput { problems { path message } }",
}


def hash_of(campaign: dict[str, Any]) -> str:
    """The hash of a campaign's head."""
    return campaign["head"]["contentHash"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(database_url: str, clock: Clock) -> AsyncGenerator[Api, None]:
    """The server, with everybody of the two accounts."""
    settings = Settings(database_url=database_url, policies=str(POLICIES))
    application = app.create(settings, now=clock, driven=False)
    transport = httpx.ASGITransport(app=application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://approvals.test") as client,
    ):
        api = Api(client=client, clock=clock, database=application.state.office.database, settings=settings)
        await api.database.transaction(lambda: _settle(clock.now))
        yield api


async def _settle(now: datetime) -> None:
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
