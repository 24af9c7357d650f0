"""The judge finds each thing that must never happen, in a day that was made up, and nothing in a good one."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.faults.history import Attempt, Known, Look
from tests.faults.made_up import MadeUp, a_good_day

from gql_approvals.workflow.identity import global_id

Tampering = Callable[[MadeUp], None]


def test_nothing_is_found_in_a_good_day():
    assert a_good_day().judged().found == []


# --------------------------------------------------------------------------- what clients were told
def a_comment_is_gone(day):
    """With its entry: as if the transaction had never been."""
    day.tables["comment"].clear()
    day.tables["audit_event"].pop(2)
    for seq, row in enumerate(day.tables["audit_event"], 1):
        row["seq"] = seq
    day.seal()


def a_comment_is_there_twice(day):
    day.tables["comment"].append({**day.tables["comment"][0], "id": 2})
    day.entry("comment:added", "maya", comment=2)
    day.seal()


def a_refused_comment_is_there(day):
    day.history.requests[2].attempts[0].outcome = "refused"


def a_comment_nobody_asked_for(day):
    day.history.requests.pop(2)


def a_role_change_is_gone(day):
    day.tables["audit_event"].pop()
    day.seal()


def a_role_is_changed_twice(day):
    day.entry("member:roles_assigned", "ada", None, user=5, added=[], removed=[])
    day.seal()


def twins_made_two(day):
    first = day.history.requests[0]
    result = {"__typename": "CreateCampaignPayload", "campaign": _seen(1, "DRAFT", first.content)}
    first.attempts[0].result = result
    other = {**result, "campaign": {**result["campaign"], "id": global_id("Campaign", 2)}}
    first.attempts.append(replace(first.attempts[0], result=other))


def an_edit_came_before_what_it_followed(day):
    """The comment was acknowledged before the edit was asked for, and stands behind it in the log."""
    day.history.requests[1].attempts[0] = Attempt(20, 21, "ok")


def an_edit_of_another_version(day):
    day.history.requests[1].given["expectedVersion"] = 0


def an_approval_of_other_content(day):
    day.history.requests[4].given["contentHash"] = "0" * 64


def a_look_at_what_was_over(day):
    content = day.history.requests[0].content
    day.history.looks.append(Look("town1", global_id("Campaign", 1), 20, 21, 1, "DRAFT", content))


def a_look_at_what_never_was(day):
    content = day.history.requests[0].content
    day.history.looks.append(Look("town1", global_id("Campaign", 1), 20, 21, 4, "REJECTED", content))


def a_key_was_taken_twice(day):
    day.history.requests[2].expected = frozenset({"IDEMPOTENCY_MISMATCH"})


def another_account_was_reached(day):
    day.history.requests[2].expected = frozenset({"NOT_FOUND"})


def a_revoked_right_was_used(day):
    day.history.requests[4].expected = frozenset({"FORBIDDEN"})


def another_code(day):
    day.history.requests[5].expected = frozenset({"FORBIDDEN"})


def an_internal_error(day):
    day.history.odd.append("addComment: INTERNAL_SERVER_ERROR")


def another_policy_decided(day):
    day.history.known.append(Known("policy", "", "policy2", 5.0))


# --------------------------------------------------------------------------------------- what the log says
def the_maker_approved(day):
    _rewrite(day, "campaign:approved", actor_id=2)
    day.tables["decision"][0]["by_id"] = 2
    day.tables["member"][1]["roles"] = ["checker"]


def a_viewer_approved(day):
    _rewrite(day, "campaign:approved", actor_id=7)


def approved_after_the_role_was_gone(day):
    events = day.tables["audit_event"]
    events.insert(4, events.pop())  # the roles first
    events[4]["detail"] = json.dumps({"user": 3, "added": [], "removed": ["checker"]})
    _number(day)


def approved_after_being_disabled(day):
    _put(day, 4, day.entry("member:disabled", "ada", None, user=3))


def approved_with_a_revoked_token(day):
    _put(day, 4, day.entry("token:revoked", None, None, user=3, token=3))


def approved_without_review(day):
    events = day.tables["audit_event"]
    events.pop(3)
    _number(day)


def approved_twice(day):
    events = day.tables["audit_event"]
    events[4]["kind"] = "campaign:voted"
    again = {**events[4], "kind": "campaign:approved"}
    _put(day, 5, again, moved=False)


def approved_what_was_not_submitted(day):
    _rewrite(day, "campaign:approved", detail={"contentHash": "1" * 64, "request": 1})


def sent_what_was_not_approved(day):
    _rewrite(day, "campaign:sent", detail={"contentHash": "1" * 64, "authorisation": "QUORUM"})


def sent_twice(day):
    day.tables["publication"].append({**day.tables["publication"][0], "id": 2})


def an_entry_was_changed(day):
    day.tables["audit_event"][1]["detail"] = day.tables["audit_event"][1]["detail"].replace("1", "2", 1)


def the_last_entry_was_cut(day):
    day.tables["audit_event"].pop()


def a_version_without_an_entry(day):
    day.tables["campaign"][0]["version"] = 5


def a_status_without_an_entry(day):
    day.tables["campaign"][0]["status"] = "APPROVED"


def a_content_without_an_entry(day):
    day.tables["revision"][0]["content_hash"] = "1" * 64


def a_decision_without_an_entry(day):
    day.tables["decision"].append({**day.tables["decision"][0], "id": 2, "by_id": 4})


def still_waiting_after_the_switch(day):
    _put(day, 4, day.entry("account:approvals_disabled", "ada", None, approved=1))
    _put(day, 5, {**day.entry("account:approvals_enabled", "ada", None)}, moved=True)


def submitted_while_off(day):
    _put(day, 1, day.entry("account:approvals_disabled", "ada", None, approved=0))


# ------------------------------------------------------------------------------------------ what was told
def a_mail_was_never_taken(day):
    day.mails.pop()


def a_mail_was_never_written(day):
    gone = next(row for row in day.tables["outbox_message"] if row["kind"] == "mail")
    day.tables["outbox_message"].remove(gone)
    day.mails.pop(0)


def a_publication_was_never_told(day):
    gone = next(row for row in day.tables["outbox_message"] if row["kind"] == "handover")
    day.tables["outbox_message"].remove(gone)
    day.handovers.clear()


def a_mail_still_waits(day):
    day.tables["outbox_message"][0]["delivered_at"] = None


def a_mail_was_given_up(day):
    day.tables["outbox_message"][0].update(delivered_at=None, dropped_at=1, last_error="451 later")


def a_mail_of_nothing(day):
    day.mails.append(replace(day.mails[0], id="<town1-99-3@localhost>"))


def a_webhook_of_another_entry(day):
    day.webhooks[0].body["data"]["hash"] = "0" * 64


def handed_over_something_else(day):
    day.handovers[0].body["content"]["body"] = "Buy now!"


def a_mail_came_again(day):
    day.mails.append(day.mails[0])


CASES: tuple[tuple[Tampering, str], ...] = (
    (a_comment_is_gone, "lost"),
    (a_comment_is_there_twice, "doubled"),
    (a_refused_comment_is_there, "phantom"),
    (a_comment_nobody_asked_for, "phantom"),
    (a_role_change_is_gone, "lost"),
    (a_role_is_changed_twice, "doubled"),
    (twins_made_two, "doubled"),
    (an_edit_came_before_what_it_followed, "order"),
    (an_edit_of_another_version, "stale write"),
    (an_approval_of_other_content, "stale decision"),
    (a_look_at_what_was_over, "stale read"),
    (a_look_at_what_never_was, "stale read"),
    (a_key_was_taken_twice, "key reused"),
    (another_account_was_reached, "other account"),
    (a_revoked_right_was_used, "not refused"),
    (another_code, "wrong answer"),
    (an_internal_error, "unexpected error"),
    (another_policy_decided, "policy changed"),
    (the_maker_approved, "self-approval"),
    (a_viewer_approved, "role revoked"),
    (approved_after_the_role_was_gone, "role revoked"),
    (approved_after_being_disabled, "member disabled"),
    (approved_with_a_revoked_token, "token revoked"),
    (approved_without_review, "illegal transition"),
    (approved_twice, "double decision"),
    (approved_what_was_not_submitted, "stale decision"),
    (sent_what_was_not_approved, "sent unapproved"),
    (sent_twice, "double publication"),
    (an_entry_was_changed, "broken chain"),
    (the_last_entry_was_cut, "broken chain"),
    (a_version_without_an_entry, "version gap"),
    (a_status_without_an_entry, "row is not its log"),
    (a_content_without_an_entry, "row is not its log"),
    (a_decision_without_an_entry, "row is not its log"),
    (still_waiting_after_the_switch, "switch"),
    (submitted_while_off, "switch"),
    (a_mail_was_never_taken, "lost message"),
    (a_mail_was_never_written, "lost message"),
    (a_publication_was_never_told, "lost message"),
    (a_mail_still_waits, "undelivered"),
    (a_mail_was_given_up, "lost message"),
    (a_mail_of_nothing, "ghost"),
    (a_webhook_of_another_entry, "ghost"),
    (handed_over_something_else, "sent unapproved"),
    (a_mail_came_again, "redelivered"),
)


@pytest.mark.parametrize(("tamper", "kind"), CASES, ids=[tamper.__name__ for tamper, _ in CASES])
def test_what_must_never_happen_is_found(tamper: Tampering, kind: str):
    day = a_good_day()
    tamper(day)
    assert kind in day.kinds()


# ------------------------------------------------------------------------------------------------- parts
def _seen(version: int, status: str, content: str) -> dict[str, object]:
    return {
        "id": global_id("Campaign", 1),
        "version": version,
        "status": status,
        "head": {"contentHash": content},
    }


def _rewrite(day: MadeUp, kind: str, **changed: object) -> None:
    """Another entry instead of that one, in a chain that is whole."""
    row = next(row for row in day.tables["audit_event"] if row["kind"] == kind)
    detail = changed.pop("detail", None)
    row.update(changed)
    if detail is not None:
        row["detail"] = json.dumps(detail)
    day.seal()


def _put(day: MadeUp, place: int, row: dict[str, object], *, moved: bool = True) -> None:
    """Move an entry there, or put another one there, in a chain that is whole."""
    events = day.tables["audit_event"]
    if moved and row in events:
        events.remove(row)
    row["at"] = events[place - 1]["at"] + timedelta(milliseconds=1)
    events.insert(place, row)
    _number(day)


def _number(day: MadeUp) -> None:
    for seq, row in enumerate(day.tables["audit_event"], 1):
        row["seq"] = seq
    day.seal()
