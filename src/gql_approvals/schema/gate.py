"""What every operation of a worker passes: the terms that were set, and what was seen so far."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import monotonic

from gql_approvals.compiled import Compiler
from gql_approvals.schema import TYPES, schema
from gql_approvals.schema.allow_list import AllowList, read_allow_list
from gql_approvals.schema.budget import Budget
from gql_approvals.schema.documents import Documents
from gql_approvals.schema.limits import Limits
from gql_approvals.schema.persisted import Persisted
from gql_approvals.schema.validation import Rules
from gql_approvals.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an operator has chosen. `rate`: operations a minute that a caller may ask of a worker; 0: any.

    `compiled`: whether operations that are asked for again are compiled.
    """

    limits: Limits = field(default_factory=Limits)
    introspection: bool = True
    suggestions: bool = True
    rate: int = 0
    compiled: bool = True


class Gate:
    """One for a worker, whatever the transport: `prepare` and `execute` are given it."""

    def __init__(
        self,
        terms: Terms | None = None,
        allow_list: AllowList | None = None,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self.terms = terms or Terms()
        limits = self.terms.limits
        rules = Rules(
            introspection=self.terms.introspection,
            suggestions=self.terms.suggestions,
            comparisons=limits.comparisons,
        )
        compiler = Compiler(schema) if self.terms.compiled else None
        self.documents = Documents(TYPES, limits, rules, allow_list, compiler)
        self.persisted = Persisted(None if allow_list is None else allow_list.documents)
        self.budget = Budget(self.terms.rate, now_s) if self.terms.rate else None


def gate_of(settings: Settings, now_s: Callable[[], float] = monotonic) -> Gate:
    """The gate that the settings describe. `now_s`: any clock that does not go back.

    Raises:
        BadSettings: when the allow-list cannot be read.
    """
    allow_list = read_allow_list(Path(settings.operations), TYPES) if settings.operations else None
    limits = {item.name: getattr(settings, f"max_{item.name}") for item in fields(Limits)}
    terms = Terms(
        limits=Limits(**limits),
        introspection=settings.serves_introspection,
        suggestions=settings.serves_suggestions,
        rate=math.ceil(settings.rate_limit / settings.workers),
        compiled=settings.compiled,
    )
    return Gate(terms, allow_list, now_s)
