"""Starlette: routes, the GraphQL view, GraphiQL, health, the demo's pages."""
