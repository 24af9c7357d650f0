"""enableApprovals."""

import pytest
from tests.schema.client import TOMORROW, hash_of, on_one_database

pytestmark = pytest.mark.wide


async def test_an_administrator_switches_on_again(api):
    await api.switch_off()

    done = await api.send("ada", "enableApprovals", "account { slug approvalsEnabled }")

    assert done["account"] == {"slug": "acme", "approvalsEnabled": True}
    assert (await api.kinds())[-2:] == ["account:approvals_disabled", "account:approvals_enabled"]


async def test_what_is_approved_stays_and_drafts_need_approval(api):
    waiting, draft = await api.submitted(publishMode="MANUAL"), await api.create()
    released = await api.create(scheduledAt=TOMORROW)
    await api.switch_off()
    await api.decided(released, "maya", "publishCampaign")

    await api.switch_on()

    assert (await api.decided(waiting, "maya", "publishCampaign"))["status"] == "SENT"
    assert (await api.campaign(released["id"]))["authorisation"] == "NOT_REQUIRED"
    assert await api.code("maya", "publishCampaign", draft, contentHash=hash_of(draft)) == "WRONG_STATUS"
    assert (await api.act("maya", "submitCampaign", draft))["campaign"]["status"] == "PENDING_REVIEW"


@on_one_database
async def test_what_is_on_stays_on_and_nothing_happens(api):
    before = await api.footprint()

    done = await api.mutate("ada", "enableApprovals", "account { approvalsEnabled }")

    assert done["account"] == {"approvalsEnabled": True}
    assert await api.footprint() == before


@on_one_database
async def test_only_who_manages_approvals_may_switch(api):
    await api.switch_off()

    for who in ("maya", "chen", "dora"):
        refused = await api.refused(who, "enableApprovals")
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_approvals")
