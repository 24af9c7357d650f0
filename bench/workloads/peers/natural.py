"""The workloads in the shape that PostGraphile makes of the tables, compared by ids and by how many."""

import json
from pathlib import Path
from typing import Any

from bench.workloads.contenders.ids import id_of, key_of
from bench.workloads.operations import Workload

_FOLDER = Path(__file__).parent / "documents"


def body(workload: Workload, variables: dict[str, Any]) -> bytes:
    """What is posted: the same question in its own words."""
    given = {"id": str(key_of(variables["id"]))} if "id" in variables else {"first": variables["first"]}
    query = (_FOLDER / f"{workload.name}.graphql").read_text()
    return json.dumps({"query": query, "variables": given}).encode()


def difference(expected: dict[str, Any], found: dict[str, Any]) -> str | None:
    """What differs in ids, or in how many decisions there are; None when nothing does."""
    one, other = _ids(expected), _natural_ids(found)
    return None if one == other else f"{one} and {other}"


def _ids(data: dict[str, Any]) -> list[tuple[str, int]]:
    if "campaign" in data:
        return [(data["campaign"]["id"], 0)]
    [page] = data.values()
    return [(edge["node"]["id"], len(edge["node"].get("decisions", ()))) for edge in page["edges"]]


def _natural_ids(data: dict[str, Any]) -> list[tuple[str, int]]:
    nodes: list[dict[str, Any]] = data["found"].get("nodes", [data["found"]])
    return [
        (id_of("ApprovalRequest", int(node["rowId"])), len(node["decisions"]["nodes"]))
        if "decisions" in node
        else (id_of("Campaign", int(node["rowId"])), 0)
        for node in nodes
    ]
