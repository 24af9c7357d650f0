"""Whatever is sent, the answer is JSON that says what was wrong; nothing is our fault or written."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import json

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLScalarType
from tests.schema.client import CONTENT, JSON, api_schema, document, hash_of
from tests.schema.natural import FIGURES, NEW

pytestmark = pytest.mark.wide

SCHEMA = api_schema()
ADA = {"Authorization": "Bearer demo-insecure-ada"}
ASK = b'{"query": "{ viewer { roles } }"}'
MIB = 1024 * 1024


def asking(query, **more):
    return json.dumps({"query": query, **more}).encode()


BODIES = {
    "nothing": b"",
    "blank": b" \r\n\t",
    "null": b"null",
    "number": b"123",
    "text": b'"x"',
    "empty list": b"[]",
    "true": b"true",
    "NaN": b"NaN",
    "minus infinity": b"-Infinity",
    "batch": b"[" + ASK + b"]",
    "batch of two": b"[" + ASK + b"," + ASK + b"]",
    "empty object": b"{}",
    "unclosed": b'{"query": ',
    "single quotes": b"{'query': '{ viewer { roles } }'}",
    "trailing": ASK + b"}",
    "two documents": ASK + ASK,
    "BOM": b"\xef\xbb\xbf" + ASK,
    "UTF-16": ASK.decode().encode("utf-16"),
    "UTF-32": ASK.decode().encode("utf-32"),
    "latin 1": '{"query": "{ ä }"}'.encode("latin-1"),
    "overlong": b'{"query": "\xc0\xaf"}',
    "half a character": b'{"query": "\xe2\x82"}',
    "surrogate bytes": b'{"query": "\xed\xa0\x80"}',
    "binary": bytes(range(256)),
    "form": b"query=%7B+viewer+%7D",
    "raw GraphQL": b"{ viewer { roles } }",
    "NUL in JSON": b'{"query": "a\x00b"}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep lists unclosed": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep variables": b'{"query": "{ viewer { roles } }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "deep extensions": b'{"query": "{ viewer { roles } }", "extensions": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "5000 digits": b'{"query": "{ viewer { roles } }", "variables": {"a": ' + b"9" * 5000 + b"}}",
    "5000 digits alone": b"9" * 5000,
    "NaN variable": b'{"query": "{ viewer { roles } }", "variables": {"a": NaN}}',
    "query null": b'{"query": null}',
    "query number": b'{"query": 1}',
    "query list": b'{"query": ["{ viewer { roles } }"]}',
    "query object": b'{"query": {}}',
    "query true": b'{"query": true}',
    "query empty": b'{"query": ""}',
    "query blank": b'{"query": "  "}',
    "query comment": asking("# nothing"),
    "query NUL": asking("\0"),
    "query surrogate": asking("{ \ud800 }"),
    "query surrogate text": asking('{ node(id: "\ud800") { nothing } }'),
    "query emoji": asking("{ 🎄 }"),
    "query unclosed": asking("{ viewer { roles }"),
    "query unclosed text": asking('{ node(id: "x) { id } }'),
    "query deep": asking("{ a" * 20_000 + " }" * 20_000),
    "query deep list": asking("{ nodes(ids: " + "[" * 20_000 + "]" * 20_000 + ") { id } }"),
    "query deep list type": asking("query($a: " + "[" * 20_000 + "ID" + "]" * 20_000 + ") { viewer { roles } }"),
    "query deep object": asking("{ campaigns(filter: " + "{a: " * 20_000 + "1" + "}" * 20_000 + ") { totalCount } }"),
    "query deep fragments": asking("{ viewer " + "{ ... on Viewer " * 5_000 + "{ roles }" + " }" * 5_000 + " }"),
    "query fragment circle": asking("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    "query fragment unknown": asking("{ ...A }"),
    "query unknown field": asking("{ nothing }"),
    "query unknown argument": asking("{ campaigns(last: 1) { totalCount } }"),
    "query unknown type": asking("query($a: Nothing) { viewer { roles } }"),
    "query missing argument": asking("{ campaign { id } }"),
    "query missing variable": asking("query($id: ID!) { campaign(id: $id) { id } }"),
    "query null variable": asking("query($id: ID!) { campaign(id: $id) { id } }", variables={"id": None}),
    "query undefined variable": asking("{ campaign(id: $id) { id } }"),
    "query no selection": asking("{ viewer }"),
    "query selection on a scalar": asking("{ viewer { roles { a } } }"),
    "query 5000 digits": asking("{ campaigns(first: " + "9" * 5000 + ") { totalCount } }"),
    "query 2^63": asking("{ campaigns(first: 9223372036854775808) { totalCount } }"),
    "query float for int": asking("{ campaigns(first: 1.5) { totalCount } }"),
    "query huge exponent": asking("{ campaigns(first: 1e999) { totalCount } }"),
    "query enum": asking("{ campaigns(filter: {status: [NOTHING]}) { totalCount } }"),
    "query enum as text": asking('{ campaigns(filter: {status: ["DRAFT"]}) { totalCount } }'),
    "query two anonymous": asking("{ viewer { roles } } { viewer { roles } }"),
    "query same name twice": asking("query A { viewer { roles } } query A { viewer { roles } }"),
    "query schema definition": asking("type Query { a: Int }"),
    "query directive": asking("{ viewer @nothing { roles } }"),
    "query stream": asking("{ viewer @defer { roles } }"),
    "query bad include": asking('{ viewer @include(if: "yes") { roles } }'),
    "subscription": asking("subscription { nothing }"),
    "operation unnamed": asking("query A { viewer { roles } } query B { viewer { roles } }"),
    "operation unknown": asking("query A { viewer { roles } }", operationName="B"),
    "operation junk": asking("query A { viewer { roles } }", operationName="\ud800"),
    "operation number": asking("query A { viewer { roles } }", operationName=1),
    "operation list": asking("query A { viewer { roles } }", operationName=["A"]),
    "variables text": asking("{ viewer { roles } }", variables="{}"),
    "variables list": asking("{ viewer { roles } }", variables=[]),
    "variables number": asking("{ viewer { roles } }", variables=1),
    "variables false": asking("{ viewer { roles } }", variables=False),
    "extensions list": asking("{ viewer { roles } }", extensions=[]),
    "extensions text": asking("{ viewer { roles } }", extensions="x"),
    "only a hash": b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}',
    "too large": asking("{ viewer { roles } }" + " " * MIB),
    "too large junk": b"x" * (MIB + 1),
    "large text": asking("query($i: ID!) { nothing(id: $i) }", variables={"i": "x" * (MIB - 1000)}),
    "many fields": asking("{" + " ".join(f"a{n}: nothing" for n in range(2000)) + "}"),
    "conflicting aliases": asking("{ a: viewer { roles } a: campaigns { totalCount } }"),
}  # fmt: skip
CONTENT_TYPES = (
    None, "", "text/plain", "text/html", "application/graphql", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/json5", "application/jsonx", "application/xml", "json", "*/*",
    "application/graphql-response+json", ";", "application/json\t;charset", "application/vnd.api+json",
)  # fmt: skip
ACCEPTS = (
    "", "*/*", "nonsense", "application/json", "application/graphql-response+json", "text/html", "image/png",
    "application/json;q=0", "application/json;q=x", ";;;,,,", "APPLICATION/GRAPHQL-RESPONSE+JSON", "a/b;" * 500,
    "multipart/mixed", "\u00e4",
)  # fmt: skip
AUTHORIZATIONS = (
    "", " ", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic YTpi", "Digest x", "Token demo-insecure-ada",
    "demo-insecure-ada", "Bearer demo-insecure-ada,", "Bearer demo-insecure-ada demo-insecure-ada",
    "Bearer " + "x" * 10_000, "Bearer \u00e4", "Bearer\tdemo-insecure-ada", "Bearer null", "Bearer demo-insecure-",
    "Bearer' OR 1=1 --", "Bearer demo-insecure-ad%",
)  # fmt: skip
TIMES = (
    "", "now", "2026-12-01", "2026-12-01T08:00:00", "2026-12-01 08:00:00Z", "20261201T080000", "2026-13-01T08:00:00Z",
    "2026-12-32T08:00:00Z", "2026-12-01T25:00:00Z", "2026-12-01T08:00:00+25:00", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", "0000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2026-W01-1T08:00", "\0", "\ud800",
    "2026-12-01T08:00:00Z" * 1000, 1, 1.5, True, [], {}, ["2026-12-01T08:00:00Z"],
)  # fmt: skip
GOOD_TIMES = (
    "2026-12-01T08:00:00Z",
    "2026-12-01T08:00:00.123456+23:59",
    "9999-12-31T23:59:59Z",
    "2026-12-01t08:00:00z",
)
NUMBERS = (2**31, -(2**31) - 1, 2**63, 2**64, 10**400, 1.5, 1e308, "1", "", True, [], {}, [1, 2])
DEPTH = 200


def deep(levels):
    value = 1
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


DEFINITIONS = (deep(33), deep(DEPTH), {"a": 2**53}, {"a": -(2**63)}, {"a": 1e300}, [10**400], deep(900))


def errors_of(response):
    """The codes of a refusal that is JSON as GraphQL over HTTP has it."""
    assert response.status_code < 500, (response.status_code, response.text[:500])
    assert response.headers["content-type"].partition(";")[0] in {
        "application/json",
        "application/graphql-response+json",
    }
    body = response.json()
    assert body["errors"], body
    for error in body["errors"]:
        assert isinstance(error["message"], str)
        assert error["message"]
    return [error["extensions"]["code"] for error in body["errors"]]


# ------------------------------------------------------------------------------------ bodies and headers
async def test_a_junk_body_is_refused_as_json_and_nothing_is_written(api):
    before = await api.footprint()
    for media_type, statuses in (("*/*", {200, 400, 413}), ("application/graphql-response+json", {400, 413})):
        for name, body in BODIES.items():
            response = await api.client.post(
                "/graphql", content=body, headers=ADA | JSON | {"Accept": media_type}
            )
            assert "errors" in response.json(), (name, response.text[:300])
            codes = errors_of(response)
            assert "INTERNAL_SERVER_ERROR" not in codes, name
            assert response.status_code in statuses, name
            assert ("too large" in name) == (response.status_code == 413), name
    assert await api.footprint() == before


async def test_another_content_type_is_refused_before_the_body_is_read(api):
    for content_type in CONTENT_TYPES:
        headers = ADA | ({} if content_type is None else {"Content-Type": content_type})
        response = await api.client.post("/graphql", content=ASK, headers=headers)
        expected = 200 if (content_type or "").partition(";")[0].strip() == "application/json" else 415
        assert response.status_code == expected, content_type
        if expected == 415:
            assert errors_of(response) == ["BAD_REQUEST"]


async def test_parameters_and_case_of_the_content_type_do_not_matter(api):
    for content_type in (
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;;;",
        " application/json",
    ):
        response = await api.client.post(
            "/graphql", content=ASK, headers=ADA | {"Content-Type": content_type}
        )
        assert response.json()["data"] == {"viewer": {"roles": ["admin"]}}


async def test_whatever_a_client_accepts_it_gets_json(api):
    for accept in ACCEPTS:
        headers = [
            (b"authorization", ADA["Authorization"].encode()),
            (b"content-type", b"application/json"),
            (b"accept", accept.encode()),
        ]
        response = await api.client.post("/graphql", content=ASK, headers=headers)
        assert (response.status_code, response.json()["data"]) == (200, {"viewer": {"roles": ["admin"]}}), (
            accept
        )
        assert "accept" in response.headers["vary"].lower()


async def test_only_a_bearer_token_signs_in(api):
    for header in AUTHORIZATIONS:
        headers = [(b"authorization", header.encode()), (b"content-type", b"application/json")]
        response = await api.client.post("/graphql", content=ASK, headers=headers)
        assert errors_of(response) == ["UNAUTHENTICATED"], header
    for account in ("", " ", "acme ", "ACME", "\u00e4", "' OR 1=1 --", "x" * 10_000, "acme,globex"):
        headers = [
            (b"authorization", ADA["Authorization"].encode()),
            (b"content-type", b"application/json"),
            (b"x-account", account.encode()),
        ]
        response = await api.client.post("/graphql", content=ASK, headers=headers)
        code = ["ACCOUNT_REQUIRED"] if account.strip() != "acme" else None
        if code:
            assert errors_of(response) == code, account


# ------------------------------------------------------------------------------------- methods and paths
async def test_other_methods_are_refused_as_json(api):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "NONSENSE"):
        response = await api.client.request(method, "/graphql", content=ASK, headers=ADA | JSON)
        assert response.status_code == 405, method
        assert {"GET", "POST"} <= {word.strip() for word in response.headers["allow"].split(",")}
        assert errors_of(response) == ["BAD_REQUEST"], method
    for method in ("POST", "PUT", "DELETE"):
        for path in ("/schema.graphql", "/healthz/live", "/healthz/ready"):
            assert (await api.client.request(method, path)).status_code == 405


async def test_a_head_request_is_no_fault_of_ours(api):
    for headers in ({}, JSON, ADA | JSON):
        response = await api.client.request("HEAD", "/graphql", content=ASK, headers=headers)
        assert 400 <= response.status_code < 500


async def test_an_unknown_address_is_not_found_as_json(api):
    for path in ("/", "/graphql/", "/graphq", "/healthz", "/../etc/passwd", "/%00", "/graphql%00", "/\u00e4"):
        response = await api.client.get(path, headers={"Accept": "application/json"}, follow_redirects=True)
        if path != "/graphql/":
            assert response.status_code == 404, path
        assert errors_of(response) == ["BAD_REQUEST"], path


async def test_queries_may_be_asked_by_get_and_nothing_else(api):
    async def get(**params):
        return await api.client.get("/graphql", params=params, headers=ADA | {"Accept": "application/json"})

    before = await api.footprint()
    done = await get(
        query="query A($f: Int) { campaigns(first: $f) { totalCount } }",
        variables='{"f": 1}',
        operationName="A",
    )
    assert done.json() == {"data": {"campaigns": {"totalCount": 0}}}
    mutation = await get(query=document("createCampaign", ""), variables=json.dumps({"input": NEW}))
    assert (mutation.status_code, mutation.headers["allow"], errors_of(mutation)) == (
        405,
        "POST",
        ["BAD_REQUEST"],
    )
    for params in (
        {},
        {"query": ""},
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "\0"},
        {"query": "{ viewer { roles } }", "variables": "null["},
        {"query": "{ viewer { roles } }", "variables": "[]"},
        {"query": "{ viewer { roles } }", "variables": "1"},
        {"query": "{ viewer { roles } }", "variables": "NaN"},
        {"query": "{ viewer { roles } }", "variables": "[" * 5_000},
        {"query": "query A { viewer { roles } }", "operationName": "B"},
        {"query": "mutation { nothing }"},
        {"query": "subscription { nothing }"},
    ):
        assert "INTERNAL_SERVER_ERROR" not in errors_of(await get(**params)), params
    assert await api.footprint() == before


# ------------------------------------------------------------------------------------------- variables
def words(kind, path=()):
    """The ways to every text in an input, with the type it has there."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        yield from words(kind.of_type, (*path, 0))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield from words(field.type, (*path, name))
    elif isinstance(kind, (GraphQLScalarType, GraphQLEnumType)):
        yield path, kind.name


