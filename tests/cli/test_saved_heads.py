"""What `audit verify --head` reads: every form in which heads are kept, and nothing that is damaged."""

import json
import logging
import mailbox
from email import message_from_bytes

import click
import pytest
from tests.cli.keeping import ZEROS
from tests.persistence.test_catalogue import AT

from gql_approvals import logs
from gql_approvals.cli.saved_heads import EVENT, read_heads
from gql_approvals.persistence.chain import Head
from gql_approvals.relay.head_mail import compose_head
from gql_approvals.service.audit_heads import HEAD, HeadFacts

ONE = Head(account="acme", seq=12, hash="ab" * 32)
OTHER = Head(account="acme", seq=34567, hash="cd" * 32)
KEPT = {"account": ONE.account, "seq": ONE.seq, "hash": ONE.hash}


def record(form, event, *, logger="gql_approvals.heads", level=logging.INFO, raised=None, **fields):
    made = logging.LogRecord(logger, level, "", 0, event, None, raised)
    made.__dict__.update(fields)
    return logs.formatter(form).format(made)


def mail(head):
    facts = HeadFacts(key=f"key-{head.seq}", at=AT, address="auditor@acme.test", head=head)
    return compose_head(facts, sender="approvals@acme.test")


def webhook(head):
    data = {"account": head.account, "seq": head.seq, "hash": head.hash, "campaign": None, "detail": {}}
    return json.dumps({"type": "campaign:approved", "timestamp": "2030-01-02T03:04:05Z", "data": data})


def crash():
    try:
        int(f"{EVENT} account=acme seq=1 hash={ZEROS}")
    except ValueError as error:
        return type(error), error, error.__traceback__


FORMS = {
    "printed": json.dumps,
    "json": lambda data: record("json", EVENT, **data),
    "text": lambda data: record("text", EVENT, **data),
    "collected json": lambda data: f"Jan 02 03:04:05 node serve[7]: {record('json', EVENT, **data)}",
    "collected text": lambda data: f"Jan 02 03:04:05 node serve[7]: {record('text', EVENT, **data)}",
    "webhook": lambda data: webhook(Head(**data)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_head_is_read_in_every_form_among_other_lines(tmp_path, form):
    others = [
        record(log, "Started server process [7]", logger="uvicorn.error") for log in ("json", "text")
    ] + [
        record("text", "driver:failed", level=logging.ERROR, raised=crash(), error=f"{EVENT} seq=1"),
        record(
            "json", "driver:failed", level=logging.ERROR, raised=crash(), account="acme", seq=1, hash=ZEROS
        ),
        json.dumps({"type": "webhook:test", "timestamp": "", "data": {"account": "acme", "webhook": 1}}),
        "",
    ]
    (tmp_path / "kept").write_text("\n".join([*others, FORMS[form](KEPT), *others]))

    assert read_heads(tmp_path / "kept") == [ONE]
    assert EVENT == HEAD


@pytest.mark.parametrize("form", FORMS)
def test_a_head_that_is_damaged_anywhere_is_an_error_that_names_its_line(tmp_path, form):
    whole = FORMS[form](KEPT)
    beside = record("json", "Started server process [7]", logger="uvicorn.error")
    for end in range(whole.index("acme"), len(whole)):
        (tmp_path / "kept").write_text(f"{beside}\n{whole[:end]}\n{FORMS['printed'](KEPT)}\n")
        with pytest.raises(click.ClickException, match=r"kept, line 2: this is no head"):
            read_heads(tmp_path / "kept")


def test_a_mail_is_read_as_it_is_saved_and_so_is_a_mailbox(tmp_path):
    (tmp_path / "one.eml").write_bytes(mail(OTHER).as_bytes())
    box = mailbox.mbox(tmp_path / "box")
    for head in (ONE, OTHER):
        box.add(message_from_bytes(mail(head).as_bytes()))
    box.close()

    assert read_heads(tmp_path / "one.eml") == [OTHER]
    assert read_heads(tmp_path / "box") == [ONE, OTHER]


def test_a_mail_without_a_head_has_none(tmp_path):
    text = mail(ONE).as_bytes().replace(b"{", b"(")
    (tmp_path / "one.eml").write_bytes(text)

    with pytest.raises(click.ClickException, match="has no heads"):
        read_heads(tmp_path / "one.eml")
