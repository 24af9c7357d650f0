"""What is read of a campaign is of one moment, however fast it changes."""

import asyncio

from tests.schema.client import Api

READ = "query($id: ID!) { campaign(id: $id) { version status head { contentHash } openRequest { status } } }"


def told(campaign: dict) -> tuple:
    return campaign["version"], campaign["status"], campaign["head"]["contentHash"]


async def test_no_reader_sees_a_version_with_the_content_of_another(api: Api):
    campaign = await api.create()
    answered, seen, over = {told(campaign)}, set(), asyncio.Event()

    async def read():
        while not over.is_set():
            seen.add(told((await api.ask("vera", READ, id=campaign["id"]))["campaign"]))

    async def edit():
        current = campaign
        try:
            for number in range(20):
                current = await api.edited(current, subject=f"Sale {number}")
                answered.add(told(current))
        finally:
            over.set()

    await asyncio.gather(edit(), *(read() for _ in range(6)))
    assert seen <= answered
    assert len(seen) > 1
