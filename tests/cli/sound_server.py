"""A folder, a database and servers with which `doctor` finds no fault, for tests to break one thing of."""

import asyncio
import base64
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from gql_approvals.app import open_office
from gql_approvals.cli import administration as admin
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"
SECRET = "whsec_" + base64.b64encode(b"a secret of this test only").decode()
PEOPLE = {"mia": "maker", "cem": "checker"}


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def smtp_server(password: str) -> Iterator[int]:
    """An SMTP server that knows the user `gql` and nobody else; gives its port."""

    def authenticate(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> Any:
        return AuthResult(success=data.password == password.encode(), handled=False)

    controller = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@dataclass
class Sound:
    """`settings`: named in small letters, without their prefix; a test adds a mistake to them."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a policy file."""
        path = self.folder / "policies" / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def do(self, act: Callable[[Any], Awaitable[object]]) -> None:
        """Do something with the database, as one transaction."""

        async def run() -> None:
            async with open_office(Settings(database_url=self.settings["database_url"])) as office:
                await office.database.transaction(lambda: act(office))

        asyncio.run(run())


@contextmanager
def sound_server(folder: Path, database_url: str) -> Iterator[Sound]:
    """Everything that is needed, and that works."""
    shutil.copytree(POLICIES, folder / "policies")
    with smtp_server("right") as smtp, socket.create_server(("127.0.0.1", 0)) as receiver:
        sound = Sound(folder)
        sound.settings = {
            "database_url": database_url,
            "policies": str(folder / "policies"),
            "production": "true",
            "mail": f"smtp://gql:right@127.0.0.1:{smtp}",
            "mail_from": "approvals@acme.example",
            "review_url": "https://app.example/{campaign}",
            "delivery_url": f"http://127.0.0.1:{receiver.getsockname()[1]}/hand-over",
            "delivery_secret": SECRET,
        }
        asyncio.run(_let_in(database_url, folder))
        yield sound


async def _let_in(database_url: str, folder: Path) -> None:
    settings = Settings(database_url=database_url, policies=str(folder / "policies"))
    async with open_office(settings) as office:
        account = admin.NewAccount(slug="acme", name="Acme", time_zone="UTC")
        ada = admin.Person(email="ada@acme.example", name="Ada")
        await admin.found(office, account, ada, role="admin", days=90)
        for name, role in PEOPLE.items():
            person = admin.Person(email=f"{name}@acme.example", name=name.capitalize())
            await admin.add_member(office, "acme", person, frozenset({role}))
