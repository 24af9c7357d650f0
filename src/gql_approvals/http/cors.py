"""Pages of other origins that may call, and what they may send and read. There are no cookies."""

from collections.abc import Collection

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

SENT = (
    "authorization",
    "content-type",
    "x-account",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-client-name",
    "graphql-client-version",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-graphql-event-stream-token",
    "x-request-id",
    "x-requested-with",
)
READ = ("x-request-id", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
PREFLIGHT_S = 600  # how long a browser remembers the answer


def cors(origins: Collection[str]) -> Middleware:
    """Let pages of these origins call."""
    return Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=list(SENT),
        expose_headers=list(READ),
        max_age=PREFLIGHT_S,
    )
