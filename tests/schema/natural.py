"""For every mutation a situation in which it succeeds, and what its caller naturally sends then."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.schema.client import CONTENT, Api, hash_of

FIGURES = {"sent": 9, "delivered": 8, "opened": 2, "clicked": 1, "failed": 1}
NEW = {
    "name": "Winter sale",
    "content": {"email": CONTENT["email"]},
    "audience": {"segment": "All", "estimatedSize": 1000},
}


@dataclass(frozen=True)
class Ask:
    """`other`: a change of the arguments that an idempotency key must notice; empty: there are no others."""

    who: str
    given: dict[str, Any]
    other: dict[str, Any]


def _id(campaign: dict[str, Any]) -> dict[str, Any]:
    return {"campaignId": campaign["id"]}


def _hash(campaign: dict[str, Any]) -> dict[str, Any]:
    return _id(campaign) | {"contentHash": hash_of(campaign)}


async def _create(_: Api) -> Ask:
    return Ask("maya", NEW, {"name": "Other"})


async def _update(api: Api) -> Ask:
    content = {"email": CONTENT["email"] | {"subject": "Other"}}
    return Ask(
        "maya", _id(await api.create()) | {"expectedVersion": 1, "content": content}, {"name": "Other"}
    )


async def _submit(api: Api) -> Ask:
    return Ask("maya", _id(await api.create()), {"note": "Other"})


async def _withdraw(api: Api) -> Ask:
    return Ask("maya", _id(await api.submitted()), {"reason": "other"})


async def _approve(api: Api) -> Ask:
    return Ask("chen", _hash(await api.submitted()), {"comment": "other"})


async def _reject(api: Api) -> Ask:
    return Ask("chen", _hash(await api.submitted()) | {"reason": "no"}, {"reason": "other"})


async def _revoke(api: Api) -> Ask:
    return Ask("chen", _id(await api.approved()) | {"reason": "stop"}, {"reason": "other"})


async def _publish(api: Api) -> Ask:
    return Ask("maya", _hash(await api.approved()), {"contentHash": "0" * 64})


async def _discard(api: Api) -> Ask:
    return Ask("maya", _id(await api.edited(await api.sent())), _id(await api.create()))


async def _archive(api: Api) -> Ask:
    return Ask("maya", _id(await api.create()), _id(await api.create()))


async def _duplicate(api: Api) -> Ask:
    return Ask("maya", _id(await api.create()), {"name": "Other"})


async def _comment(api: Api) -> Ask:
    return Ask("chen", _id(await api.create()) | {"body": "Is this the right price?"}, {"section": "COPY"})


async def _update_account(_: Api) -> Ask:
    return Ask("ada", {"name": "Acme Limited"}, {"name": "Other"})


async def _add_member(_: Api) -> Ask:
    return Ask("ada", {"email": "nina@acme.test", "name": "Nina", "roles": ["maker"]}, {"roles": ["checker"]})


async def _disable_member(api: Api) -> Ask:
    return Ask("ada", {"memberId": await api.member_id("max")}, {"memberId": await api.member_id("chen")})


async def _enable_member(api: Api) -> Ask:
    return Ask("ada", {"memberId": await api.disable("max")}, {"memberId": await api.member_id("chen")})


async def _enable(api: Api) -> Ask:
    await api.switch_off()
    return Ask("ada", {}, {})


async def _disable(api: Api) -> Ask:
    data = await api.ask("ada", "{ disableApprovalsPreview { confirmToken } }")
    return Ask("ada", data["disableApprovalsPreview"], {"confirmToken": "other"})


async def _assign(api: Api) -> Ask:
    return Ask("ada", {"memberId": await api.member_id("vera"), "roles": ["maker"]}, {"roles": ["checker"]})


async def _record(api: Api) -> Ask:
    return Ask("dora", {"publicationId": (await api.sent())["live"]["id"], **FIGURES}, {"sent": 10})


SITUATIONS: dict[str, Callable[[Api], Awaitable[Ask]]] = {
    "createCampaign": _create,
    "updateCampaign": _update,
    "submitCampaign": _submit,
    "withdrawCampaign": _withdraw,
    "approveCampaign": _approve,
    "rejectCampaign": _reject,
    "revokeApproval": _revoke,
    "publishCampaign": _publish,
    "discardDraft": _discard,
    "archiveCampaign": _archive,
    "duplicateCampaign": _duplicate,
    "addComment": _comment,
    "enableApprovals": _enable,
    "disableApprovals": _disable,
    "updateAccount": _update_account,
    "addMember": _add_member,
    "disableMember": _disable_member,
    "enableMember": _enable_member,
    "assignRoles": _assign,
    "recordDeliveryMetrics": _record,
}
