"""The schema as a file, and the documents of the explorer's tabs."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, lexicographic_sort_schema, parse, print_schema, validate, validate_schema
from tests.schema.client import api_schema

from gql_approvals.http.graphiql_tabs import TABS
from gql_approvals.schema import sdl

ROOT = Path(__file__).parents[2]


def test_the_schema_is_checked_in():
    assert (ROOT / "schema.graphql").read_text() == sdl(), "run `make regen`"


def test_the_schema_is_valid_and_sorted():
    schema = build_schema(sdl())

    assert validate_schema(schema) == []
    assert print_schema(schema) == print_schema(lexicographic_sort_schema(schema))


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: re.search(r"^[a-z]+ (\w+)", tab.query, re.MULTILINE)[1])
def test_the_explorers_tabs_fit_the_schema(tab):
    assert validate(api_schema(), parse(tab.query)) == []
