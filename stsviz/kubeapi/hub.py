"""The hub of a cluster's watches: reads its changes once, serialises each once a form, and keeps the latest.

Watches that ask for the same thing in the same form get the same bytes: an event is put together once for
all of them, and so is what several events make when they go out together. What is kept is bounded: RING
changes of a kind, and the present state of each object a form.
Source: staging/src/k8s.io/apiserver/pkg/storage/cacher (v1.36).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.apimachinery.errors import Gone
from core.apimachinery.meta import Obj, Ref, ref_of
from core.apiserver import conversion
from core.apiserver.conversion import stored_to_served
from core.apiserver.discovery import Resource
from core.apiserver.listing import list_objects
from core.apiserver.options import ListOptions
from core.apiserver.store import Change
from core.cluster import Cluster
from stsviz.kubeapi.negotiation import Form

log = logging.getLogger(__name__)

RING = 1024  # changes of one kind kept for streams that follow closely
HISTORY = 100  # changes read at once for a stream that has fallen behind those
PIECES = 32  # kept until the next delivery, for streams that are where another was
GAP = 0.005  # seconds in which commits are gathered into one delivery
TICK = 1.0  # seconds between two looks at whether the cluster is still there
FUTURE = 3.0  # seconds to wait for a revision that does not exist yet
AT_ONCE = 128 * 1024  # bytes in one write to the socket: what a stream may hold at most
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def event(kind: str, obj: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), obj)


@dataclass(frozen=True, slots=True)
class Look:
    """What a watch sees, and in which form: equal looks get equal bytes. *namespace*: "" is all."""

    resource: Resource
    form: Form
    namespace: str = ""
    labels: tuple[Any, ...] = ()
    fields: tuple[Any, ...] = ()

    @property
    def selection(self) -> ListOptions:
        return ListOptions(labels=self.labels, fields=self.fields)

    @property
    def shape(self) -> tuple[str, str, str]:
        """Say what the bytes of an object depend on, besides the object."""
        return self.resource.group, self.form.target, self.form.include

    def render(self, obj: Obj, now: float, *, columns: bool = False) -> bytes:
        """Return *obj* as JSON; *columns*: a Table with its column definitions."""
        if self.form.target == "Table":
            version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            table = conversion.table(self.resource.stored, [obj], now, self.form.include, version)
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


class News:
    """One change, with the lines that streams have asked for."""

    __slots__ = ("_lines", "change")

    def __init__(self, change: Change) -> None:
        self.change = change
        self._lines: dict[tuple[Any, ...], bytes] = {}

    def line(self, look: Look, now: float, *, columns: bool = False) -> bytes:
        """Return the event that this change is for *look*; b"" for none."""
        seen = seen_through(self.change, look.namespace, look.selection)
        if seen is None:
            return b""
        kind, left = seen
        key = (*look.shape, kind, left, columns)
        found = self._lines.get(key)
        if found is None:
            obj = self.change.obj
            if left and self.change.old is not None:
                # as it last matched, at the revision of the change
                meta = {**self.change.old["metadata"], "resourceVersion": str(self.change.revision)}
                obj = {**self.change.old, "metadata": meta}
            found = self._lines[key] = event(kind, look.render(obj, now, columns=columns))
        return found


@dataclass(frozen=True, slots=True)
class Piece:
    """What goes out in one write, and the revision that a stream has reached with it."""

    content: bytes
    revision: int


@dataclass(slots=True)
class _Ring:
    """The recent changes of one kind: all after revision *floor*."""

    floor: int
    news: deque[News] = field(default_factory=deque)
    followers: set[asyncio.Event] = field(default_factory=set)
    lines: dict[Ref, dict[tuple[Any, ...], tuple[object, bytes]]] = field(default_factory=dict)
    """The event ADDED of each object as it is, in each form, for watches that begin."""

    def add(self, news: News) -> None:
        self.news.append(news)
        if len(self.news) > RING:
            self.floor = self.news.popleft().change.revision
        if news.change.type == "DELETED":
            self.lines.pop(news.change.ref, None)

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
        self._pieces: dict[tuple[Look, int, bool], Piece] = {}  # sent since the last delivery
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
                changes = await self._in_pool(self.cluster.changes_since, self.revision)
                self._pieces.clear()
                self._deliver(changes)
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
        ring = self._ring(kind)
        ring.followers.discard(follower)
        if not ring.followers:
            ring.lines.clear()

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

    async def piece(self, look: Look, revision: int, *, columns: bool = False) -> Piece:
        """Return what *look* shows after *revision*, as much as goes out at once. Raises: Gone.

        *columns*: the first event of a Table carries the definitions of its columns.
        """
        ring = self._ring(look.resource.stored)
        if revision < ring.floor:
            return await self._from_history(look, revision, columns)
        key = (look, revision, columns)
        found = self._pieces.get(key)
        if found is None:
            found = self._cut(look, ring.since(revision), max(revision, self.revision), columns)
            if len(self._pieces) >= PIECES:
                del self._pieces[next(iter(self._pieces))]
            self._pieces[key] = found
        return found

    async def _from_history(self, look: Look, revision: int, columns: bool) -> Piece:
        changes: list[Change] = await self._in_pool(self.cluster.changes_since, revision, HISTORY)
        news = [News(change) for change in changes if change.ref.kind == look.resource.stored]
        return self._cut(look, news, changes[-1].revision if changes else revision, columns)

    def _cut(self, look: Look, news: Iterable[News], end: int, columns: bool) -> Piece:
        """Put lines of *news* together; *end*: the revision that all of them reach."""
        lines: list[bytes] = []
        size, now = 0, self.cluster.now
        for one in news:
            line = one.line(look, now, columns=columns)
            if not line:
                continue
            columns = False
            lines.append(line)
            size += len(line)
            if size >= AT_ONCE:
                return Piece(b"".join(lines), one.change.revision)
        return Piece(b"".join(lines), end)

    async def snapshot(self, look: Look) -> tuple[list[Obj], int]:
        """Return what *look* shows now, and the revision of now."""
        resource, namespace = look.resource.stored, look.namespace or None
        page = await self._in_pool(list_objects, self.cluster.store, resource, namespace, look.selection)
        return page.items, int(page.metadata["resourceVersion"])

    def added(self, look: Look, obj: Obj, *, columns: bool = False) -> bytes:
        """Return the event with which a watch begins that finds *obj*."""
        now = self.cluster.now
        stamp: object = obj["metadata"]["resourceVersion"]
        if look.form.target == "Table":
            stamp = (stamp, int(now))  # its ages count seconds
        key = (*look.shape, columns)
        lines = self._ring(look.resource.stored).lines.setdefault(ref_of(obj), {})
        found = lines.get(key)
        if found is None or found[0] != stamp:
            found = lines[key] = (stamp, event("ADDED", look.render(obj, now, columns=columns)))
        return found[1]
