"""The rows of one cluster: how objects, history and edges stand in the database, and how they change.

Source: none in Kubernetes: this is what etcd's storage engine is to it.
Only apiserver/store.py calls this. A transaction's writes go out as a few multi-row statements: 25
writes a Pod as single ORM saves would cost more than the whole control plane.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from core import models
from core.api.references import references
from core.apimachinery.errors import AlreadyExists, NotFound
from core.apimachinery.meta import Obj, Ref

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


def names() -> list[str]:
    return list(models.Cluster.objects.order_by("id").values_list("name", flat=True))


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


def gone(name: str) -> NotFound:
    return NotFound(f'cluster "{name}" not found')


def atomic() -> AbstractContextManager[None]:
    return transaction.atomic()


# -- one cluster ---------------------------------------------------------------------------------


class Rows:
    """The rows of one cluster. Nothing is remembered here."""

    def __init__(self, row: models.Cluster) -> None:
        self._row = row
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
            raise gone(str(self._row.name))
        return Head(*found)

    def objects(self) -> Iterator[Obj]:
        """Yield every object, in the order of creation."""
        found = models.Object.objects.filter(cluster=self._row).order_by("id").values_list("data", flat=True)
        for data in found.iterator(chunk_size=500):
            yield orjson.loads(data)

    def changes_after(self, revision: int, limit: int | None = None) -> list[Change]:
        """Return changes after *revision*, oldest first; their ``old`` is not known here."""
        found = models.Change.objects.filter(cluster=self._row, revision__gt=revision)
        return [_change(row) for row in found.order_by("revision")[:limit]]

    def changes_before(self, revision: int, limit: int) -> list[Change]:
        """Return changes before *revision*, newest first."""
        found = models.Change.objects.filter(cluster=self._row, revision__lt=revision)
        return [_change(row) for row in found.order_by("-revision")[:limit]]

    def last_deleted(self, kind: str, limit: int) -> list[Change]:
        """Return the last deletions of a kind, oldest first."""
        found = models.Change.objects.filter(cluster=self._row, type="DELETED", kind=kind)
        return [_change(row) for row in reversed(found.order_by("-revision")[:limit])]

    def destroy(self) -> None:
        self._row.delete()

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
                if head.revision - compacted > history + 1000:  # a thousand rows at a time
                    compacted = head.revision - history
                    cursor.execute(
                        "DELETE FROM core_change WHERE cluster_id = %s AND revision <= %s",
                        [self._pk, compacted],
                    )
            cursor.execute(
                "UPDATE core_cluster SET revision = %s, compacted = %s, now = %s, draws = %s WHERE id = %s",
                [head.revision, compacted, head.now, head.draws, self._pk],
            )
        return compacted

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
