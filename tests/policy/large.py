"""A policy of any length, as a company with many accounts would have: the shipped one, and more roles."""

import itertools
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "policies"

# One account's own roles; they are copied for account after account.
_OWN = """\
g, {name}_writer, viewer, {account}
p, {name}_writer, {account}, create, {one} {two}, always, allow
p, {name}_writer, {account}, edit, {one} {two}, own and status is draft or rejected, allow
p, {name}_writer, {account}, submit, {one} {two}, involved, allow
p, {name}_writer, {account}, publish, {one}, audience < {small}, allow
g, {name}_reader, viewer, {account}
p, {name}_reader, {account}, approve, {one} {two}, audience <= {large}, allow
p, {name}_reader, {account}, reject, {one} {two}, audience <= {large}, allow
p, {name}_reader, {account}, revoke, {one}, not involved, allow
g, {name}_lead, {name}_reader, {account}
p, {name}_lead, {account}, approve, any, audience >= {small}, allow
p, {name}_lead, {account}, view_audit, any, always, allow
p, everyone, {account}, archive, {two}, status is sent, deny
p2, {account}, {one}, audience >= {large}, 2, anyone
p2, {account}, any, audience >= 1m, 1, {name}_lead
"""
_CHANNELS = ("email", "sms", "app_push", "whatsapp", "web_push", "onsite")


def large_policy(lines: int) -> str:
    """The shipped file with accounts' own roles behind it, of exactly so many rules."""
    text = (SHIPPED / "policy.csv").read_text()
    left = lines - sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    more = (
        line
        for number in itertools.count()
        for line in _OWN.format(
            name=f"role{number}",
            account=f"account{number}",
            one=_CHANNELS[number % 6],
            two=_CHANNELS[(number + 1) % 6],
            small=1_000 * (number + 1),
            large=10_000 + 1_000 * number,
        ).splitlines()
    )
    return text + "\n".join(itertools.islice(more, left)) + "\n"
