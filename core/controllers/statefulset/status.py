"""StatefulSet status: count the Pods of a set and say when a rollout is complete.

Source: updateStatus of pkg/controller/statefulset/stateful_set_control.go, completeRollingUpdate and
inconsistentStatus of stateful_set_utils.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.apimachinery.meta import Obj
from core.controllers.history import POD_LABEL
from core.controllers.pods import NOT_READY, readiness


class Replica:
    """A Pod of the set as the sync sees it, read once.

    ``phase`` is "" for a Pod that this very sync makes: it counts nowhere yet. ``ready`` is *running and
    ready*; ``since`` is when it became so, if minReadySeconds makes that matter.
    """

    __slots__ = (
        "available",
        "name",
        "ordinal",
        "phase",
        "pod",
        "ready",
        "revision",
        "since",
        "terminating",
        "uid",
    )

    def __init__(self, pod: Obj, ordinal: int, min_ready_seconds: int, now: float) -> None:
        meta = pod["metadata"]
        status = pod.get("status") or {}
        self.pod = pod
        self.ordinal = ordinal
        self.name: str = meta["name"]
        self.uid: str = meta.get("uid", "")
        self.phase: str = status.get("phase") or ""
        self.terminating = "deletionTimestamp" in meta
        self.revision: str = (meta.get("labels") or {}).get(POD_LABEL) or ""
        running = self.phase == "Running"
        if running and status.get("conditions"):
            self.ready, self.available, self.since = readiness(status, min_ready_seconds, now)
        else:
            self.ready, self.available, self.since = NOT_READY

    @property
    def unavailable(self) -> bool:
        return self.terminating or not self.available


@dataclass(slots=True)
class Counts:
    """``current`` and ``updated``: created, not terminating Pods of the current and the update revision."""

    replicas: int = 0
    ready: int = 0
    available: int = 0
    current: int = 0
    updated: int = 0


def count(replicas: Iterable[Replica], current: str, update: str) -> Counts:
    counts = Counts()
    for replica in replicas:
        if not replica.phase:
            continue
        counts.replicas += 1
        if replica.ready:
            counts.ready += 1
            counts.available += replica.available
        if not replica.terminating:
            counts.current += replica.revision == current
            counts.updated += replica.revision == update
    return counts


def completed(sts: Obj, counts: Counts, *, on_delete_promotion: bool) -> bool:
    """Return whether every Pod is Ready on the update revision, so that it becomes the current one.

    *on_delete_promotion*: switch SW2, so under OnDelete too.
    """
    if not on_delete_promotion and sts["spec"]["updateStrategy"]["type"] != "RollingUpdate":
        return False
    return counts.updated == counts.ready == counts.replicas == int(sts["spec"]["replicas"])


def status_of(sts: Obj, counts: Counts, revisions: tuple[str, str], collision_count: int) -> Obj:
    """Return the status in wire shape; *revisions* are the names of the current and the update revision."""
    status: dict[str, Any] = {
        "observedGeneration": sts["metadata"]["generation"],
        "replicas": counts.replicas,
    }
    for name, number in (
        ("readyReplicas", counts.ready),
        ("currentReplicas", counts.current),
        ("updatedReplicas", counts.updated),
    ):
        if number:
            status[name] = number
    status["currentRevision"], status["updateRevision"] = revisions
    status["collisionCount"] = collision_count
    status["availableReplicas"] = counts.available
    return status


_COMPARED = (
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "currentRevision",
    "updateRevision",
)


def inconsistent(old: Obj, new: Obj) -> bool:
    """Return whether *new* says anything that *old* does not: only then is it written (STS-T11)."""
    if new["observedGeneration"] > old.get("observedGeneration", 0):
        return True
    return any((old.get(name) or 0) != (new.get(name) or 0) for name in _COMPARED)
