"""API tokens: hashed, expiring, revocable."""

from datetime import timedelta

import pytest

from gql_approvals.errors import Unauthenticated
from gql_approvals.persistence import people
from gql_approvals.persistence.models import TokenRow
from gql_approvals.service.caller import authenticate
from gql_approvals.service.perform import perform
from gql_approvals.service.tasks import AccountTask
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.vocabulary import AccountAction

WHO = "{ viewer { user { name } } campaigns { totalCount } }"


async def _new_token(api, **lifetime) -> str:
    now = api.clock.now
    expires_at = now + timedelta(**lifetime) if lifetime else None

    async def make() -> str:
        maya = await people.user_by_email("MAYA@acme.test")
        assert maya is not None
        return await people.create_token(maya.id, name="CI", now=now, expires_at=expires_at)

    return await api.office.database.transaction(make)


async def _ask(api, token: str) -> dict:
    response = await api.client.post(
        "/graphql", json={"query": WHO}, headers={"Authorization": f"Bearer {token}"}
    )
    return response.json()


def _codes(body: dict) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", [])}


async def test_a_token_speaks_for_its_person_and_only_its_hash_is_stored(api):
    token = await _new_token(api)

    body = await _ask(api, token)

    assert body["data"]["viewer"] == {"user": {"name": "Maya"}}
    assert token.startswith("gqa_")
    stored = await TokenRow.get(hash=people.token_hash(token))
    assert token not in str(dict(stored))


async def test_a_token_is_good_until_it_expires(api):
    token = await _new_token(api, days=1)

    api.clock.pass_(hours=23)
    in_time = await _ask(api, token)
    api.clock.pass_(hours=1)
    late = await _ask(api, token)

    assert "errors" not in in_time
    assert _codes(late) == {"UNAUTHENTICATED"}
    assert late["data"] == {"viewer": None, "campaigns": None}


async def test_a_revoked_token_is_refused_at_once(api):
    token = await _new_token(api)
    assert "errors" not in await _ask(api, token)

    assert await api.office.database.transaction(lambda: people.revoke_token(token, api.clock.now))

    assert _codes(await _ask(api, token)) == {"UNAUTHENTICATED"}
    assert not await api.office.database.transaction(lambda: people.revoke_token(token, api.clock.now))


async def test_the_last_use_of_a_token_is_noted_every_five_minutes(api):
    token = await _new_token(api)

    await _ask(api, token)
    first = (await TokenRow.get(hash=people.token_hash(token))).last_used_at
    api.clock.pass_(minutes=4)
    await _ask(api, token)
    soon = (await TokenRow.get(hash=people.token_hash(token))).last_used_at
    api.clock.pass_(minutes=2)
    await _ask(api, token)
    later = (await TokenRow.get(hash=people.token_hash(token))).last_used_at

    assert first == soon
    assert later == api.clock.now


async def test_a_token_that_is_revoked_while_a_mutation_waits_for_the_lock_changes_nothing(api):
    token = await _new_token(api)
    caller = await authenticate(token, None, api.clock.now)
    await api.office.database.transaction(lambda: people.revoke_token(token, api.clock.now))
    task = AccountTask(intent=AccountIntent(action=AccountAction.ENABLE_APPROVALS))

    with pytest.raises(Unauthenticated):
        await perform(api.office, caller, task)
