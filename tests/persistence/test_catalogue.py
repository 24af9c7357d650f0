"""What the databases really enforce, read from their catalogues and tried."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from gql_approvals.persistence import models
from gql_approvals.persistence.constraints import CONSTRAINTS
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.models import (
    AccountRow,
    AuditRow,
    CampaignRow,
    ContributorRow,
    DecisionRow,
    IdempotencyRow,
    IdentityRow,
    MemberRow,
    OutboxRow,
    PolicyVersionRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
    TokenRow,
    UserRow,
)
from gql_approvals.persistence.webhook_row import WebhookRow

ROWS = {
    cls
    for cls in (*vars(models).values(), WebhookRow)
    if isinstance(cls, type) and cls.__name__.endswith("Row")
}
AT = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HASH = "a" * 64


async def rows(database, query):
    return await get_connection(database.dialect).execute_query_dict(query)


def foreign_keys():
    return {
        (row._meta.db_table, key.source_field, key.related_model._meta.db_table)
        for row in ROWS
        for key in (row._meta.fields_map[name] for name in row._meta.fk_fields)
    }


async def indexes(database):
    """Give (name, table, unique, normalised text) of every index that we created."""
    if database.dialect == "sqlite":
        found = await rows(
            database, "SELECT name, tbl_name AS t, sql FROM sqlite_master WHERE type = 'index'"
        )
    else:
        found = await rows(
            database,
            "SELECT indexname AS name, tablename AS t, indexdef AS sql "
            "FROM pg_indexes WHERE schemaname = 'public'",
        )
    return {
        (row["name"], row["t"], "UNIQUE" in row["sql"], plain(row["sql"]))
        for row in found
        if row["sql"] and not row["name"].endswith("_pkey") and row["t"] != "tortoise_migrations"
    }


def plain(sql):
    """Leave only the words: PostgreSQL adds casts, brackets, the schema and the method."""
    for noise in ("::text", " USING btree", "public.", "character varying", "::", "(", ")", ",", '"'):
        sql = sql.replace(noise, " ")
    return " ".join(sql.lower().split())


async def test_every_constraint_and_index_of_the_table_exists_and_no_other(database):
    assert await indexes(database) == {(c.name, c.table, c.unique, plain(c.sql)) for c in CONSTRAINTS}


async def test_every_foreign_key_of_the_models_exists(database):
    if database.dialect == "sqlite":
        tables = await rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {
            (table["name"], key["from"], key["table"], key["on_delete"])
            for table in tables
            for key in await rows(database, f"SELECT * FROM pragma_foreign_key_list('{table['name']}')")  # noqa: S608
        }
    else:
        query = """
            SELECT c.conrelid::regclass::text AS t, a.attname AS col, c.confrelid::regclass::text AS target,
                   CASE c.confdeltype WHEN 'r' THEN 'RESTRICT' END AS rule
            FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND c.convalidated
        """
        found = {(row["t"], row["col"], row["target"], row["rule"]) for row in await rows(database, query)}

    assert found == {(*key, "RESTRICT") for key in foreign_keys()}
    assert len(found) == 24


async def test_the_columns_are_those_of_the_models(database):
    query = (
        'SELECT m.name AS t, c.name AS col, 1 - c."notnull" AS nullable FROM sqlite_master m, '
        "pragma_table_info(m.name) c WHERE m.type = 'table'"
        if database.dialect == "sqlite"
        else "SELECT table_name AS t, column_name AS col, (is_nullable = 'YES')::int AS nullable "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )

    found = {(row["t"], row["col"], bool(row["nullable"])) for row in await rows(database, query)}

    assert {column for column in found if column[0] not in {"tortoise_migrations", "sqlite_sequence"}} == {
        (row._meta.db_table, column, row._meta.fields_map[name].null)
        for row in ROWS
        for name, column in row._meta.fields_db_projection.items()
    }


async def test_sqlite_is_durable_and_strict(sqlite_url):
    async with Database.open(sqlite_url) as database:
        client = get_connection("sqlite")
        for connection in (client._connection, client._reader):
            pragmas = {}
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout"):
                pragmas[name] = next(iter(await connection.execute_fetchall(f"PRAGMA {name}")))[0]
            assert pragmas == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "recursive_triggers": 1,
                "busy_timeout": 30_000,
            }
        assert database.dialect == "sqlite"


# ---------------------------------------------------------------- behaviour


async def account(slug="demo"):
    return await AccountRow.create(
        slug=slug, name="Demo", time_zone="UTC", approvals_enabled=True, notify_scope="INVOLVED",
        audit_hash="", created_at=AT,
    )  # fmt: skip


async def user(email="maker@demo.test"):
    return await UserRow.create(name="A person", email=email, created_at=AT)


async def campaign(owner, person):
    return await CampaignRow.create(
        account=owner, name="Spring", folded_name="spring", channel="EMAIL", status="DRAFT", version=1,
        head_number=1, newest_number=1, audience=10, created_by=person, created_at=AT, updated_at=AT,
    )  # fmt: skip


async def request(owner, person, of, status="OPEN"):
    return await RequestRow.create(
        account=owner, campaign=of, revision_number=1, content_hash=HASH, status=status, requirements=[],
        policy_version="1", submitted_by=person, submitted_at=AT, expires_at=AT,
    )  # fmt: skip


async def audit(owner, seq=1, **more):
    return await AuditRow.create(
        account=owner,
        seq=seq,
        kind="campaign:created",
        at=AT,
        detail="{}",
        previous_hash="",
        hash=HASH,
        **more,
    )


async def version():
    return await PolicyVersionRow.create(version="0123456789ab", model="m", policy="p", first_at=AT)


async def _two_slugs(_):
    return await account("same")


async def _two_emails(_):
    return await user("SAME@Demo.test" if await UserRow.exists(email="same@demo.test") else "same@demo.test")


async def _two_memberships(world):
    return await MemberRow.create(account=world[0], user=world[1], roles=["maker"], created_at=AT)


async def _two_hashes(world):
    return await TokenRow.create(user=world[1], hash=HASH, name="laptop", created_at=AT)


async def _two_revisions(world):
    return await RevisionRow.create(
        campaign=world[2], number=1, state="DRAFT", content={"subject": "Hi"}, segment="all",
        estimated_size=1, publish_mode="MANUAL", copy_hash=HASH, audience_hash=HASH,
        schedule_hash=HASH, content_hash=HASH, created_by=world[1], created_at=AT,
    )  # fmt: skip


async def _two_contributions(world):
    return await ContributorRow.create(campaign=world[2], number=1, user=world[1])


async def _two_open_requests(world):
    return await request(*world)


async def _two_votes(world):
    asked = await RequestRow.first() or await request(*world)
    return await DecisionRow.create(
        request=asked, by=world[1], at=AT, verdict="APPROVED", content_hash=HASH, policy_version="1"
    )


async def _two_publications(world):
    return await PublicationRow.create(
        account=world[0],
        campaign=world[2],
        revision_number=1,
        content_hash=HASH,
        authorisation="QUORUM",
        sent_at=AT,
    )


async def _two_entries(world):
    return await audit(world[0])


async def _two_messages(world):
    return await OutboxRow.create(
        account=world[0], key="mail:1:2", kind="mail", payload={}, created_at=AT, next_at=AT
    )


async def _two_keys(world):
    return await IdempotencyRow.create(
        account=world[0], user=world[1], key="k", fingerprint=HASH, result={}, created_at=AT
    )


async def _two_versions(_):
    return await version()


async def identity(person, subject):
    return await IdentityRow.create(
        user=person, issuer="https://login.test", subject=subject, granted={}, issued_at=AT, created_at=AT
    )


async def _two_people_of_one_subject(_):
    return await identity(await user(f"{await UserRow.all().count()}@demo.test"), "the same")


async def _two_subjects_of_one_person(world):
    return await identity(world[1], f"subject {await IdentityRow.all().count()}")


TWICE = {
    "account_slug_key": _two_slugs,
    "app_user_email_key": _two_emails,
    "member_person_key": _two_memberships,
    "api_token_hash_key": _two_hashes,
    "revision_number_key": _two_revisions,
    "contributor_person_key": _two_contributions,
    "approval_request_open_key": _two_open_requests,
    "decision_person_key": _two_votes,
    "publication_revision_key": _two_publications,
    "audit_event_seq_key": _two_entries,
    "outbox_message_key_key": _two_messages,
    "idempotency_key_key": _two_keys,
    "policy_version_version_key": _two_versions,
    "identity_subject_key": _two_people_of_one_subject,
    "identity_user_key": _two_subjects_of_one_person,
}


@pytest.fixture
async def world(database):  # noqa: ARG001 - open while the test runs
    owner, person = await account(), await user()
    return owner, person, await campaign(owner, person)


def test_each_unique_constraint_is_tried():
    assert set(TWICE) == {constraint.name for constraint in CONSTRAINTS if constraint.unique}


@pytest.mark.parametrize("name", TWICE)
@pytest.mark.wide
async def test_the_second_row_of_a_kind_is_refused(name, world):
    await TWICE[name](world)

    with pytest.raises(IntegrityError):
        await TWICE[name](world)


async def test_a_campaign_may_have_closed_requests_beside_the_open_one(world):
    for status in ("REJECTED", "REJECTED", "OPEN"):
        await request(world[0], world[1], world[2], status)

    assert await RequestRow.filter(campaign=world[2]).count() == 3


async def test_a_row_that_is_referred_to_cannot_be_deleted(world):
    with pytest.raises(IntegrityError):
        await world[1].delete()


async def test_a_reference_to_nothing_is_refused(world):
    with pytest.raises(IntegrityError):
        await MemberRow.create(account_id=12345, user=world[1], roles=[], created_at=AT)


@pytest.mark.usefixtures("database")
async def test_an_id_is_never_used_again():
    first = await account("first")
    await first.delete()

    assert (await account("second")).id > first.id


async def test_times_come_back_as_the_same_instant_in_utc_and_sort_as_instants(world):
    west = timezone(timedelta(hours=-5))
    times = [AT.replace(microsecond=0), AT, AT.astimezone(west) + timedelta(seconds=1)]
    for seq, at in enumerate(times):
        await audit(world[0], seq=seq)
        await OutboxRow.create(
            account=world[0], key=str(seq), kind="mail", payload={}, created_at=at, next_at=at
        )

    found = await OutboxRow.all().order_by("next_at")

    assert [row.next_at for row in found] == times
    assert {row.next_at.utcoffset() for row in found} == {timedelta(0)}
    assert await OutboxRow.filter(next_at__lte=AT.astimezone(west)).count() == 2


async def test_json_comes_back_as_it_was_stored(world):
    content = {"subject": "Grüße ❄", "variants": [1, 2.5, None, True]}

    await MemberRow.create(account=world[0], user=world[1], roles=["checker", "maker"], created_at=AT)
    await IdempotencyRow.create(
        account=world[0], user=world[1], key="k", fingerprint=HASH, result=content, created_at=AT
    )

    assert (await MemberRow.get(user=world[1])).roles == ["checker", "maker"]
    assert (await IdempotencyRow.get(key="k")).result == content
