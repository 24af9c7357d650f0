"""Compiled execution: operations of a Strawberry schema as Python, written once and run often.

    validated document ──▶ borrowed.Collecting ──▶ source.Writer ──▶ Program ──▶ running.Run ──▶ result
                                                     │                             │ anything unusual
                                                     └─ NotCompiled ──▶ graphql-core ◀── what was resolved

Only success is compiled. An exception of a resolver, null where there must be none, an odd value, whatever is
not expected: graphql-core executes the operation, and takes each value that was resolved already from the run
that gave up. So its errors are exact, and no resolver is ever called twice, be it a mutation's or a query's.

Not compiled are subscriptions, introspection, directives of an operation, fragments with arguments, and
types that do not follow from an object's class; `strawberry.cast` is understood by graphql-core alone. A
field whose resolver has a function `for_all_parents` is resolved by calling it, once for all objects at a
place: `(parents, info, **arguments)`. Of an `Info`, `path` says nothing of indexes in lists.

Nothing in here knows what the schema is about.
"""

from gql_approvals.compiled.operations import CompiledOperation, Compiler
from gql_approvals.compiled.running import Middleware

__all__ = ["CompiledOperation", "Compiler", "Middleware"]
