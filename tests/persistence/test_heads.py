"""Which heads are due to be told: those that have moved, when their time has come, to one caller."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.persistence.test_catalogue import account

from gql_approvals.persistence import heads
from gql_approvals.persistence.models import AccountRow

NOW = datetime(2030, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("database")


async def moved(owner, seq):
    await AccountRow.filter(id=owner.id).update(audit_seq=seq, audit_hash=f"{seq:064x}")


async def told(owner, at):
    """What every worker gets that asks at this time."""
    assert await heads.due(at, HOUR) in ([], [owner.id])
    found = [await heads.take(owner.id, at, HOUR) for _ in range(3)]
    assert found[1:] == [None, None]  # the others have nothing to tell
    return found[0] and found[0].seq


async def test_a_head_is_told_once_and_again_when_it_has_moved_and_the_time_has_come():
    owner = await account()
    assert await told(owner, NOW) is None  # there is no entry yet

    await moved(owner, 3)
    assert await told(owner, NOW) == 3
    await moved(owner, 5)
    assert await told(owner, NOW + HOUR - timedelta(seconds=1)) is None
    await moved(owner, 6)
    assert await told(owner, NOW + HOUR) == 6
    assert await told(owner, NOW + 9 * HOUR) is None  # it has not moved
    assert await heads.due(NOW + 9 * HOUR, HOUR) == []


async def test_a_chain_that_was_cut_or_written_anew_has_moved():
    owner = await account()
    await moved(owner, 8)
    assert await told(owner, NOW) == 8

    await moved(owner, 4)
    assert await told(owner, NOW + HOUR) == 4
    await AccountRow.filter(id=owner.id).update(audit_hash="f" * 64)
    assert await told(owner, NOW + 2 * HOUR) == 4


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=900)])
async def test_a_time_in_the_future_silences_nobody(ahead):
    owner = await account()
    await moved(owner, 3)
    await AccountRow.filter(id=owner.id).update(head_told_at=NOW + ahead)

    assert await told(owner, NOW) == 3
