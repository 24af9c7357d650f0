"""Every address the server answers."""

from collections.abc import Callable, Collection

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import written
from gql_approvals.http.graphiql import GraphiqlConfig, graphiql_page, graphiql_routes
from gql_approvals.http.graphql_view import graphql_endpoint
from gql_approvals.http.negotiation import prefers_html
from gql_approvals.http.schema_files import schema_routes
from gql_approvals.http.sockets import socket_endpoint
from gql_approvals.schema.gate import Gate
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_status import versions_in_force


def routes(
    office: Callable[[], Office],
    page: Callable[[], GraphiqlConfig] | None,
    gate: Gate,
    origins: Collection[str] = (),
) -> list[BaseRoute]:
    """The routes of the server; `page` None: no GraphiQL.

    `gate`: the worker's own. `origins`: the frontends on other origins, which may open sockets.
    """
    api = graphql_endpoint(office, gate)

    async def graphql(request: Request) -> Response:
        if page is not None and _wants_page(request):
            return graphiql_page(page())
        return await api(request)

    async def ready(_: Request) -> Response:
        try:
            await office().database.ping()
            everywhere = await versions_in_force(office().now())
        except Unavailable as error:
            return written({"status": "unavailable", "database": error.message}, 503)
        return written({"status": "ready", "policy": _policy(office().policy, everywhere)}, 200)

    return [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", socket_endpoint(office, gate, origins)),
        *(schema_routes() if gate.terms.introspection else []),
        Route("/healthz/live", _live),
        Route("/healthz/ready", ready),
        *([] if page is None else graphiql_routes()),
    ]


def _policy(policy: PolicyInForce, everywhere: tuple[str, ...]) -> dict[str, object]:
    """What anybody may know: which version decides here and elsewhere, and where refused files are wrong."""
    return {
        "version": policy().version,
        "loadedAt": policy().loaded_at,
        "refused": None if policy.refused is None else policy.refused.version,
        "problems": [] if policy.refused is None else policy.refused.places,
        "everywhere": everywhere,
    }


def _wants_page(request: Request) -> bool:
    asks = {"query", "extensions"} & set(request.query_params)
    return request.method == "GET" and not asks and prefers_html(request.headers.get("accept", ""))


async def _live(_: Request) -> Response:
    return written({"status": "live"}, 200)
