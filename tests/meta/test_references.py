"""The generated pages leave nothing out."""

import re

import click
from graphql import build_schema
from tests.meta.checks import SCHEMA
from tests.meta.pages import PAGES, slug
from tests.meta.schema_reference import CHAPTERS, Reference

from gql_approvals.cli import main
from gql_approvals.errors import ErrorCode
from gql_approvals.schema.error_table import ADVICE, TOP_LEVEL_ADVICE, codes_of_mutation, errors_markdown
from gql_approvals.workflow.vocabulary import Permission

PAGE = PAGES["docs/schema.md"]
OPERATIONS = {
    "query": SCHEMA.query_type,
    "mutation": SCHEMA.mutation_type,
    "subscription": SCHEMA.subscription_type,
}


def test_every_operation_and_every_type_is_on_the_page():
    headings = {slug(heading) for heading in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)}
    operations = [f"{kind}-{name.lower()}" for kind, root in OPERATIONS.items() for name in root.fields]
    types = [
        name for name in SCHEMA.type_map if not name.startswith("__") and name not in {"Query", "Mutation"}
    ]

    assert [name for name in operations if name not in headings] == []
    assert [name for name in types if name not in PAGE and not name.endswith(("Edge", "Result"))] == []


def test_every_field_argument_and_value_says_what_it_is():
    silent = [line for line in PAGE.splitlines() if re.search(r"\|\s*\|$", line)]

    assert silent == []


def test_every_mutation_says_who_may_and_how_it_is_refused():
    permissions = "|".join(Permission)
    for name in OPERATIONS["mutation"].fields:
        (told,) = re.findall(rf"^#### mutation {name}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
        assert re.search(rf"Needs the permission `({permissions})`", told), name
        assert [
            code for code in codes_of_mutation(name) if f"[{code}](errors.md#{code.lower()})" not in told
        ] == []


def test_every_chapter_names_mutations_that_there_are():
    assert {name for _, names in CHAPTERS for name in names} - set(OPERATIONS["mutation"].fields) == set()


def test_what_is_deprecated_says_so():
    text = """
    type Query { "The old one." old: Int @deprecated(reason: "Use `fresh`.") fresh: Thing }
    type Thing { "A field." was: Int @deprecated(reason: "Use `is`.") }
    """

    page = Reference(build_schema(text)).page()

    assert "**Deprecated:** Use `fresh`." in page
    assert "| `was` | Int | A field. **Deprecated:** Use `is`. |" in page


def test_every_code_says_what_to_do_and_no_other():
    page = errors_markdown()

    assert set(ADVICE) == set(ErrorCode)
    top = page.partition("## Top-level errors")[2]
    assert set(re.findall(r"^\| `([A-Z_]+)`", top, re.MULTILINE)) == set(TOP_LEVEL_ADVICE)


def test_every_command_is_on_the_page():
    def paths(command: click.Command, path: str) -> list[str]:
        below = command.commands if isinstance(command, click.Group) else {}
        return [path, *(one for name, sub in below.items() for one in paths(sub, f"{path} {name}"))]

    found = re.findall(r"^## (gql-approvals.*)$", PAGES["docs/cli.md"], re.MULTILINE)

    assert sorted(found) == sorted(paths(main, "gql-approvals"))


def test_every_command_and_option_has_its_help():
    def silent(command: click.Command, path: str) -> list[str]:
        options = [
            f"{path} {one.opts[0]}"
            for one in command.params
            if isinstance(one, click.Option)
            and not one.help
            and not isinstance(one.type, click.Choice | click.IntRange)
        ]
        below = command.commands if isinstance(command, click.Group) else {}
        found = [one for name, sub in below.items() for one in silent(sub, f"{path} {name}")]
        return [*([] if command.help else [path]), *options, *found]

    assert [one for one in silent(main, "gql-approvals") if not one.endswith("--host")] == []
