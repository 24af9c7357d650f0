"""The schema as files for code generators: in GraphQL's own language, and as introspection gives it.

Both stay the same for as long as a worker runs. Who has them asks again with `If-None-Match`, and gets 304.
"""

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gql_approvals.http.answers import json_of
from gql_approvals.schema import introspection, sdl


def schema_routes() -> list[Route]:
    """`/schema.graphql` and `/schema.json`."""
    return [
        Route("/schema.graphql", _file(lambda: sdl().encode(), "application/graphql")),
        Route("/schema.json", _file(lambda: json_of(introspection()), "application/json")),
    ]


def _file(content: Callable[[], bytes], media_type: str) -> Callable[[Request], Awaitable[Response]]:
    @cache  # not before somebody asks: a worker's start need not wait for it
    def made() -> tuple[bytes, dict[str, str]]:
        body = content()
        return body, {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}

    async def handed_out(request: Request) -> Response:
        body, headers = made()
        if headers["ETag"] in _known(request):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=f"{media_type}; charset=utf-8")

    return handed_out


def _known(request: Request) -> set[str]:
    """What the client says it has, by RFC 9110; a proxy that compresses makes a tag weak."""
    tags = ",".join(request.headers.getlist("if-none-match")).split(",")
    return {tag.strip().removeprefix("W/") for tag in tags}
