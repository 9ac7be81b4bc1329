"""etcd: revisions, compare-and-swap, history, compaction. The only module that touches the database.

A Store mirrors one cluster's rows in memory (a :class:`core.client.cache.Cache`, so the mirror has the
same indexes that components read). Every transaction starts by asking the database for the cluster's
revision and reads what other processes wrote meanwhile, so the mirror is exact inside a transaction.
Writes of a transaction are gathered and sent as a few multi-row statements at its end; if that fails,
the mirror goes back to where it was.

Source: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go (v1.36), for what a write guarantees.
Differs: the lock below is ours: readers and writers of one process take turns (a slice of the
control plane is at most a few milliseconds).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection, transaction

from core import models
from core.api.kinds import BY_KIND
from core.api.references import references
from core.apimachinery.errors import AlreadyExists, Conflict, Gone, NotFound
from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.cache import Cache
from core.sim.ids import Ids

RING = 4096  # changes kept in memory
HISTORY = 20_000  # changes kept in the database
TOMBSTONES = 4096  # remembered Pods of StatefulSets


@dataclass(frozen=True, slots=True)
class Change:
    """One write. ``obj`` is the object after it (of a deletion: its last state); ``old`` before it."""

    revision: int
    type: str
    ref: Ref
    obj: Obj
    old: Obj | None
    actor: str
    because: str
    at: float


class Store:
    """The objects of one cluster. Objects that come out must never be changed."""

    def __init__(self, row: models.Cluster) -> None:
        self.row = row
        self.lock = threading.RLock()
        self.waiting = 0
        self.view = Cache()
        self.revision = 0  # committed
        self.compacted = 0
        self.now = row.now
        self.ids = Ids(row.seed, row.draws)
        self.ring: deque[Change] = deque()
        self.tombstones: dict[Ref, Obj] = {}
        self.on_commit: list[Callable[[int], None]] = []
        self._head = 0  # with what the running transaction wrote
        self._owner = 0  # the thread whose transaction is running
        self._pending: list[Change] = []
        self._texts: dict[int, str] = {}
        self._load()

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
                return [ring[at] for at in range(start, stop)]
        rows = models.Change.objects.filter(cluster=self.row, revision__gt=revision).order_by("revision")
        return [_change(row) for row in rows[:limit]]

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
            ring = [c for c in self.ring if c.revision < before and c.revision <= self.revision]
        if len(ring) >= limit or (ring and ring[0].revision <= self.compacted + 1):
            return ring[-limit:][::-1]
        rows = models.Change.objects.filter(cluster=self.row, revision__lt=before).order_by("-revision")
        return _with_predecessors([_change(row) for row in rows[:limit]])

    @property
    def head(self) -> int:
        """The newest revision, with those the running transaction has not committed yet."""
        return self._head

    def refresh(self) -> int:
        """Take in what other processes have written; return the newest revision."""
        with self.reading():
            if self._owner != threading.get_ident():
                self._catch_up(lock=False)
            return self.revision

    # -- writing ---------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction; nested ones join it. Any exception undoes all that it wrote."""
        if self._owner == threading.get_ident():
            yield
            return
        with self.reading():
            self._owner = threading.get_ident()
            try:
                with transaction.atomic():
                    self._catch_up(lock=True)
                    yield
                    self._flush()
            except BaseException:
                self._rollback()
                raise
            finally:
                self._owner = 0
                self._pending = []
                self._texts = {}
            advanced = self._head > self.revision
            self.revision = self._head
            self._trim()
        if advanced:
            for listener in self.on_commit:
                listener(self.revision)

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
            return self._write("ADDED", ref, obj, None, actor, because)

    def update(self, obj: Obj, expected: str, actor: str, because: str = "") -> Obj:
        """Replace the object whose resourceVersion is *expected* ("" for any).

        Raises: NotFound; Conflict when it has been modified since.
        """
        ref = ref_of(obj)
        with self.transaction():
            old = self._existing(ref)
            if expected and expected != old["metadata"]["resourceVersion"]:
                raise modified(ref)
            return self._write("MODIFIED", ref, obj, old, actor, because)

    def delete(self, ref: Ref, actor: str, because: str = "") -> Obj:
        """Remove *ref*; return its last state, which carries the revision of the deletion."""
        with self.transaction():
            old = self._existing(ref)
            return self._write("DELETED", ref, old, old, actor, because)

    def move_clock(self, now: float) -> None:
        """Set the simulated time (epoch seconds); it never goes back."""
        if now > self.now:
            self.now = now

    def _existing(self, ref: Ref) -> Obj:
        old = self.view.get(*ref)
        if old is None:
            raise not_found(ref)
        return old

    def _write(self, kind_of: str, ref: Ref, obj: Obj, old: Obj | None, actor: str, because: str) -> Obj:
        self._head += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self._head)}}
        change = Change(self._head, kind_of, ref, obj, old, actor, because, self.now)
        self._pending.append(change)
        self._take(change)
        return obj

    def _take(self, change: Change) -> None:
        self.ring.append(change)
        if change.type == "DELETED":
            self.view.drop(change.ref)
            self._bury(change)
        else:
            self.view.put(change.obj)

    def _bury(self, change: Change) -> None:
        if change.ref.kind == "Pod" and _is_seated(change.obj):
            self.tombstones.pop(change.ref, None)
            self.tombstones[change.ref] = change.obj
            if len(self.tombstones) > TOMBSTONES:
                del self.tombstones[next(iter(self.tombstones))]

    # -- the database ----------------------------------------------------------------------------

    def _load(self) -> None:
        self.row.refresh_from_db()
        self.view = Cache()
        rows = models.Object.objects.filter(cluster=self.row).order_by("id").values_list("data", flat=True)
        for data in rows.iterator(chunk_size=500):
            self.view.put(orjson.loads(data))
        self.revision = self._head = self.row.revision
        self.compacted = self.row.compacted
        self.now = max(self.now, self.row.now)
        self.ids.draws = self.row.draws
        self.ring.clear()
        gone = models.Change.objects.filter(cluster=self.row, type="DELETED", kind="Pod").order_by(
            "-revision"
        )
        for row in reversed(gone[:TOMBSTONES]):
            self._bury(_change(row))

    def _catch_up(self, *, lock: bool) -> None:
        """Read what other processes wrote since this mirror's revision; *lock* the cluster's row."""
        for_update = " FOR UPDATE" if lock and connection.features.has_select_for_update else ""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT revision, compacted, now, draws FROM core_cluster WHERE id = %s" + for_update,
                [self.row.pk],
            )
            found = cursor.fetchone()
        if found is None:
            raise NotFound(f'cluster "{self.row.name}" not found')
        revision, self.compacted, now, draws = found
        self.ids.draws = max(draws, self.ids.draws)
        self.now = max(now, self.now)
        if revision == self._head:
            return
        if self._head < self.compacted or revision < self._head:
            self._load()
            return
        rows = models.Change.objects.filter(cluster=self.row, revision__gt=self._head).order_by("revision")
        for row in rows:
            change = _change(row)
            if change.type != "ADDED":
                change = Change(**{**_fields(change), "old": self.view.get(*change.ref)})
            self._head = change.revision
            self._take(change)
        self.revision = self._head

    def _flush(self) -> None:
        with connection.cursor() as cursor:
            if self._pending:
                self._flush_changes(cursor)
                self._flush_objects(cursor)
                self._flush_references(cursor)
            cursor.execute(
                "UPDATE core_cluster SET revision = %s, compacted = %s, now = %s, draws = %s WHERE id = %s",
                [self._head, self._compact(cursor), self.now, self.ids.draws, self.row.pk],
            )

    def _text(self, change: Change) -> str:
        text = self._texts.get(change.revision)
        if text is None:
            text = self._texts[change.revision] = orjson.dumps(change.obj).decode()
        return text

    def _flush_changes(self, cursor: Any) -> None:
        pk = self.row.pk
        cursor.executemany(
            "INSERT INTO core_change (cluster_id, revision, type, kind, namespace, name, data, actor, because, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (pk, c.revision, c.type, *c.ref, self._text(c), c.actor, c.because, c.at)
                for c in self._pending
            ],
        )

    def _flush_objects(self, cursor: Any) -> None:
        pk = self.row.pk
        last = {change.ref: change for change in self._pending}
        # a name that was deleted and made again inside one transaction gets a new row: its place is last
        removed = {c.ref for c in self._pending if c.type == "DELETED"}
        if removed:
            cursor.executemany(
                "DELETE FROM core_object WHERE cluster_id = %s AND kind = %s AND namespace = %s AND name = %s",
                [(pk, *ref) for ref in removed],
            )
        kept = [change for change in last.values() if change.type != "DELETED"]
        cursor.executemany(
            "INSERT INTO core_object (cluster_id, kind, namespace, name, uid, revision, data)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (cluster_id, kind, namespace, name)"
            " DO UPDATE SET uid = excluded.uid, revision = excluded.revision, data = excluded.data",
            [(pk, *c.ref, c.obj["metadata"].get("uid", ""), c.revision, self._text(c)) for c in kept],
        )

    def _flush_references(self, cursor: Any) -> None:
        pk = self.row.pk
        before: dict[Ref, Obj | None] = {}
        after: dict[Ref, Obj | None] = {}
        for change in self._pending:
            before.setdefault(change.ref, change.old)
            after[change.ref] = None if change.type == "DELETED" else change.obj
        gone, come = [], []
        for ref, new in after.items():
            old = before[ref]
            old_edges = references(old) if old is not None else frozenset()
            new_edges = references(new) if new is not None else frozenset()
            if old_edges != new_edges:
                gone += [(pk, *ref, *edge) for edge in old_edges - new_edges]
                come += [(pk, *ref, *edge) for edge in new_edges - old_edges]
        if gone:
            cursor.executemany(
                "DELETE FROM core_reference WHERE cluster_id = %s AND source_kind = %s AND source_namespace = %s"
                " AND source_name = %s AND relation = %s AND target_kind = %s AND target_namespace = %s"
                " AND target_name = %s",
                gone,
            )
        if come:
            cursor.executemany(
                "INSERT INTO core_reference (cluster_id, source_kind, source_namespace, source_name, relation,"
                " target_kind, target_namespace, target_name) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                come,
            )

    def _compact(self, cursor: Any) -> int:
        """Drop history beyond HISTORY, a thousand rows at a time; return the compacted revision."""
        if self._head - self.compacted > HISTORY + 1000:
            self.compacted = self._head - HISTORY
            cursor.execute(
                "DELETE FROM core_change WHERE cluster_id = %s AND revision <= %s",
                [self.row.pk, self.compacted],
            )
        return self.compacted

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


