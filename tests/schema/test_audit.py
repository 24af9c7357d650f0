"""The audit chain: a client recomputes every hash from `auditLog` alone, with nothing but a JSON library."""

import hashlib
import json
import re

import pytest
from tests.schema.client import TOMORROW, hash_of, nodes_of
from tests.schema.natural import FIGURES

pytestmark = pytest.mark.wide

QUERY = """query($after: String) { auditLog(first: 3, after: $after) {
  edges { node { seq kind at actor { id } campaign { id } detail policyVersion hash previousHash } }
  pageInfo { hasNextPage endCursor } } }"""
ALLOWED_TEXTS = re.compile(
    r"[0-9a-f]{64}|COPY|AUDIENCE|SCHEDULE|QUORUM|AUTO_DISABLED|NOT_REQUIRED"  # hashes, enums
    r"|[a-z]+(_[a-z]+)*|timeZone|notifyScope"  # roles, an account's settings
)


async def chain(api, who="ada"):
    """All entries, oldest first, page by page."""
    found, after = [], None
    while True:
        page = (await api.ask(who, QUERY, after=after))["auditLog"]
        found += nodes_of(page)
        if not page["pageInfo"]["hasNextPage"]:
            return found[::-1]
        after = page["pageInfo"]["endCursor"]


def recomputed(entry, previous):
    """The hash by docs/hashes.md; `json` is enough, since no detail holds a fraction."""
    text = json.dumps(
        {
            "actor": entry["actor"] and entry["actor"]["id"],
            "at": entry["at"],
            "campaign": entry["campaign"] and entry["campaign"]["id"],
            "detail": entry["detail"],
            "kind": entry["kind"],
            "policyVersion": entry["policyVersion"],
            "previousHash": previous,
            "seq": entry["seq"],
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def check(entries):
    previous = "0" * 64
    for number, entry in enumerate(entries, start=1):
        assert (entry["seq"], entry["previousHash"]) == (number, previous)
        previous = recomputed(entry, previous)
        assert entry["hash"] == previous
    return previous


def values(item):
    """Everything that a detail holds."""
    if isinstance(item, (dict, list)):
        for inner in item.values() if isinstance(item, dict) else item:
            yield from values(inner)
    else:
        yield item


async def everything_happens(api):
    campaign = await api.create(name="Geheim: Ärger 🎄")
    campaign = await api.edited(campaign, subject="Geheim")
    await api.act("maya", "submitCampaign", campaign, note="Geheim")
    await api.act("maya", "withdrawCampaign", campaign, reason="Geheim")
    campaign = (await api.act("maya", "submitCampaign", campaign))["campaign"]
    await api.decided(campaign, mutation="rejectCampaign", reason="Geheim")
    campaign = await api.edited(await api.campaign(campaign["id"]), subject="Geheim 2")
    campaign = (await api.act("maya", "submitCampaign", campaign))["campaign"]
    sent = await api.decided(campaign, comment="Geheim")
    await api.mutate("dora", "recordDeliveryMetrics", publicationId=sent["live"]["id"], **FIGURES)
    await api.act("maya", "discardDraft", await api.edited(sent, subject="Geheim 3"))
    await api.act("chen", "revokeApproval", await api.approved(name="Geheim"), reason="Geheim")
    await api.act(
        "maya",
        "archiveCampaign",
        (await api.act("maya", "duplicateCampaign", sent, name="Geheim"))["campaign"],
    )
    late, missed = await api.submitted(scheduledAt=TOMORROW), await api.scheduled()
    await api.submitted(size=100_000, name="Geheim")
    await api.assign("vera", "maker")
    given = {"email": "geheim@acme.test", "name": "Geheim", "roles": ["maker"]}
    newcomer = (await api.mutate("ada", "addMember", "member { id }", **given))["member"]
    await api.mutate("ada", "disableMember", memberId=newcomer["id"])
    await api.mutate("ada", "enableMember", memberId=newcomer["id"])
    settings = {"name": "Geheim", "timeZone": "Europe/Amsterdam", "notifyScope": "ROLE_HOLDERS"}
    await api.mutate("ada", "updateAccount", **settings)
    for section in (None, "COPY"):
        await api.mutate("chen", "addComment", campaignId=sent["id"], body="Geheim", section=section)
    renamed = await api.create()
    await api.act("maya", "updateCampaign", renamed, expectedVersion=1, name="Geheim")
    api.clock.pass_(days=2, microseconds=250)
    for gone in (late, missed):
        await api.mutate("maya", "withdrawCampaign", campaignId=gone["id"])
    await api.switch_off()
    await api.decided(renamed, "maya", "publishCampaign")
    await api.switch_on()


@pytest.mark.slow
async def test_a_client_recomputes_every_hash_from_the_log_alone_which_holds_ids_and_hashes_only(api):
    await everything_happens(api)

    entries = await chain(api)

    kinds = {entry["kind"] for entry in entries}
    assert len(kinds) >= 24
    assert {"member:added", "member:disabled", "member:enabled", "account:updated", "comment:added"} <= kinds
    assert {entry["kind"] for entry in entries if entry["actor"] is None} == {
        "campaign:expired",
        "campaign:schedule_missed",
    }
    assert any("." in entry["at"] for entry in entries)
    check(entries)
    # ids and hashes, and nobody's words
    assert "geheim" not in json.dumps([entry["detail"] for entry in entries]).lower()
    for entry in entries:
        for value in values(entry["detail"]):
            assert isinstance(value, int) or ALLOWED_TEXTS.fullmatch(value), entry


async def test_a_change_of_any_part_is_noticed(api):
    await api.decided(await api.submitted())
    entries = await chain(api)

    for field, other in (
        ("kind", "campaign:rejected"),
        ("at", "2026-11-21T09:00:01Z"),
        ("actor", None),
        ("campaign", None),
        ("detail", {}),
        ("policyVersion", None),
        ("seq", 77),
    ):
        assert recomputed(entries[2] | {field: other}, entries[1]["hash"]) != entries[2]["hash"]
    assert recomputed(entries[2], entries[0]["hash"]) != entries[2]["hash"]


async def test_two_accounts_have_independent_chains(api):
    await api.sent()
    given = {
        "name": "G",
        "content": {"sms": {"senderId": "G", "body": "b"}},
        "audience": {"segment": "S", "estimatedSize": 3},
    }
    await api.mutate("gwen", "createCampaign", **given)
    head = check(await chain(api))

    await api.mutate("gwen", "createCampaign", **given)

    assert [entry["seq"] for entry in await chain(api, "gil")] == [1, 2]
    check(await chain(api, "gil"))
    assert check(await chain(api)) == head


async def test_reading_and_refusals_leave_no_entry(api):
    campaign = await api.submitted()
    before = await chain(api)

    await api.ask("chen", "{ campaigns { totalCount } reviewInbox { totalCount } }")
    await api.mutate("maya", "approveCampaign", campaignId=campaign["id"], contentHash=hash_of(campaign))

    assert await chain(api) == before
