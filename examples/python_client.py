"""A checker's review inbox from Python, with the package `gql`: list it, follow it live, approve.

    pip install "gql[httpx2,websockets]"
    python examples/python_client.py list
    python examples/python_client.py watch
    python examples/python_client.py approve ID HASH

ID and HASH are those that `list` printed: what is approved is exactly the content that has this hash.
"""

# ruff: noqa: INP001, T201 - a script, not a package; it prints
# ruff: noqa: ANN401 - what a GraphQL server takes and answers is any JSON

import argparse
import asyncio
import os
import sys
import uuid
from contextlib import AsyncExitStack
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

ENTRY = """contentHash submittedBy { name } campaign { id name channel }
  revision { audience { segment estimatedSize } }"""
INBOX = f"{{ reviewInbox(first: 100) {{ edges {{ node {{ {ENTRY} }} }} }} }}"
INBOX_CHANGED = f"subscription {{ reviewInboxChanged {{ change request {{ {ENTRY} }} }} }}"
APPROVE = """mutation Approve($input: ApproveCampaignInput!) {
  approveCampaign(input: $input) {
    __typename
    ... on ApproveCampaignPayload { campaign { name status } }
    ... on StaleRevision { changedSections }
    ... on Forbidden { reasons { message } }
    ... on UserError { code message }
  }
}"""


async def ask(session: AsyncClientSession, document: str, **variables: Any) -> dict[str, Any]:
    """Send a query or mutation; errors that are no union's member are raised."""
    return dict(await session.execute(GraphQLRequest(document, variable_values=variables)))


def line(request: dict[str, Any]) -> str:
    """An entry of the inbox, with what `approve` takes at its head."""
    campaign, audience = request["campaign"], request["revision"]["audience"]
    words = f"{campaign['name']}: {campaign['channel']} to {audience['estimatedSize']} {audience['segment']}"
    return f"{campaign['id']} {request['contentHash']}  {words}, by {request['submittedBy']['name']}"


async def show(session: AsyncClientSession) -> None:
    """Print what waits for a decision."""
    edges = (await ask(session, INBOX))["reviewInbox"]["edges"]
    print(*(line(edge["node"]) for edge in edges), f"{len(edges)} to review", sep="\n", flush=True)


async def watch(session: AsyncClientSession) -> None:
    """Print the inbox, and what comes and goes: asked for behind the subscription, it misses nothing."""
    events = session.subscribe(GraphQLRequest(INBOX_CHANGED))
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)  # now it has been sent
    await show(session)
    told = await first
    while True:
        change = told["reviewInboxChanged"]
        print("+" if change["change"] == "ADDED" else "-", line(change["request"]), flush=True)
        told = await anext(events)


async def approve(session: AsyncClientSession, campaign_id: str, content_hash: str) -> bool:
    """Approve exactly this content, and say what came of it."""
    key = str(uuid.uuid4())  # the same key, sent again after a lost answer, approves only once
    given = {"campaignId": campaign_id, "contentHash": content_hash, "idempotencyKey": key}
    match (await ask(session, APPROVE, input=given))["approveCampaign"]:
        case {"__typename": "ApproveCampaignPayload", "campaign": campaign}:
            print(f"{campaign['name']} is {campaign['status']}")
            return True
        case {"__typename": "StaleRevision", "changedSections": sections}:
            print(f"changed since you read it ({', '.join(sections)}): read it again, then decide")
        case {"__typename": "Forbidden", "message": message, "reasons": reasons}:
            print(f"{message}: {'; '.join(reason['message'] for reason in reasons)}")
        case refusal:  # every other one, those of later versions as well
            print(f"{refusal['code']}: {refusal['message']}")
    return False


async def run(options: argparse.Namespace) -> bool:
    """Do what was asked for: live updates over a WebSocket, everything else over HTTP."""
    headers = {"Authorization": f"Bearer {options.token}"}
    transport: HTTPXAsyncTransport | WebsocketsTransport
    if options.command == "watch":
        transport = WebsocketsTransport(options.url.replace("http", "ws", 1), init_payload=headers)
    else:
        transport = HTTPXAsyncTransport(options.url, headers=headers, timeout=30)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(Client(transport=transport))
        if options.command == "approve":
            return await approve(session, options.campaign, options.hash)
        await {"list": show, "watch": watch}[options.command](session)
    return True


def main() -> int:
    """Read the command line; the exit status says whether it was done."""
    parser = argparse.ArgumentParser(description="A checker's review inbox, from Python.")
    url, token = os.environ.get("GQL_URL"), os.environ.get("GQL_TOKEN")
    parser.add_argument(
        "--url", default=url or "http://127.0.0.1:8000/graphql", help="default: %(default)s, or $GQL_URL"
    )
    parser.add_argument(
        "--token", default=token or "demo-insecure-chen", help="default: the demo's chen, or $GQL_TOKEN"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="print what waits for a decision, with ids and hashes")
    commands.add_parser("watch", help="print it, and what comes (+) and goes (-), until Ctrl-C")
    deciding = commands.add_parser("approve", help="approve a campaign's content")
    deciding.add_argument("campaign", metavar="ID", help="the campaign, from `list`")
    deciding.add_argument("hash", metavar="HASH", help="the content that you have read, from `list`")
    options = parser.parse_args()
    try:
        return 0 if asyncio.run(run(options)) else 1
    except TransportQueryError as error:
        sys.stderr.write("".join(f"{one['message']}\n" for one in error.errors or ()))
    except (TransportError, OSError) as error:
        sys.stderr.write(f"no answer from {options.url}: {error}; start a server with `gql-approvals demo`\n")
    except KeyboardInterrupt:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
