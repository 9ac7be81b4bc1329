"""etcd: revisions, compare-and-swap, history, compaction; its rows are apiserver/rows.py's.

A Store mirrors one cluster's rows in memory (a :class:`core.client.cache.Cache`, so the mirror has the
same indexes that components read). Every transaction starts by asking the database for the cluster's
revision and reads what other processes wrote meanwhile, so the mirror is exact inside a transaction.
Writes of a transaction are gathered and sent at its end; if that fails, the mirror goes back to where it
was.

Source: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go (v1.36), for what a write guarantees.
Differs: the lock below is ours: readers and writers of one process take turns (a slice of the
control plane is at most a few milliseconds).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from core.api.kinds import BY_KIND
from core.apimachinery.errors import AlreadyExists, ApiError, BadRequest, Conflict, Gone, NotFound
from core.apimachinery.meta import Obj, Ref, controller_of, ref_of
from core.apimachinery.validation import path_segment_name, quoted
from core.apiserver import rows
from core.apiserver.rows import Change as Change
from core.apiserver.rows import Head, Line, Origin, Rows
from core.client.cache import Cache
from core.sim.ids import Ids, branched

if TYPE_CHECKING:
    from core import models

RING = 4096  # changes kept in memory
HISTORY = 20_000  # changes kept in the database
TOMBSTONES = 4096  # remembered Pods of StatefulSets


class Store:
    """The objects of one cluster. Objects that come out must never be changed."""

    def __init__(self, row: models.Cluster) -> None:
        self.name = row.name
        self.settings: Mapping[str, Any] = row.settings
        self.started = row.started
        self.sealed = row.sealed  # a stored run: nothing is written any more
        self.lock = threading.RLock()
        self.looking_back = threading.RLock()  # taken before the lock: over what core/past.py keeps
        self.waiting = 0
        self.clock: Callable[[], float] | None = None  # of who drives: the time when somebody else writes
        self.view = Cache()
        self.revision = 0  # committed
        self.compacted = 0
        self.now = row.now
        self.pace, self.mode = row.pace, row.mode
        self.lease_holder = row.lease_holder
        self.ids = Ids(row.seed, row.draws)
        self.ring: deque[Change] = deque()
        self.tombstones: dict[Ref, Obj] = {}
        self.on_commit: list[Callable[[int], None]] = []
        self._head = 0  # with what the running transaction wrote
        self._owner = 0  # the thread whose transaction is running
        self._pending: list[Change] = []
        self._rows = Rows(row)
        with rows.atomic():
            self._load(self._rows.head(lock=True))
        self._told = self.revision

    # -- clusters --------------------------------------------------------------------------------

    @staticmethod
    def names(*, sealed: bool = False) -> list[str]:
        """Return the names of all clusters of the database, oldest first; or of the *sealed* ones."""
        return rows.names(sealed=sealed)

    @classmethod
    def open(cls, name: str) -> Store:
        """Raises: NotFound."""
        return cls(rows.find(name))

    @classmethod
    @contextmanager
    def founding(cls, name: str, start: float, seed: int, settings: Mapping[str, Any]) -> Iterator[Store]:
        """Make a cluster; it is there with all that is written inside, or not at all.

        Raises: AlreadyExists.
        """
        with rows.atomic():
            yield cls(rows.make(name, start, seed, settings))

    @contextmanager
    def forking(
        self, name: str, at: tuple[int, float], objects: Iterable[Obj], seal: bool
    ) -> Iterator[Store]:
        """Make the cluster *name*, which begins as this one was *at* (revision, simulated epoch seconds),
        with the *objects* of then and ids of its own; *seal* it? Raises: AlreadyExists, Gone, NotFound."""
        with rows.atomic():
            head = Head(at[0], self.compacted, at[1], 0, self.pace, self.mode, "")
            row = rows.fork(self._rows, name, head, branched(self.ids.seed, name), objects)
            yield Store(rows.seal(row) if seal else row)

    def origin(self) -> Origin | None:
        """Return where this cluster was forked from, or None."""
        return self._rows.origin()

    def destroy(self) -> None:
        with self.reading():
            self._rows.destroy()

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Keep *settings*: the fields of core.sim.settings.Settings that differ from its defaults."""
        with self.reading():
            self._rows.set_settings(settings)
            self.settings = settings

    def set_pace(self, pace: float, mode: str) -> None:
        with self.reading():
            self._rows.set_pace(pace, mode)
            self.pace, self.mode = pace, mode

    def take_lease(self, holder: str, until: float, free_before: float | None) -> bool:
        """Make *holder* the one who steps this cluster until *until* (wall epoch seconds), if the lease
        was free before *free_before*; None takes it from whoever has it."""
        with self.reading():
            taken = self._rows.take_lease(holder, until, free_before)
            if taken:
                self.lease_holder = holder
            return taken

    # -- reading ---------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Cache]:
        """Hold the store still: what is read inside belongs to one committed revision."""
        self.waiting += 1
        try:
            self.lock.acquire()
        finally:
            self.waiting -= 1
        try:
            yield self.view
        finally:
            self.lock.release()

    def get(self, ref: Ref) -> Obj | None:
        return self.view.get(*ref)

    def changes_since(self, revision: int, limit: int = 1_000_000) -> list[Change]:
        """Return the committed changes after *revision*, oldest first.

        Raises: Gone when history no longer reaches back that far.
        """
        with self.reading():
            if revision < self.compacted:
                raise Gone(f"too old resource version: {revision} ({self.compacted})")
            ring = self.ring
            if revision >= self.revision:
                return []
            if ring and ring[0].revision <= revision + 1:
                start = revision + 1 - ring[0].revision
                stop = min(start + limit, self.revision + 1 - ring[0].revision)
                return list(islice(ring, start, stop))
        return self._rows.changes_after(revision, limit)

    def uncommitted_since(self, revision: int) -> list[Change]:
        """As :meth:`changes_since`, with the running transaction's: for the manager that runs it."""
        if revision >= self._head:
            return []
        ring = self.ring
        if not ring or ring[0].revision > revision + 1:
            raise Gone(f"too old resource version: {revision} ({self.compacted})")
        return [ring[at] for at in range(revision + 1 - ring[0].revision, len(ring))]

    def history(self, before: int, limit: int) -> list[Change]:
        """Return up to *limit* changes before revision *before*, newest first."""
        with self.reading():
            committed = (
                c for c in reversed(self.ring) if c.revision < before and c.revision <= self.revision
            )
            kept = list(islice(committed, limit))
            if len(kept) == limit or (kept and kept[-1].revision <= self.compacted + 1):
                return kept
        return self._rows.changes_before(before, limit)

    def lines_since(self, revision: int) -> list[Line]:
        """Return the committed writes after *revision* at a glance, oldest first; after 0 also those that
        are kept from below the compacted revision."""
        with self.reading():
            last = self.revision
            if revision >= self.compacted and self.ring and self.ring[0].revision <= revision + 1:
                changes = self.changes_since(revision)
                return [Line(c.revision, c.type, c.ref, c.actor, c.at) for c in changes]
        return [line for line in self._rows.lines_after(revision) if line.revision <= last]

    def changes_at(self, revisions: Sequence[int]) -> Iterator[Change]:
        """Yield the changes of *revisions*, in no order and without their ``old``."""
        return self._rows.changes_at(revisions)

    @property
    def head(self) -> int:
        """The newest revision, with those the running transaction has not committed yet."""
        return self._head

    def refresh(self) -> int:
        """Take in what other processes have written; return the newest revision."""
        with self.reading():
            if self._owner != threading.get_ident():
                self._catch_up(lock=False)
                self._trim()
        self._tell()
        return self.revision

    # -- writing ---------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction; nested ones join it. Any exception undoes all that it wrote."""
        if self._owner == threading.get_ident():
            yield
            return
        if self.sealed:
            raise rows.sealed(self.name)
        with self.reading():
            now = self.clock() if self.clock is not None else 0.0
            self._owner = threading.get_ident()
            try:
                with rows.atomic():
                    self._catch_up(lock=True)
                    self.move_clock(now)
                    yield
                    self._flush()
                    committed = self._pending
            except BaseException:
                self._rollback()
                raise
            finally:
                self._owner = 0
                self._pending = []
            self.revision = self._head
            self._bury(committed)
            self._trim()
        self._tell()

    def create(self, obj: Obj, actor: str, because: str = "") -> Obj:
        """Store *obj* (complete but for resourceVersion). Raises: AlreadyExists."""
        ref = ref_of(obj)
        with self.transaction():
            if self.view.get(*ref) is not None:
                resource = BY_KIND[ref.kind]
                raise AlreadyExists(
                    f'{resource.group_resource} "{ref.name}" already exists',
                    name=ref.name, group=resource.group, kind=resource.plural,
                )  # fmt: skip
            return self._write("ADDED", obj, None, actor, because)

    def update(self, obj: Obj, expected: str, actor: str, because: str = "") -> Obj:
        """Replace the object whose resourceVersion is *expected* ("" for any).

        Raises: NotFound; Conflict when it has been modified since.
        """
        ref = ref_of(obj)
        with self.transaction():
            old = self._existing(ref)
            if expected and expected != old["metadata"]["resourceVersion"]:
                raise modified(ref)
            return self._write("MODIFIED", obj, old, actor, because)

    def delete(self, ref: Ref, actor: str, because: str = "") -> Obj:
        """Remove *ref*; return its last state, which carries the revision of the deletion."""
        with self.transaction():
            old = self._existing(ref)
            return self._write("DELETED", old, old, actor, because)

    def move_clock(self, now: float) -> None:
        """Set the simulated time (epoch seconds); it never goes back."""
        if now > self.now:
            self.now = now

    def _existing(self, ref: Ref) -> Obj:
        old = self.view.get(*ref)
        if old is None:
            raise not_found(ref)
        return old

    def _write(self, type_: str, obj: Obj, old: Obj | None, actor: str, because: str) -> Obj:
        self._head += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self._head)}}
        change = Change(self._head, type_, ref_of(obj), obj, old, actor, because, self.now)
        self._pending.append(change)
        self._take(change)
        return obj

    def _take(self, change: Change) -> None:
        self.ring.append(change)
        if change.type == "DELETED":
            self.view.drop(change.ref)
        else:
            self.view.put(change.obj)

    def _bury(self, changes: Iterable[Change]) -> None:
        """Remember the Pods of StatefulSets that are gone for good: their seats stay."""
        for change in changes:
            if change.type == "DELETED" and is_seated(change.ref, change.obj):
                self.tombstones.pop(change.ref, None)
                self.tombstones[change.ref] = change.obj
                if len(self.tombstones) > TOMBSTONES:
                    del self.tombstones[next(iter(self.tombstones))]

    # -- the database ----------------------------------------------------------------------------

    def _load(self, head: Head) -> None:
        """Read everything anew. The caller holds the cluster's row, so that it is of one revision."""
        self.view = Cache(self._rows.objects())
        self._take_head(head)
        self.revision = self._head = head.revision
        self.ring.clear()
        self._bury(self._rows.last_deleted("Pod", TOMBSTONES))

    def _take_head(self, head: Head) -> None:
        self.compacted, self.pace, self.mode = head.compacted, head.pace, head.mode
        self.lease_holder = head.lease_holder
        self.ids.draws = max(head.draws, self.ids.draws)
        self.now = max(head.now, self.now)

    def _catch_up(self, *, lock: bool) -> None:
        """Take in what other processes wrote since this mirror's revision; *lock* the cluster's row."""
        head = self._rows.head(lock=lock)
        self._take_head(head)
        if head.revision == self._head:
            return
        if self._head < head.compacted or head.revision < self._head:
            with rows.atomic():
                self._load(self._rows.head(lock=True))
            return
        for change in self._rows.changes_after(self._head):
            if change.type != "ADDED":
                change = replace(change, old=self.view.get(*change.ref))
            self._head = change.revision
            self._take(change)
            self._bury((change,))
        self.revision = self._head

    def _flush(self) -> None:
        texts: dict[int, str] = {}
        for change in self._pending:
            texts[change.revision] = orjson.dumps(change.obj).decode()
        head = Head(
            self._head, self.compacted, self.now, self.ids.draws, self.pace, self.mode, self.lease_holder
        )
        self.compacted = self._rows.write(self._pending, texts, head, HISTORY)

    def _rollback(self) -> None:
        for change in reversed(self._pending):
            self.ring.pop()
            if change.old is None:
                self.view.drop(change.ref)
            else:
                self.view.put(change.old)
        self._head = self.revision

    def _trim(self) -> None:
        while len(self.ring) > RING:
            self.ring.popleft()

    def _tell(self) -> None:
        """Let listeners know of a new revision, whichever process wrote it."""
        if self.revision != self._told:
            self._told = self.revision
            for listener in tuple(self.on_commit):
                listener(self.revision)


def is_seated(ref: Ref, obj: Obj) -> bool:
    """Tell whether it is a Pod of a StatefulSet, whose seat stays."""
    return ref.kind == "Pod" and (controller_of(obj) or {}).get("kind") == "StatefulSet"


def not_found(ref: Ref) -> ApiError:
    """Return what says that *ref* is not there, or that nothing ever can be (registry/store.go)."""
    resource = BY_KIND[ref.kind]
    if faults := path_segment_name(ref.name):
        return BadRequest(f"Name parameter invalid: {quoted(ref.name)}: {';'.join(faults)}")
    return NotFound(
        f"{resource.group_resource} {quoted(ref.name)} not found",
        name=ref.name, group=resource.group, kind=resource.plural,
    )  # fmt: skip


def modified(ref: Ref, why: str = "") -> Conflict:
    resource = BY_KIND[ref.kind]
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{ref.name}": {why}',
        name=ref.name, group=resource.group, kind=resource.plural,
    )  # fmt: skip
