"""One run of a program: what is resolved is noted, so that graphql-core can go on where it gave up."""

from asyncio import Future, gather
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import graphql
from graphql import VariableValues, get_argument_values

from gql_approvals.compiled.borrowed import GraphQL, Schema, Strawberry
from gql_approvals.compiled.source import Place, Program
from gql_approvals.compiled.values import Unusual

Middleware = Callable[..., Any]
_types: GraphQL = graphql
_MISSING = object()
_left: set[Future[Any]] = set()


def _track(values: Iterable[Any]) -> None:
    """Let what a resolver has begun come to its end."""
    rest = gather(*(value for value in values if isawaitable(value)), return_exceptions=True)
    _left.add(rest)
    rest.add_done_callback(_left.discard)


def _gather(values: Iterable[Any]) -> Awaitable[list[Any]]:
    return gather(*values)


_HELPERS = _types.GraphQLResolveInfoHelpers(gather=_gather, track=_track)


@dataclass(slots=True)
class Run:
    """What generated code is given. `waiting`: for each place the parents, and what is made of each."""

    schema: Schema
    program: Program
    root: object
    context: object
    variables: VariableValues
    hide_suggestions: bool
    waiting: list[list[Any]] = field(init=False)
    noted: list[tuple[Place, list[Any], Sequence[Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = [[] for _ in range(2 * len(self.program.places))]
        self.noted = []

    def called(self, number: int) -> list[Any]:
        """The values of a place whose resolver is a function."""
        parents = self.waiting[2 * number]
        results: list[Any] = []
        if not parents:
            return results
        place = self.program.places[number]
        call = self._call(place)
        self.noted.append((place, parents, results))
        for parent in parents:
            try:
                results.append(call(parent))
            except Exception as error:  # noqa: BLE001  # whatever it is, graphql-core tells it
                results.append(error)
        _require_good(results)
        return results

    async def resolved(self, *numbers: int) -> list[Sequence[Any]]:
        """The values of places that are awaited, all at once."""
        places = [self.program.places[number] for number in numbers]
        asked = [self.waiting[2 * number] for number in numbers]
        starts = [self._start(place, parents) for place, parents in zip(places, asked, strict=True)]
        started = [start() for start in starts]  # nothing has begun when one of the calls cannot be made
        outcomes = await _all([one for group in started for one in group])
        found: list[Sequence[Any]] = []
        for place, parents, group in zip(places, asked, started, strict=True):
            own, outcomes = outcomes[: len(group)], outcomes[len(group) :]
            results = own if place.resolver.batch is None or not own else _spread(own[0], parents)
            self.noted.append((place, parents, results))
            found.append(results)
        for results in found:
            _require_good(results)
        return found

    def _start(self, place: Place, parents: list[Any]) -> Callable[[], list[Awaitable[Any]]]:
        if not parents:
            return list
        if place.resolver.batch is None:
            call = self._call(place)
            return lambda: [call(parent) for parent in parents]
        batch, info = place.resolver.batch, self._info(place)
        given = self._arguments(place)
        arguments = self.schema.arguments(place.resolver.field, info, given) if given else {}
        return lambda: [batch(parents, info, **arguments)]

    def _call(self, place: Place) -> Callable[[Any], Any]:
        resolver = place.resolver
        direct = resolver.direct
        if direct is None:
            raw, arguments = self._raw(place), self._arguments(place)
            return lambda parent: resolver.chain(parent, raw, **arguments)
        if not resolver.informed:
            return direct
        info = self._info(place)
        return lambda parent: direct(parent, info)

    def _arguments(self, place: Place) -> dict[str, Any]:
        if not place.definition.args:
            return {}
        node = place.nodes[0]
        return get_argument_values(place.definition, node, self.variables, None, self.hide_suggestions)

    def _info(self, place: Place) -> Strawberry:
        return self.schema.info(place.resolver.field, self._raw(place))

    def _raw(self, place: Place) -> GraphQL:
        program = self.program
        return _types.GraphQLResolveInfo(
            field_name=place.nodes[0].name.value,
            field_nodes=place.nodes,
            return_type=place.definition.type,
            parent_type=place.parent_type,
            path=place.path,
            schema=self.schema.types,
            fragments=program.fragments,
            root_value=self.root,
            operation=program.operation,
            variable_values=self.variables,
            context=self.context,
            is_awaitable=isawaitable,
            abort_signal=None,
            async_helpers=_HELPERS,
        )

    def replay(self) -> Middleware:
        """What lets graphql-core take every value that was resolved, so that nothing is resolved twice."""
        known = {
            (id(place.nodes[0]), id(parent)): (result, place.resolver.is_async)
            for place, parents, results in self.noted
            for parent, result in zip(parents, results, strict=False)
        }

        def resolve(next_: Middleware, source: object, info: GraphQL, **given: Any) -> Any:  # noqa: ANN401
            result, is_async = known.get((id(info.field_nodes[0]), id(source)), (_MISSING, False))
            if result is _MISSING:
                return next_(source, info, **given)
            return _handed(result) if is_async else result

        return resolve


async def _handed(result: object) -> object:
    return result  # an exception, too: graphql-core raises one that is returned


def _require_good(results: Sequence[Any]) -> None:
    if any(isinstance(result, Exception) for result in results):
        raise Unusual


def _spread(outcome: Any, parents: Sequence[Any]) -> Sequence[Any]:  # noqa: ANN401  # whatever it gave
    """What a call for all parents has given each of them."""
    if isinstance(outcome, Exception):
        return [outcome] * len(parents)
    if len(outcome) != len(parents):
        raise Unusual
    found: Sequence[Any] = outcome
    return found


async def _all(started: list[Awaitable[Any]]) -> Sequence[Any]:
    """What they give, or the exceptions that they raise; none is left to itself."""
    if not started:
        return []
    if len(started) > 1:
        outcomes = await gather(*started, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
                raise outcome
        return outcomes
    try:
        return [await started[0]]
    except Exception as error:  # noqa: BLE001  # whatever it is, graphql-core tells it
        return [error]
