"""WATCH: one hub a cluster reads the changes once and serialises each once; every stream follows at its pace.

A stream keeps nothing but the revision it has reached. It takes what came since from a ring of recent
changes; one that has fallen behind reads the store's history, and is told 410 when that is gone too. So a
slow client holds no memory and stops nobody.
Source: staging/src/k8s.io/apiserver/pkg/storage/cacher, pkg/endpoints/handlers/watch.go (v1.36).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.apimachinery.errors import ApiError, Gone
from core.apimachinery.meta import Obj
from core.apiserver import conversion
from core.apiserver.conversion import stored_to_served
from core.apiserver.discovery import Resource
from core.apiserver.handlers import Target
from core.apiserver.listing import list_objects
from core.apiserver.options import ListOptions
from core.apiserver.refusals import RevisionTooLarge
from core.apiserver.store import Change
from core.cluster import Cluster
from stsviz.kubeapi.http import Response, send_start
from stsviz.kubeapi.negotiation import Form

log = logging.getLogger(__name__)

RING = 1024  # changes of one kind kept for streams that follow closely
GAP = 0.005  # seconds in which commits are gathered into one delivery
TICK = 1.0  # seconds between two looks at whether the cluster is still there
BOOKMARK_EVERY = 60.0  # seconds
FUTURE = 3.0  # seconds to wait for a revision that does not exist yet
AT_ONCE = 128 * 1024  # bytes in one write to the socket: what a stream may hold at most
_SHORTEST, _LONGEST = 1800, 3600  # seconds that a watch without a timeout lasts
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class News:
    """One change, with the bytes of each form that some stream has asked for."""

    __slots__ = ("_texts", "change")

    def __init__(self, change: Change) -> None:
        self.change = change
        self._texts: dict[tuple[str, str, str, bool], bytes] = {}

    def object_bytes(self, rendition: Rendition, *, left: bool = False) -> bytes:
        """Return the object as JSON. *left*: as it was while it still matched a selector."""
        key = (*rendition.key, left)
        found = self._texts.get(key)
        if found is None:
            obj = self.change.obj
            if left and self.change.old is not None:
                meta = {**self.change.old["metadata"], "resourceVersion": str(self.change.revision)}
                obj = {**self.change.old, "metadata": meta}
            found = self._texts[key] = rendition.render(obj)
        return found


@dataclass(frozen=True, slots=True)
class Rendition:
    """How the objects of one resource look in one form."""

    resource: Resource
    form: Form
    cluster: Cluster

    @property
    def key(self) -> tuple[str, str, str]:
        return self.resource.group, self.form.target, self.form.include

    def render(self, obj: Obj, *, columns: bool = False) -> bytes:
        """Return *obj* as JSON; *columns*: a Table with its column definitions."""
        if self.form.target == "Table":
            version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            table = conversion.table(
                self.resource.stored, [obj], self.cluster.now, self.form.include, version
            )
            return orjson.dumps(table if columns else {**table, "columnDefinitions": None})
        obj = stored_to_served(obj, self.resource)
        return orjson.dumps(conversion.metadata_only(obj) if self.form.target else obj)

    def bookmark(self, revision: int, *, initial_end: bool = False) -> bytes:
        meta: dict[str, Any] = {"resourceVersion": str(revision)}
        if initial_end:
            meta["annotations"] = {_INITIAL_EVENTS_END: "true"}
        head = {"kind": self.resource.kind, "apiVersion": self.resource.api_version}
        obj = {**head, "metadata": meta}
        if self.form.target == "Table":
            obj = conversion.table_bookmark(self.resource.stored, obj)
        elif self.form.target:
            obj = conversion.metadata_only(obj)
        return event("BOOKMARK", orjson.dumps(obj))


def event(kind: str, obj: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), obj)


def error_event(error: ApiError) -> bytes:
    return event("ERROR", orjson.dumps(error.status()))


# -- the hub ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ring:
    """The recent changes of one kind: all after revision *floor*."""

    floor: int
    news: deque[News] = field(default_factory=deque)
    followers: set[asyncio.Event] = field(default_factory=set)

    def add(self, news: News) -> None:
        self.news.append(news)
        if len(self.news) > RING:
            self.floor = self.news.popleft().change.revision

    def since(self, revision: int) -> list[News]:
        found = []
        for news in reversed(self.news):
            if news.change.revision <= revision:
                break
            found.append(news)
        return found[::-1]


class Hub:
    """Follows one cluster for all its streams. Lives in one event loop."""

    def __init__(self, cluster: Cluster, pool: Executor, is_current: Any) -> None:
        self.cluster = cluster
        self.pool = pool
        self.revision = cluster.store.revision  # every change up to here is in the rings
        self.closed = False
        self._is_current = is_current
        self._loop = asyncio.get_running_loop()
        self._rings: dict[str, _Ring] = {}
        self._news = asyncio.Event()
        self._moved = asyncio.Event()
        cluster.store.on_commit.append(self._committed)
        self._task = asyncio.create_task(self._run())

    def serves(self, cluster: Cluster) -> bool:
        """Tell whether this is a hub of *cluster* in the running event loop."""
        return not self.closed and self.cluster is cluster and self._loop is asyncio.get_running_loop()

    def _committed(self, revision: int) -> None:
        """Called in the thread that wrote."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        try:
            while await self._in_pool(self._is_current, self.cluster):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), TICK)
                self._news.clear()
                await asyncio.sleep(GAP)
                self._deliver(await self._in_pool(self.cluster.changes_since, self.revision))
        except Gone:
            log.warning("cluster %s: the watches fell behind its history; they start anew", self.cluster.name)
        except Exception:
            log.exception("cluster %s: the watches stop", self.cluster.name)
        finally:
            self.close()

    def _in_pool(self, function: Any, *arguments: Any) -> asyncio.Future[Any]:
        return self._loop.run_in_executor(self.pool, function, *arguments)

    def _deliver(self, changes: Iterable[Change]) -> None:
        touched = set()
        for change in changes:
            kind = change.ref.kind
            self._ring(kind).add(News(change))
            self.revision = change.revision
            touched.add(kind)
        for kind in touched:
            for follower in self._rings[kind].followers:
                follower.set()
        if touched:
            self._moved.set()
            self._moved = asyncio.Event()

    def _ring(self, kind: str) -> _Ring:
        ring = self._rings.get(kind)
        if ring is None:
            ring = self._rings[kind] = _Ring(self.revision)
        return ring

    def close(self) -> None:
        self.closed = True
        if self._committed in self.cluster.store.on_commit:
            self.cluster.store.on_commit.remove(self._committed)
        for ring in self._rings.values():
            for follower in ring.followers:
                follower.set()

    def follow(self, kind: str, follower: asyncio.Event) -> None:
        self._ring(kind).followers.add(follower)

    def leave(self, kind: str, follower: asyncio.Event) -> None:
        self._ring(kind).followers.discard(follower)

    async def reached(self, revision: int, seconds: float = FUTURE) -> bool:
        """Wait until the cluster is at *revision*, *seconds* at most."""
        end = self._loop.time() + seconds
        while self.cluster.revision < revision and not self.closed:
            left = end - self._loop.time()
            if left <= 0:
                return False
            try:
                await asyncio.wait_for(self._moved.wait(), min(left, TICK))
            except TimeoutError:
                continue
        return True

    async def since(self, kind: str, revision: int) -> tuple[list[News], int]:
        """Return the changes of *kind* after *revision*, and the revision this reaches. Raises: Gone."""
        ring = self._ring(kind)
        if revision >= ring.floor:
            return ring.since(revision), max(revision, self.revision)
        changes: list[Change] = await self._in_pool(self.cluster.changes_since, revision, RING)
        reached = changes[-1].revision if changes else revision
        return [News(change) for change in changes if change.ref.kind == kind], reached

    async def snapshot(self, target: Target, options: ListOptions) -> tuple[list[Obj], int]:
        """Return what matches now, and the revision of now."""
        everything = ListOptions(labels=options.labels, fields=options.fields)
        page = await self._in_pool(
            list_objects, self.cluster.store, target.resource.stored, target.namespace or None, everything
        )
        return page.items, int(page.metadata["resourceVersion"])


