"""`schema diff`: what breaks clients, what may, what is announced, and how a pipeline notices."""

import json
from pathlib import Path

import pytest

from gql_approvals.schema import sdl

OLD = """
interface Named { name: String }
enum Colour { RED BLUE @deprecated(reason: "Nobody prints it.") }
union Found = Shirt | Sock
type Shirt implements Named { name: String colour: Colour size(unit: String = "cm", exact: Boolean): Int }
type Sock { name: String! }
type Lost { name: String }
input Filter { colour: Colour = RED size: Int pairs: Int }
type Query { found(filter: Filter): Found! first: Shirt
  old: Int @deprecated(reason: "Use first.") lost: Lost }
"""
# What is written instead of what, and the one thing that is then said.
BREAKING = [
    ("RED BLUE @", "RED @", "VALUE_REMOVED_FROM_ENUM", "Colour.BLUE", "Nobody prints it."),
    ("= Shirt | Sock", "= Shirt", "TYPE_REMOVED_FROM_UNION", "Found", None),
    (" implements Named", "", "IMPLEMENTED_INTERFACE_REMOVED", "Shirt", None),
    ("name: String!", "name: String", "FIELD_CHANGED_KIND", "Sock.name", None),
    (", exact: Boolean", "", "ARG_REMOVED", "Shirt.size(exact:)", None),
    (", exact: Boolean", ", exact: Boolean!", "ARG_CHANGED_KIND", "Shirt.size(exact:)", None),
    (", exact: Boolean", ", exact: Boolean, of: Int!", "REQUIRED_ARG_ADDED", "Shirt.size(of:)", None),
    (" pairs: Int", "", "FIELD_REMOVED", "Filter.pairs", None),
    (" pairs: Int", " pairs: Int!", "FIELD_CHANGED_KIND", "Filter.pairs", None),
    (" pairs: Int", " pairs: Int of: Int!", "REQUIRED_INPUT_FIELD_ADDED", "Filter.of", None),
    ('old: Int @deprecated(reason: "Use first.")', "", "FIELD_REMOVED", "Query.old", "Use first."),
    (" first: Shirt", "", "FIELD_REMOVED", "Query.first", None),
    ("Filter { colour: Colour = RED", "Filter @oneOf { colour: Colour", "ONE_OF_ADDED", "Filter", None),
    (" lost: Lost", " lost: Sock", "FIELD_CHANGED_KIND", "Query.lost", None),
]  # fmt: skip
DANGEROUS = [
    ("RED BLUE", "RED GREEN BLUE", "VALUE_ADDED_TO_ENUM", "Colour.GREEN"),
    ("= Shirt | Sock", "= Shirt | Sock | Lost", "TYPE_ADDED_TO_UNION", "Found"),
    ('= "cm"', '= "inch"', "ARG_DEFAULT_VALUE_CHANGE", "Shirt.size(unit:)"),
    ("colour: Colour = RED", "colour: Colour = BLUE", "INPUT_FIELD_DEFAULT_VALUE_CHANGE", "Filter.colour"),
    (" pairs: Int", " pairs: Int of: Int", "OPTIONAL_INPUT_FIELD_ADDED", "Filter.of"),
    ("type Sock {", "type Sock implements Named {", "IMPLEMENTED_INTERFACE_ADDED", "Sock"),
]
DEPRECATED = [
    (" first: Shirt", ' first: Shirt @deprecated(reason: "a")', "Query.first", "a"),
    (" pairs: Int", ' pairs: Int @deprecated(reason: "b")', "Filter.pairs", "b"),
    ("exact: Boolean", 'exact: Boolean @deprecated(reason: "c")', "Shirt.size(exact:)", "c"),
    ("{ RED", '{ RED @deprecated(reason: "d")', "Colour.RED", "d"),
]
NOTICED_BY_NOBODY = [
    ("type Query {", 'type Query { "With a description." more: Int'),
    ("filter: Filter", '"What to look for." filter: Filter'),
    ("found(filter: Filter)", "found(filter: Filter, more: Int = 1)"),
    ("first: Shirt", "first: Shirt!"),
    ("type Lost", "directive @new on FIELD type More { a: Int } type Lost"),
]


@pytest.fixture
def compared(run, tmp_path: Path):
    """Compare OLD with a text of its own, and return the exit code and what is said as data."""

    def compare(before: str, after: str) -> tuple[int, dict]:
        assert OLD.count(before) == 1, before
        (tmp_path / "old.graphql").write_text(OLD)
        (tmp_path / "new.graphql").write_text(OLD.replace(before, after))
        done = run("schema", "diff", "old.graphql", "new.graphql", "--exit-code", "--format", "json")
        assert done.err == ""
        return done.code, json.loads(done.out)

    return compare


