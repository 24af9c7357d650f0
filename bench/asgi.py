"""Ask an ASGI application without a network."""

from collections.abc import Mapping, MutableMapping
from typing import Any

OK = 200


async def post(application: Any, body: bytes, *, token: str, path: str = "/graphql") -> bytes:  # noqa: ANN401  # any ASGI application
    """Post JSON, and return what was answered.

    Raises:
        RuntimeError: when the status is not 200.
    """
    sent = [{"type": "http.request", "body": body, "more_body": False}]
    answered: list[MutableMapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        answered.append(message)

    headers = [
        (b"host", b"localhost"),
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http",
        "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await application(scope, receive, send)
    found = b"".join(message.get("body", b"") for message in answered[1:])
    if answered[0]["status"] != OK:
        raise RuntimeError(f"{answered[0]['status']} {found!r}")
    return found
