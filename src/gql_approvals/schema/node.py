"""Global ids and the interface that everything with an id has."""

import strawberry

from gql_approvals.schema.fields import field
from gql_approvals.workflow.identity import global_id, parse_global_id

NO_ROW = 0  # what an id that cannot be ours is looked up as: keys begin at 1


@strawberry.interface(description="Anything that has an id and can be fetched by it.")
class Node:
    """An object with a global id: its type's name, and the key of its row."""

    key: strawberry.Private[int]

    @field
    def id(self) -> strawberry.ID:
        """An opaque id, unique over all types."""
        return strawberry.ID(global_id(type(self).__name__, self.key))


def stored(key: int | None) -> int:
    """The key of what is shown, which has been stored."""
    if key is None:
        raise LookupError("a row without a key")
    return key


def key_of(kind: str, text: str) -> int:
    """The key behind a global id of this kind; `NO_ROW` for any other text, which then is not found."""
    found = parse_global_id(text)
    return found[1] if found is not None and found[0] == kind else NO_ROW