@pytest.mark.parametrize("row", BREAKING)
def test_what_makes_operations_fail_is_breaking(compared, row):
    before, after, *expected = row

    code, said = compared(before, after)

    found = [[one["kind"], one["coordinate"], one["announced"]] for one in said["breaking"]]
    assert (code, expected in found) == (1, True), found
    assert [one for one in found if one[:2] != ["TYPE_REMOVED", "Lost"]] == [expected]


@pytest.mark.parametrize(("before", "after", "kind", "coordinate"), DANGEROUS)
def test_what_clients_may_not_expect_is_dangerous_and_lets_the_pipeline_pass(
    compared, before, after, kind, coordinate
):
    code, said = compared(before, after)

    assert [(one["kind"], one["coordinate"]) for one in said["dangerous"]] == [(kind, coordinate)]
    assert (code, said["breaking"]) == (0, [])


@pytest.mark.parametrize(("before", "after", "coordinate", "reason"), DEPRECATED)
def test_what_is_newly_deprecated_is_told_with_its_reason(compared, before, after, coordinate, reason):
    code, said = compared(before, after)

    assert [(one["coordinate"], one["message"]) for one in said["deprecated"]] == [
        (coordinate, f"{coordinate} is deprecated: {reason}")
    ]
    assert (code, said["breaking"], said["dangerous"]) == (0, [], [])


@pytest.mark.parametrize(("before", "after"), NOTICED_BY_NOBODY)
def test_what_no_client_notices_is_not_told(compared, before, after):
    code, said = compared(before, after)

    assert (code, said["breaking"], said["deprecated"]) == (0, [], [])
    assert {one["kind"] for one in said["dangerous"]} <= {"OPTIONAL_ARG_ADDED"}


def test_text_has_a_line_for_each_change_and_a_count(run, tmp_path: Path):
    (tmp_path / "old").write_text(OLD)
    (tmp_path / "new").write_text(
        OLD.replace('old: Int @deprecated(reason: "Use first.")', "").replace("RED BLUE", "RED GREEN BLUE")
    )

    done = run("schema", "diff", "old", "new")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "breaking    Field Query.old was removed. It was deprecated: Use first.",
        "dangerous   Enum value Colour.GREEN was added.",
        "1 breaking, 1 dangerous, 0 deprecated",
    ]


def test_no_output_means_that_clients_notice_nothing(run, tmp_path: Path):
    (tmp_path / "own.graphql").write_text(sdl())

    done = run("schema", "diff", "own.graphql", "--exit-code")

    assert (done.code, done.out, done.err) == (0, "", "0 breaking, 0 dangerous, 0 deprecated\n")


def test_this_version_is_compared_with_what_is_released(run, tmp_path: Path):
    released = sdl().replace("\n  reviewInbox(", "\n  inbox: Int\n\n  reviewInbox(", 1)
    (tmp_path / "released").write_text(released)

    done = run("schema", "diff", "released", "--exit-code")

    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines()[0] == "breaking    Field Query.inbox was removed."


def test_a_reason_cannot_write_on_the_terminal(run, tmp_path: Path):
    (tmp_path / "old").write_text("type Query { a: Int b: Int }")
    (tmp_path / "new").write_text('type Query { a: Int b: Int @deprecated(reason: "\\u001b[2J") }')

    done = run("schema", "diff", "old", "new")

    assert done.out.splitlines()[0] == "deprecated  Query.b is deprecated: \ufffd[2J"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "Invalid value for OLD: `old` cannot be read: No such file or directory"),
        (b"\xff", "Invalid value for OLD: `old` cannot be read: it is not in UTF-8"),
        (b"type Query {", "Invalid value for OLD: `old` is no GraphQL schema: Syntax Error: "),
        (b"type Q { a: Int }", "Invalid value for OLD: `old` is no GraphQL schema: Query root type must be"),
        (b"type Query { a: B }", "Invalid value for OLD: `old` is no GraphQL schema: Unknown type 'B'."),
    ],
)
def test_what_is_no_schema_is_refused_with_another_exit_code(run, tmp_path: Path, text, told):
    if text is not None:
        (tmp_path / "old").write_bytes(text)

    done = run("schema", "diff", "old", "--exit-code")

    assert (done.code, done.out) == (2, "")
    assert f"Error: {told}" in done.err


def test_standard_input_is_one_schema_only(run):
    done = run("schema", "diff", "-", "-")

    assert (done.code, "standard input can be read once" in done.err) == (2, True)
