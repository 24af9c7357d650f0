"""A caller's budget is one, whatever carries their operations."""

from tests.live.conftest import serving
from tests.live.live_client import CAMPAIGNS, events, signed_in
from tests.schema.client import Clock
from tests.schema.conftest import _sqlite

QUERY = "{ a: viewer { roles } b: viewer { roles } }"


def code_of(errors):
    return errors[0]["extensions"]["code"]


async def test_sockets_streams_and_requests_share_a_budget(settled_sqlite, tmp_path):
    async with (
        _sqlite(settled_sqlite, tmp_path) as (url, _),
        serving(url, Clock(), rate_limit=5) as live,
        signed_in(live.port, "vera") as vera,
    ):
        told = await vera.follow(CAMPAIGNS)  # one
        assert (await (await vera.start(QUERY)).next())["a"]  # two more: aliases count
        assert "errors" not in await live.post("vera", QUERY)  # and two by a request
        assert code_of(await (await vera.start(QUERY)).errors()) == "RATE_LIMITED"
        assert code_of(await (await vera.start(CAMPAIGNS)).errors()) == "RATE_LIMITED"
        headers = {"Authorization": "Bearer demo-insecure-vera"}
        response = await live.client.post("/graphql", json={"query": QUERY}, headers=headers)
        assert (response.status_code, code_of(response.json()["errors"])) == (429, "RATE_LIMITED")
        async with events(live.client, "vera", CAMPAIGNS, begun=False) as stream:
            _, body = await stream.event()
            assert code_of(body["errors"]) == "RATE_LIMITED"
        await live.create()
        assert (await told.campaign())["name"] == "Winter sale"  # what was begun goes on