def _is_seated(pod: Obj) -> bool:
    owners = pod["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner["kind"] == "StatefulSet" for owner in owners)


def _fields(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in Change.__slots__}


def _change(row: models.Change) -> Change:
    ref = Ref(row.kind, row.namespace, row.name)
    return Change(row.revision, row.type, ref, orjson.loads(row.data), None, row.actor, row.because, row.at)


def _with_predecessors(newest_first: list[Change]) -> list[Change]:
    """Give each change its ``old`` where an earlier one of the list has it."""
    last: dict[Ref, Obj] = {}
    out = []
    for change in reversed(newest_first):
        out.append(Change(**{**_fields(change), "old": last.get(change.ref)}))
        last[change.ref] = change.obj
    return out[::-1]


def not_found(ref: Ref) -> NotFound:
    resource = BY_KIND[ref.kind]
    return NotFound(
        f'{resource.group_resource} "{ref.name}" not found',
        name=ref.name, group=resource.group, kind=resource.plural,
    )  # fmt: skip


def modified(ref: Ref, why: str = "") -> Conflict:
    resource = BY_KIND[ref.kind]
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    return Conflict(
        f'Operation cannot be fulfilled on {resource.group_resource} "{ref.name}": {why}',
        name=ref.name, group=resource.group, kind=resource.plural,
    )  # fmt: skip
