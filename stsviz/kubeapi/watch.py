"""WATCH: one stream for each client; all of a cluster follow its hub, each at its own pace.

A stream holds the revision it has reached and the bytes it is writing, nothing else. One that has fallen
behind what the hub keeps reads the store's history, and is told 410 when that is gone too. A client that
takes nothing of what was written for a while is told the same and cut off, whether it ever reads that or not.
Source: staging/src/k8s.io/apiserver/pkg/{endpoints/handlers/watch,storage/cacher/cache_watcher}.go (v1.36).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import orjson
from django.conf import settings

from core.apimachinery.errors import ApiError, Gone
from core.apimachinery.meta import Obj
from core.apiserver.handlers import Target
from core.apiserver.options import ListOptions
from core.apiserver.refusals import RevisionTooLarge
from stsviz.kubeapi.http import Response, send_start
from stsviz.kubeapi.hub import AT_ONCE, Hub, Look, event
from stsviz.kubeapi.negotiation import Form

BOOKMARK_EVERY = 60.0  # seconds
_SLACK = 0.01  # seconds that a timer may be early
_SHORTEST, _LONGEST = 1800, 3600  # seconds that a watch without a timeout lasts


class Stream:
    """One watch: sends what it is asked for until the client leaves, time is up, or history is gone."""

    def __init__(self, hub: Hub, target: Target, options: ListOptions, form: Form, send: Any) -> None:
        self.hub = hub
        self.options = options
        self.look = Look(target.resource, form, target.namespace, options.labels, options.fields)
        self.send = send
        self.stirred = asyncio.Event()
        self.revision = options.revision or 0
        self.left = False  # the client has gone
        self._columns = form.target == "Table"  # the next event carries the column definitions

    async def run(self, receive: Any) -> None:
        """Stream until the end; the headers go out at once."""
        kind, last = self.look.resource.stored, b""
        self.hub.follow(kind, self.stirred)
        listener = asyncio.create_task(self._listen(receive))
        try:
            await send_start(self.send, Response(b""))
            await self._write(b"")
            await self._begin()
            await self._follow()
        except TimeoutError:
            last = event("ERROR", orjson.dumps(self._too_old().status()))
        except ApiError as error:
            last = event("ERROR", orjson.dumps(error.status()))
        finally:
            self.hub.leave(kind, self.stirred)
            listener.cancel()
            await self._write(last, more=False)

    async def _listen(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left = True
        self.stirred.set()

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        """Raises: TimeoutError when the client does not take what was written before."""
        if not self.left:
            message = {"type": "http.response.body", "body": body, "more_body": more}
            await self.send({**message, "patience": settings.STALLED_AFTER})

    def _too_old(self) -> Gone:
        return Gone(f"too old resource version: {self.revision} ({self.hub.revision})")

    async def _begin(self) -> None:
        """Send the objects that are there already, when they are asked for."""
        options = self.options
        wanted = options.initial_events
        if wanted is None:
            wanted = not options.revision
        if options.initial_events and not await self.hub.reached(options.revision or 0):
            raise RevisionTooLarge(options.revision or 0, self.hub.cluster.revision)
        if not wanted:
            self.revision = self.revision or self.hub.cluster.revision
            return
        objects, self.revision = await self.hub.snapshot(self.look)
        for piece in self._pieces(objects):
            await self._write(piece)
            await asyncio.sleep(0)  # others want to go on too
        if options.bookmarks:
            await self._write(self.look.bookmark(self.revision, initial_end=True))

    def _pieces(self, objects: list[Obj]) -> Iterator[bytes]:
        lines: list[bytes] = []
        size = 0
        for obj in objects:
            lines.append(self.hub.added(self.look, obj, columns=self._columns))
            self._columns = False
            size += len(lines[-1])
            if size >= AT_ONCE:
                yield b"".join(lines)
                lines, size = [], 0
        if lines:
            yield b"".join(lines)

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop()
        end = clock.time() + (self.options.timeout or random.uniform(_SHORTEST, _LONGEST))
        bookmark = clock.time() + BOOKMARK_EVERY
        timer = clock.call_at(min(end, bookmark), self.stirred.set)
        try:
            while not self.left:
                self.stirred.clear()
                if self.hub.closed:
                    raise self._too_old()
                piece = await self.hub.piece(self.look, self.revision, columns=self._columns)
                behind, self.revision = piece.revision < self.hub.revision, piece.revision
                if piece.content:
                    self._columns = False
                    await self._write(piece.content)
                now = clock.time() + _SLACK
                if self.options.bookmarks and now >= min(bookmark, end):
                    await self._write(self.look.bookmark(self.revision))
                if now >= end:
                    return
                if now >= bookmark:
                    bookmark = now + BOOKMARK_EVERY
                    timer = clock.call_at(min(end, bookmark), self.stirred.set)
                if behind:
                    await asyncio.sleep(0)
                else:
                    await self.stirred.wait()
        finally:
            timer.cancel()
