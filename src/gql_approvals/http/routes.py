"""Every address the server answers."""

from collections.abc import Callable, Collection

from starlette.routing import BaseRoute, Route, WebSocketRoute

from gql_approvals.http.graphiql import GraphiqlConfig, graphiql_page, graphiql_routes
from gql_approvals.http.graphql_view import GraphQLEndpoint
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
    return [
        Route(
            "/graphql",
            GraphQLEndpoint(office, gate, None if page is None else lambda: graphiql_page(page())),
            methods=["GET", "POST"],
        ),
        WebSocketRoute("/graphql", socket_endpoint(office, gate, origins)),
        *(schema_routes() if gate.terms.introspection else []),
        *probe_routes(office, probing or Probing()),
        *([] if page is None else graphiql_routes()),
    ]
