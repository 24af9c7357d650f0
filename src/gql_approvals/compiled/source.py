"""An operation as Python source: one function for each selection of an object type, and one that runs it.

    query { campaign(id: "…") { name createdBy { name } } }

becomes, shortened:

    def object_4(s, w):                                      # a User
        if type(s) not in fits_User: fits_User.look_at(s)
        return {"name": (v3 if type(v3 := s.name) is str else leaf_String(v3))}
    def object_5(s, w):                                      # a Campaign
        if type(s) not in fits_Campaign: fits_Campaign.look_at(s)
        d = {"name": (v2 if type(v2 := s.name) is str else leaf_String(v2)), "createdBy": None}
        w[2].append(s); w[3].append(d)
        return d
    def object_6(s, w): ...                                  # the Query
    async def run(r):
        w = r.waiting
        d0 = object_6(r.root, w)
        [r0] = await r.resolved(0)
        for d, v in zip(w[1], r0): d["campaign"] = (None if v is None else object_5(v, w))
        [r1] = await r.resolved(1)
        for d, v in zip(w[3], r1): d["createdBy"] = object_4(v, w)
        return d0

What the attributes of an object hold is written down at once. A field with a resolver is a *place*: its
parents gather in `w`, and are resolved together when everything above them is there, level by level.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import graphql
from graphql import OperationType
from graphql.pyutils import Path

from gql_approvals.compiled import borrowed
from gql_approvals.compiled.borrowed import Collecting, GraphQL, NotCompiled, Resolver
from gql_approvals.compiled.values import Dispatch, Fitting, leaf, listed, names_of

MAX_NAMES = 4_000  # a fragment that is spread often is written as often
_types: GraphQL = graphql
_AT_A_GLANCE: Mapping[GraphQL, str] = {
    _types.GraphQLString: "type({0}) is str",
    _types.GraphQLID: "type({0}) is str",
    _types.GraphQLBoolean: "type({0}) is bool",
    _types.GraphQLInt: "type({0}) is int and -2147483648 <= {1} <= 2147483647",
}


@dataclass(slots=True)
class Place:
    """A field with a resolver where it stands; `below` are those in what it gives.

    `name`: in the answer. `complete`: source that completes the value `v`.
    """

    number: int
    name: str
    nodes: list[GraphQL]
    definition: GraphQL
    parent_type: GraphQL
    path: Path
    resolver: Resolver
    complete: str = ""
    below: list["Place"] = field(default_factory=list["Place"])


@dataclass(frozen=True, slots=True)
class Program:
    """What an operation has become. `run` is given a `running.Run`."""

    run: Callable[[Any], Any]
    places: tuple[Place, ...]
    fragments: dict[str, GraphQL]
    operation: GraphQL


@dataclass(frozen=True, slots=True)
class _At:
    """Where a value stands: the nodes that ask for it, and the list of the places that are found in it."""

    nodes: list[GraphQL]
    path: Path
    places: list[Place]


class Writer:
    """Writes one operation, for one choice of what its directives leave out."""

    def __init__(self, types: GraphQL, operation: GraphQL, collecting: Collecting) -> None:
        self._types, self._operation, self._collecting = types, operation, collecting
        self._known: dict[str, Any] = {"listed": listed}  # what the source knows by name
        self._lines: list[str] = []
        self._places: list[Place] = []
        self._names = 0

    def program(self) -> Program:
        """The operation, ready to be run.

        Raises:
            NotCompiled: when it has something that is left to graphql-core.
        """
        kind = self._types.get_root_type(self._operation.operation)
        roots: list[Place] = []
        function = self._object(kind, self._collecting.root(kind), None, roots)
        self._lines += ["async def run(r):", "    w = r.waiting", f"    d0 = {function}(r.root, w)"]
        one_by_one = self._operation.operation is OperationType.MUTATION
        for together in [[place] for place in roots] if one_by_one else [roots]:
            self._level(together)
        self._lines.append("    return d0")
        exec(compile("\n".join(self._lines), "<operation>", "exec"), self._known)  # noqa: S102  # of names we made
        return Program(self._known["run"], tuple(self._places), self._collecting.fragments, self._operation)

    def _level(self, places: list[Place]) -> None:
        """Write how the places of a level are resolved: functions first, then together what is awaited."""
        awaited: list[Place] = []
        rest = list(places)
        while rest:
            place = rest.pop(0)
            if place.resolver.is_async:
                awaited.append(place)
            else:
                self._lines.append(f"    r{place.number} = r.called({place.number})")
                self._completed_at(place)
                rest[:0] = place.below
        if awaited:
            results = ", ".join(f"r{place.number}" for place in awaited)
            numbers = ", ".join(str(place.number) for place in awaited)
            self._lines.append(f"    [{results}] = await r.resolved({numbers})")
            for place in awaited:
                self._completed_at(place)
            self._level([below for place in awaited for below in place.below])

    def _completed_at(self, place: Place) -> None:
        pairs = f"zip(w[{2 * place.number + 1}], r{place.number})"
        self._lines.append(f"    for d, v in {pairs}: d[{place.name!r}] = {place.complete}")

    def _object(
        self, kind: GraphQL, fields: Mapping[str, list[GraphQL]], path: Path | None, places: list[Place]
    ) -> str:
        """Write the function that completes an object of this type; gives its name."""
        entries: list[str] = []
        waiting: list[str] = []
        for name, nodes in fields.items():
            entry = self._field(kind, name, _At(nodes, Path(path, name, kind.name), places))
            if isinstance(entry, Place):
                waiting.append(f"    w[{2 * entry.number}].append(s); w[{2 * entry.number + 1}].append(d)")
            entries.append(f"{name!r}: {None if isinstance(entry, Place) else entry}")
        function = self._fresh("object_")
        self._lines.append(f"def {function}(s, w):")
        if path is not None:  # graphql-core does not look at the root either
            fits = self._let(f"fits_{kind.name}", lambda: Fitting(kind, self._info(path)))
            self._lines.append(f"    if type(s) not in {fits}: {fits}.look_at(s)")
            _require(borrowed.follows_from_class(kind))
        self._lines += [f"    d = {{{', '.join(entries)}}}", *waiting, "    return d"]
        return function

    def _field(self, kind: GraphQL, name: str, at: _At) -> str | Place:
        word = at.nodes[0].name.value
        if word == "__typename":
            return repr(kind.name)
        if word not in kind.fields:
            raise NotCompiled("introspection")
        definition = kind.fields[word]
        resolver = borrowed.resolver_of(definition)
        if resolver.attribute is not None:
            return self._completed(definition.type, f"s.{resolver.attribute}", at)
        place = Place(len(self._places), name, at.nodes, definition, kind, at.path, resolver)
        self._places.append(place)
        at.places.append(place)
        place.complete = self._completed(definition.type, "v", _At(at.nodes, at.path, place.below))
        return place

    def _completed(self, kind: GraphQL, value: str, at: _At) -> str:
        """The expression that completes a value, which may be null if the type says so."""
        if isinstance(kind, _types.GraphQLNonNull):
            return self._filled(kind.of_type, value, at)
        name, given = self._bound(value)
        return f"(None if {given} is None else {self._filled(kind, name, at)})"

    def _filled(self, kind: GraphQL, value: str, at: _At) -> str:
        """The same of a value that must not be null."""
        if isinstance(kind, _types.GraphQLList):
            item = self._fresh("v")
            return f"[{self._completed(kind.of_type, item, at)} for {item} in listed({value})]"
        if isinstance(kind, _types.GraphQLObjectType):
            return f"{self._selected(kind, at)}({value}, w)"
        if isinstance(kind, _types.GraphQLInterfaceType | _types.GraphQLUnionType):
            return self._dispatched(kind, value, at)
        return self._leaf(kind, value)

    def _selected(self, kind: GraphQL, at: _At) -> str:
        return self._object(kind, self._collecting.below(kind, at.nodes), at.path, at.places)

    def _dispatched(self, kind: GraphQL, value: str, at: _At) -> str:
        possible = self._types.get_possible_types(kind)
        _require(borrowed.follows_from_class(kind) and kind.resolve_type is not None)
        _require(all(borrowed.follows_from_class(one, alone=True) for one in possible))
        ways = {one.name: self._selected(one, at) for one in possible}
        dispatch = Dispatch(kind, self._info(at.path), lambda word: self._known[ways[word]])
        known = self._let(self._fresh("of_"), lambda: dispatch)
        name, given = self._bound(value)
        return f"({known}.get(type({given})) or {known}.find({name}))({name}, w)"

    def _leaf(self, kind: GraphQL, value: str) -> str:
        slow = self._let(f"leaf_{kind.name}", lambda: leaf(kind.coerce_output_value))
        name, given = self._bound(value)
        if kind in _AT_A_GLANCE:
            return f"({name} if {_AT_A_GLANCE[kind].format(given, name)} else {slow}({name}))"
        if not isinstance(kind, _types.GraphQLEnumType):
            return f"{slow}({value})"
        members = borrowed.class_of(kind)
        own = self._let(f"class_{kind.name}", lambda: members)
        names = self._let(f"names_{kind.name}", lambda: names_of(members, kind.coerce_output_value))
        return f"({names}[{name}] if type({given}) is {own} else {slow}({name}))"

    def _bound(self, value: str) -> tuple[str, str]:
        """A name for a value, and what gives it this name where it is looked at first."""
        if value.isidentifier():
            return value, value
        name = self._fresh("v")
        return name, f"({name} := {value})"

    def _fresh(self, prefix: str) -> str:
        self._names += 1
        _require(self._names <= MAX_NAMES)
        return f"{prefix}{self._names}"

    def _let(self, name: str, make: Callable[[], Any]) -> str:
        """Let the source know something by this name."""
        if name not in self._known:
            self._known[name] = make()
        return name

    def _info(self, path: Path) -> GraphQL:
        """What the functions of types are given: no request stands behind it."""
        known = {"field_name": str(path.key), "schema": self._types}
        return _types.GraphQLResolveInfo(**dict.fromkeys(_types.GraphQLResolveInfo._fields) | known)


def _require(fit: bool) -> None:  # noqa: FBT001  # what is required
    if not fit:
        raise NotCompiled
