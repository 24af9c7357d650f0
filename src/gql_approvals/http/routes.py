"""Every address the server answers."""

from collections.abc import Callable, Collection

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gql_approvals.http.graphiql import GraphiqlConfig, graphiql_page, graphiql_routes
from gql_approvals.http.graphql_view import graphql_endpoint
from gql_approvals.http.negotiation import prefers_html
from gql_approvals.http.probes import Probing, probe_routes
from gql_approvals.http.schema_files import schema_routes
from gql_approvals.http.sockets import socket_endpoint
from gql_approvals.schema.gate import Gate
from gql_approvals.service.perform import Office


def routes(
    office: Callable[[], Office],
    page: Callable[[], GraphiqlConfig] | None,
    gate: Gate,
    origins: Collection[str] = (),
    probing: Probing | None = None,
) -> list[BaseRoute]:
    """The routes of the server; `page` None: no GraphiQL.

    `gate`: the worker's own. `origins`: the frontends on other origins, which may open sockets.
    """
    api = graphql_endpoint(office, gate)

    async def graphql(request: Request) -> Response:
        if page is not None and _wants_page(request):
            return graphiql_page(page())
        return await api(request)

    return [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", socket_endpoint(office, gate, origins)),
        *(schema_routes() if gate.terms.introspection else []),
        *probe_routes(office, probing or Probing()),
        *([] if page is None else graphiql_routes()),
    ]


def _wants_page(request: Request) -> bool:
    asks = {"query", "extensions"} & set(request.query_params)
    return request.method == "GET" and not asks and prefers_html(request.headers.get("accept", ""))