# -- one stream ------------------------------------------------------------------------------------


def seen_through(change: Change, namespace: str, options: ListOptions) -> tuple[str, bool] | None:
    """Return the type of event that *change* is for a watch, and whether it shows the state before.

    An object that starts to match is ADDED, one that stops is DELETED.
    """
    if namespace and change.ref.namespace != namespace:
        return None
    if not options.selects:
        return change.type, False
    if change.type == "DELETED":
        return ("DELETED", False) if options.selects_object(change.obj) else None
    now = options.selects_object(change.obj)
    # history that comes from the database has no state before: then assume it matched
    before = change.type != "ADDED" and (change.old is None or options.selects_object(change.old))
    if now:
        return ("MODIFIED" if before else "ADDED"), False
    return ("DELETED", True) if before else None


class Stream:
    """One watch: sends what it is asked for until the client leaves, time is up, or history is gone."""

    def __init__(self, hub: Hub, target: Target, options: ListOptions, form: Form, send: Any) -> None:
        self.hub = hub
        self.target = target
        self.options = options
        self.rendition = Rendition(target.resource, form, hub.cluster)
        self.send = send
        self.stirred = asyncio.Event()
        self.revision = options.revision or 0
        self.left = False  # the client has gone
        self._first = form.target == "Table"  # the next event carries the column definitions

    async def run(self, receive: Any) -> None:
        """Stream until the end; the headers go out at once."""
        kind = self.target.resource.stored
        self.hub.follow(kind, self.stirred)
        listener = asyncio.create_task(self._listen(receive))
        try:
            await send_start(self.send, Response(b""))
            await self._write(b"")
            await self._begin()
            await self._follow(kind)
        except ApiError as error:
            await self._write(error_event(error))
        finally:
            self.hub.leave(kind, self.stirred)
            listener.cancel()
            await self._write(b"", more=False)

    async def _listen(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left = True
        self.stirred.set()

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        if not self.left:
            await self.send({"type": "http.response.body", "body": body, "more_body": more})

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
        objects, self.revision = await self.hub.snapshot(self.target, options)
        for batch in _batches(self._added(obj) for obj in objects):
            await self._write(batch)
        if options.bookmarks:
            await self._write(self.rendition.bookmark(self.revision, initial_end=True))

    def _added(self, obj: Obj) -> bytes:
        first, self._first = self._first, False
        return event("ADDED", self.rendition.render(obj, columns=first))

    async def _follow(self, kind: str) -> None:
        clock = asyncio.get_running_loop()
        end = clock.time() + (self.options.timeout or random.uniform(_SHORTEST, _LONGEST))
        bookmark = clock.time() + BOOKMARK_EVERY
        while not self.left:
            self.stirred.clear()
            if self.hub.closed:
                raise Gone(f"too old resource version: {self.revision} ({self.hub.revision})")
            news, reached = await self.hub.since(kind, self.revision)
            behind, self.revision = reached < self.hub.revision, max(reached, self.revision)
            for batch in _batches(self._events(news)):
                await self._write(batch)
            now = clock.time()
            if self.options.bookmarks and now >= min(bookmark, end):
                await self._write(self.rendition.bookmark(self.revision))
                bookmark = now + BOOKMARK_EVERY
            if now >= end:
                return
            if not behind:
                timer = clock.call_at(min(end, bookmark), self.stirred.set)
                await self.stirred.wait()
                timer.cancel()

    def _events(self, news: Iterable[News]) -> Iterator[bytes]:
        namespace = self.target.namespace
        for one in news:
            seen = seen_through(one.change, namespace, self.options)
            if seen is None:
                continue
            kind, left = seen
            if self._first:
                self._first = False
                yield event(kind, self.rendition.render(one.change.obj, columns=True))
            else:
                yield event(kind, one.object_bytes(self.rendition, left=left))


def _batches(events: Iterable[bytes]) -> Iterator[bytes]:
    batch: list[bytes] = []
    size = 0
    for one in events:
        batch.append(one)
        size += len(one)
        if size >= AT_ONCE:
            yield b"".join(batch)
            batch, size = [], 0
    if batch:
        yield b"".join(batch)
