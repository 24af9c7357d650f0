"""A mistake in the policy files: where it is, what it is, and how to mend it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

FIRST = (1, 1)  # the place of a problem that belongs to the file as a whole


class Severity(StrEnum):
    """An error refuses the file; a warning is only reported."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """The kinds of mistakes; programs may rely on these words."""

    # the file
    MISSING = "missing"  # no such file, or it cannot be read
    ENCODING = "encoding"  # not UTF-8
    EMPTY = "empty"  # no line but comments
    EXAMINATION = "examination"  # checking the file took too long, or broke
    MODEL = "model"  # Casbin cannot load model.conf, or a definition is missing or changed
    MATCHER = "matcher"  # the matcher fails, or (warning) is not the shipped one
    # the line
    SEPARATOR = "separator"  # columns separated by `;` or tabs
    QUOTE = "quote"  # unbalanced or misplaced quotes
    KIND = "kind"  # the line starts with something else than p, p2 or g
    COLUMNS = "columns"  # too many or too few
    BLANK = "blank"  # an empty column
    # the column
    ROLE = "role"
    ACCOUNT = "account"
    ACTION = "action"
    CHANNEL = "channel"
    WHEN = "when"
    EFFECT = "effect"
    NUMBER = "number"
    SCOPE = "scope"  # a channel or condition where it cannot apply
    # the file's meaning
    CYCLE = "cycle"
    DEPTH = "depth"  # more inheritance than Casbin follows
    DUTIES = "duties"  # one role both makes and decides
    VIEW = "view"  # a permission that needs view, without it
    QUORUM = "quorum"  # a requirement that nobody can meet
    LOCKOUT = "lockout"
    MEMBERS = "members"  # a member whose roles would let them both make and decide
    TEST = "test"  # a policy test does not hold
    EXPECTATION = "expectation"  # a line of a policy test cannot be understood
    # accepted, but other Casbin tools read it otherwise (warnings)
    BOM = "bom"
    QUOTED = "quoted"
    PADDED = "padded"
    COMMENT = "comment"
    # accepted, but probably not meant (warnings)
    DUPLICATE = "duplicate"
    SHADOWED = "shadowed"  # another line says the same and more
    UNREACHABLE = "unreachable"  # a line that never has an effect
    IDLE = "idle"  # a role that is granted nothing


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One problem; `line` and `column` count from 1, columns in characters.

    `account`: the only account whose people may read it, where it names one of them.
    """

    file: str
    line: int
    column: int
    code: Code
    message: str
    help: str | None = None
    severity: Severity = Severity.ERROR
    account: str | None = None

    @property
    def text(self) -> str:
        """One line for people: `file:line:column: [code] message: help`."""
        hint = f": {self.help}" if self.help else ""
        return f"{self.file}:{self.line}:{self.column}: [{self.code}] {self.message}{hint}"


def errors_of(problems: Iterable[PolicyProblem]) -> list[str]:
    """One line for each problem that refuses the files."""
    return [problem.text for problem in problems if problem.severity is Severity.ERROR]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known word as a question, or all of them when none is close."""
    words = sorted(known)
    close = difflib.get_close_matches(word.lower(), words, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"it is one of {', '.join(f'`{known_word}`' for known_word in words)}"
