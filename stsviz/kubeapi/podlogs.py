"""GET pods/log: the lines that are there, and with ``follow`` those that come, until the container ends."""

from __future__ import annotations

import asyncio
from typing import Any

from django.conf import settings

from core.apimachinery.errors import ApiError
from core.apiserver.handlers import Target
from core.apiserver.podlog import LogOptions, log_options
from core.podlogs import Log, rendered
from stsviz.kubeapi.http import Request, Response, send_start
from stsviz.kubeapi.hub import Hub

LOOK_AGAIN = 0.5  # wall seconds: a program prints without any object changing
_PLAIN = "text/plain"


class Following:
    """The log of one container as it grows."""

    def __init__(self, hub: Hub, target: Target, options: LogOptions) -> None:
        self._hub = hub
        self._target = target
        self.options = options
        self._uid = ""
        self._sent = 0

    def look(self) -> Log | None:
        """Raises: ApiError."""
        return self._hub.cluster.log(self._target.ref, self.options)

    async def begin(self, *, at_end: bool = False) -> bytes | None:
        """Return what was printed so far (*at_end*: is wanted of no one); None for a Pod without a node."""
        log = await self._in_thread()
        if log is None:
            return None
        self._uid, self._sent = log.uid, len(log.lines)
        return b"" if at_end else rendered(log.lines, self.options, log.now)

    async def more(self) -> bytes | None:
        """Wait a while; return what was printed meanwhile, or None when the container has ended."""
        stirred = asyncio.Event()
        self._hub.follow("Pod", stirred)
        try:
            await asyncio.wait_for(stirred.wait(), LOOK_AGAIN)
        except TimeoutError:
            pass
        finally:
            self._hub.leave("Pod", stirred)
        try:
            log = await self._in_thread()
        except ApiError:
            return None
        if log is None or log.uid != self._uid or self._hub.closed or len(log.lines) < self._sent:
            return None
        fresh, self._sent = log.lines[self._sent :], len(log.lines)
        text = rendered(fresh, LogOptions(timestamps=self.options.timestamps), log.now)
        return text or (None if log.ended else b"")

    async def _in_thread(self) -> Log | None:
        return await asyncio.get_running_loop().run_in_executor(self._hub.pool, self.look)


async def serve(hub: Hub, target: Target, request: Request, receive: Any, send: Any) -> Response | None:
    """Answer, or stream and return None. Raises: ApiError."""
    options = log_options(request.query, target.name)
    following = Following(hub, target, options)
    text = await following.begin()
    if text is None:
        return Response(b"", _PLAIN, 204)
    if not options.follow:
        return Response(text, _PLAIN)
    await send_start(send, Response(b"", _PLAIN))
    gone = asyncio.create_task(_left(receive))
    left = options.limit if options.limit is not None else float("inf")
    try:
        while text is not None and not gone.done() and left > 0:
            piece = text if left == float("inf") else text[: int(left)]
            left -= len(piece)
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            try:
                await send({**message, "patience": settings.STALLED_AFTER})
            except TimeoutError:  # who does not read is not served
                break
            text = await following.more()
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
    return None


async def _left(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
