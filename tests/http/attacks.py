"""Documents that are known to hurt GraphQL servers, a plain one to compare them with, and how to compare.

Each is sent as it is to a server with its default settings. `make bench ARGS=attacks` prints the table.
"""

import gc
import json
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

KIB = 1024
PLAIN = """
query Page($first: Int) {
  viewer { user { name } account { slug approvalsEnabled } roles }
  campaigns(first: $first) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
      id name channel status updatedAt createdBy { name }
      head { number contentHash scheduledAt audience { segment estimatedSize } }
      openRequest { status expiresAt requirements { role needed left } }
    } }
  }
}
"""
NEW = {
    "name": "a",
    "content": {"sms": {"senderId": "a", "body": "b"}},
    "audience": {"segment": "s", "estimatedSize": 1},
}
Ask = dict[str, Any]


def asking(query: str, **variables: Any) -> Ask:
    return {"query": query, "variables": variables}


def doubled(levels: int, last: str = "viewer { roles }") -> str:
    """Each fragment spreads the next one twice: 2 to the power of `levels` fields."""
    parts = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...f0 }", *parts, f"fragment f{levels} on Query {{ {last} }}"])


def nested(levels: int) -> str:
    """The same over nested fields, and with other aliases at each level."""
    way = "a: openRequest {{ campaign {{ ...g{0} }} }} b: openRequest {{ campaign {{ ...g{0} }} }}"
    parts = [f"fragment g{n} on Campaign {{ {way.format(n + 1)} }}" for n in range(levels)]
    return " ".join(
        ["{ campaigns { edges { node { ...g0 } } } }", *parts, f"fragment g{levels} on Campaign {{ id }}"]
    )


def chain(levels: int) -> str:
    """Each fragment spreads the next one."""
    parts = [f"fragment c{n} on Query {{ ...c{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...c0 }", *parts, f"fragment c{levels} on Query {{ viewer {{ roles }} }}"])


def overlapping(count: int) -> str:
    """Fragments with the same fields that must all be compared with each other."""
    body = " ".join(f"x{n}: viewer {{ roles }}" for n in range(6))
    parts = [f"fragment o{n} on Query {{ {body} viewer {{ user {{ name }} }} }}" for n in range(count)]
    return "{ " + " ".join(f"...o{n}" for n in range(count)) + " } " + " ".join(parts)


TYPES = "fields { type { fields { type { fields { type { fields { name } } } } } } }"
ATTACKS: Mapping[str, Ask] = {
    "deep nesting": asking(
        "{ campaigns { edges { node { " + "openRequest { campaign { " * 60 + "id" + " } }" * 60 + " } } } }"
    ),
    "nesting without end": asking("{ viewer " * 5_000),
    "circular fragments": asking("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    "circular fragments, many": asking(
        "{ ...r0 } " + " ".join(f"fragment r{n} on Query {{ ...r{(n + 1) % 90} ...r{n} }}" for n in range(90))
    ),
    "fragment bomb, 655 bytes": asking(doubled(18)),
    "fragment bomb, 809 bytes": asking(doubled(25)),
    "fragment bomb, 100 levels": asking(doubled(100)),
    "fragment bomb over fields": asking(nested(30)),
    "fragment chain": asking(chain(100)),
    "overlapping fragments": asking(overlapping(25)),
    "unused fragments": asking(
        "{ viewer { roles } } "
        + " ".join(f"fragment u{n} on Query {{ viewer {{ roles }} }}" for n in range(140))
    ),
    "alias flood": asking("{ " + " ".join(f"a{n}: viewer {{ roles }}" for n in range(250)) + " }"),
    "alias flood of mutations": asking(
        "mutation($i: CreateCampaignInput!) { "
        + " ".join(f"a{n}: createCampaign(input: $i) {{ __typename }}" for n in range(100))
        + " }",
        i=NEW,
    ),
    "directive flood": asking("{ viewer { roles " + "@include(if: true) " * 200 + "} }"),
    "directive flood, unknown": asking("{ viewer { roles " + "@nothing " * 600 + "} }"),
    "field duplication": asking("{ viewer { " + "roles " * 1_000 + "} }"),
    "misspelt fields": asking("{ viewer { " + " ".join(f"rolse{n}" for n in range(700)) + " } }"),
    "misspelt field of 29 KiB": asking("{ viewer { " + "roles" * 5_900 + " } }"),
    "introspection bomb": asking("{ __schema { types { " + TYPES + " } } }"),
    "introspection by aliases": asking(
        "{ " + " ".join(f"a{n}: __schema {{ types {{ name fields {{ name }} }} }}" for n in range(20)) + " }"
    ),
    "requested objects": asking(
        "{ campaigns(first: 100) { edges { node { requests(first: 100) { edges { node { campaign {"
        " revisions(first: 100) { edges { node { id } } } } } } } } } } }"
    ),
    "huge integer in a literal": asking("{ campaigns(first: " + "9" * 25_000 + ") { totalCount } }"),
    "huge text in a literal": asking(
        '{ campaigns(filter: {search: "' + "x" * 900 * KIB + '"}) { totalCount } }'
    ),
    "huge list in a literal": asking("{ nodes(ids: [" + '"x" ' * 5_000 + "]) { id } }"),
    "huge text in a variable": asking(
        "query($s: String) { campaigns(filter: {search: $s}) { totalCount } }", s="x" * 900 * KIB
    ),
    "huge list in a variable": asking(
        "query($s: [CampaignStatus!]) { campaigns(filter: {status: $s}) { totalCount } }",
        s=["DRAFT"] * 90_000,
    ),
    "deep input object in a literal": asking(
        "{ campaigns(filter: " + "{status: " * 150 + "1" + "}" * 150 + ") { totalCount } }"
    ),
    "deep input object in a variable": asking(
        "query($f: CampaignFilter) { campaigns(filter: $f) { totalCount } }",
        f=json.loads('{"status":' * 400 + "1" + "}" * 400),
    ),
    "many variables": asking(
        "query(" + " ".join(f"$v{n}: Int = 1" for n in range(300)) + ") { viewer { roles } }"
    ),
    "many operations": asking(
        " ".join(f"query q{n} {{ ...c0 }}" for n in range(120)) + chain(90).partition("}")[2]
    ),
    "comments": asking("{ viewer { roles } }" + "#\n" * 10_000),
    "white space": asking("{ viewer { roles } }" + " " * 900 * KIB),
}
BATCH = [asking("{ viewer { roles } }")] * 1_000


