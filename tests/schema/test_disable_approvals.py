"""disableApprovals, and what its preview says."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import TOMORROW, hash_of, nodes_of, on_one_database

PREVIEW = "{ disableApprovalsPreview { confirmToken wouldApprove wouldExpire campaigns { totalCount edges { node { id } } } } }"


async def preview(api, who="ada"):
    return (await api.ask(who, PREVIEW))["disableApprovalsPreview"]


@on_one_database
@pytest.mark.slow
async def test_the_preview_is_read_page_by_page(api):
    waiting = {(await api.submitted())["id"] for _ in range(3)}
    text = """query($after: String) { disableApprovalsPreview { campaigns(first: 2, after: $after) {
      edges { node { id } } pageInfo { hasNextPage endCursor } totalCount } } }"""

    first = (await api.ask("ada", text))["disableApprovalsPreview"]["campaigns"]
    end = first["pageInfo"]["endCursor"]
    second = (await api.ask("ada", text, after=end))["disableApprovalsPreview"]["campaigns"]

    pages = [[node["id"] for node in nodes_of(page)] for page in (first, second)]
    assert [len(page) for page in pages] == [2, 1]
    assert {*pages[0], *pages[1]} == waiting
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    assert [page["totalCount"] for page in (first, second)] == [3, 3]


async def test_an_administrator_switches_off_what_was_previewed_and_everything_that_waits_is_approved(api):
    at_once = await api.submitted()
    manual = await api.submitted(publishMode="MANUAL")
    scheduled = await api.submitted(scheduledAt=TOMORROW)
    draft = await api.create()
    seen = await preview(api)
    assert (seen["wouldApprove"], seen["wouldExpire"], seen["campaigns"]["totalCount"]) == (3, 0, 3)
    assert {node["id"] for node in nodes_of(seen["campaigns"])} == {
        c["id"] for c in (at_once, manual, scheduled)
    }

    done = await api.send(
        "ada",
        "disableApprovals",
        "approved expired account { approvalsEnabled }",
        confirmToken=seen["confirmToken"],
    )

    assert (done["approved"], done["expired"], done["account"]) == (3, 0, {"approvalsEnabled": False})
    for campaign, status in (
        (at_once, "SENT"),
        (manual, "APPROVED"),
        (scheduled, "APPROVED"),
        (draft, "DRAFT"),
    ):
        now = await api.show(
            campaign, "status authorisation requests { edges { node { status decisions { id } } } }"
        )
        assert now["status"] == status
        if campaign is not draft:
            assert now["authorisation"] == "AUTO_DISABLED"
            assert nodes_of(now["requests"]) == [
                {"status": "AUTO_APPROVED", "decisions": []}
            ]  # no votes are invented
    assert (await api.kinds(at_once["id"]))[2:] == ["campaign:auto_approved", "campaign:sent"]
    assert [await api.inbox(who) for who in ("chen", "ada")] == [[], []]


@pytest.mark.wide
async def test_an_automatic_approval_says_so_for_ever(api):
    campaign = await api.submitted(publishMode="MANUAL")
    await api.switch_off()
    await api.switch_on()

    sent = await api.decided(campaign, "maya", "publishCampaign")

    assert (sent["authorisation"], sent["live"]["authorisation"]) == ("AUTO_DISABLED", "AUTO_DISABLED")
    assert sent["live"]["request"]["status"] == "AUTO_APPROVED"


@pytest.mark.wide
async def test_votes_that_were_given_stay_with_an_automatic_approval(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    await api.switch_off()

    now = await api.show(campaign, "live { authorisation request { decisions { by { name } voided } } }")
    assert now["live"] == {
        "authorisation": "AUTO_DISABLED",
        "request": {"decisions": [{"by": {"name": "Chen"}, "voided": False}]},
    }


@pytest.mark.wide
async def test_what_is_overdue_expires_instead(api):
    overdue, waiting = await api.submitted(scheduledAt=TOMORROW), await api.submitted()
    api.clock.pass_(days=1)
    seen = await preview(api)
    assert (seen["wouldApprove"], seen["wouldExpire"]) == (1, 1)
    assert [node["id"] for node in nodes_of(seen["campaigns"])] == [waiting["id"]]

    done = await api.switch_off()

    assert (done["approved"], done["expired"]) == (1, 1)
    assert (await api.campaign(overdue["id"]))["status"] == "EXPIRED"
    assert (await api.kinds(overdue["id"]))[-1] == "campaign:expired"
    assert (await api.campaign(waiting["id"]))["status"] == "SENT"


@pytest.mark.wide
async def test_a_list_that_has_changed_since_the_preview_is_not_confirmed(api):
    pending = await api.submitted()
    token = (await preview(api))["confirmToken"]

    await api.submitted()
    assert await api.code("ada", "disableApprovals", confirmToken=token) == "PREVIEW_OUTDATED"
    token = (await preview(api))["confirmToken"]
    edited = await api.edited(pending)  # the same campaign with another content
    await api.act("maya", "submitCampaign", edited)
    assert await api.code("ada", "disableApprovals", confirmToken=token) == "PREVIEW_OUTDATED"
    token = (await preview(api))["confirmToken"]
    api.clock.pass_(days=14)  # nothing waits any more
    assert await api.code("ada", "disableApprovals", confirmToken=token) == "PREVIEW_OUTDATED"
    for text in ("", "x", "\0"):
        assert await api.code("ada", "disableApprovals", confirmToken=text) == "PREVIEW_OUTDATED"


@pytest.mark.wide
async def test_a_change_elsewhere_does_not_outdate_a_preview(api):
    await api.submitted()
    token = (await preview(api))["confirmToken"]
    await api.create()

    assert (await api.mutate("ada", "disableApprovals", "approved", confirmToken=token))["approved"] == 1


async def test_another_accounts_token_confirms_nothing(api):
    foreign = (await preview(api, "gil"))["confirmToken"]

    assert await api.code("ada", "disableApprovals", confirmToken=foreign) == "PREVIEW_OUTDATED"


async def test_what_is_off_is_not_switched_off(api):
    token = (await preview(api))["confirmToken"]
    await api.switch_off()

    assert await api.code("ada", "disableApprovals", confirmToken=token) == "WRONG_STATUS"
    assert await api.code("ada", "disableApprovals", confirmToken="x") == "WRONG_STATUS"


async def test_only_who_manages_approvals_may_switch(api):
    token = (await preview(api))["confirmToken"]

    for who in ("maya", "chen"):
        refused = await api.refused(who, "disableApprovals", confirmToken=token)
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_approvals")


async def test_the_other_account_goes_on_as_before(api):
    await api.switch_off()

    account = (await api.ask("gil", "{ viewer { account { approvalsEnabled } } }"))["viewer"]["account"]
    assert account == {"approvalsEnabled": True}


@pytest.mark.wide
async def test_while_approvals_are_off_nothing_is_left_to_decide(api):
    campaign = await api.submitted()
    await api.switch_off()

    assert (
        await api.code("chen", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "WRONG_STATUS"
    )
