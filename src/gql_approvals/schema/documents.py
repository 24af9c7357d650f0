"""Documents: parsed, measured and validated once, and what follows from them alone is kept with them.

Only valid documents are remembered, so that what is refused cannot drive out what is used; those that are
asked for again are compiled.
"""

from collections.abc import Mapping, Sequence
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

from gql_approvals.compiled import CompiledOperation, Compiler
from gql_approvals.schema.allow_list import AllowList
from gql_approvals.schema.faults import NotARequest, NotExecutable
from gql_approvals.schema.limits import Extent, Limits, measure, values_in
from gql_approvals.schema.remembered import Remembered
from gql_approvals.schema.requested import Requested
from gql_approvals.schema.validation import Rules

UNREADABLE = "the document holds a number that is too long, or is nested too deeply"


@dataclass(slots=True)
class Chosen:
    """An operation of a document. `roots`: how many root fields it has; `first` of them.

    `requested`: how many objects. `compiled`: None where graphql-core executes it alone.
    """

    node: OperationDefinitionNode
    name: str | None
    type: OperationType
    roots: int
    first: str
    requested: Requested
    compiled: CompiledOperation | None = None


class Document:
    """A document within the limits. `valid`: whether it is known to fit the schema."""

    def __init__(self, text: str, parsed: DocumentNode, operations: Sequence[Chosen]) -> None:
        self.text = text
        self.parsed = parsed
        self.valid = False
        self._operations = operations
        self._by_name = {one.name: one for one in reversed(operations)}  # of two namesakes the first

    @property
    def tokens(self) -> int:
        """How much room it takes."""
        return int(self.parsed.token_count)

    def choose(self, name: str | None) -> Chosen:
        """The operation of that name, or the only one (GraphQL 6.1).

        Raises:
            NotExecutable: when there is none, or several and no name.
        """
        if name is None and len(self._operations) == 1:
            return self._operations[0]
        found = None if name is None else self._by_name.get(name)
        if found is not None:
            return found
        what = "several" if name is None and self._operations else "none of that name"
        message = f"name the operation to run in `operationName`: the document has {what}"
        raise NotExecutable.because(NotARequest(message))

    def compile(self, compiler: Compiler) -> None:
        """Let its operations be compiled when they are executed."""
        for one in self._operations:
            one.compiled = compiler.operation(self.parsed, one.node)


class Documents:
    """What was read. One for a worker."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        rules: Rules,
        allow_list: AllowList | None = None,
        compiler: Compiler | None = None,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = rules
        self._allow_list = allow_list
        self._compiler = compiler
        self.remembered: Remembered[Document] = Remembered(self._asked_again)

    def read(self, text: str) -> Document:
        """Parse, measure, and look it up in the allow-list.

        Raises:
            NotExecutable: when it cannot be parsed, is over a limit or is not allowed.
        """
        known = self.remembered.find(text)
        if known is not None:
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
        return Document(text, parsed, [self._chosen(parsed, *one) for one in operations.items()])

    def admit(self, document: Document, chosen: Chosen, variables: Mapping[str, Any]) -> None:
        """Make sure that the operation may run with these variables, and that the document is valid.

        Raises:
            NotExecutable: when it may not, or the document does not fit the schema.
        """
        if chosen.type is OperationType.MUTATION:
            self._check(mutations=chosen.roots)
        self._check(
            values=values_in(variables, self._limits.values), nodes=chosen.requested.objects(variables)
        )
        if not document.valid:
            self._validate(document)
            document.valid = True
            self.remembered.add(document.text, document)

    def _asked_again(self, document: Document) -> None:
        if self._compiler is not None:
            document.compile(self._compiler)

    def _chosen(self, parsed: DocumentNode, node: OperationDefinitionNode, extent: Extent) -> Chosen:
        return Chosen(
            node=node,
            name=None if node.name is None else node.name.value,
            type=OperationType(node.operation.value),
            roots=extent.roots,
            first=extent.first,
            requested=Requested(self._schema, parsed, node),
        )

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
