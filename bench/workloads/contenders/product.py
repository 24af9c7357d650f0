"""The product: as an operator starts it, with one worker."""

import shutil
from pathlib import Path
from typing import Any

from bench.workloads.seed import ACCOUNT, QUORUM
from gql_approvals.app import create
from gql_approvals.settings.definition import Settings, shipped_policies

SETTINGS = {
    "PRODUCTION": "true",
    "REVIEW_URL": "https://review.test/{campaign}/{request}",
    "RATE_LIMIT": "0",  # 30 000 operations a minute and person are soon used up here
    "RELAY": "false",  # mails are delivered by a process of their own: the other contenders deliver none
}


def policies(folder: Path) -> Path:
    """The shipped policy, asking this account for as many approvals as the seed has."""
    made = folder / "policies"
    shutil.copytree(shipped_policies(), made, dirs_exist_ok=True)
    with (made / "policy.csv").open("a") as file:
        file.write(f"\np2, {ACCOUNT}, any, always, {QUORUM}, anyone\n")
    return made


def settings_of(url: str, folder: Path) -> Settings:
    """The same settings for a server in this process."""
    return Settings(
        database_url=url,
        policies=str(policies(folder)),
        production=True,
        review_url=SETTINGS["REVIEW_URL"],
        rate_limit=0,
        relay=False,
    )


def application(url: str, folder: Path) -> Any:  # noqa: ANN401  # any ASGI application
    """A server in this process."""
    return create(settings_of(url, folder), driven=False)