def planted(given, path, value):
    """The input with another value at one place, and with what the way to it needs."""
    head, *rest = path
    if isinstance(head, int):
        return [planted(given[0] if given else {}, rest, value) if rest else value]
    given = dict(given or {})
    if head == "content" and rest:
        given["content"] = {rest[0]: CONTENT[rest[0]]}
    return given | {head: planted(given.get(head), rest, value) if rest else value}


def base(mutation, campaign, member):
    on = {"campaignId": campaign["id"]}
    return {
        "createCampaign": NEW,
        "updateCampaign": on | {"expectedVersion": 1},
        "approveCampaign": on | {"contentHash": hash_of(campaign)},
        "rejectCampaign": on | {"contentHash": hash_of(campaign), "reason": "no"},
        "publishCampaign": on | {"contentHash": hash_of(campaign)},
        "revokeApproval": on | {"reason": "no"},
        "enableApprovals": {},
        "disableApprovals": {"confirmToken": "x"},
        "assignRoles": {"memberId": member, "roles": []},
        "recordDeliveryMetrics": {"publicationId": "x", **FIGURES},
    }.get(mutation, on)


@pytest.mark.slow
async def test_a_text_that_cannot_be_stored_is_refused_wherever_it_stands(api):
    campaign, member = await api.create("ada"), await api.member_id("vera")
    before, tried = await api.footprint(), 0
    for mutation, field in SCHEMA.mutation_type.fields.items():
        for path, kind in words(field.args["input"].type):
            if kind not in {"String", "ID", "JSON"}:
                continue
            for text in ("a\0", "\ud800", "\udfff\ud800"):
                given = planted(base(mutation, campaign, member), path, text)
                body = await api.post("ada", document(mutation, ""), {"input": given})
                if "errors" in body:
                    assert {e["extensions"]["code"] for e in body["errors"]} == {"BAD_USER_INPUT"}, (
                        mutation,
                        path,
                        body,
                    )
                else:
                    assert "code" in body["data"][mutation], (mutation, path, text)
                tried += 1
    assert tried > 150
    assert await api.footprint() == before


