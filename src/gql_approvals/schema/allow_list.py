"""The operations that may be asked for, when an operator names them: `.graphql` files.

A document is allowed when each of its operations and fragments stands in the files, whatever its white space
and comments, so that a client may send one operation of a file with only the fragments that it needs.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql import (
    DefinitionNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    print_ast,
    validate,
)

from gql_approvals.errors import BadSettings


@dataclass(frozen=True, slots=True)
class AllowList:
    """`definitions`: canonical texts. `documents`: the files by the SHA-256 of their text, in hex."""

    definitions: frozenset[str]
    documents: Mapping[str, str]

    def has(self, document: DocumentNode) -> bool:
        """Whether everything in the document is allowed."""
        return all(print_ast(item) in self.definitions for item in document.definitions)


def read_allow_list(path: Path, schema: GraphQLSchema) -> AllowList:
    """Read a file, or every `*.graphql` file below a folder.

    Raises:
        BadSettings: when there is none, or naming each file that cannot be executed.
    """
    files = sorted(path.rglob("*.graphql")) if path.is_dir() else [path]
    definitions: dict[str, str] = {}
    documents: dict[str, str] = {}
    problems: list[str] = [] if files else [f"there is no `*.graphql` file in `{path}`"]
    for file in files:
        try:
            text = file.read_text("utf-8")
            problems += [f"{file.name}: {said}" for said in _read(text, schema, definitions)]
        except (OSError, UnicodeDecodeError, GraphQLError) as error:
            problems.append(f"{file.name}: {' '.join(str(error).split())}")
            continue
        documents |= {hashlib.sha256(form.encode()).hexdigest(): form for form in (text, text.strip())}
    if problems:
        raise BadSettings("\n".join(f"GQL_APPROVALS_OPERATIONS: {problem}" for problem in problems))
    return AllowList(frozenset(definitions.values()), documents)


def _read(text: str, schema: GraphQLSchema, definitions: dict[str, str]) -> Iterator[str]:
    """Add a file's definitions, and say what is wrong with it."""
    document = parse(text)
    yield from (error.message for error in validate(schema, document))
    for item in document.definitions:
        name = _name(item)
        canonical = print_ast(item)
        if definitions.setdefault(name, canonical) != canonical:
            yield f"there is another {name}: give each operation and fragment a name of its own"


def _name(item: DefinitionNode) -> str:
    if isinstance(item, FragmentDefinitionNode):
        return f"fragment `{item.name.value}`"
    if isinstance(item, OperationDefinitionNode) and item.name is not None:
        return f"operation `{item.name.value}`"
    return f"unnamed operation {hashlib.sha256(print_ast(item).encode()).hexdigest()}"
