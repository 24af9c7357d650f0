"""A schema of everything that is unusual, whose resolvers note each call.

`Thing.seed` decides how a thing behaves: most are as they should be, the others raise, give null where there
must be something, or values of the wrong kind.
"""
# tables keep their lines

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

T = TypeVar("T")
LONG_AGO = datetime(2026, 11, 21, 9, tzinfo=UTC)


@dataclass
class Calls:
    """The context: what was called, in order."""

    made: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.made.append(what)


Info = strawberry.Info[Calls, None]


@strawberry.enum
class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@strawberry.enum
class Size(Enum):
    SMALL = 1
    LARGE = "L"


@strawberry.enum
class Rank(IntEnum):
    FIRST = 1
    LAST = 9


@strawberry.interface
class Named:
    id: strawberry.ID
    name: str


@strawberry.type
class Tag:
    word: str
    weight: int


class Loud(FieldExtension):
    """Changes what a resolver gives."""

    def resolve(self, next_: Any, source: Any, info: Any, **given: Any) -> Any:
        return f"{next_(source, info, **given)}!"


class Even(BasePermission):
    """Refuses every other thing."""

    message = "odd things are not shown"

    def has_permission(self, source: Any, info: Any, **_: Any) -> bool:
        info.context.note(f"permission {source.seed}")
        return source.seed % 2 == 0


def relation(function: Any) -> Any:
    """A field for all parents, as the product's own; graphql-core calls it for each."""

    async def one(self: Any, info: Info, times: int = 1) -> "list[Tag]":
        [found] = await function([self], info, times)
        if isinstance(found, Exception):
            raise found
        return found

    one.for_all_parents = function  # type: ignore[attr-defined]
    return strawberry.field(resolver=one)


@strawberry.type
class Thing(Named):
    """What a seed makes of it."""

    seed: strawberry.Private[int]
    price: float = 1.5
    count: int = 1
    big: int = 1
    sold: bool = False
    colour: Colour | None = Colour.RED
    size: Size = Size.SMALL
    rank: Rank = Rank.FIRST
    made_at: datetime = LONG_AGO
    note: str | None = None
    extra: strawberry.scalars.JSON | None = None
    words: list[str] = field(default_factory=list)
    table: list[list[int | None]] | None = None
    tags: list[Tag] = field(default_factory=list)
    maybe_tags: list[Tag | None] | None = None

    @strawberry.field
    def half(self) -> float:
        return self.seed / 2

    @strawberry.field
    def near(self, info: Info) -> "Thing | None":
        info.context.note(f"near {self.seed}")
        if self.seed % 5 == 4:
            raise ValueError(f"nothing near {self.seed}")
        return None if self.seed % 5 == 3 else thing(self.seed + 1)

    @strawberry.field
    async def far(self, info: Info) -> "Thing":
        info.context.note(f"far {self.seed}")
        if self.seed % 7 == 6:
            raise LookupError(f"nothing far of {self.seed}")
        return None if self.seed % 7 == 5 else thing(self.seed + 2)  # type: ignore[return-value]

    @strawberry.field
    async def others(
        self,
        info: Info,
        first: int = 2,
        starting: Annotated[str | None, strawberry.argument(name="from")] = None,
    ) -> "list[Named]":
        info.context.note(f"others {self.seed} {first} {starting}")
        if first < 0:
            raise ValueError("`first` is negative")
        return [named(self.seed + number) for number in range(first)]

    @strawberry.field
    def any(self, info: Info) -> Annotated["Thing | Person | Tag", strawberry.union("Any")] | None:
        info.context.note(f"any {self.seed}")
        kinds = [thing, person, lambda number: Tag(word=f"w{number}", weight=number), lambda _: None]
        return kinds[self.seed % 4](self.seed + 1)

    @relation
    @staticmethod
    async def labels(parents: Sequence["Thing"], info: Info, times: int = 1) -> Any:
        for parent in parents:
            info.context.note(f"labels {parent.seed} {times}")
        return [
            ValueError(f"no labels of {one.seed}")
            if one.seed % 6 == 5
            else [Tag(word="l", weight=one.seed)] * times
            for one in parents
        ]

    @strawberry.field(extensions=[Loud()])
    def loud(self, info: Info) -> str:
        info.context.note(f"loud {self.seed}")
        return self.name

    @strawberry.field(permission_classes=[Even])
    def secret(self) -> str | None:
        return self.name

    @strawberry.field
    def later(self) -> str:
        async def given() -> str:
            return self.name

        return given()  # type: ignore[return-value]

    @strawberry.field
    def lazily(self) -> list[int]:
        return (number for number in range(self.seed % 3))  # type: ignore[return-value]

    @strawberry.field
    async def page(self) -> "Page[Tag]":
        return Page(items=self.tags, total=len(self.tags))


