"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from gql_approvals.errors import BadUserInput
from gql_approvals.persistence.pages import Listing, cursor
from gql_approvals.schema.fields import about, arg, field

N = TypeVar("N")
DEFAULT_FIRST = 20
MAX_FIRST = 100
First: TypeAlias = Annotated[int | None, arg("How many to return, from 1 to 100; null: 20.")]
After: TypeAlias = Annotated[str | None, arg("Return what comes behind this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = about("Whether there is more behind this page.")
    has_previous_page: bool = about("Whether there is something before this page.")
    start_cursor: str | None = about("The cursor of the first edge.")
    end_cursor: str | None = about("The cursor of the last edge: send it as `after` for the next page.")


@strawberry.type(description="One entry of a list.")
class Edge(Generic[N]):
    """A node with its cursor."""

    entry: strawberry.Private[tuple[Any, ...]]
    node: N = about("The entry itself.")

    @field
    def cursor(self) -> str:
        """Where this entry stands."""
        return cursor(self.entry)


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """Edges with their page info; the count is made only when it is asked for."""

    listing: strawberry.Private[Listing]
    edges: list[Edge[N]] = about("The entries, in order.")
    page_info: PageInfo = about("Where this page stands.")

    @field
    async def total_count(self) -> int:
        """How many entries there are, counted up to 1000."""
        return await self.listing.count()


async def connect(
    listing: Listing,
    first: int | None,
    after: str | None,
    load: Callable[[Sequence[int]], Awaitable[Mapping[int, N]]],
) -> Connection[N]:
    """Load one page.

    Raises:
        BadUserInput: when `first` is out of range or `after` no cursor of this list.
    """
    first = DEFAULT_FIRST if first is None else first
    if not 1 <= first <= MAX_FIRST:
        raise BadUserInput(f"`first` must be from 1 to {MAX_FIRST}, not {first}")
    page = await listing.page(first, after)
    found = await load(page.ids)
    edges = [Edge(entry=entry, node=found[entry[-1]]) for entry in page.entries if entry[-1] in found]
    ends = [cursor(entry) for entry in (page.entries[0], page.entries[-1])] if page.entries else [None, None]
    return Connection(
        listing=listing,
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=ends[0],
            end_cursor=ends[1],
        ),
    )
