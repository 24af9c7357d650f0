"""Every hostile text in every text field of the API: refused by the field's name, or given back as it was."""
# ruff: noqa: E501  # tables and sentences keep their lines

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import pytest
from tests.hostile.fields import ASKED, MUTATED, Way, field_at, planted, text_places, texts_in
from tests.hostile.texts import FEW, TEXTS, UNSTORABLE
from tests.schema.client import CONTENT as CONTENTS
from tests.schema.client import Api, document, on_one_database
from tests.schema.natural import SITUATIONS, Ask

CONTENT = """... on EmailContent { subject fromName fromEmail replyTo preheader html text }
  ... on SmsContent { senderId smsBody: body } ... on AppPushContent { title pushBody: body imageUrl deepLink }
  ... on WhatsappContent { templateName language parameters }
  ... on WebPushContent { webTitle: title webBody: body url iconUrl } ... on OnsiteContent { placement onsiteHtml: html }"""
CAMPAIGN = f"""name version head {{ content {{ {CONTENT} }} audience {{ segment definition }} }}
  requests(first: 3) {{ edges {{ node {{ note decisions {{ reason }} }} }} }}"""
STRIDE = max(1, 50 // int(os.environ.get("APPROVALS_TEST_ROUNDS", "100")))
MANY = {*FEW, *list(TEXTS)[::STRIDE]}
# What a payload gives back of what was sent; whatever is not named gives a campaign.
GIVEN_BACK = {
    "addComment": "comment { body }",
    "addMember": "member { roles user { name email } }",
    "assignRoles": "member { roles }",
    "disableApprovals": "approved",
    "disableMember": "member { roles }",
    "enableApprovals": "account { name }",
    "enableMember": "member { roles }",
    "recordDeliveryMetrics": "publication { id }",
    "updateAccount": "account { name timeZone }",
}
# Kept, and told in mails or to the next caller, but not part of an answer.
KEPT = {
    "idempotencyKey": "the same answer comes again",
    "withdrawCampaign.reason": "mail",
    "revokeApproval.reason": "mail",
}
UNSAID = {"note", "comment", "reason"}  # with nothing but blanks in it, nothing was said
# Refusals that say what is wrong without a path, by the field that they are about.
REFUSED = {"campaignId": "NOT_FOUND", "memberId": "NOT_FOUND", "publicationId": "NOT_FOUND",
           "contentHash": "STALE_REVISION", "confirmToken": "PREVIEW_OUTDATED"}  # fmt: skip
AGAIN = {
    "createCampaign",
    "duplicateCampaign",
    "addComment",
    "updateCampaign",
    "updateAccount",
}  # may be repeated
ONCE = {"addMember", "disableMember", "disableApprovals"}  # they change what all share
PAGE = "edges { node { id } }"
PLACES = [pytest.param(*place[:2], id=f"{place[0]} {'.'.join(map(str, place[1]))}") for place in MUTATED]
ASKS = [
    pytest.param(way, place, id=f"{'.'.join(way)} {'.'.join(map(str, place))}")
    for way in ASKED
    for place, _ in text_places(field_at(way).args)
]


def named(way: Way) -> str:
    return ".".join(map(str, way))


def judge(mutation: str, way: Way, name: str, body: dict[str, Any]) -> bool:
    """Whether the text was taken. A refusal is coded, and about the field and nothing else."""
    text, field = TEXTS[name], str(next(part for part in reversed(way) if isinstance(part, str)))
    if "errors" in body:
        assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}, (name, body)
        assert any(field in error["message"] for error in body["errors"]), (name, body)
        return False
    done = body["data"][mutation]
    if "code" not in done:
        assert name not in UNSTORABLE, done
        told = {text, text.strip(), text.lower() if field == "email" else text} & set(texts_in(done))
        is_unsaid = field in UNSAID and not text.strip()
        assert told or is_unsaid or KEPT.get(field) or KEPT.get(f"{mutation}.{field}"), (name, done)
        return True
    if done["code"] == "INVALID_INPUT":
        paths = [".".join(problem["path"]) for problem in done["problems"]]
        assert paths, done
        assert set(paths) == {named(way).removesuffix(".0") if field == "roles" else named(way)}, (name, done)
    else:
        assert done["code"] == REFUSED.get(field), (name, done)
    return False


async def others(api: Api) -> tuple[Any, ...]:
    """What nothing in acme may change: the tables that there are, and all that is known of globex."""
    ask = api.database._client.execute_query_dict
    every = (
        "sqlite_master WHERE type = 'table'"
        if api.database._client.capabilities.dialect == "sqlite"
        else ("pg_tables WHERE schemaname = 'public'")
    )
    return (
        await ask(f"SELECT count(*) AS tables FROM {every}"),  # noqa: S608  # one of ours
        await ask("SELECT * FROM account WHERE slug = 'globex'"),
        await ask("SELECT * FROM member WHERE account_id = (SELECT id FROM account WHERE slug = 'globex')"),
        await ask("SELECT id, email, name FROM app_user WHERE email LIKE '%@globex.test' ORDER BY id"),
    )


