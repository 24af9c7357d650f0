"""What Schemathesis is told about this API, since it reads neither `@oneOf` nor ranges of values."""

import json

import graphql
import schemathesis

SMS = graphql.parse_value('{ sms: { senderId: "ACME", body: "Buy!" } }')


@schemathesis.hook
def map_case(context, case):  # noqa: ARG001  # hooks are called by the names of their parameters
    """Leave one channel in each content, where a case is meant to be accepted."""
    if case.meta.generation.mode.is_positive:
        case.body = graphql.print_ast(graphql.visit(graphql.parse(case.body), Acceptable()))
    return case


@schemathesis.check
def shape_conformance(context, response, case):  # noqa: ARG001
    """An answer holds data, or errors that say what they are, and nothing else."""
    if response.status_code >= 500:
        return  # found already: its own check is not_a_server_error
    body = response.json()
    assert body
    assert body.keys() <= {"data", "errors"}
    for error in body.get("errors", ()):
        assert error["message"]
        assert code_of(error).isupper(), error


@schemathesis.hook
def filter_failure(context, failure, case, response):  # noqa: ARG001
    """Whether it counts: that a field was executed, and refused a value of the right type, does not."""
    return not (failure.code == "ST206" and refused_by_fields(json.loads(response.content)))


def refused_by_fields(body):
    """Whether fields, and nothing else, said what is wrong: `first: 0`, a cursor of another list."""
    return all(error.get("path") and code_of(error) == "BAD_USER_INPUT" for error in body["errors"])


def code_of(error):
    return error.get("extensions", {}).get("code", "")


class Acceptable(graphql.Visitor):
    """Makes `ContentInput`, which is `@oneOf`, hold exactly one field, and an empty cursor none."""

    def enter_object_field(self, node, *_):
        if node.name.value != "content" or not isinstance(node.value, graphql.ObjectValueNode):
            return None
        given = [field for field in node.value.fields if not isinstance(field.value, graphql.NullValueNode)]
        value = graphql.ObjectValueNode(fields=tuple(given[:1])) if given else SMS
        return graphql.ObjectFieldNode(name=node.name, value=value)

    def enter_argument(self, node, *_):
        is_cursor = node.name.value == "after" and isinstance(node.value, graphql.StringValueNode)
        return graphql.REMOVE if is_cursor and not node.value.value else None
