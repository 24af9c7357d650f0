"""The one quick look at a real server process; everything else here is slow."""

import pytest
from tests.server.server_client import exactly, won
from tests.server.server_history import check_outbox, verified


@pytest.mark.wide
async def test_a_campaign_goes_from_its_maker_to_the_sending_system(world, serve):
    with serve(POLL_S="0.1") as server:
        async with world.client(server, 2) as client:
            sent = await client.approved("Smoke")
            assert sent["status"] == "SENT"
            assert not won(await client.mutate("cleo", "approveCampaign", **exactly(sent)))
            await verified(client, sent)
        seconds = server.terminate()
        assert seconds <= 6
        assert server.faults() == []
    assert (await check_outbox(world.database_url))["handover"] == 1
