"""Documents: parsed, measured and validated once, and remembered while there is room.

Only valid documents are remembered, so that what is refused cannot drive out what is used. Room is counted in
tokens, since that is what memory goes with.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)
from strawberry.types.graphql import OperationType

from gql_approvals.schema.allow_list import AllowList
from gql_approvals.schema.faults import NotARequest, NotExecutable
from gql_approvals.schema.limits import Extent, Limits, measure, values_in
from gql_approvals.schema.requested import objects_in
from gql_approvals.schema.validation import Rules

MAX_TOKENS = 200_000
UNREADABLE = "the document holds a number that is too long, or is nested too deeply"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The operation to run. `roots`: how many root fields it has; `first` of them."""

    node: OperationDefinitionNode
    roots: int
    first: str

    @property
    def name(self) -> str | None:
        """Its name in the document."""
        return None if self.node.name is None else self.node.name.value

    @property
    def type(self) -> OperationType:
        """What kind of operation it is."""
        return OperationType(self.node.operation.value)


@dataclass(frozen=True, slots=True)
class Document:
    """A document within the limits; whether it is valid is not known yet."""

    text: str
    parsed: DocumentNode
    operations: dict[OperationDefinitionNode, Extent]

    def choose(self, name: str | None) -> Chosen:
        """The operation of that name, or the only one (GraphQL 6.1).

        Raises:
            NotExecutable: when there is none, or several and no name.
        """
        named = [
            (node, extent)
            for node, extent in self.operations.items()
            if name is None or (node.name is not None and node.name.value == name)
        ]
        if not named:
            message = "name the operation to run in `operationName`: the document has none of that name"
            raise NotExecutable.because(NotARequest(message))
        if name is None and len(named) > 1:
            message = "name the operation to run in `operationName`: the document has several"
            raise NotExecutable.because(NotARequest(message))
        node, extent = named[0]
        return Chosen(node, extent.roots, extent.first)


class Documents:
    """What was read. One for a worker."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, rules: Rules, allow_list: AllowList | None = None
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = rules
        self._allow_list = allow_list
        self._valid: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0

    def read(self, text: str) -> Document:
        """Parse, measure, and look it up in the allow-list.

        Raises:
            NotExecutable: when it cannot be parsed, is over a limit or is not allowed.
        """
        known = self._valid.get(text)
        if known is not None:
            self._valid.move_to_end(text)
            return known
        parsed = self._parsed(text)
        operations = measure(parsed)
        self._check(
            depth=max((extent.depth for extent in operations.values()), default=0),
            fields=sum(extent.fields for extent in operations.values()),
            aliases=sum(extent.aliases for extent in operations.values()),
        )
        if self._allow_list is not None and not self._allow_list.has(parsed):
            message = (
                "this operation is not on the server's list of allowed operations: ask for it to be added"
            )
            raise NotExecutable.because(NotARequest(message))
        return Document(text, parsed, operations)

    def admit(self, document: Document, chosen: Chosen, variables: Mapping[str, Any]) -> None:
        """Make sure that the operation may run with these variables, and that the document is valid.

        Raises:
            NotExecutable: when it may not, or the document does not fit the schema.
        """
        if chosen.type is OperationType.MUTATION:
            self._check(mutations=chosen.roots)
        self._check(
            values=values_in(variables, self._limits.values),
            nodes=objects_in(self._schema, document.parsed, chosen.node, variables),
        )
        if document.text not in self._valid:
            self._validate(document)
            self._keep(document)

    def _parsed(self, text: str) -> DocumentNode:
        self._check(characters=len(text))
        most = self._limits.tokens or None
        try:
            return parse(text, max_lexical_tokens=most, max_comments=most)
        except GraphQLSyntaxError as error:
            if "Document contains more than" in error.message:
                raise NotExecutable.because(self._limits.exceeded("tokens", None)) from None
            raise NotExecutable(error) from None
        except (ValueError, RecursionError):
            raise NotExecutable(GraphQLError(UNREADABLE)) from None

    def _validate(self, document: Document) -> None:
        try:
            errors = self._rules.errors_of(self._schema, document.parsed)
        except (ValueError, RecursionError):
            raise NotExecutable(GraphQLError(UNREADABLE)) from None
        if errors is None:
            raise NotExecutable.because(self._limits.exceeded("comparisons", None))
        if errors:
            raise NotExecutable(*errors)

    def _check(self, **asked: int) -> None:
        fault = self._limits.first_exceeded(**asked)
        if fault is not None:
            raise NotExecutable.because(fault)

    def _keep(self, document: Document) -> None:
        self._valid[document.text] = document
        self._tokens += _tokens_of(document)
        while self._tokens > MAX_TOKENS:
            self._tokens -= _tokens_of(self._valid.popitem(last=False)[1])


def _tokens_of(document: Document) -> int:
    return int(document.parsed.token_count)
