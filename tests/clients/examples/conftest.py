"""The demo's makers, who give the examples something to decide on."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.server.server_process import ServerProcess

CREATE = """mutation Create($input: CreateCampaignInput!) { createCampaign(input: $input) {
  ... on CreateCampaignPayload { campaign { id } } ... on UserError { code message }
} }"""
SUBMIT = """mutation Submit($id: ID!) { submitCampaign(input: { campaignId: $id }) {
  ... on SubmitCampaignPayload { request { contentHash } } ... on UserError { code message }
} }"""
EDIT = """mutation Edit($input: UpdateCampaignInput!) { updateCampaign(input: $input) {
  ... on UpdateCampaignPayload { campaign { version } } ... on UserError { code message }
} }"""
CAMPAIGN = """query Campaign($id: ID!) { campaign(id: $id) {
  status version requests { edges { node { status decisions { verdict contentHash reason by { name } } } } }
} }"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(demo: ServerProcess) -> Ask:
    """`ask("maya", query, id=…)`: the data that one of the demo's people is answered."""

    def asked(who: str, query: str, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer demo-insecure-{who}"}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{demo.url}/graphql", json=body, headers=headers, trust_env=False, timeout=30)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]  # type: ignore[no-any-return]

    return asked


@pytest.fixture
def submitted(ask: Ask) -> Callable[[str], tuple[str, str]]:
    """`submitted("Winter sale")`: the id and the content hash of a campaign that maya has submitted."""

    def made(name: str) -> tuple[str, str]:
        content = {"sms": {"senderId": "ACME", "body": f"{name}!"}}
        audience = {"segment": "newsletter", "estimatedSize": 1000}
        created = ask("maya", CREATE, input={"name": name, "content": content, "audience": audience})
        campaign_id = created["createCampaign"]["campaign"]["id"]
        done = ask("maya", SUBMIT, id=campaign_id)["submitCampaign"]
        return campaign_id, done["request"]["contentHash"]

    return made


@pytest.fixture
def edited(ask: Ask) -> Callable[[str, str], str]:
    """`edited(campaign_id, "Another text")`: maya edits and submits again; gives the content hash."""

    def made(campaign_id: str, body: str) -> str:
        version = ask("maya", CAMPAIGN, id=campaign_id)["campaign"]["version"]
        copy = {"content": {"sms": {"senderId": "ACME", "body": body}}, "ifPending": "WITHDRAW"}
        ask("maya", EDIT, input={"campaignId": campaign_id, "expectedVersion": version, **copy})
        return ask("maya", SUBMIT, id=campaign_id)["submitCampaign"]["request"]["contentHash"]  # type: ignore[no-any-return]

    return made


@pytest.fixture
def decisions(ask: Ask) -> Callable[[str], tuple[str, list[dict[str, Any]]]]:
    """`decisions(campaign_id)`: a campaign's status, and what was decided on its newest request."""

    def found(campaign_id: str) -> tuple[str, list[dict[str, Any]]]:
        campaign = ask("maya", CAMPAIGN, id=campaign_id)["campaign"]
        return campaign["status"], campaign["requests"]["edges"][0]["node"]["decisions"]

    return found
