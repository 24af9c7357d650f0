"""The mail that says that policy files were refused; the same bytes at every attempt.

One thread for an account and a node. What the mistakes quote comes from a file that anybody may have
spoilt: each is shown as one line of text, and nothing in it is obeyed.
"""

import hashlib
from email.message import EmailMessage

from gql_approvals.relay.mail import OWN_NAME, Envelope, addressed, filled
from gql_approvals.relay.text import header_text, one_line
from gql_approvals.relay.wording import Wording
from gql_approvals.service.policy_notice import REFUSED, NoticeFacts

PROBLEM_LENGTH = 500


def compose_notice(facts: NoticeFacts, *, sender: str) -> EmailMessage:
    """The mail of these facts. `sender`: an address, with or without a name.

    Raises:
        Unmailable: when no mail can be sent to the recipient's address.
    """
    envelope = Envelope(
        key=facts.key,
        event=REFUSED,
        at=facts.at,
        account_slug=facts.account_slug,
        recipient=facts.recipient,
        via=OWN_NAME,
        subject=f"The policy files on {header_text(facts.node)} have mistakes",
        thread=_thread(facts),
    )
    return filled(addressed(envelope, sender), "policy", _shown(facts), facts.key)


def _thread(facts: NoticeFacts) -> str:
    """Its length keeps `a` on `b-c` apart from `a-b` on `c`."""
    node = hashlib.sha256(facts.node.encode()).hexdigest()[:16]
    return f"policy-{facts.account_slug}-{node}"


def _shown(facts: NoticeFacts) -> dict[str, object]:
    """What the templates show, every text on its line. Times are in UTC, as the node's own log has them."""
    count = len(facts.problems) + facts.more
    mistakes = "a mistake" if count == 1 else f"{count:,} mistakes"
    headline = f"The policy files on {one_line(facts.node)} were changed and have {mistakes}."
    return {
        "preheader": f"Policy refused: {one_line(facts.problems[0]) if facts.problems else mistakes}",
        "wording": Wording("Policy refused", "bad", headline),
        "greeting": one_line(facts.recipient.name),
        "account": one_line(facts.account_name),
        "version": one_line(facts.version),
        "since": f"{facts.since:%a %d %b %Y, %H:%M} UTC",
        "problems": [one_line(text, PROBLEM_LENGTH) for text in facts.problems],
        "more": facts.more,
    }
