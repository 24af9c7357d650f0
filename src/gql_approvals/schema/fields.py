"""How fields are declared: a resolver's docstring is the description that clients read."""

import inspect
from collections.abc import Callable
from typing import Any

import strawberry


def field(resolver: Callable[..., Any]) -> Any:  # noqa: ANN401  # what strawberry.field gives
    """Declare a resolver; its docstring becomes the description.

    Raises:
        TypeError: at import, when there is no docstring.
    """
    return strawberry.field(resolver=resolver, description=said(resolver))


def said(resolver: Callable[..., Any]) -> str:
    """The docstring as one paragraph a client reads."""
    text = inspect.getdoc(resolver)
    if not text:
        raise TypeError(f"{resolver.__qualname__} needs a docstring: it is the field's description")
    return " ".join(text.split())


def about(description: str, **more: Any) -> Any:  # noqa: ANN401  # what strawberry.field gives
    """Declare a plain field."""
    return strawberry.field(description=description, **more)


def arg(description: str) -> Any:  # noqa: ANN401  # what strawberry.argument gives
    """Describe an argument."""
    return strawberry.argument(description=description)
