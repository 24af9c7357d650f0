"""The Python package `gql` against a real server, over HTTP and over `graphql-transport-ws`."""

import asyncio

import pytest
from gql import GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from graphql import GraphQLError, build_schema, find_schema_changes

pytestmark = pytest.mark.alone
SOON_S = 10
VIEWER = "{ viewer { user { name } account { slug } roles } }"
CREATE = """mutation Create($input: CreateCampaignInput!) { createCampaign(input: $input) {
  __typename
  ... on CreateCampaignPayload { campaign { id name status version } }
  ... on InvalidInput { problems { path } }
  ... on UserError { code message }
} }"""
SUBMIT = """mutation Submit($input: SubmitCampaignInput!) { submitCampaign(input: $input) {
  __typename ... on SubmitCampaignPayload { request { id } } ... on UserError { code message }
} }"""
CHANGED = "subscription($id: ID) { campaignChanged(campaignId: $id) { id status version } }"
INBOX = "subscription { reviewInboxChanged { change request { id campaign { name } } } }"
UNFIT = (
    "{ nonsense }",
    "{ viewer }",
    "{ campaigns(first: true) { totalCount } }",
    'mutation { updateCampaign(input: {campaignId: "1", expectedVersion: 1, content: {}}) { __typename } }',
)
EVERYTHING = {"input_object_one_of": True, "specified_by_url": True, "directive_is_repeatable": True}


def draft(name):
    """The input of createCampaign."""
    content = {"sms": {"senderId": "ACME", "body": "Buy!"}}
    return {"name": name, "content": content, "audience": {"segment": "All", "estimatedSize": 1000}}


async def ask(session, document, **variables):
    return await session.execute(GraphQLRequest(document, variable_values=variables))


async def create(session, name):
    """Create a campaign, and return its id."""
    done = await ask(session, CREATE, input=draft(name))
    return done["createCampaign"]["campaign"]["id"]


async def submit(session, campaign_id):
    done = await ask(session, SUBMIT, input={"campaignId": campaign_id})
    return done["submitCampaign"]["request"]["id"]


def follow(session, document, **variables):
    return session.subscribe(GraphQLRequest(document, variable_values=variables))


async def next_of(events, session, cause):
    """The next event: subscribe if that is yet to be done, then let `cause` happen; gives what both gave."""

    async def afterwards():
        transport = session.transport
        transport.pong_received.clear()
        await transport.send_ping()
        await transport.pong_received.wait()  # what was sent before has been taken
        return await cause

    async with asyncio.timeout(SOON_S):
        return await asyncio.gather(anext(events), afterwards())


async def refusal_of(session, document, **variables):
    """The codes of the top-level errors that a document is answered."""
    with pytest.raises(TransportQueryError) as refused:
        await ask(session, document, **variables)
    return [error["extensions"]["code"] for error in refused.value.errors]


async def test_a_query_is_answered(session):
    async with session("maya") as maya:
        assert await ask(maya, VIEWER) == {
            "viewer": {"user": {"name": "Maya"}, "account": {"slug": "acme"}, "roles": ["maker"]}
        }


async def test_a_mutation_answers_its_payload(session):
    async with session("maya") as maya:
        done = (await ask(maya, CREATE, input=draft("By gql")))["createCampaign"]

        assert done["__typename"] == "CreateCampaignPayload"
        assert done["campaign"] | {"id": ""} == {"id": "", "name": "By gql", "status": "DRAFT", "version": 1}


async def test_a_refusal_is_data_in_the_union(session):
    async with session("maya") as maya, session("vera") as vera:
        unfit = (await ask(maya, CREATE, input=draft("")))["createCampaign"]
        forbidden = (await ask(vera, CREATE, input=draft("By Vera")))["createCampaign"]

    assert (unfit["__typename"], unfit["code"]) == ("InvalidInput", "INVALID_INPUT")
    assert unfit["problems"] == [{"path": ["name"]}]
    assert (forbidden["__typename"], forbidden["code"]) == ("Forbidden", "FORBIDDEN")


@pytest.mark.parametrize(
    ("who", "document", "variables", "code"),
    [
        (None, "{ campaigns { totalCount } }", {}, "UNAUTHENTICATED"),
        ("maya", "{ members { totalCount } }", {}, "FORBIDDEN"),
        ("maya", "{ campaigns(first: 0) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("maya", "{ nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("maya", "query($n: Int) { campaigns(first: $n) { totalCount } }", {"n": "x"}, "BAD_USER_INPUT"),
    ],
)
async def test_a_top_level_error_has_a_code(session, who, document, variables, code):
    async with session(who) as asked:
        assert await refusal_of(asked, document, **variables) == [code]


async def test_campaign_changed_tells_of_a_mutation(over_http, over_socket):
    async with over_http("maya") as maya, over_socket("vera") as vera:
        campaign_id = await create(maya, "Followed")
        events = follow(vera, CHANGED, id=campaign_id)

        told, _ = await next_of(events, vera, submit(maya, campaign_id))

        assert told == {"campaignChanged": {"id": campaign_id, "status": "PENDING_REVIEW", "version": 2}}
        await events.aclose()


async def test_review_inbox_changed_tells_of_a_mutation(over_http, over_socket):
    async with over_http("maya") as maya, over_socket("chen") as chen:
        campaign_id = await create(maya, "To be reviewed")
        events = follow(chen, INBOX)

        told, request_id = await next_of(events, chen, submit(maya, campaign_id))

        request = {"id": request_id, "campaign": {"name": "To be reviewed"}}
        assert told == {"reviewInboxChanged": {"change": "ADDED", "request": request}}
        await events.aclose()


async def test_what_is_wrong_with_one_operation_leaves_the_others_of_its_socket_alone(over_socket):
    async with over_socket("maya") as maya:
        campaign_id = await create(maya, "On one socket")
        events = follow(maya, CHANGED, id=campaign_id)

        told, codes = await next_of(events, maya, refused_then_submitted(maya, campaign_id))

        assert codes == ["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]
        assert told["campaignChanged"]["status"] == "PENDING_REVIEW"
        await events.aclose()
        assert (await ask(maya, VIEWER))["viewer"]["roles"] == ["maker"]


async def refused_then_submitted(session, campaign_id):
    """Two operations that fail, of which one subscribes, and the one that causes the event."""
    codes = await refusal_of(session, "subscription { nonsense }")
    codes += await refusal_of(session, "query($n: Int) { campaigns(first: $n) { totalCount } }", n="x")
    await submit(session, campaign_id)
    return codes


async def test_documents_are_validated_against_the_schema_that_introspection_gives(session):
    async with session("maya", fetch_schema_from_transport=True, introspection_args=EVERYTHING) as maya:
        await create(maya, "Validated")
        for document in UNFIT:
            with pytest.raises(GraphQLError):  # gql's own: the server's would be a TransportQueryError
                await ask(maya, document)


async def test_the_schema_that_introspection_gives_is_the_published_one(demo, over_http):
    async with over_http(None, fetch_schema_from_transport=True, introspection_args=EVERYTHING) as anybody:
        published = await anybody.transport.client.get(f"{demo.url}/schema.graphql")

        changes = find_schema_changes(build_schema(published.text), anybody.client.schema)
        # Introspection describes the built-in directive, the file does not.
        assert [
            change for change in changes if not change.description.startswith("Description of @oneOf")
        ] == []
        assert anybody.client.schema.type_map["ContentInput"].is_one_of