def random_graph(number: int) -> Ask:
    """Fragments that spread each other at random, hardly ever in a circle, with fields and aliases."""
    choice = random.Random(number)  # noqa: S311  # the same documents each time
    count = choice.randint(2, 45)
    ways = [
        "...k{}",
        "... on Query {{ ...k{} }}",
        "... on Query @include(if: true) {{ ...k{} }}",
        "viewer {{ roles }} ...k{}",
        "x: viewer {{ roles }} ...k{}",
    ]
    parts = []
    for n in range(count):
        lowest = 0 if choice.random() < 0.02 else n + 1  # now and then a circle
        spreads = [
            choice.choice(ways).format(choice.randint(lowest, count)) for _ in range(choice.randint(1, 5))
        ]
        parts.append(f"fragment k{n} on Query {{ {' '.join(spreads)} }}")
    return asking(" ".join(["{ ...k0 }", *parts, f"fragment k{count} on Query {{ viewer {{ roles }} }}"]))


async def cpu_of(client: httpx.AsyncClient, ask: Ask | Sequence[Ask], headers: Mapping[str, str]) -> float:
    """CPU seconds that this process needs to answer once; the server runs in it.

    A document is another one each time, so that none is remembered; making the request is not counted.
    """
    if isinstance(ask, dict):
        ask = {**ask, "query": f"# {time.monotonic_ns()}\n{ask['query']}"}
    body = json.dumps(ask).encode()
    begun = time.process_time()
    response = await client.post("/graphql", content=body, headers=headers)
    spent = time.process_time() - begun
    assert response.status_code < 500, response.text[:300]
    return spent


async def ratios(
    client: httpx.AsyncClient,
    headers: Mapping[str, str],
    asks: Mapping[str, Ask | Sequence[Ask]],
    rounds: int,
) -> tuple[dict[str, float], float]:
    """The cost of each in plain queries, and the seconds of one of these; medians of interleaved rounds.

    What the process holds already is kept from the garbage collector: going through the test suite's own
    objects now and then would be counted as the cost of whichever request it fell on.
    """
    plain: list[float] = []
    costs: dict[str, list[float]] = {name: [] for name in asks}
    gc.collect()
    gc.freeze()
    try:
        for _ in range(rounds):
            for name, ask in asks.items():
                plain.append(await cpu_of(client, asking(PLAIN, first=20), headers))
                costs[name].append(await cpu_of(client, ask, headers))
    finally:
        gc.unfreeze()
    unit = statistics.median(plain)
    return {name: statistics.median(spent) / unit for name, spent in costs.items()}, unit
