"""Every address the server answers."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import written
from gql_approvals.http.graphiql import GraphiqlConfig, graphiql_page, graphiql_routes
from gql_approvals.http.graphql_view import graphql_endpoint
from gql_approvals.schema import sdl
from gql_approvals.service.perform import Office


def routes(office: Callable[[], Office], page: Callable[[], GraphiqlConfig] | None) -> list[BaseRoute]:
    """The routes of the server; `page` None: no GraphiQL."""
    api = graphql_endpoint(office)

    async def graphql(request: Request) -> Response:
        if page is not None and _wants_page(request):
            return graphiql_page(page())
        return await api(request)

    async def ready(_: Request) -> Response:
        try:
            await office().database.ping()
        except Unavailable as error:
            return written({"status": "unavailable", "database": error.message}, 503)
        return written({"status": "ready", "policy": office().policy().version}, 200)

    return [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/schema.graphql", _schema),
        Route("/healthz/live", _live),
        Route("/healthz/ready", ready),
        *([] if page is None else graphiql_routes()),
    ]


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return request.method == "GET" and "query" not in request.query_params and "text/html" in accept


async def _schema(_: Request) -> Response:
    return PlainTextResponse(sdl(), media_type="application/graphql; charset=utf-8")


async def _live(_: Request) -> Response:
    return written({"status": "live"}, 200)
