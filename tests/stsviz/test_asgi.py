"""Sockets are opened only by our own pages, under a name we answer to."""

from __future__ import annotations

from typing import Any

import pytest

from stsviz.asgi import SameOrigin


async def verdict(host: str, origin: str | None) -> bool:
    """Return whether the application behind SameOrigin was reached."""
    reached: list[bool] = []
    sent: list[dict[str, Any]] = []

    async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
        reached.append(True)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    await SameOrigin(inner)({"type": "websocket", "headers": headers}, receive, send)
    assert bool(reached) != bool(sent)
    return bool(reached)


@pytest.mark.parametrize(
    ("host", "origin", "welcome"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("localhost:8000", "http://localhost:8000", True),
        ("127.0.0.1:8000", None, True),
        ("127.0.0.1:8000", "http://127.0.0.1:9999", False),
        ("127.0.0.1:8000", "http://evil.example", False),
        ("127.0.0.1:8000", "null", False),
        ("evil.example:8000", "http://evil.example:8000", False),
        ("evil.example", None, False),
        ("", None, False),
    ],
)
async def test_a_socket_is_for_our_own_pages(host: str, origin: str | None, welcome: bool) -> None:
    assert await verdict(host, origin) is welcome