@pytest.mark.slow
async def test_a_value_of_another_kind_is_bad_user_input(api):
    campaign, member = await api.create("ada"), await api.member_id("vera")
    before, tried = await api.footprint(), 0
    values = {"Int": NUMBERS, "DateTime": TIMES, "JSON": DEFINITIONS}
    for mutation, field in SCHEMA.mutation_type.fields.items():
        if mutation not in {"createCampaign", "updateCampaign", "recordDeliveryMetrics", "assignRoles"}:
            continue
        for path, kind in words(field.args["input"].type):
            for value in values.get(
                kind, (1.5, {}, [[]], True) if kind in {"String", "Channel"} else ("NOTHING", 1)
            ):
                if kind == "ID":
                    continue
                given = planted(base(mutation, campaign, member), path, value)
                response = await api.client.post(
                    "/graphql",
                    content=json.dumps({"query": document(mutation, ""), "variables": {"input": given}}),
                    headers=ADA | JSON,
                )
                assert set(errors_of(response)) == {"BAD_USER_INPUT"}, (mutation, path, value)
                tried += 1
    assert tried > 150
    assert await api.footprint() == before


async def test_literals_are_judged_like_variables(api):
    before = await api.footprint()
    for literal in (
        "1e400",
        "9" * 5000,
        "9007199254740992",
        "[" * 100 + "]" * 100,
        '"\\u0000"',
        "{a: " * 50 + "1" + "}" * 50,
        '"\\uD800"',
        "$v",
    ):
        text = (
            'mutation { createCampaign(input: {name: "a", content: {sms: {senderId: "a", body: "b"}}, '
            f'audience: {{segment: "s", estimatedSize: 1, definition: {literal}}}}}) {{ __typename ... on UserError {{ code }} }} }}'
        )
        body = await api.post("maya", text)
        codes = {e["extensions"]["code"] for e in body.get("errors", ())}
        assert codes <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}, (
            literal[:20],
            body,
        )
        assert codes or body["data"]["createCampaign"]["code"] == "INVALID_INPUT", literal[:20]
    assert await api.footprint() == before


@pytest.mark.parametrize("time", GOOD_TIMES)
async def test_a_time_with_an_offset_is_understood(api, time):
    assert (await api.create(scheduledAt=time))["publishMode"] == "SCHEDULED"


async def test_content_takes_exactly_one_member(api):
    for content in (
        {},
        {"email": None},
        {"sms": CONTENT["sms"], "email": CONTENT["email"]},
        {"sms": CONTENT["sms"], "email": None},
        {"fax": {}},
    ):
        body = await api.post("maya", document("createCampaign", ""), {"input": NEW | {"content": content}})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"], content


async def test_what_is_almost_too_deep_or_too_large_is_still_taken(api):
    audience = {"segment": "All", "estimatedSize": 2**31 - 1, "definition": deep(30)}

    assert (await api.create(audience=audience))["head"]["audience"]["estimatedSize"] == 2**31 - 1
    assert (await api.create(content={"onsite": {"placement": "p", "html": "x" * (MIB // 2)}}))[
        "channel"
    ] == "ONSITE"