@strawberry.type
class Person(Named):
    age: int | None


@strawberry.type
class Page(Generic[T]):
    items: list[T]
    total: int


ODD: dict[str, list[Any]] = {
    "name": [None, 5, True, ValueError("no name"), 1.5, object()],
    "price": [None, 3, "4.5", float("nan"), True],
    "count": [None, 2**31, "7", 1.0, 1.5, False],
    "big": [2**40, -(2**31) - 1, 2**31 - 1],
    "sold": [None, 1, "yes"],
    "colour": [None, "red", "green", Rank.FIRST],
    "size": ["L", 1, Colour.RED, None],
    "rank": [9, 1, None],
    "made_at": [None, "2026", 5],
    "note": ["", ValueError("noted"), 7],
    "extra": [{"a": [1, {"b": None}]}, "text", ValueError("extra"), 0, []],
    "words": [None, ("a", "b"), ["a", None], "ab", {"a": 1}, [1, "b"]],
    "table": [[[1, None], []], [None], ((1,), [2]), [[2**31]]],
    "tags": [None, [None], "tags", [Tag(word="a", weight=1), None], ()],
    "maybe_tags": [[None, Tag(word="m", weight=2)], [Tag(word=None, weight=3)]],  # type: ignore[arg-type]
}


def thing(seed: int) -> Thing:
    """Of five things one is odd, in one of its fields."""
    made = Thing(
        id=strawberry.ID(f"T{seed}"), name=f"thing {seed}", seed=seed, tags=[Tag(word="t", weight=seed)]
    )
    if seed % 5 == 2:
        name = [*ODD][seed // 5 % len(ODD)]
        setattr(made, name, ODD[name][seed // 75 % len(ODD[name])])
    return made


def person(seed: int) -> Person:
    return Person(id=strawberry.ID(f"P{seed}"), name=f"person {seed}", age=None if seed % 2 else seed)


def named(seed: int) -> Any:
    """Something that has a name; rarely something that has none."""
    if seed % 11 == 10:
        return Tag(word="no name", weight=seed)
    return person(seed) if seed % 2 else thing(seed)


@strawberry.input
class Wish:
    seed: int
    colours: list[Colour] = field(default_factory=list)
    more: "Wish | None" = None


@strawberry.type
class Query:
    @strawberry.field
    async def thing(self, info: Info, seed: int = 0) -> Thing | None:
        info.context.note(f"thing {seed}")
        return thing(abs(seed))

    @strawberry.field
    def things(self, info: Info, seeds: list[int]) -> list[Thing | None]:
        info.context.note(f"things {seeds}")
        return [thing(abs(seed)) if seed else None for seed in seeds]

    @strawberry.field
    async def wished(self, info: Info, wish: Wish, colour: Colour | None = None) -> list[Named] | None:
        info.context.note(f"wished {wish.seed} {wish.colours} {colour}")
        if wish.more is not None:
            raise ValueError(f"one wish is enough: {wish.more.seed}")
        return [named(abs(wish.seed) + number) for number, _ in enumerate(wish.colours)]

    @strawberry.field
    async def required(self, info: Info, seed: int) -> Thing:
        info.context.note(f"required {seed}")
        if seed % 3 == 0:
            raise ValueError("nothing is there")
        return thing(abs(seed))


@strawberry.type
class Done:
    thing: Thing
    order: int


@strawberry.type
class Refused:
    reason: str


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def make(
        self, info: Info, seed: int
    ) -> Annotated["Done | Refused", strawberry.union("Made")] | None:
        info.context.note(f"MAKE {seed}")
        if seed % 4 == 3:
            raise ValueError(f"{seed} cannot be made")
        if seed % 4 == 2:
            return Refused(reason="not today")
        return Done(thing=thing(abs(seed)), order=len(info.context.made))

    @strawberry.mutation
    def count(self, info: Info) -> int:
        info.context.note("COUNT")
        return len(info.context.made)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


def schema() -> strawberry.Schema:
    """A fresh one."""
    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)


def seeds() -> Iterator[int]:
    """Seeds of all behaviours."""
    yield from range(-3, 1200)
