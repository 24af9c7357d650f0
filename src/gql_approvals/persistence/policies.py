"""The policy as the database knows it: texts of versions, what workers report, what accounts were told.

Nothing here reads a policy or decides by it; a version is a name, its files are texts.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError

from gql_approvals.persistence.fitting import VERSION, can_be
from gql_approvals.persistence.models import AccountRow, PolicyVersionRow, PolicyWorkerRow


# ---------------------------------------------------------------------------------------------- versions
@dataclass(frozen=True, slots=True)
class PolicyText:
    """A version with the texts of `model.conf` and `policy.csv`; `first_at`: when it was first kept."""

    version: str
    model: str
    policy: str
    first_at: datetime


async def keep(text: PolicyText) -> None:
    """Store a version for ever, unless it is stored; then its first time stays what it was.

    Workers may keep one version at once, inside or outside of transactions.

    Raises:
        ValueError: when the version is stored with another text, so that the name proves nothing any more.
    """
    found = await text_of(text.version)
    if found is None:
        row = PolicyVersionRow(
            version=text.version, model=text.model, policy=text.policy, first_at=text.first_at
        )
        with suppress(IntegrityError):  # another was quicker; SQLite's trigger says so, and ignores nothing
            await PolicyVersionRow.bulk_create([row], ignore_conflicts=True)
        found = await text_of(text.version)
    if found is None or (found.model, found.policy) != (text.model, text.policy):
        raise ValueError(
            f"policy version `{text.version}` is stored with another text: versions must name one text each"
        )


async def text_of(version: str) -> PolicyText | None:
    """The texts of a version; None when it never was kept."""
    row = await PolicyVersionRow.get_or_none(version=version) if can_be(version, VERSION) else None
    return None if row is None else _text(row)


async def newest() -> PolicyText | None:
    """The version that was first kept last; None in a new database."""
    row = await PolicyVersionRow.all().order_by("-first_at", "-id").first()
    return None if row is None else _text(row)


async def known_versions() -> tuple[tuple[str, datetime], ...]:
    """Every version with the time when it was first kept, newest first."""
    found = await PolicyVersionRow.all().order_by("-first_at", "-id").values_list("version", "first_at")
    return tuple((version, first_at) for version, first_at in found)


def _text(row: PolicyVersionRow) -> PolicyText:
    return PolicyText(row.version, row.model, row.policy, row.first_at)


# ----------------------------------------------------------------------------------------------- workers
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What one worker says of its policy.

    `id` is the worker's own on all nodes, at most 2000 characters; workers of one `node` obey the same
    files. `version` is in force since `loaded_at`; `refused` holds the mistakes of newer files, and is empty
    when there are none. `seen_at`: when the worker said so.
    """

    id: str
    node: str
    version: str
    loaded_at: datetime
    refused: tuple[str, ...]
    seen_at: datetime


async def report(worker: WorkerReport) -> None:
    """Store what a worker says, in place of what it said before."""
    row = PolicyWorkerRow(
        id=worker.id,
        node=worker.node,
        version=worker.version,
        loaded_at=worker.loaded_at,
        refused=list(worker.refused),
        seen_at=worker.seen_at,
    )
    columns = ("node", "version", "loaded_at", "refused", "seen_at")
    await PolicyWorkerRow.bulk_create([row], update_fields=columns, on_conflict=("id",))


async def reports(since: datetime) -> tuple[WorkerReport, ...]:
    """What workers said that were seen at `since` or later, sorted by node, then id."""
    rows = await PolicyWorkerRow.filter(seen_at__gte=since)
    return tuple(_report(row) for row in sorted(rows, key=lambda row: (row.node, row.id)))


async def forget(worker_id: str) -> None:
    """Remove what a worker said: it is no more."""
    await PolicyWorkerRow.filter(id=worker_id).delete()


async def forget_before(time: datetime) -> None:
    """Remove what workers said that were last seen before `time`."""
    await PolicyWorkerRow.filter(seen_at__lt=time).delete()


def _report(row: PolicyWorkerRow) -> WorkerReport:
    return WorkerReport(
        id=row.id,
        node=row.node,
        version=row.version,
        loaded_at=row.loaded_at,
        refused=tuple(row.refused),
        seen_at=row.seen_at,
    )


# ---------------------------------------------------------------------------------------------- accounts
async def accounts_to_tell(version: str) -> tuple[tuple[int, str | None], ...]:
    """Accounts that were last told of another version, or of none: (account id, that version)."""
    others = AccountRow.filter(policy_version__not=version)  # `not` finds null, too
    found = await others.order_by("id").values_list("id", "policy_version")
    return tuple((account_id, told) for account_id, told in found)


async def last_told(account_id: int) -> str | None:
    """The version that the account was told of last; None when it was told of none."""
    return (await AccountRow.get(id=account_id)).policy_version


async def tell(account_id: int, version: str) -> bool:
    """Note of which version an account is told; False when it was told of this one before.

    Of several workers that tell an account of one version exactly one gets True, as the others wait for its
    transaction: what is to be told is written in the same one.
    """
    others = AccountRow.filter(policy_version__not=version, id=account_id)
    return bool(await others.update(policy_version=version))