async def natural(api: Api, mutation: str, way: Way) -> Ask:
    """A situation in which the mutation succeeds; an edited campaign has the channel that the text is for."""
    if mutation != "updateCampaign":
        return await SITUATIONS[mutation](api)
    channel = str(way[1]) if way[0] == "content" else "email"
    campaign = await api.create(channel=channel)
    given = {"campaignId": campaign["id"], "expectedVersion": 1, "content": {channel: CONTENTS[channel]}}
    return Ask("maya", given, {})


async def send_all(server: Any, mutation: str, way: Way, names: Iterable[str]) -> None:
    """Plant each text in its turn; where one that was taken has changed the situation, that is made anew."""
    api, reset = server
    query = document(mutation, GIVEN_BACK.get(mutation, f"campaign {{ {CAMPAIGN} }}"))
    await reset()
    before, ask, stored = await others(api), None, {}
    for name in names:
        if ask is None:
            await (reset() if mutation in ONCE else asyncio.sleep(0))
            ask = await natural(api, mutation, way)
        stored = stored or await api.footprint()
        body = await api.post(ask.who, query, {"input": planted(ask.given, way, TEXTS[name])})
        if not judge(mutation, way, name, body):
            assert await api.footprint() == stored, name
            continue
        stored = {}
        if mutation not in AGAIN:
            ask = None
        elif mutation == "updateCampaign":
            ask.given["expectedVersion"] = body["data"][mutation]["campaign"]["version"]
    assert await others(api) == before


@pytest.mark.slow
@on_one_database
@pytest.mark.parametrize(("mutation", "way"), PLACES)
async def test_a_text_is_refused_by_its_field_s_name_or_given_back_as_it_was(server, mutation, way):
    """What one piece of code reads for several mutations gets every text in createCampaign, few in the others."""
    is_same = way[0] in {"idempotencyKey", "content", "audience"} and mutation != "createCampaign"
    await send_all(server, mutation, way, FEW if is_same else MANY)


def question(way: tuple[str, ...], place: Way) -> str:
    """A query of this field, with `$text` in one place of its arguments and a campaign's id on the way."""
    argument, *inside = place
    [kind] = [kind for path, kind in text_places(field_at(way).args) if path == place]
    given, also = "$text", 'action: "view", ' if "action" not in place and way == ("explain",) else ""
    for part in reversed(inside):
        given = f"[{given}]" if isinstance(part, int) else f"{{ {also}{part}: {given} }}"
    asked = f"{way[-1]}({argument}: {given}) {{ {PAGE if 'after' in field_at(way).args else '__typename'} }}"
    for name in reversed(way[:-1]):
        asked = f"{name}{'(id: $id)' if name == 'campaign' else ''} {{ {asked} }}"
    is_needed = inside or str(field_at(way).args[str(argument)].type).endswith("!")
    used = "$id: ID!, " if way[0] == "campaign" != way[-1] else ""
    return f"query({used}$text: {kind}{'!' if is_needed else ''}) {{ {asked} }}"


def edges_in(value: Any) -> Iterable[Any]:
    """The entries of the page in this answer, or of the list."""
    while isinstance(value, dict) and "edges" not in value:
        value = next(iter(value.values()))
    return value["edges"] if isinstance(value, dict) else [one for one in value or () if one is not None]


@pytest.mark.slow
@on_one_database
@pytest.mark.parametrize(("way", "argument"), ASKS)
async def test_a_text_in_a_query_finds_what_it_names_or_is_refused_by_its_field_s_name(server, way, argument):
    api, reset = server
    await reset()
    campaign = await api.submitted()
    query, before = question(way, argument), await api.footprint()
    for name in MANY:
        text = TEXTS[name]
        body = await api.post(
            "ada", query, {"text": text, **({"id": campaign["id"]} if "$id" in query else {})}
        )
        if "errors" in body:
            assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}, (
                name,
                body,
            )
            field = next(part for part in reversed(argument) if isinstance(part, str))
            assert any(field in error["message"] for error in body["errors"]), (name, body)
        elif argument[-1] == "search":
            assert bool(edges_in(body["data"])) == (text.casefold() in campaign["name"].casefold()), name
        else:
            assert not list(edges_in(body["data"])), (name, body)
            assert "Campaign" not in body["data"].values(), name
        assert await api.footprint() == before, name
