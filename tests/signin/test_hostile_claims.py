"""Tokens whose claims hold hostile texts: good signatures, so that only the texts decide what happens."""

import logging

import pytest
from tests.hostile.texts import TEXTS, UNSTORABLE
from tests.signin.conftest import World

from gql_approvals.workflow.completeness import EMAIL

CLAIMS = ("name", "preferred_username", "email", "sub", "groups", "azp", "jti")
CODES = {"UNAUTHENTICATED", "FORBIDDEN", "ACCOUNT_REQUIRED"}


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS)
async def test_a_claim_is_a_text_or_no_reason_to_let_anybody_in(world: World, caplog, claim: str):
    caplog.set_level(logging.INFO)
    let_in = 0
    for number, (name, text) in enumerate(TEXTS.items()):
        given = {"sub": f"s{number}", "email": f"p{number}@acme.test", "email_verified": True, claim: text}
        if claim == "groups":
            given["groups"] = ["makers", text]
        body = await world.post(world.provider.token(**given))
        if "errors" in body:
            assert {error["extensions"]["code"] for error in body["errors"]} <= CODES, (name, body)
            continue
        viewer = body["data"]["viewer"]
        if viewer is None or viewer["account"] is None:
            continue
        let_in += 1
        assert viewer["roles"] == ["maker"], (name, viewer)
        if claim == "name" and text.strip() and name not in UNSTORABLE:
            assert viewer["user"]["name"] == text.strip()[:200], name
        if claim == "email":
            assert viewer["user"]["email"] == text.lower(), name
    # A subject is kept for ever and shown to operators: it is short and printable. So is an address.
    plain = [text for text in TEXTS.values() if 0 < len(text) <= 255 and text.isprintable()]
    formed = [text for text in plain if EMAIL.fullmatch(text)]
    assert let_in == {"sub": len(plain), "email": len(formed)}.get(claim, len(TEXTS)), claim
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
