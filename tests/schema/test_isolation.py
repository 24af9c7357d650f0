"""Nobody learns anything of another account: every place that takes an id, enumerated from the schema.

Somebody else's id, one that never was and junk are answered alike. A new argument of type ID fails here until
it has a row in `PLACES`.
"""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import json
from base64 import urlsafe_b64encode

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from tests.schema.client import NOBODYS_HASH, api_schema, document, hash_of, nodes_of
from tests.schema.natural import FIGURES

from gql_approvals.workflow.identity import global_id

pytestmark = pytest.mark.wide

SCHEMA = api_schema()
KINDS = sorted(kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"]))
UNKNOWN = 987_654_321
HUGE = 2**63 - 1
JUNK = (
    "",
    "x",
    "MTIz",
    "Q2FtcGFpZ246MDE",
    "ü",
    "\0",
    "\ud800",
    "a" * 5000,
    global_id("Campaign", 0),
    "123",
    "==",
)


def places():
    """Every field of the roots with the way to each of its arguments or input fields that are ids."""
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    for root in (root for root in roots if root is not None):
        for name, field in root.fields.items():
            for argument, value in field.args.items():
                kind = get_named_type(value.type)
                yield from (f"{name}.{path}" for path in ways(argument, kind))
    for kind in SCHEMA.type_map.values():
        if hasattr(kind, "fields") and kind not in roots and not isinstance(kind, GraphQLInputObjectType):
            for name, field in kind.fields.items():
                for argument, value in field.args.items():
                    yield from (
                        f"{kind.name}.{name}.{path}" for path in ways(argument, get_named_type(value.type))
                    )


def ways(path, kind):
    if kind.name == "ID":
        yield path
    if isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield from ways(f"{path}.{name}", get_named_type(field.type))


# place → (who asks, the kind of id, document, what is sent beside the id)
CAMPAIGN_IDS = {
    "updateCampaign": {"expectedVersion": 1, "name": "Stolen"},
    "submitCampaign": {},
    "withdrawCampaign": {},
    "approveCampaign": {"contentHash": NOBODYS_HASH},
    "rejectCampaign": {"contentHash": NOBODYS_HASH, "reason": "no"},
    "revokeApproval": {"reason": "no"},
    "publishCampaign": {"contentHash": NOBODYS_HASH},
    "discardDraft": {},
    "archiveCampaign": {},
    "duplicateCampaign": {},
    "addComment": {"body": "no"},
}
MEMBER_IDS: dict[str, dict[str, list[str]]] = {
    "assignRoles": {"roles": ["admin"]},
    "disableMember": {},
    "enableMember": {},
}
PLACES = {
    **{
        f"{mutation}.input.campaignId": (
            "ada",
            "Campaign",
            document(mutation, ""),
            lambda i, more=more: {"input": {"campaignId": i, **more}},
        )
        for mutation, more in CAMPAIGN_IDS.items()
    },
    **{
        f"{mutation}.input.memberId": (
            "ada",
            "Member",
            document(mutation, ""),
            lambda i, more=more: {"input": {"memberId": i, **more}},
        )
        for mutation, more in MEMBER_IDS.items()
    },
    "recordDeliveryMetrics.input.publicationId": (
        "dora",
        "Publication",
        document("recordDeliveryMetrics", ""),
        lambda i: {"input": {"publicationId": i, **FIGURES}},
    ),
    **{
        place: ("ada", kind, f"query($i: {'[ID!]!' if place == 'nodes.ids' else 'ID!'}) {{ {text} }}", ids)
        for place, kind, text, ids in (
            ("campaign.id", "Campaign", "campaign(id: $i) { id }", lambda i: {"i": i}),
            ("node.id", None, "node(id: $i) { id }", lambda i: {"i": i}),
            ("nodes.ids", None, "nodes(ids: $i) { id }", lambda i: {"i": [i, i]}),
            (
                "submitPreview.campaignId",
                "Campaign",
                "submitPreview(campaignId: $i) { allowed }",
                lambda i: {"i": i},
            ),
            (
                "auditLog.campaignId",
                "Campaign",
                "auditLog(campaignId: $i) { totalCount }",
                lambda i: {"i": i},
            ),
            (
                "explain.input.campaignId",
                "Campaign",
                'explain(input: {action: "view", campaignId: $i}) { allowed }',
                lambda i: {"i": i},
            ),
            (
                "explain.input.userId",
                "User",
                'explain(input: {action: "view", userId: $i}) { allowed }',
                lambda i: {"i": i},
            ),
            (
                "campaigns.filter.createdBy",
                "User",
                "campaigns(filter: {createdBy: $i}) { totalCount edges { cursor } }",
                lambda i: {"i": i},
            ),
        )
    },
}
PEOPLE = {"acme": ("maya", "chen", "ada"), "globex": ("gwen", "gus", "gil")}
SECRET = {
    "name": "Secret",
    "content": {"sms": {"senderId": "G", "body": "secret"}},
    "audience": {"segment": "Secret", "estimatedSize": 3},
}


async def objects_of(api, account="globex"):
    """One object of every kind that belongs to this account alone, by kind."""
    maker, checker, admin = PEOPLE[account]
    made = (await api.mutate(maker, "createCampaign", "campaign { id head { contentHash } }", **SECRET))[
        "campaign"
    ]
    await api.mutate(maker, "submitCampaign", campaignId=made["id"])
    await api.mutate(checker, "approveCampaign", campaignId=made["id"], contentHash=hash_of(made))
    comment = await api.comment(made, checker)
    found = await api.ask(
        admin,
        """query($id: ID!) { campaign(id: $id) { id head { id } live { id request { id decisions { id by { id } } } } }
        viewer { account { id } } auditLog { edges { node { id } } } }""",
        id=made["id"],
    )
    campaign, request = found["campaign"], found["campaign"]["live"]["request"]
    return {
        "Account": found["viewer"]["account"]["id"],
        "ApprovalRequest": request["id"],
        "AuditEvent": found["auditLog"]["edges"][0]["node"]["id"],
        "Campaign": campaign["id"],
        "Comment": comment["id"],
        "Decision": request["decisions"][0]["id"],
        "Member": await api.member_id(checker, account),
        "Publication": campaign["live"]["id"],
        "Revision": campaign["head"]["id"],
        "User": await api.user_id(maker),
    }


def test_every_argument_that_takes_an_id_is_tried():
    followed = {"campaignChanged.campaignId"}  # tried in tests/live
    assert sorted(set(places()) - followed) == sorted(PLACES)


@pytest.mark.sampled
@pytest.mark.parametrize("place_of_id", PLACES)
async def test_an_id_of_another_account_is_like_one_that_never_was(api, place_of_id):
    foreign = await objects_of(api)
    assert sorted(foreign) == KINDS, "objects_of needs one object of every kind"
    before = await api.footprint()

    who, kind, text, variables = PLACES[place_of_id]
    for name in KINDS if kind is None else [kind]:
        expected = await api.post(who, text, variables(global_id(name, UNKNOWN)))
        answer = expected.get("data", {})
        if (
            place_of_id.endswith(("campaignId", "memberId", "publicationId"))
            and place_of_id.split(".")[0] in SCHEMA.mutation_type.fields
        ):
            assert next(iter(answer.values()))["code"] == "NOT_FOUND"
        else:
            assert "errors" not in expected, expected
        assert await api.post(who, text, variables(foreign[name])) == expected, name
        assert await api.post(who, text, variables(global_id(name, HUGE))) == expected, name
        wrong_kind = foreign["Campaign" if name != "Campaign" else "Revision"]
        assert await api.post(who, text, variables(wrong_kind)) == expected, name
    for junk in JUNK:
        assert await api.post(who, text, variables(junk)) == expected, junk
    assert await api.footprint() == before


@pytest.mark.sampled
@pytest.mark.parametrize("place_of_id", PLACES)
async def test_an_id_of_ones_own_account_is_answered_otherwise(api, place_of_id):
    own = await objects_of(api, "acme")

    who, kind, text, variables = PLACES[place_of_id]
    for name in KINDS if kind is None else [kind]:
        unknown = await api.post(who, text, variables(global_id(name, UNKNOWN)))
        assert await api.post(who, text, variables(own[name])) != unknown, name


@pytest.mark.parametrize("mutation", MEMBER_IDS)
async def test_who_lacks_the_permission_is_told_so_before_whether_the_member_exists(api, mutation):
    foreign = await api.member_id("gus", "globex")
    own = await api.member_id("max")

    answers = [
        await api.refused("vera", mutation, memberId=key, **MEMBER_IDS[mutation])
        for key in (own, foreign, global_id("Member", UNKNOWN), "x")
    ]

    assert {answer["code"] for answer in answers} == {"FORBIDDEN"}
    assert all(answer == answers[0] for answer in answers)


async def test_who_may_not_explain_others_is_told_so_for_everybody_alike(api):
    text = 'query($i: ID!) { explain(input: {action: "view", userId: $i}) { allowed } }'

    answers = [
        await api.fault("vera", text, i=key)
        for key in (await api.user_id("max"), await api.user_id("gus"), global_id("User", UNKNOWN), "x")
    ]

    assert {answer["code"] for answer in answers} == {"FORBIDDEN"}
    assert all(answer == answers[0] for answer in answers)


async def test_lists_counts_and_nested_edges_stay_within_the_account(api):
    await objects_of(api)
    own = await api.sent()

    text = """{ viewer { accounts { slug } } campaigns { totalCount edges { node { id head { contributors { name } } } } }
      members { totalCount edges { node { user { name } } } } auditLog(first: 100) { totalCount edges { node { actor { name } campaign { id } } } } }"""
    data = await api.ask("ada", text)

    assert data["viewer"]["accounts"] == [{"slug": "acme"}]
    assert data["campaigns"]["totalCount"] == 1
    assert [node["id"] for node in nodes_of(data["campaigns"])] == [own["id"]]
    assert data["members"]["totalCount"] == 10
    assert "Gus" not in json.dumps(data)
    assert data["auditLog"]["totalCount"] == 4
    assert {node["campaign"]["id"] for node in nodes_of(data["auditLog"])} == {own["id"]}


async def test_previews_and_inboxes_stay_within_the_account(api):
    made = (await api.mutate("gwen", "createCampaign", "campaign { id }", **SECRET))["campaign"]
    await api.mutate("gwen", "submitCampaign", campaignId=made["id"])

    data = await api.ask(
        "ada",
        "{ reviewInbox { totalCount } disableApprovalsPreview { wouldApprove campaigns { totalCount } } }",
    )

    assert data == {
        "reviewInbox": {"totalCount": 0},
        "disableApprovalsPreview": {"wouldApprove": 0, "campaigns": {"totalCount": 0}},
    }
    await api.switch_off()
    assert (await api.ask("gus", "{ reviewInbox { totalCount } }"))["reviewInbox"]["totalCount"] == 1


async def test_a_cursor_of_another_account_opens_nothing(api):
    await objects_of(api)
    await api.create()
    for field, who in (("campaigns", "gil"), ("members", "gil"), ("auditLog", "gil")):
        text = f"query($after: String) {{ {field}(first: 1, after: $after) {{ edges {{ cursor node {{ id }} }} }} }}"
        foreign = (await api.ask(who, text))[field]["edges"][0]

        page = (await api.ask("ada", text, after=foreign["cursor"]))[field]["edges"]

        assert all(edge["node"]["id"] != foreign["node"]["id"] for edge in page)
    beyond = urlsafe_b64encode(json.dumps([HUGE]).encode()).decode()
    text = "query($after: String) { campaigns(first: 100, after: $after) { edges { node { name } } } }"
    assert [n["name"] for n in nodes_of((await api.ask("ada", text, after=beyond))["campaigns"])] == [
        "Winter sale"
    ]


@pytest.mark.parametrize("account", ["acme", "globex"])
async def test_a_member_of_two_accounts_sees_the_one_they_chose(api, account):
    foreign = await objects_of(api)
    own = await api.sent()

    text = "query($i: [ID!]!) { nodes(ids: $i) { id } campaigns { edges { node { id } } } }"
    data = await api.ask("noor", text, account, i=[own["id"], foreign["Campaign"], foreign["Publication"]])

    seen = {"acme": [own["id"]], "globex": [foreign["Campaign"], foreign["Publication"]]}[account]
    assert [node["id"] for node in data["nodes"] if node] == seen
    assert [node["id"] for node in nodes_of(data["campaigns"])] == seen[:1]
