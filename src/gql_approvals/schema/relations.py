"""Relations: fields that are fetched once for all objects of a level, instead of once for each of them.

One declaration serves both executors. The compiled one makes one call for all parents that stand at a place;
for graphql-core, which resolves them one by one, a loader derived from it gathers those of the same moment.

    @relation
    @staticmethod
    async def created_by(parents: Sequence["Campaign"], info: Info) -> Sequence[people.User]:
        \"\"\"Who created it.\"\"\"
        return await people.users(info, [parent.value.created_by for parent in parents])
"""

import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias, get_args

import strawberry

from gql_approvals.schema.context import Context
from gql_approvals.schema.fields import said

Batch: TypeAlias = Callable[..., Coroutine[Any, Any, Sequence[Any]]]
_HANDED = ("parents", "info")


def relation(declared: "Batch | staticmethod[..., Any]") -> Any:  # noqa: ANN401  # what strawberry.field gives
    """Declare a field by a function `(parents, info, ...)` that answers all parents at once.

    It gives as many results as there are parents, in their order; a result that is an exception fails this
    parent's field alone. The field's type is that of one result, its description the docstring. Arguments
    behind `info` are the field's, and must be hashable. Of `info` only the context is any parent's.

    Raises:
        TypeError: at import, when there is no docstring, or the function is of another form.
    """
    batch: Batch = declared.__func__ if isinstance(declared, staticmethod) else declared
    signature = inspect.signature(batch)
    item = get_args(signature.return_annotation)
    if tuple(signature.parameters)[:2] != _HANDED or len(item) != 1:
        raise TypeError(f"{batch.__qualname__} must be (parents, info, ...) -> Sequence[...]")

    async def one(self: object, info: strawberry.Info[Context, None], **arguments: Any) -> Any:  # noqa: ANN401
        return await info.context.gathered(batch, info, arguments).load(self)

    made: Any = one
    parents, *others = signature.parameters.values()
    made.__signature__ = signature.replace(
        parameters=[parents.replace(name="self", annotation=inspect.Parameter.empty), *others],
        return_annotation=item[0],
    )
    made.__name__, made.__qualname__, made.__module__ = batch.__name__, batch.__qualname__, batch.__module__
    made.for_all_parents = batch
    return strawberry.field(resolver=made, description=said(batch))
