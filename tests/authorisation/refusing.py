"""For every mutation and every code of its result union: a situation in which it is refused with that."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.authorisation import rows
from tests.schema.client import NOBODYS_HASH, TOMORROW, YESTERDAY, Api, hash_of
from tests.schema.natural import SITUATIONS, Ask

from gql_approvals.workflow.identity import global_id

Situation = Callable[[Api], Awaitable[Ask]]
UNKNOWN = 987_654_321


# ----------------------------------------------------------------------------- in the way of every mutation
def _forbidden(mutation: str) -> Situation:
    async def situation(api: Api) -> Ask:
        return replace(await SITUATIONS[mutation](api), who="sofia" if mutation != "addComment" else "vera")

    return situation


def _not_found(mutation: str) -> Situation:
    async def situation(api: Api) -> Ask:
        ask = await SITUATIONS[mutation](api)
        kind = {"campaign": "Campaign", "member": "Member"}.get(rows.MUTATIONS[mutation].about, "Publication")
        return replace(ask, given=ask.given | {f"{kind.lower()}Id": global_id(kind, UNKNOWN)})

    return situation


def _invalid(mutation: str) -> Situation:
    async def situation(api: Api) -> Ask:
        ask = await SITUATIONS[mutation](api)
        return replace(ask, given=ask.given | {"idempotencyKey": " "})

    return situation


def _mismatch(mutation: str) -> Situation:
    """The key has been used by another mutation."""

    async def situation(api: Api) -> Ask:
        ask, key = await SITUATIONS[mutation](api), {"idempotencyKey": "used"}
        if ask.who == "ada":
            done = await api.mutate("ada", "duplicateCampaign", **key, campaignId=(await api.create())["id"])
        else:
            await api.assign("dora", "delivery", "checker")
            done = await api.mutate(
                ask.who, "addComment", **key, campaignId=(await api.create())["id"], body="Hm, once."
            )
        assert "code" not in done, done
        return replace(ask, given=ask.given | key)

    return situation


# ------------------------------------------------------------------------------------ in particular ways
def _on(who: str, make: Callable[[Api], Awaitable[Any]], *, hashed: bool = False, **more: Any) -> Situation:
    async def situation(api: Api) -> Ask:
        campaign = await make(api)
        given = {"campaignId": campaign["id"]} | ({"contentHash": hash_of(campaign)} if hashed else {})
        return Ask(who, given | more, {})

    return situation


async def _archived(api: Api) -> Any:
    return (await api.act("maya", "archiveCampaign", await api.create()))["campaign"]


async def _half(api: Api) -> Any:
    return await api.decided(await api.submitted(size=100_000), "leo")


async def _late(api: Api, **more: Any) -> Any:
    """Its time has passed, and that is written down."""
    campaign = await api.submitted(**more)
    api.clock.pass_(days=15)
    assert (await api.mutate("maya", "withdrawCampaign", campaignId=campaign["id"]))["code"] == "WRONG_STATUS"
    return campaign


async def _by_ada(api: Api) -> Any:
    return await api.submitted("ada")


async def _while_off(api: Api, **more: Any) -> Any:
    campaign = await api.create(**more)
    await api.switch_off()
    return campaign


async def _without_a_lawyer(api: Api) -> Any:
    await api.assign("leo")
    return await api.create(size=100_000)


def _about(name: str, **more: Any) -> Situation:
    async def situation(api: Api) -> Ask:
        return Ask("ada", {"memberId": await api.member_id(name), **more}, {})

    return situation


def _just(**given: Any) -> Situation:
    async def situation(api: Api) -> Ask:
        del api
        return Ask("ada", given, {})

    return situation


async def _switched_off(api: Api) -> Ask:
    await api.switch_off()
    return Ask("ada", {"confirmToken": "x"}, {})


async def _back_on_both_sides(api: Api) -> Ask:
    member = await api.disable("max")
    script = """UPDATE member SET roles = '["checker","maker"]' WHERE NOT active"""
    await api.database._client.execute_script(script)
    return Ask("ada", {"memberId": member}, {})


BOTH = ["maker", "checker"]


def _decision(mutation: str, **more: Any) -> dict[tuple[str, str], Situation]:
    def on(who: str, make: Callable[[Api], Awaitable[Any]], **others: Any) -> Situation:
        return _on(who, make, hashed=True, **more, **others)

    return {
        (mutation, "WRONG_STATUS"): on("chen", Api.create),
        (mutation, "ALREADY_DECIDED"): on("cleo", Api.sent),
        (mutation, "ALREADY_VOTED"): on("leo", _half),
        (mutation, "REQUEST_EXPIRED"): on("chen", _late),
        (mutation, "SCHEDULE_MISSED"): on("chen", lambda api: _late(api, scheduledAt=TOMORROW)),
        (mutation, "SELF_REVIEW"): on("ada", _by_ada),
        (mutation, "STALE_REVISION"): on("chen", Api.submitted, contentHash=NOBODYS_HASH),
    }


IN_GENERAL: dict[str, Callable[[str], Situation]] = {
    "FORBIDDEN": _forbidden,
    "NOT_FOUND": _not_found,
    "INVALID_INPUT": _invalid,
    "IDEMPOTENCY_MISMATCH": _mismatch,
}
IN_PARTICULAR: dict[tuple[str, str], Situation] = {
    **_decision("approveCampaign"),
    **_decision("rejectCampaign", reason="no"),
    ("updateCampaign", "WRONG_STATUS"): _on("maya", _archived, expectedVersion=2, name="Other"),
    ("updateCampaign", "STALE_VERSION"): _on("maya", Api.create, expectedVersion=7, name="Other"),
    ("updateCampaign", "UNDER_REVIEW"): _on(
        "maya", Api.submitted, expectedVersion=2, audience={"segment": "Other", "estimatedSize": 3}
    ),
    ("submitCampaign", "WRONG_STATUS"): _on("maya", Api.sent),
    ("submitCampaign", "ALREADY_PENDING"): _on("maya", Api.submitted),
    ("submitCampaign", "APPROVALS_OFF"): _on("maya", _while_off),
    ("submitCampaign", "SCHEDULE_MISSED"): _on("maya", lambda api: api.create(scheduledAt=YESTERDAY)),
    ("submitCampaign", "STALE_VERSION"): _on("maya", Api.create, expectedVersion=7),
    ("submitCampaign", "UNCHANGED_SINCE_REJECTION"): _on("maya", Api.rejected),
    ("submitCampaign", "QUORUM_IMPOSSIBLE"): _on("maya", _without_a_lawyer),
    ("withdrawCampaign", "WRONG_STATUS"): _on("maya", Api.create),
    ("revokeApproval", "WRONG_STATUS"): _on("chen", Api.create, reason="stop"),
    ("publishCampaign", "WRONG_STATUS"): _on("maya", Api.create, hashed=True),
    ("publishCampaign", "STALE_REVISION"): _on("maya", Api.approved, contentHash=NOBODYS_HASH),
    ("publishCampaign", "SCHEDULE_MISSED"): _on(
        "maya", lambda api: _while_off(api, scheduledAt=YESTERDAY), hashed=True
    ),
    ("discardDraft", "WRONG_STATUS"): _on("maya", Api.create),
    ("archiveCampaign", "WRONG_STATUS"): _on("maya", Api.sent),
    ("disableApprovals", "WRONG_STATUS"): _switched_off,
    ("disableApprovals", "PREVIEW_OUTDATED"): _just(confirmToken="x"),
    ("addMember", "SEGREGATION_OF_DUTIES"): _just(email="nina@acme.test", name="Nina", roles=BOTH),
    ("assignRoles", "SEGREGATION_OF_DUTIES"): _about("vera", roles=BOTH),
    ("enableMember", "SEGREGATION_OF_DUTIES"): _back_on_both_sides,
    ("assignRoles", "LAST_ADMIN"): _about("ada", roles=[]),
    ("disableMember", "LAST_ADMIN"): _about("ada"),
}


def situation_of(mutation: str, code: str) -> Situation | None:
    """What leads to this refusal; None: nobody has said."""
    if (mutation, code) in IN_PARTICULAR:
        return IN_PARTICULAR[mutation, code]
    return IN_GENERAL[code](mutation) if code in IN_GENERAL else None
