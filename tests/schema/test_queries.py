"""What can be read: by whom, in which order, and to the last page."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import base64
import json

import pytest
from tests.schema.client import TOMORROW, api_schema, nodes_of

pytestmark = pytest.mark.wide

CAMPAIGNS = """query($first: Int, $after: String, $filter: CampaignFilter, $by: CampaignOrder) {
  campaigns(first: $first, after: $after, filter: $filter, orderBy: $by) {
    totalCount edges { cursor node { id name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
CONNECTIONS = ("campaigns", "reviewInbox", "members", "auditLog")


async def names(api, who="vera", **wanted):
    data = await api.ask(who, CAMPAIGNS, first=100, **wanted)
    assert data["campaigns"]["totalCount"] == len(data["campaigns"]["edges"])
    return [node["name"] for node in nodes_of(data["campaigns"])]


def cursor(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


# ------------------------------------------------------------------------------------------------ viewer
async def test_nobody_is_no_viewer_and_reads_nothing(api):
    assert await api.ask(None, "{ viewer { roles } }") == {"viewer": None}
    for text in (
        '{ node(id: "x") { id } }',
        "{ campaigns { totalCount } }",
        '{ campaign(id: "x") { id } }',
        "{ members { totalCount } }",
    ):
        assert (await api.fault(None, text))["code"] == "UNAUTHENTICATED"


async def test_a_viewer_is_told_who_they_are_and_what_they_may_do(api):
    text = "{ viewer { user { name email } account { slug name timeZone approvalsEnabled notifyScope } accounts { slug } roles permissions } }"

    assert (await api.ask("chen", text))["viewer"] == {
        "user": {"name": "Chen", "email": "chen@acme.test"},
        "account": {
            "slug": "acme",
            "name": "Acme",
            "timeZone": "Europe/Berlin",
            "approvalsEnabled": True,
            "notifyScope": "INVOLVED",
        },
        "accounts": [{"slug": "acme"}],
        "roles": ["checker"],
        "permissions": ["view", "comment", "approve", "reject", "revoke"],
    }
    vera = (await api.ask("vera", text))["viewer"]
    assert (vera["roles"], vera["permissions"]) == ([], ["view"])
    assert (await api.ask("dora", text))["viewer"]["permissions"] == ["view", "record_metrics"]


async def test_a_bad_token_is_not_like_none(api):
    for header in (
        "Bearer nonsense",
        "Bearer ",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "demo-insecure-ada",
        "Bearer demo-insecure-ada x",
    ):
        response = await api.client.post(
            "/graphql", json={"query": "{ viewer { roles } }"}, headers={"Authorization": header}
        )
        body = response.json()
        assert (response.status_code, body["data"]) == (200, {"viewer": None})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]


async def test_who_is_in_several_accounts_chooses_one(api):
    error = await api.fault("noor", "{ viewer { roles } }")
    assert error["code"] == "ACCOUNT_REQUIRED"
    assert "`acme`" in error["message"]
    assert "`globex`" in error["message"]

    data = await api.ask("noor", "{ viewer { account { slug } accounts { slug } } }", "globex")
    assert data["viewer"] == {
        "account": {"slug": "globex"},
        "accounts": [{"slug": "acme"}, {"slug": "globex"}],
    }


async def test_a_foreign_account_answers_like_one_that_does_not_exist(api):
    foreign, unknown = [
        await api.fault("maya", "{ viewer { roles } }", slug) for slug in ("globex", "nobody")
    ]

    assert foreign["code"] == unknown["code"] == "ACCOUNT_REQUIRED"
    assert foreign["message"].replace("globex", "nobody") == unknown["message"]


# ------------------------------------------------------------------------------------------- campaigns
async def test_campaigns_come_newest_first_and_otherwise_as_asked(api):
    for name in ("b", "a", "C", "Ärger", "zz"):
        await api.create(name=name)
        api.clock.pass_(minutes=1)
    first = (await api.ask("vera", CAMPAIGNS, first=5))["campaigns"]["edges"][-1]["node"]
    await api.act("maya", "updateCampaign", first, expectedVersion=1, name="B")

    assert await names(api) == ["zz", "Ärger", "C", "a", "B"]
    for field, expected in (
        ("CREATED_AT", ["B", "a", "C", "Ärger", "zz"]),
        ("UPDATED_AT", ["a", "C", "Ärger", "zz", "B"]),
        ("NAME", ["a", "B", "C", "zz", "Ärger"]),
    ):
        assert await names(api, by={"field": field, "direction": "ASC"}) == expected
        assert await names(api, by={"field": field, "direction": "DESC"}) == expected[::-1]


async def test_campaigns_are_filtered_by_everything_at_once(api):
    await api.create(name="draft mail")
    await api.submitted("max", name="pending mail")
    await api.submitted(name="pending sms", channel="sms")
    maya, max_ = await api.user_id("maya"), await api.user_id("max")

    for wanted, found in (
        ({}, ["pending sms", "pending mail", "draft mail"]),
        (
            {"status": None, "channel": None, "createdBy": None, "search": None},
            ["pending sms", "pending mail", "draft mail"],
        ),
        ({"status": ["PENDING_REVIEW"]}, ["pending sms", "pending mail"]),
        ({"status": ["PENDING_REVIEW", "DRAFT"], "channel": ["EMAIL"]}, ["pending mail", "draft mail"]),
        ({"channel": ["SMS", "ONSITE"]}, ["pending sms"]),
        ({"createdBy": max_}, ["pending mail"]),
        ({"createdBy": maya, "search": "SMS"}, ["pending sms"]),
        ({"createdBy": maya, "status": ["PENDING_REVIEW"], "channel": ["EMAIL"]}, []),
        ({"status": []}, []),
        ({"channel": []}, []),
        ({"status": [], "channel": []}, []),
        ({"createdBy": "junk"}, []),
        ({"search": "x" * 100_000}, []),
        ({"search": ""}, ["pending sms", "pending mail", "draft mail"]),
    ):
        assert await names(api, filter=wanted) == found, wanted


async def test_a_search_for_what_no_name_can_hold_is_bad_input(api):
    for text in ("\0", "a\ud800"):
        assert (await api.fault("vera", CAMPAIGNS, filter={"search": text}))["code"] == "BAD_USER_INPUT"


async def test_search_finds_a_part_of_the_name_whatever_its_case(api):
    for name in ("50 % off", "50_off", "Straße ÄRGER", "a\\b", 'O\'Hara "x"', "plain"):
        await api.create(name=name)

    for text, found in (
        ("%", ["50 % off"]),
        ("_", ["50_off"]),
        ("\\", ["a\\b"]),
        ("'", ['O\'Hara "x"']),
        ("PLAIN", ["plain"]),
        ("lai", ["plain"]),
        ("ärger", ["Straße ÄRGER"]),
        ("STRASSE", ["Straße ÄRGER"]),
        ("50", ["50_off", "50 % off"]),
        ("%off", []),
        ("nothing", []),
    ):
        assert await names(api, filter={"search": text}) == found, text


# ------------------------------------------------------------------------------------------------ pages
ORDERS = [
    None,
    *(
        {"field": field, "direction": way}
        for field in ("CREATED_AT", "UPDATED_AT", "NAME")
        for way in ("ASC", "DESC")
    ),
]


@pytest.mark.slow
async def test_every_page_follows_the_one_before_without_loss_or_doubles_in_every_order(api):
    for name in ("same", "same", "other", "same", "Same"):
        await api.create(name=name)  # all of the same minute

    for by in ORDERS:
        whole = (await api.ask("vera", CAMPAIGNS, by=by))["campaigns"]
        seen, after = [], None
        for number in range(1, 6):
            page = (await api.ask("vera", CAMPAIGNS, first=1, after=after, by=by))["campaigns"]
            [edge] = page["edges"]
            assert page["totalCount"] == 5
            assert page["pageInfo"] == {
                "hasNextPage": number < 5,
                "hasPreviousPage": number > 1,
                "startCursor": edge["cursor"],
                "endCursor": edge["cursor"],
            }
            seen.append(edge)
            after = edge["cursor"]
        last = (await api.ask("vera", CAMPAIGNS, after=after, by=by))["campaigns"]

        assert seen == whole["edges"]
        assert (last["edges"], last["pageInfo"]["hasNextPage"], last["pageInfo"]["endCursor"]) == (
            [],
            False,
            None,
        )


async def test_what_is_inserted_between_two_pages_shifts_nothing(api):
    for _ in range(4):
        await api.create(name="same")

    for by in (None, {"field": "NAME", "direction": "ASC"}, {"field": "UPDATED_AT", "direction": "ASC"}):
        before = nodes_of((await api.ask("vera", CAMPAIGNS, first=100, by=by))["campaigns"])
        first = (await api.ask("vera", CAMPAIGNS, first=2, by=by))["campaigns"]
        api.clock.pass_(minutes=1)
        await api.create(name="a before")
        await api.create(name="same")
        rest = (await api.ask("vera", CAMPAIGNS, first=100, after=first["pageInfo"]["endCursor"], by=by))[
            "campaigns"
        ]

        seen = nodes_of(first) + nodes_of(rest)
        assert [node for node in seen if node in before] == before


@pytest.mark.slow
async def test_bad_cursors_and_page_sizes_are_said_to_be_bad(api):
    await api.submitted()
    texts = ["", "x", "ä", "\0", "\ud800", "====", cursor(), cursor(1, 2, 3), cursor("x"), cursor(None), cursor(*[True]), cursor(1.5),
             cursor(-1), cursor(2**63), cursor([1]), cursor({"a": 1}), base64.b64encode(b"\xff").decode(), base64.b64encode(b"[" * 9000).decode()]  # fmt: skip
    for field in CONNECTIONS:
        for first in (0, -1, 101, 2**31 - 1):
            assert (await api.fault("ada", f"{{ {field}(first: {first}) {{ totalCount }} }}"))[
                "code"
            ] == "BAD_USER_INPUT"
        assert (await api.ask("ada", f"{{ {field}(first: 100) {{ totalCount }} }}"))[field] is not None
        text = f"query($after: String) {{ {field}(after: $after) {{ edges {{ cursor }} }} }}"
        for after in texts if field == "campaigns" else texts[:9]:
            assert (await api.fault("ada", text, after=after))["code"] == "BAD_USER_INPUT", after


async def test_a_cursor_of_another_order_is_bad_or_harmless_but_never_our_fault(api):
    await api.create()
    for field in ("NAME", "UPDATED_AT"):
        for values in (["x", 1], ["\0", 1], ["\ud800", 1], [1, 1], [None, 1], ["2026-11-21T09:00:00", 1], ["9999-12-31T23:59:59-23:59", 1],
                       ["0001-01-01T00:00:00+23:59", 1], [{}, 1], ["x", 2**63], ["x" * 100_000, 1]):  # fmt: skip
            body = await api.post(
                "vera", CAMPAIGNS, {"after": cursor(*values), "by": {"field": field, "direction": "ASC"}}
            )
            codes = {error["extensions"]["code"] for error in body.get("errors", ())}
            assert codes <= {"BAD_USER_INPUT"}, values


async def test_counts_are_made_only_up_to_a_thousand_and_null_is_the_default_size(api):
    await api.create()

    assert len((await api.ask("vera", CAMPAIGNS, first=None))["campaigns"]["edges"]) == 1
    assert "1000" in api_schema().type_map["CampaignConnection"].fields["totalCount"].description


# -------------------------------------------------------------------------------------------- the inbox
@pytest.mark.slow
async def test_the_inbox_holds_what_one_may_decide_on_oldest_first_in_full_pages(api):
    own = await api.submitted("ada", name="own")
    waiting = []
    for number in range(5):
        waiting.append(await api.submitted(name=f"{number}"))
        api.clock.pass_(seconds=1)
    await api.approved(name="done")
    await api.create(name="draft")

    assert await api.inbox("chen") == [own["id"], *(campaign["id"] for campaign in waiting)]
    assert await api.inbox("ada") == [campaign["id"] for campaign in waiting]
    seen, after = [], None
    text = "query($after: String) { reviewInbox(first: 2, after: $after) { totalCount edges { node { campaign { id } } } pageInfo { hasNextPage endCursor } } }"
    for size in (2, 2, 1):
        page = (await api.ask("ada", text, after=after))["reviewInbox"]
        assert (len(page["edges"]), page["totalCount"]) == (size, 5)
        seen += [node["campaign"]["id"] for node in nodes_of(page)]
        after = page["pageInfo"]["endCursor"]
    assert seen == [campaign["id"] for campaign in waiting]
    assert page["pageInfo"]["hasNextPage"] is False


async def test_what_one_voted_on_leaves_the_inbox_and_a_void_vote_brings_it_back(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")
    assert (await api.inbox("chen"), await api.inbox("leo")) == ([], [campaign["id"]])

    await api.act("maya", "withdrawCampaign", campaign)
    assert await api.inbox("leo") == []
    await api.act("maya", "submitCampaign", campaign)

    assert await api.inbox("chen") == [campaign["id"]]


async def test_an_inbox_is_derived_from_the_policy(api):
    fits = await api.submitted(channel="sms", size=50_000)
    for channel, size in (("sms", 50_001), ("email", 10), ("appPush", 10)):
        await api.submitted(channel=channel, size=size)
    also = await api.submitted(channel="whatsapp", size=1)

    assert await api.inbox("sofia") == [fits["id"], also["id"]]
    assert len(await api.inbox("leo")) == 5
    for who in ("maya", "vera", "dora"):
        assert await api.inbox(who) == []


# ------------------------------------------------------------------------------------ for some eyes only
@pytest.mark.parametrize(
    ("text", "permission"),
    [
        ("{ members { totalCount } }", "manage_members"),
        ("{ auditLog { totalCount } }", "view_audit"),
        ("{ policyStatus { version } }", "view_policy"),
        ("{ disableApprovalsPreview { confirmToken } }", "manage_approvals"),
    ],
)
async def test_what_is_for_administrators_is_null_with_a_forbidden_error_for_the_others(
    api, text, permission
):
    for who in ("maya", "chen", "vera"):
        error = await api.fault(who, text)
        assert error["code"] == "FORBIDDEN"
        assert permission.replace("_", " ") in error["message"]
        assert error["extensions"]["reasons"]
        assert all(reason["source"] is None for reason in error["extensions"]["reasons"])
        assert error["extensions"]["policyVersion"]
    assert all((await api.ask("ada", text)).values())


async def test_a_refused_field_leaves_its_neighbours_alone(api):
    body = await api.post("maya", "{ viewer { roles } members { totalCount } }")

    assert body["data"] == {"viewer": {"roles": ["maker"]}, "members": None}
    assert [error["path"] for error in body["errors"]] == [["members"]]


async def test_an_auditor_reads_the_log_and_the_policy_and_no_members(api):
    await api.assign("vera", "auditor")

    data = await api.ask(
        "vera", "{ auditLog { totalCount } policyStatus { version roles problems { code } } }"
    )

    assert data["auditLog"]["totalCount"] == 1
    assert {"admin", "maker", "checker", "viewer", "auditor"} <= set(data["policyStatus"]["roles"])
    assert (await api.fault("vera", "{ members { totalCount } }"))["code"] == "FORBIDDEN"


async def test_members_are_listed_newest_first_with_their_roles(api):
    found = nodes_of(
        (await api.ask("ada", "{ members(first: 100) { edges { node { user { name } roles active } } } }"))[
            "members"
        ]
    )

    assert [node["user"]["name"] for node in found][:2] == ["Noor", "Dora"]
    assert len(found) == 10
    assert {"user": {"name": "Ada"}, "roles": ["admin"], "active": True} in found


async def test_the_audit_log_is_narrowed_to_a_campaign(api):
    campaign = await api.submitted()
    await api.create()

    assert await api.kinds(campaign["id"]) == ["campaign:created", "campaign:submitted"]
    assert len(await api.kinds()) == 3


# --------------------------------------------------------------------------------- explain and previews
EXPLAIN = """query($i: ExplainInput!) { explain(input: $i) {
  allowed action roles account { slug } user { name } policyVersion reasons { code message source } } }"""


async def test_the_policy_explains_itself(api):
    large = await api.submitted(channel="sms", size=50_001)

    mine = (await api.ask("sofia", EXPLAIN, i={"action": "approve", "campaignId": large["id"]}))["explain"]
    hers = (
        await api.ask(
            "ada",
            EXPLAIN,
            i={"action": "APPROVE", "campaignId": large["id"], "userId": await api.user_id("sofia")},
        )
    )["explain"]
    some = (await api.ask("chen", EXPLAIN, i={"action": "approve"}))["explain"]

    assert (mine["allowed"], mine["action"], mine["roles"]) == (False, "approve", ["text_approver"])
    assert (mine["user"], mine["account"]) == ({"name": "Sofia"}, {"slug": "acme"})
    assert mine["reasons"]
    assert all(reason["source"] is None for reason in mine["reasons"])
    assert hers["user"] == {"name": "Sofia"}
    assert any((reason["source"] or "").startswith("policy.csv:") for reason in hers["reasons"])
    assert some["allowed"] is True


async def test_an_unknown_permission_is_bad_input_with_a_hint(api):
    error = await api.fault("ada", EXPLAIN, i={"action": "aprove"})
    assert (error["code"], "`approve`" in error["message"]) == ("BAD_USER_INPUT", True)
    for action in ("", "\0", "\ud800", "x" * 10_000):
        assert (await api.fault("ada", EXPLAIN, i={"action": action}))["code"] == "BAD_USER_INPUT"


async def test_a_submission_is_previewed_as_it_would_be_answered(api):
    fine, late = await api.create(size=100_000), await api.create(scheduledAt=TOMORROW)
    text = """query($id: ID!) { submitPreview(campaignId: $id) { allowed reasons { code } requirements { role needed left }
      eligibleApprovers { user { name } eligible reasons { code } } } }"""

    found = (await api.ask("maya", text, id=fine["id"]))["submitPreview"]
    assert (found["allowed"], found["reasons"]) == (True, [])
    assert [(r["role"], r["left"]) for r in found["requirements"]] == [
        ("anyone", 1),
        ("checker", 1),
        ("legal_reviewer", 1),
    ]
    assert {e["user"]["name"] for e in found["eligibleApprovers"] if e["eligible"]} == {
        "Ada",
        "Chen",
        "Cleo",
        "Leo",
    }

    by_admin = (await api.ask("ada", text, id=fine["id"]))[
        "submitPreview"
    ]  # who would contribute by submitting
    assert {e["user"]["name"] for e in by_admin["eligibleApprovers"] if e["eligible"]} == {
        "Chen",
        "Cleo",
        "Leo",
    }
    assert (await api.ask("vera", text, id=fine["id"]))["submitPreview"]["reasons"][0]["code"] == "FORBIDDEN"
    api.clock.pass_(days=1)
    assert (await api.ask("maya", text, id=late["id"]))["submitPreview"]["reasons"] == [
        {"code": "SCHEDULE_MISSED"}
    ]
    assert (await api.ask("maya", text, id="junk"))["submitPreview"] is None


# ------------------------------------------------------------------------------------------------- nodes
async def test_every_object_with_an_id_is_found_by_it(api):
    campaign = await api.sent()
    text = """query($id: ID!) { campaign(id: $id) { id head { id } live { id request { id decisions { id by { id } } } } }
      viewer { account { id } } auditLog { edges { node { id } } } }"""
    data = await api.ask("ada", text, id=campaign["id"])
    request = data["campaign"]["live"]["request"]
    ids = {
        "Account": data["viewer"]["account"]["id"],
        "ApprovalRequest": request["id"],
        "AuditEvent": nodes_of(data["auditLog"])[0]["id"],
        "Campaign": campaign["id"],
        "Comment": (await api.comment(campaign))["id"],
        "Decision": request["decisions"][0]["id"],
        "Member": await api.member_id("chen"),
        "Publication": data["campaign"]["live"]["id"],
        "Revision": data["campaign"]["head"]["id"],
        "User": request["decisions"][0]["by"]["id"],
    }
    assert set(ids) == {kind.name for kind in api_schema().get_possible_types(api_schema().type_map["Node"])}
    assert len(set(ids.values())) == len(ids)

    asked = [*ids.values(), "junk", *reversed(ids.values())]
    found = (await api.ask("ada", "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=asked))[
        "nodes"
    ]
    assert found == [None if key == "junk" else {"__typename": kind, "id": key} for kind, key in
                     [*ids.items(), ("", "junk"), *reversed(ids.items())]]  # fmt: skip
    for kind, key in ids.items():
        node = (await api.ask("ada", "query($id: ID!) { node(id: $id) { __typename id } }", id=key))["node"]
        assert node == {"__typename": kind, "id": key}
    seen = (
        await api.ask(
            "vera", "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=list(ids.values())
        )
    )["nodes"]
    hidden = [kind for kind, node in zip(ids, seen, strict=True) if node is None]
    assert hidden == ["AuditEvent", "Member"]  # as the lists of them are for administrators


async def test_up_to_a_hundred_nodes_are_fetched_at_once(api):
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert (await api.ask("vera", text, ids=["x"] * 100))["nodes"] == [None] * 100
    assert (await api.ask("vera", text, ids=[]))["nodes"] == []
    assert (await api.fault("vera", text, ids=["x"] * 101))["code"] == "BAD_USER_INPUT"


@pytest.mark.slow
async def test_the_parts_of_a_campaign_are_paged_newest_first(api):
    campaign = await api.sent()
    for number in range(2, 4):
        draft = await api.edited(await api.campaign(campaign["id"]), subject=f"Sale {number}")
        campaign = await api.decided((await api.act("maya", "submitCampaign", draft))["campaign"])

    for field, selection, expected in (
        ("revisions", "number", [3, 2, 1]),
        ("requests", "revision { number }", [{"number": n} for n in (3, 2, 1)]),
        ("publications", "revision { number }", [{"number": n} for n in (3, 2, 1)]),
    ):
        seen, after = [], "null"
        for _ in expected:
            part = f"{field}(first: 1, after: {after}) {{ totalCount edges {{ node {{ {selection} }} }} pageInfo {{ hasNextPage endCursor }} }}"
            page = (await api.show(campaign, part))[field]
            assert page["totalCount"] == 3
            seen += [next(iter(node.values())) for node in nodes_of(page)]
            after = json.dumps(page["pageInfo"]["endCursor"])
        assert seen == expected
        assert page["pageInfo"]["hasNextPage"] is False
        error = await api.fault(
            "vera",
            f"query($id: ID!) {{ campaign(id: $id) {{ {field}(first: 0) {{ totalCount }} }} }}",
            id=campaign["id"],
        )
        assert error["code"] == "BAD_USER_INPUT"
