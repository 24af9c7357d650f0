"""The policy's values in English: one wording for tables, differences and messages.

Whole sentences about a change of the policy stand in `impact_text`.
"""

from collections.abc import Iterator

from gql_approvals.policy.classes import GrantClass
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel


def in_words(one: GrantClass) -> str:
    """The facts that a class is limited to, joined by `; `; "" when all are meant."""
    if not one.channels or not one.statuses:
        return "where no campaign is at hand"
    parts: list[str] = []
    if len(one.channels) < len(Channel):
        parts.append("on " + ", ".join(sorted(channel.lower() for channel in one.channels)))
    if len(one.statuses) < len(CampaignStatus):
        parts.append("while " + ", ".join(sorted(status.lower() for status in one.statuses)))
    for word, wanted in (("own", one.own), ("involved", one.involved)):
        if wanted is not None:
            parts.append(word if wanted else f"not {word}")
    parts += _audience(one.audience_from, one.audience_to)
    return "; ".join(parts)


def _audience(low: int, end: int | None) -> Iterator[str]:
    if end is None:
        if low:
            yield f"audience at least {low:,}"
    elif not low:
        yield f"audience at most {end - 1:,}"
    else:
        yield f"audience {low:,}" + (f" to {end - 1:,}" if end - 1 > low else "")


def counted(number: int, noun: str) -> str:
    """`1 member`, `10,000 members`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
