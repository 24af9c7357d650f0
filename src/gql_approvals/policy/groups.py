"""groups.csv: which groups of the identity provider give which role in which account.

    # group,              account, role
    campaign-makers,      acme,    ...
    "CN=Legal,OU=Acme",   acme,    ...

One line a role, columns separated by commas, `#` begins a comment; a group with a comma in its name is
quoted. Only what no group can change is judged here: that accounts and roles exist, and that no single group
lets its people both make and decide.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gql_approvals.policy.engine import Policy
from gql_approvals.policy.problem import Code, PolicyProblem, Severity, did_you_mean
from gql_approvals.policy.source import Cell, Row, read_text, split_rows

COLUMNS = ("group", "account", "role")


@dataclass(frozen=True, slots=True)
class Groups:
    """`lines`: (group, account, role), in the order of the file."""

    lines: tuple[tuple[str, str, str], ...] = ()

    def given_to(self, groups: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The roles of somebody in these groups, by account; only accounts where they have some."""
        found: dict[str, set[str]] = defaultdict(set)
        for group, account, role in self.lines:
            if group in groups:
                found[account].add(role)
        return {account: frozenset(roles) for account, roles in found.items()}


def read_groups(
    path: Path, policy: Policy, accounts: Collection[str]
) -> tuple[Groups, tuple[PolicyProblem, ...]]:
    """Read the file; the lines that are right, and every mistake of the others.

    `accounts`: the slugs of those that exist.
    """
    file = str(path)
    text, problems = read_text(path, file)
    rows, found = split_rows(text, file)
    problems = [problem for problem in (*problems, *found) if problem.severity is Severity.ERROR]
    good: list[Row] = []
    for row in rows:
        if row.texts == COLUMNS:
            continue  # the heading that spreadsheets like
        mistakes = list(_mistakes(row, file, policy, accounts))
        problems += mistakes
        if not mistakes:
            good.append(row)
    both = list(_both_sides(good, file, policy))
    kept = [row for row in good if row not in [row for row, _ in both]]
    problems += [problem for _, problem in both]
    problems.sort(key=lambda problem: (problem.line, problem.column))
    return Groups(tuple((row.texts[0], row.texts[1], row.texts[2]) for row in kept)), tuple(problems)


def _mistakes(row: Row, file: str, policy: Policy, accounts: Collection[str]) -> Iterator[PolicyProblem]:
    if len(row.cells) != len(COLUMNS):
        message = f"the line has {len(row.cells)} columns instead of {len(COLUMNS)}"
        yield _problem((file, row, row.cells[-1]), Code.COLUMNS, message, f"write {', '.join(COLUMNS)}")
        return
    for cell, name in zip(row.cells, COLUMNS, strict=True):
        if not cell.text:
            yield _problem((file, row, cell), Code.BLANK, f"the column `{name}` is empty", f"name the {name}")
    _, account, role = row.cells
    if not account.text or not role.text:
        return
    if account.text not in accounts:
        help_text = f"make it with `gql-approvals account create {account.text} --admin EMAIL`"
        if accounts:
            help_text = f"{did_you_mean(account.text, accounts)} or {help_text}"
        yield _problem((file, row, account), Code.ACCOUNT, f"there is no account `{account.text}`", help_text)
    elif role.text not in policy.roles(account.text):
        message = f"the policy knows no role `{role.text}` in `{account.text}`"
        help_text = did_you_mean(role.text, policy.roles(account.text))
        yield _problem((file, row, role), Code.ROLE, message, help_text)


def _both_sides(rows: Iterable[Row], file: str, policy: Policy) -> Iterator[tuple[Row, PolicyProblem]]:
    """The lines with which a group that could only make, or only decide, could do both (rule 3)."""
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        group, account, role = row.texts
        together = held[group, account] | {role}
        if policy.conflict(frozenset(together), account):
            message = f"with this line, `{group}` could both make and decide in `{account}`"
            help_text = "give the roles to two groups: nobody may hold both"
            yield row, _problem((file, row, row.cells[2]), Code.DUTIES, message, help_text)
        else:
            held[group, account] = together


def _problem(place: tuple[str, Row, Cell], code: Code, message: str, help_text: str) -> PolicyProblem:
    file, row, cell = place
    return PolicyProblem(file, row.line, cell.column, code, message, help_text)
