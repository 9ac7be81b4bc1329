"""The rows of one cluster: how objects, history and edges stand in the database, and how they change.

Source: none in Kubernetes: this is what etcd's storage engine is to it.
Only apiserver/store.py calls this. A transaction's writes go out as a few multi-row statements: 25
writes a Pod as single ORM saves would cost more than the whole control plane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from core import models
from core.api.references import references
from core.apimachinery.errors import AlreadyExists, Forbidden, Gone, NotFound
from core.apimachinery.meta import Obj, Ref, ref_of

SLACK = 1000  # changes kept beyond those asked for: a thousand rows are forgotten at a time
AT_ONCE = 500  # revisions in one question: SQLite takes no more than some thousand values
_SAME_OBJECT = "cluster_id = %s AND kind = %s AND namespace = %s AND name = %s"


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


class Line(NamedTuple):
    """A write without its object: what the history says at a glance. ``at``: simulated epoch seconds."""

    revision: int
    type: str
    ref: Ref
    actor: str
    at: float


class Origin(NamedTuple):
    """Where a fork comes from. ``name``: of the cluster, which is ``there`` or was destroyed since."""

    name: str
    revision: int
    there: bool


class Head(NamedTuple):
    """What moves in the row of a cluster: asked for at the start of every transaction."""

    revision: int
    compacted: int  # history up to and with this revision is gone
    now: float  # simulated epoch seconds
    draws: int
    pace: float
    mode: str
    lease_holder: str


_HEAD = ", ".join(Head._fields)


# -- clusters ------------------------------------------------------------------------------------


def names(*, sealed: bool = False) -> list[str]:
    found = models.Cluster.objects.filter(sealed=sealed).order_by("id")
    return list(found.values_list("name", flat=True))


def find(name: str) -> models.Cluster:
    """Raises: NotFound."""
    row = models.Cluster.objects.filter(name=name).first()
    if row is None:
        raise gone(name)
    return row


def make(name: str, start: float, seed: int, settings: Mapping[str, Any]) -> models.Cluster:
    """Add the row of a cluster. Raises: AlreadyExists, whichever process was first."""
    try:
        return models.Cluster.objects.create(
            name=name, seed=seed, started=start, now=start, settings=dict(settings)
        )
    except IntegrityError as error:
        raise AlreadyExists(f'cluster "{name}" already exists') from error


def seal(row: models.Cluster) -> models.Cluster:
    """Let *row* be a run of its own that nothing is added to any more."""
    row.sealed, row.origin, row.origin_name, row.forked_at = True, None, "", 0
    row.save(update_fields=["sealed", "origin", "origin_name", "forked_at"])
    return row


def sealed(name: str) -> Forbidden:
    return Forbidden(f"{name} is a stored run, and stays as it is")


def gone(name: str) -> NotFound:
    return NotFound(f'cluster "{name}" not found')


def atomic() -> AbstractContextManager[None]:
    return transaction.atomic()


def fork(origin: Rows, name: str, head: Head, seed: int, objects: Iterable[Obj]) -> models.Cluster:
    """Add a cluster that begins as *origin* was at ``head.revision``: history, then *objects*.

    Raises: AlreadyExists; NotFound when the origin is gone; Gone when that revision has been compacted.
    """
    there = origin.head(lock=True)
    if head.revision < there.compacted:
        raise Gone(f"too old resource version: {head.revision} ({there.compacted})")
    old = origin.row
    row = make(name, old.started, seed, old.settings)
    models.Cluster.objects.filter(pk=row.pk).update(
        revision=head.revision, compacted=there.compacted, now=head.now, pace=there.pace, mode=there.mode,
        origin=old, origin_name=old.name, forked_at=head.revision,
    )  # fmt: skip
    Rows(row).fill(origin, head.revision, objects)
    row.refresh_from_db()
    return row


# -- one cluster ---------------------------------------------------------------------------------


class Rows:
    """The rows of one cluster. Nothing is remembered here."""

    def __init__(self, row: models.Cluster) -> None:
        self.row = row
        self._pk = row.pk

    def head(self, *, lock: bool) -> Head:
        """Return where the cluster is; with *lock* no other process can write until the transaction ends.

        SQLite has no row locks and needs none: its transactions begin with the lock on the whole file.
        """
        for_update = " FOR UPDATE" if lock and connection.features.has_select_for_update else ""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_HEAD} FROM core_cluster WHERE id = %s" + for_update, [self._pk])
            found = cursor.fetchone()
        if found is None:
            raise gone(str(self.row.name))
        return Head(*found)

    def objects(self) -> Iterator[Obj]:
        """Yield every object, in the order of creation."""
        found = models.Object.objects.filter(cluster=self.row).order_by("id").values_list("data", flat=True)
        for data in found.iterator(chunk_size=500):
            yield orjson.loads(data)

    def changes_after(self, revision: int, limit: int | None = None) -> list[Change]:
        """Return changes after *revision*, oldest first; their ``old`` is not known here."""
        found = models.Change.objects.filter(cluster=self.row, revision__gt=revision)
        return [_change(row) for row in found.order_by("revision")[:limit]]

    def changes_before(self, revision: int, limit: int) -> list[Change]:
        """Return changes before *revision*, newest first."""
        found = models.Change.objects.filter(cluster=self.row, revision__lt=revision)
        found = found.filter(revision__gt=self.head(lock=False).compacted)  # below lie single states
        return _with_predecessors([_change(row) for row in found.order_by("-revision")[:limit]])

    def last_deleted(self, kind: str, limit: int) -> list[Change]:
        """Return the last deletions of a kind, oldest first."""
        found = models.Change.objects.filter(cluster=self.row, type="DELETED", kind=kind)
        return [_change(row) for row in reversed(found.order_by("-revision")[:limit])]

    def lines_after(self, revision: int) -> list[Line]:
        """Return the lines after *revision*, oldest first; after 0 also what compaction has left."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT revision, type, kind, namespace, name, actor, at FROM core_change"
                " WHERE cluster_id = %s AND revision > %s ORDER BY revision",
                [self._pk, revision],
            )
            return [Line(row[0], row[1], Ref(*row[2:5]), row[5], row[6]) for row in cursor.fetchall()]

    def changes_at(self, revisions: Sequence[int]) -> Iterator[Change]:
        """Yield the changes of these *revisions*, in no order; their ``old`` is not known here."""
        for start in range(0, len(revisions), AT_ONCE):
            found = models.Change.objects.filter(
                cluster=self.row, revision__in=revisions[start : start + AT_ONCE]
            )
            yield from map(_change, found)

    def origin(self) -> Origin | None:
        """Return where this cluster was forked from, or None."""
        found = models.Cluster.objects.filter(pk=self._pk, forked_at__gt=0)
        row = found.values_list("origin_name", "forked_at", "origin").first()
        return Origin(row[0], row[1], row[2] is not None) if row is not None else None

    def destroy(self) -> None:
        self.row.delete()

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        models.Cluster.objects.filter(pk=self._pk).update(settings=dict(settings))

    def set_pace(self, pace: float, mode: str) -> None:
        models.Cluster.objects.filter(pk=self._pk).update(pace=pace, mode=mode)

    def take_lease(self, holder: str, until: float, free_before: float | None) -> bool:
        """Make *holder* the one who steps, if the lease is its own, or ended before *free_before*
        (wall epoch seconds); None takes it from whoever has it."""
        rows = models.Cluster.objects.filter(pk=self._pk)
        if free_before is not None:
            rows = rows.filter(Q(lease_holder=holder) | Q(lease_until__lt=free_before) | Q(lease_holder=""))
        return bool(rows.update(lease_holder=holder, lease_until=until))

    def fill(self, origin: Rows, revision: int, objects: Iterable[Obj]) -> None:
        """Begin with the history of *origin* up to *revision*, and the *objects* that lived then."""
        columns = "revision, type, kind, namespace, name, data, actor, because, at"
        born = [
            Change(int(obj["metadata"]["resourceVersion"]), "ADDED", ref_of(obj), obj, None, "", "", 0.0)
            for obj in objects
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO core_change (cluster_id, {columns})"
                f" SELECT %s, {columns} FROM core_change WHERE cluster_id = %s AND revision <= %s",
                [self._pk, origin.row.pk, revision],
            )
            self._write_objects(cursor, born, {c.revision: orjson.dumps(c.obj).decode() for c in born})
            self._write_references(cursor, born)

    # -- writing ---------------------------------------------------------------------------------

    def write(self, changes: list[Change], texts: Mapping[int, str], head: Head, history: int) -> int:
        """Send a transaction's *changes* (*texts*: revision -> JSON); keep *history* of them, about.

        Returns the compacted revision.
        """
        compacted = head.compacted
        with connection.cursor() as cursor:
            if changes:
                self._write_history(cursor, changes, texts)
                self._write_objects(cursor, changes, texts)
                self._write_references(cursor, changes)
                if head.revision - compacted > history + SLACK:
                    compacted = head.revision - history
                    self._compact(cursor, compacted)
            cursor.execute(
                "UPDATE core_cluster SET revision = %s, compacted = %s, now = %s, draws = %s WHERE id = %s",
                [head.revision, compacted, head.now, head.draws, self._pk],
            )
        return compacted

    def _compact(self, cursor: Any, revision: int) -> None:
        """Forget the history up to *revision* but for the state of each object that lived then, as etcd
        does: every later revision can still be put together."""
        cursor.execute(
            "DELETE FROM core_change WHERE cluster_id = %s AND revision <= %s AND (type = 'DELETED'"
            " OR revision NOT IN (SELECT MAX(revision) FROM core_change"
            " WHERE cluster_id = %s AND revision <= %s GROUP BY kind, namespace, name))",
            [self._pk, revision, self._pk, revision],
        )

    def _write_history(self, cursor: Any, changes: list[Change], texts: Mapping[int, str]) -> None:
        cursor.executemany(
            "INSERT INTO core_change"
            " (cluster_id, revision, type, kind, namespace, name, data, actor, because, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (self._pk, c.revision, c.type, *c.ref, texts[c.revision], c.actor, c.because, c.at)
                for c in changes
            ],
        )

    def _write_objects(self, cursor: Any, changes: list[Change], texts: Mapping[int, str]) -> None:
        pk = self._pk
        last = {change.ref: change for change in changes}
        # a name that was deleted and made again inside one transaction gets a new row: its place is last
        removed = {c.ref for c in changes if c.type == "DELETED"}
        if removed:
            cursor.executemany(
                "DELETE FROM core_object WHERE " + _SAME_OBJECT, [(pk, *ref) for ref in removed]
            )
        kept = [change for change in last.values() if change.type != "DELETED"]
        if kept:
            cursor.executemany(
                "INSERT INTO core_object (cluster_id, kind, namespace, name, uid, revision, data)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (cluster_id, kind, namespace, name)"
                " DO UPDATE SET uid = excluded.uid, revision = excluded.revision, data = excluded.data",
                [(pk, *c.ref, c.obj["metadata"].get("uid", ""), c.revision, texts[c.revision]) for c in kept],
            )

    def _write_references(self, cursor: Any, changes: list[Change]) -> None:
        before: dict[Ref, Obj | None] = {}
        after: dict[Ref, Obj | None] = {}
        for change in changes:
            before.setdefault(change.ref, change.old)
            after[change.ref] = None if change.type == "DELETED" else change.obj
        gone, come = [], []
        for ref, new in after.items():
            old = before[ref]
            old_edges = references(old) if old is not None else frozenset()
            new_edges = references(new) if new is not None else frozenset()
            if old_edges != new_edges:
                gone += [(self._pk, *ref, *edge) for edge in old_edges - new_edges]
                come += [(self._pk, *ref, *edge) for edge in new_edges - old_edges]
        if gone:
            cursor.executemany(
                "DELETE FROM core_reference WHERE cluster_id = %s"
                " AND source_kind = %s AND source_namespace = %s AND source_name = %s AND relation = %s"
                " AND target_kind = %s AND target_namespace = %s AND target_name = %s",
                gone,
            )
        if come:
            cursor.executemany(
                "INSERT INTO core_reference (cluster_id, source_kind, source_namespace, source_name,"
                " relation, target_kind, target_namespace, target_name)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                come,
            )


def _change(row: models.Change) -> Change:
    ref = Ref(row.kind, row.namespace, row.name)
    return Change(row.revision, row.type, ref, orjson.loads(row.data), None, row.actor, row.because, row.at)


def _with_predecessors(newest_first: list[Change]) -> list[Change]:
    """Give each change its ``old`` where an earlier one of the list has it."""
    last: dict[Ref, Obj] = {}
    out = []
    for change in reversed(newest_first):
        out.append(replace(change, old=last.get(change.ref)))
        last[change.ref] = change.obj
    return out[::-1]
