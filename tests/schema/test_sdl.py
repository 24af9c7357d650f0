"""The schema as a file, and the documents of the explorer's tabs."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, lexicographic_sort_schema, parse, print_schema, validate, validate_schema
from tests.schema.client import api_schema

from gql_approvals.http.graphiql_review import REVIEW_TABS, REVIEWED
from gql_approvals.http.graphiql_tabs import SUGGESTIONS, TABS
from gql_approvals.schema import sdl

ROOT = Path(__file__).parents[2]


def test_the_schema_is_checked_in():
    assert (ROOT / "schema.graphql").read_text() == sdl(), "run `make regen`"


def test_the_schema_is_valid_and_sorted():
    schema = build_schema(sdl())

    assert validate_schema(schema) == []
    assert print_schema(schema) == print_schema(lexicographic_sort_schema(schema))


DOCUMENTS = (*(tab.query for tab in (*TABS, *REVIEW_TABS)), SUGGESTIONS, REVIEWED)


@pytest.mark.parametrize("document", DOCUMENTS, ids=re.compile(r"^[a-z]+ (\w+)", re.MULTILINE).findall)
def test_what_the_explorer_asks_fits_the_schema(document):
    assert validate(api_schema(), parse(document)) == []
