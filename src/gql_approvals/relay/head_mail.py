"""The mail that tells the head of an account's audit chain; the same bytes at every attempt.

A line of its text is what `audit head` prints: saved as it is, the mail is what `audit verify --head` reads.
"""

import json
from email.message import EmailMessage

from gql_approvals.relay.mail import OWN_NAME, Envelope, addressed
from gql_approvals.service.audit_heads import HEAD, HeadFacts
from gql_approvals.service.delivery import Person

_TEXT = """\
The audit trail of {account} has {seq:,} entries. Keep this mail where whoever can change the database cannot
change it: the line below proves that these entries are as they were.

{line}

Save it, and compare at any time:  gql-approvals audit verify {account} --head FILE
"""


def compose_head(facts: HeadFacts, *, sender: str) -> EmailMessage:
    """The mail of these facts. `sender`: an address, with or without a name.

    Raises:
        Unmailable: when no mail can be sent to the address.
    """
    head = facts.head
    envelope = Envelope(
        key=facts.key,
        event=HEAD,
        at=facts.at,
        account_slug=head.account,
        recipient=Person(name="", email=facts.address),
        via=OWN_NAME,
        subject=f"The audit trail of {head.account}",
        thread=f"head-{head.account}",
    )
    line = json.dumps({"account": head.account, "seq": head.seq, "hash": head.hash})
    mail = addressed(envelope, sender)
    mail.set_content(_TEXT.format(account=head.account, seq=head.seq, line=line), cte="quoted-printable")
    return mail
