"""A second reader of policy.csv, by its own header alone: what the server answers is compared with it.

It knows neither Casbin nor the product's parser, and takes the file for well-formed.
"""

import csv
import re
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt

EVERYONE, ANYONE = "everyone", "anyone"
COMPARE = {"<=": le, "<": lt, ">=": ge, ">": gt, "=": eq}
# The laws that no line can lift: specification of the workflow, rules 3 and 4.
NEEDS_VIEW = {"edit", "duplicate", "submit", "approve", "reject"}
MAKING, DECIDING = {"create", "edit", "duplicate", "submit"}, {"approve", "reject"}
EXEMPTS = "manage_approvals"


@dataclass(frozen=True)
class Facts:
    """What a line can ask about a person and a campaign; `involved`: contributed to the version at hand."""

    channel: str = "email"
    status: str = "DRAFT"
    own: bool = False
    involved: bool = False
    audience: int = 1000


NO_CAMPAIGN = Facts(channel="", status="", audience=0)


@dataclass(frozen=True)
class Rulebook:
    """The lines of a file: links (role, other, account), grants and needs as they stand in their columns."""

    links: tuple[tuple[str, ...], ...]
    grants: tuple[tuple[str, ...], ...]
    needs: tuple[tuple[str, ...], ...]

    def roles(self, account):
        """Every role that a line of this account names, `everyone` left out."""
        named = {role for role, *_, where in self.links if where in {"*", account}}
        named |= {other for _, other, where in self.links if where in {"*", account}}
        named |= {role for role, where, *_ in self.grants if where in {"*", account}}
        return sorted(named - {EVERYONE})

    def held(self, roles, account):
        """These roles, and all that they inherit from."""
        found = set(roles)
        while True:
            more = {o for role, o, where in self.links if role in found and where in {"*", account}} - found
            if not more:
                return found
            found |= more

    def written(self, roles, account, action, facts):
        """What the lines say: one deny beats every allow."""
        held = self.held(roles, account) | {EVERYONE}
        effects = {
            effect
            for role, where, what, channels, when, effect in self.grants
            if what == action and role in held and where in {"*", account}
            if _listed(facts.channel, channels) and all(_holds(part, facts) for part in when.split(" and "))
        }
        return effects == {"allow"}

    def allows(self, roles, account, action, facts=NO_CAMPAIGN):
        """The same within the laws."""
        if not self.written(roles, account, action, facts):
            return False
        if action in NEEDS_VIEW and not self.written(roles, account, "view", facts):
            return False
        return action not in MAKING | DECIDING or not self.in_conflict(roles, account)

    def in_conflict(self, roles, account):
        """Whether somebody with these roles could both make and decide, and is not exempt."""
        held = self.held(roles, account) | {EVERYONE}
        granted = {
            what
            for role, where, what, *_, effect in self.grants
            if role in held and where in {"*", account} and effect == "allow"
        }
        return EXEMPTS not in granted and bool(granted & MAKING) and bool(granted & DECIDING)

    def needed(self, account, facts):
        """Role → how many approvals of its holders."""
        found = {}
        for where, channels, when, count, role in self.needs:
            if where in {"*", account} and _listed(facts.channel, channels) and _holds(when, facts):
                found[role] = max(found.get(role, 0), int(count))
        return found or {ANYONE: 1}


def read(text):
    """The file's lines, by their first column."""
    rows = [
        tuple(cell.strip() for cell in row)
        for row in csv.reader(line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#")
    ]
    return Rulebook(*(tuple(row[1:] for row in rows if row[0] == kind) for kind in ("g", "p", "p2")))


def _listed(channel, channels):
    return channels == "any" or channel in channels.split()


def _holds(condition, facts):
    condition = condition.strip()
    if condition.startswith("status is "):
        return facts.status.lower() in condition.removeprefix("status is ").split(" or ")
    if condition.startswith("audience"):
        sign, number, unit = re.fullmatch(r"audience (<=|>=|<|>|=) ([\d_]+)([km]?)", condition).groups()
        return COMPARE[sign](facts.audience, int(number) * {"": 1, "k": 1000, "m": 1_000_000}[unit])
    return {
        "always": True,
        "own": facts.own,
        "not own": not facts.own,
        "involved": facts.involved,
        "not involved": not facts.involved,
    }[condition]
