"""The rules that a document must keep before it is executed, with what production leaves out.

The rules are GraphQL's and Strawberry's own. The one that is not linear, which compares fields of the same
name with each other, is given a budget.
"""

from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

MAX_ERRORS = 8  # a person reads no more; each costs time, and repeated ones would flood the answer
ABORTED = "Validation aborted."  # graphql-core 3.3, when a budget is used up


class Rules:
    """`comparisons` 0: graphql-core's own budget, which takes up to a second."""

    def __init__(self, *, introspection: bool, suggestions: bool, comparisons: int) -> None:
        self._hide = not suggestions
        own = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
        self._rules: tuple[type[ASTValidationRule], ...] = (
            *([] if introspection else [NoSchemaIntrospectionCustomRule]),
            *own,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
            _overlapping(comparisons),
        )

    def errors_of(self, schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError] | None:
        """What is wrong with the document; None when it is too entangled to be told."""
        errors = validate(schema, document, self._rules, max_errors=MAX_ERRORS, hide_suggestions=self._hide)
        if any(isinstance(error, ValidationAbortedError) and error.message == ABORTED for error in errors):
            return None
        return errors


def _overlapping(comparisons: int) -> type[ASTValidationRule]:
    if not comparisons:
        return OverlappingFieldsCanBeMergedRule

    class Overlapping(OverlappingFieldsCanBeMergedRule):
        """Gives up in time."""

        def __init__(self, context: ValidationContext, *more: Any) -> None:  # noqa: ANN401  # graphql-core's
            super().__init__(context, *more)
            self.rule_context.remaining_complexity_budget = comparisons

    return Overlapping
