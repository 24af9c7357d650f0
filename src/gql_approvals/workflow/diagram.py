"""The generated parts of docs/workflow.md: tables, made from the two transition tables.

Names of guards, conditions and effects are read out as words, and the first lines of their docstrings are
what the document says of them; nothing about the workflow is written down here a second time.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from gql_approvals.workflow.account import ACCOUNT_TRANSITIONS
from gql_approvals.workflow.transitions import TRANSITIONS, Row
from gql_approvals.workflow.vocabulary import CampaignStatus

Function = Callable[..., object]
NUMBERED = re.compile(r"^T\d+(, T\d+)*[^:]*: ")
SOURCE = re.compile(r" \((?:rule \d+|seed [AB])\)")
PART = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def arrows() -> dict[tuple[str, str], list[str]]:
    """(from, to) → what leads there, in words; from `[*]` a campaign begins."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in TRANSITIONS:
        for source, target, label in _arrows(row):
            labels = found.setdefault((source, target), [])
            labels.extend([label] if label not in labels else [])
    return found


def table() -> str:
    """Every row of the campaign's table, in the order of its numbers."""
    head = ("T", "action", "permission", "from", "to", "only if", "refused if", "what happens", "told")
    rows = (
        (
            str(row.number or "-"),
            row.action.lower().replace("_", " "),
            f"`{row.permission}`" if row.permission else "the system",
            _statuses(row.source),
            _target(row),
            _condition(row.when),
            ", ".join(map(_words, (*row.state_guards, *row.input_guards))),
            _said(row.effect),
            ", ".join(sorted(group.lower() for group in row.tells)),
        )
        for row in sorted(TRANSITIONS, key=lambda row: row.number)
    )
    return _table(head, rows)


def guards() -> str:
    """What each reason to refuse means."""
    every: list[Function] = [guard for row in TRANSITIONS for guard in (*row.state_guards, *row.input_guards)]
    every += [guard for row in ACCOUNT_TRANSITIONS for guard in row.guards]
    return _table(("refused if", "the rule"), sorted({(_words(guard), _said(guard)) for guard in every}))


def account_table() -> str:
    """Every row of the account's table."""
    head = ("action", "permission", "refused if", "what happens")
    rows = (
        (
            row.action.lower().replace("_", " "),
            f"`{row.permission}`",
            ", ".join(map(_words, row.guards)),
            _said(row.effect),
        )
        for row in ACCOUNT_TRANSITIONS
    )
    return _table(head, rows)


PARTS: dict[str, Callable[[], str]] = {
    "transitions": table,
    "reasons": guards,
    "account": account_table,
}


def regenerated(text: str) -> str:
    """The document with each part between its markers made anew.

    Raises:
        KeyError: when a marker names a part that nobody makes.
    """
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


def _arrows(row: Row) -> Iterator[tuple[str, str, str]]:
    """A row's ways from status to status; what is possible in many statuses and changes none is no way."""
    if row.target is None and len(row.source) > 1:
        return
    action = row.action.lower().replace("_", " ")
    who = action if row.permission else f"{action} (system)"
    label = ", ".join(filter(None, (who, _words(row.when))))
    for source in [str(status) for status in CampaignStatus if status in row.source] or ["[*]"]:
        yield source, str(row.target or source), label
        if _words(row.sends):
            yield source, str(CampaignStatus.SENT), f"{label}, {_words(row.sends)}"


def _words(function: Function) -> str:
    """A function's name as words; nothing for the lambda that stands for "always" and "never"."""
    name = function.__name__
    return "" if name == "<lambda>" else name.replace("_", " ")


def _said(function: Function) -> str:
    """The first sentence about a function, without the numbers of its rows and the source of its rule."""
    line = (function.__doc__ or "").strip().partition("\n")[0]
    return SOURCE.sub("", NUMBERED.sub("", line))


def _target(row: Row) -> str:
    if row.target is None:
        return "the same"
    condition = _condition(row.sends)
    return f"{row.target}, then SENT if {condition}" if condition else row.target


def _condition(function: Function) -> str:
    return _said(function).removeprefix("Whether ").removesuffix(".")


def _statuses(statuses: frozenset[CampaignStatus]) -> str:
    if statuses == frozenset(CampaignStatus):
        return "any"
    return ", ".join(status for status in CampaignStatus if status in statuses) or "-"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
