"""What happens before the demo's server listens: its settings, its database, its data."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from gql_approvals.app import STATE_FOLDER
from gql_approvals.cli.demo_data import ACCOUNTS, PEOPLE
from gql_approvals.cli.demo_reset import erase
from gql_approvals.cli.demo_seed import seed
from gql_approvals.cli.demo_story import DemoPerson
from gql_approvals.cli.progress import progress
from gql_approvals.errors import BadDatabase, BadSettings
from gql_approvals.persistence import people
from gql_approvals.persistence.address import hide_password
from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.settings import (
    DEFAULT_FILE,
    FILE_SUFFIX,
    FILE_VARIABLE,
    PREFIX,
    Settings,
    from_environment,
    name_of,
)

DATABASE, SECRET = "gql-approvals.db", "delivery-secret"
REVIEW = "/graphql?review={campaign}"  # the explorer opens it
RECEIVER = "/dev/delivery"  # where the demo shows what a sending system would get


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What was found or made. `roles`: (account, person, role names as they are now)."""

    seeded: bool
    policy_version: str
    roles: tuple[tuple[str, DemoPerson, tuple[str, ...]], ...]


def choose_settings(given: Mapping[str, str], base: str, database_url: str | None) -> Settings:
    """The caller's environment, completed for the demo. No file is read: it is for something real.

    Raises:
        BadSettings: when they are wrong, or the folder `.demo` cannot be written.
    """
    mine = {
        name: value
        for name, value in given.items()
        if name.startswith(PREFIX) and name != FILE_VARIABLE and value.strip()
    }
    ours = {
        name_of("database_url"): "sqlite:///" + quote(str(STATE_FOLDER / DATABASE)),
        name_of("delivery_url"): base + RECEIVER,
        name_of("delivery_secret"): _secret(),
        name_of("review_url"): base + REVIEW,
    }
    asked = {} if database_url is None else {name_of("database_url"): database_url}
    ours = {name: value for name, value in ours.items() if name + FILE_SUFFIX not in mine}
    mine = {name: value for name, value in mine.items() if name.removesuffix(FILE_SUFFIX) not in asked}
    return from_environment({**ours, **mine, **asked, name_of("demo"): "true"})


def unread_file(given: Mapping[str, str]) -> str:
    """The settings file that any other command would read; empty when there is none."""
    return given.get(FILE_VARIABLE, "").strip() or (str(DEFAULT_FILE) if DEFAULT_FILE.exists() else "")


async def prepare(settings: Settings, *, reset: bool) -> Ready:
    """Migrate the database and, if it is empty, fill it.

    Raises:
        BadPolicy: when the policy files have mistakes.
        BadDatabase: when the database cannot be opened, or holds other data than the demo's.
    """
    now = datetime.now(UTC)
    policy = Policy.load(settings.policy_folder, now=now)
    if reset:
        async with Database.open(settings.database_url, pool_size=1):
            pass  # it can be opened; what is wrong with it would have been said
        await erase(settings.database_url)
    async with Database.open(settings.database_url, pool_size=1) as database:
        await database.migrate()
        empty = not await people.any_account()
        if empty:
            with progress("writing demo data, campaigns") as bar:
                await seed(database, policy, now, bar)
        elif not await people.has_demo_tokens():
            raise _not_ours(settings.database_url)
        return Ready(seeded=empty, policy_version=policy.version, roles=tuple(await _roles()))


async def _roles() -> list[tuple[str, DemoPerson, tuple[str, ...]]]:
    found: list[tuple[str, DemoPerson, tuple[str, ...]]] = []
    by_email = {person.email: person for person in PEOPLE}
    for slug in ACCOUNTS:
        account = await people.account_by_slug(slug)
        members = [] if account is None else [m for m in await people.members(account.id) if m.active]
        users = await people.users(member.user_id for member in members)
        for member in members:
            person = by_email.get(users[member.user_id].email)
            if person is not None:
                found.append((slug, person, tuple(sorted(member.roles))))
    return found


def _not_ours(url: str) -> BadDatabase:
    fix = "name another one with --database-url; if an earlier start was interrupted, start over with --reset"
    return BadDatabase(f"the database `{hide_password(url)}` has accounts, but not the whole demo: {fix}")


def _secret() -> str:
    """The secret that signs hand-overs to ourselves, made once."""
    path = STATE_FOLDER / SECRET
    try:
        STATE_FOLDER.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            path.touch(mode=0o600)
            path.write_text("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode() + "\n", "ascii")
        return path.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        message = f"the folder `{STATE_FOLDER}` cannot be used: {error}; start the demo where you may write"
        raise BadSettings(message) from error
