"""ReplicaSet controller: keep so many interchangeable Pods, and choose which go when there are too many.

The controller of ReplicationControllers is the same one, made for another kind (controllers/replication).

Source: pkg/controller/replicaset/replica_set.go, replica_set_utils.go, and the slow start and the
expectations of pkg/controller/controller_utils.go; pkg/controller/util/consistency (v1.36).
Differs: the random part of a Pod's name follows from the state of the ReplicaSet that asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.api.selecting import pod_selector
from core.apimachinery.meta import Obj, Ref, labels_of, ref_of, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import NOTHING, Action, Plan, UpdateStatus, side_by_side
from core.client.cache import View
from core.client.component import Handler
from core.controllers.adoption import Ownership, controller_ref, matcher, owners_to_sync
from core.controllers.podcontrol import Batch, create_pod, delete_pod, fresh_names, namespace_goes
from core.controllers.pods import is_active, next_availability, readiness
from core.controllers.replicaset_ranking import pods_to_delete
from core.controllers.slowstart import batches
from core.sim.settings import Settings

BURST_REPLICAS = 500
FAILURE = "ReplicaFailure"


def _of_the_set(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    changed = new or old
    return (ref_of(changed),) if changed else ()


class ReplicaSetController:
    name = "replicaset-controller"
    process = "kube-controller-manager"
    latency = 0.005
    resync_period: float | None = None
    kind = "ReplicaSet"
    awaits = frozenset(("ReplicaSet", "Pod"))
    counts_terminating = True
    """Whether the status of the kind says how many Pods are on their way out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.watches: Mapping[str, Handler] = {self.kind: _of_the_set, "Pod": self._of_its_pod}

    def _of_its_pod(self, view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
        return owners_to_sync(view, self.kind, old, new)

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(rs) for rs in view.list(self.kind)]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        rs = view.get(*key)
        if rs is None:
            return NOTHING
        matches = matcher(pod_selector(rs))
        ownership = Ownership(rs, lambda pod: matches(labels_of(pod))).take(view, "Pod", is_active)
        active = ownership.kept
        actions: list[Action] = list(ownership.patches)
        because = ""
        together: set[int] = set()
        if "deletionTimestamp" not in rs["metadata"]:
            batches, because = _manage_replicas(view, rs, active, now)
            for batch in batches:
                added, beside = side_by_side(batch, len(actions))
                actions += added
                together |= beside
        status = _status(rs, active, now)
        if self.counts_terminating:
            status["terminatingReplicas"] = _terminating(view, rs)
        refused = None
        if because and not ownership.patches and not namespace_goes(view, rs):
            refused = _failing(rs, status, len(active), now)
        reports = rs.get("status") != status
        if reports:
            actions.append(UpdateStatus(replaced(rs, "status", status)))
        requeue_after = _requeue_after(rs, active, status, now)
        return Plan(
            tuple(actions),
            requeue_after,
            because,
            closing=int(reports),
            refused=refused,
            together=frozenset(together),
        )


# -- replicas ---------------------------------------------------------------------------------------


def _manage_replicas(view: View, rs: Obj, active: list[Obj], now: float) -> tuple[list[list[Batch]], str]:
    """Return what brings *active* to the wanted number, in batches sent side by side; and that in words."""
    missing = int(rs["spec"]["replicas"]) - len(active)
    if missing > 0:
        missing = min(missing, BURST_REPLICAS)
        template = rs["spec"]["template"]
        labels = (template.get("metadata") or {}).get("labels") or {}
        names = fresh_names(view, rs, missing)
        created = [create_pod(rs, name, labels, template["spec"]) for name in names]
        return [created[b.start : b.stop] for b in batches(missing)], f"creates {missing} more"
    if missing < 0:
        surplus = min(-missing, BURST_REPLICAS)
        doomed = pods_to_delete(active, _related(view, rs, active), surplus, now)
        return [[delete_pod(rs, pod) for pod in doomed]], f"deletes {surplus} too many"
    return [], ""


def _related(view: View, rs: Obj, active: list[Obj]) -> list[Obj]:
    """Return the active Pods of all ReplicaSets of *rs*'s own owner (getIndirectlyRelatedPods)."""
    owner = controller_ref(rs, "Deployment")
    if owner is None:
        return active
    siblings = view.indexed("by-controller", ("ReplicaSet", owner[1]))
    pods = [p for s in siblings for p in view.indexed("by-controller", ("Pod", s["metadata"]["uid"]))]
    return [pod for pod in pods if is_active(pod)]


# -- status -----------------------------------------------------------------------------------------


def _terminating(view: View, rs: Obj) -> int:
    """Return how many owned Pods are being deleted and have not yet ended."""
    owned = view.indexed("by-controller", ("Pod", rs["metadata"]["uid"]))
    return sum(
        "deletionTimestamp" in pod["metadata"] and pod["status"].get("phase") not in ("Succeeded", "Failed")
        for pod in owned
    )


def _status(rs: Obj, active: list[Obj], now: float) -> Obj:
    """Count (calculateStatus); Pods that this sync creates or deletes do not show yet."""
    min_ready = int(rs["spec"].get("minReadySeconds") or 0)
    wanted = ((rs["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
    labelled = ready = available = 0
    for pod in active:
        labelled += wanted <= (pod["metadata"].get("labels") or {}).items()
        found = readiness(pod["status"], min_ready, now)
        ready += found.ready
        available += found.available
    counters = {"fullyLabeledReplicas": labelled, "readyReplicas": ready, "availableReplicas": available}
    conditions = [c for c in _conditions(rs) if c["type"] != FAILURE]
    return {
        **({"conditions": conditions} if conditions else {}),
        "replicas": len(active),
        **{name: number for name, number in counters.items() if number},
        "observedGeneration": rs["metadata"]["generation"],
    }


def _conditions(rs: Obj) -> list[Obj]:
    return (rs.get("status") or {}).get("conditions") or []


def _failing(rs: Obj, status: Obj, active: int, now: float) -> Obj:
    """Return *rs* as it is reported when one of its Pods is refused; an old report stays as it was."""
    failing = {
        "type": FAILURE,
        "status": "True",
        "lastTransitionTime": timestamp(now),
        "reason": "FailedCreate" if active < rs["spec"]["replicas"] else "FailedDelete",
        "message": "{error}",
    }
    known = _conditions(rs)
    reported = known if any(c["type"] == FAILURE for c in known) else [*known, failing]
    return replaced(rs, "status", {**status, "conditions": reported})


def _requeue_after(rs: Obj, active: list[Obj], status: Obj, now: float) -> float | None:
    min_ready = int(rs["spec"].get("minReadySeconds") or 0)
    if not min_ready or status.get("availableReplicas", 0) == status.get("readyReplicas", 0):
        return None
    found = (readiness(pod["status"], min_ready, now) for pod in active)
    return next_availability((f.since for f in found if f.ready and not f.available), min_ready, now)
