"""The site as an ASGI application: HTTP to Django, sockets to the consumers, the driver beside them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stsviz.settings")
django_application = get_asgi_application()

from stsviz import access  # noqa: E402
from stsviz.guests import guests  # noqa: E402
from stsviz.kubeapi.app import KubernetesApi, is_ours  # noqa: E402
from stsviz.pages.stage import look_at  # noqa: E402
from stsviz.runtime import runtime  # noqa: E402
from stsviz.urls import websocket_urlpatterns  # noqa: E402

runtime.audience.look = look_at


class SameOrigin:
    """Let a browser open a socket only from our own pages, by a name that we answer to, logged in if need be.

    A page of another site may open any websocket, with our cookies: only its Origin tells. A client
    that sends no Origin is no browser.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if not access.why_foreign(scope) and access.may_see_pages(scope):
            await self.application(scope, receive, send)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": 4403})


kubernetes_api = KubernetesApi()


async def _http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    answer = kubernetes_api if is_ours(scope["path"]) else django_application
    if is_stream(scope):
        await answer(scope, receive, send)
        return
    with guests.served():
        await answer(scope, receive, send)


def is_stream(scope: dict[str, Any]) -> bool:
    """Whether an answer may go on for hours: a watch, or a log that is followed."""
    query = scope.get("query_string", b"")
    return b"watch=" in query or b"follow=" in query


_pages_sockets = SameOrigin(URLRouter(websocket_urlpatterns))


async def _websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    answer = kubernetes_api.websocket if is_ours(scope["path"]) else _pages_sockets
    await answer(scope, receive, send)


_router = ProtocolTypeRouter({"http": _http, "websocket": _websocket})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one connection; the first of a process starts its driver."""
    runtime.start(asyncio.get_running_loop())
    await _router(scope, receive, send)
