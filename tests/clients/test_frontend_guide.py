"""docs/frontend.md: what it says of scalars and configurations is what the schema and the tests have."""

import json
import re
from pathlib import Path

import pytest
from graphql import GraphQLScalarType, build_schema, specified_scalar_types

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "frontend.md").read_text("utf-8")
RELAY = json.loads((Path(__file__).parent / "relay_compiler" / "relay.config.json").read_text("utf-8"))
SCALARS = RELAY["customScalarTypes"]


@pytest.mark.slow
def test_every_scalar_of_ours_has_its_type():
    types = build_schema((ROOT / "schema.graphql").read_text("utf-8")).type_map.values()
    ours = {one.name for one in types if isinstance(one, GraphQLScalarType)} - set(specified_scalar_types)

    told = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", GUIDE, re.MULTILINE))

    assert told == SCALARS
    assert set(told) == ours


def test_every_configuration_maps_the_same_scalars():
    (codegen,) = re.findall(r"scalars: \{ (.*) \}", GUIDE)
    client = (ROOT / "examples" / "typed-client" / "inbox.ts").read_text("utf-8")
    (tada,) = re.findall(r"scalars: \{ (.*?) \}", client)

    assert dict(re.findall(r'(\w+): "(\w+)"', codegen)) == SCALARS
    assert dict(re.findall(r"(\w+): (\w+)", tada)) == SCALARS


def test_relay_is_configured_as_its_compiler_is_tested():
    (shown,) = re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    folders = {"src", "artifactDirectory"}

    config = json.loads(shown)

    assert {name: config[name] for name in config if name not in folders} == {
        name: RELAY[name] for name in RELAY if name not in folders
    }
