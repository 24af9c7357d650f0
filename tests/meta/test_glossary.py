"""docs/glossary.md: the words are those of the schema, the policy and the workflow."""

import re

from graphql import GraphQLEnumType
from tests.meta.checks import SCHEMA
from tests.meta.pages import PAGES

GLOSSARY = PAGES["docs/glossary.md"]
VALUES = {name for one in SCHEMA.type_map.values() if isinstance(one, GraphQLEnumType) for name in one.values}
SPELLED = set(re.findall(r"`([A-Za-z_:.]+)`", GLOSSARY)) - {"Types", "VALUES"}
# What the pages call statuses without saying so here, or what no schema has.
ELSEWHERE = {"policy.csv", "campaign:approved", "expectedVersion"}


def _known(word: str) -> bool:
    """Whether it is a type, an enum's value or a root field, or stands behind a type as its field."""
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    fields = {name for root in roots if root is not None for name in root.fields}
    return word in {*SCHEMA.type_map, *VALUES, *fields}


def test_every_name_is_one_of_the_schema():
    members = {word for word in SPELLED if word.startswith(".")}

    assert len(SPELLED) > 40
    assert [word for word in SPELLED - members - ELSEWHERE if not _known(word)] == []


def test_every_field_is_one_of_the_type_before_it():
    found = re.findall(r"\[`(\w+)`\]\([^)]*\)`\.(\w+)`", GLOSSARY)

    assert len(found) > 4
    assert [pair for pair in found if pair[1] not in SCHEMA.type_map[pair[0]].fields] == []


def test_every_term_is_explained_once_and_leads_somewhere():
    terms = re.findall(r"^\| ([a-z -]+(?:, [a-z -]+)*) \| (.+) \|$", GLOSSARY, re.MULTILINE)
    names = [name for name, _ in terms if name != "word"]

    assert len(names) == len(set(names)) >= 35
    assert [name for name, told in terms if "](" not in told and name not in {"word", "caller"}] == []
