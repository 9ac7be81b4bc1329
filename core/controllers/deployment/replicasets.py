"""Deployment arithmetic: the ReplicaSets of a Deployment, their annotations and their sizes.

Source: pkg/controller/deployment/util/deployment_util.go (v1.36).
Differs: pod-template-hash sums canonical JSON; upstream sums a dump of Go structures.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from core.apimachinery.meta import Obj, annotations_of, labels_of, owner_reference, replaced
from core.apimachinery.timestamps import seconds
from core.controllers.hashing import canonical_json, fnv1a, safe_encode

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        MAXIMUM,
    }
)


# -- sizes ------------------------------------------------------------------------------------------


def size(rs: Obj) -> int:
    return int(rs["spec"]["replicas"])


def total_size(sets: Iterable[Obj]) -> int:
    return sum(size(rs) for rs in sets)


def total(sets: Iterable[Obj], counter: str) -> int:
    """Return the sum of a status counter."""
    return sum(int((rs.get("status") or {}).get(counter) or 0) for rs in sets)


def active(sets: Iterable[Obj]) -> list[Obj]:
    return [rs for rs in sets if size(rs) > 0]


def is_rolling_update(deployment: Obj) -> bool:
    return bool(deployment["spec"]["strategy"]["type"] == "RollingUpdate")


def max_surge(deployment: Obj) -> int:
    return _fenceposts(deployment)[0] if is_rolling_update(deployment) else 0


def max_unavailable(deployment: Obj) -> int:
    replicas = size(deployment)
    if not is_rolling_update(deployment) or replicas == 0:
        return 0
    return min(_fenceposts(deployment)[1], replicas)


def _fenceposts(deployment: Obj) -> tuple[int, int]:
    """Return surge, rounded up, and unavailable, rounded down: never both 0 (ResolveFenceposts)."""
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    replicas = size(deployment)
    surge = _resolved(rolling.get("maxSurge", 0), replicas, up=True)
    unavailable = _resolved(rolling.get("maxUnavailable", 0), replicas, up=False)
    return surge, unavailable if surge or unavailable else 1


def _resolved(value: int | str, replicas: int, *, up: bool) -> int:
    if isinstance(value, str):
        share = int(value.rstrip("%")) * replicas / 100
        return ceil(share) if up else floor(share)
    return int(value)


def new_rs_new_replicas(deployment: Obj, sets: Iterable[Obj], present: int) -> int:
    """Return the size the new ReplicaSet, now of *present*, may grow to; *sets* are the others."""
    replicas = size(deployment)
    if not is_rolling_update(deployment):
        return replicas
    room = replicas + max_surge(deployment) - total_size(sets) - present
    return present if room <= 0 else present + min(room, replicas - present)


def proportion(deployment: Obj, rs: Obj, to_add: int, added: int) -> int:
    """Return the share of *rs* in a change of size during a rollout (GetReplicaSetProportion)."""
    if size(rs) == 0 or to_add in (0, added):
        return 0
    share, allowed = _fraction(deployment, rs), to_add - added
    return min(share, allowed) if to_add > 0 else max(share, allowed)


def _fraction(deployment: Obj, rs: Obj) -> int:
    if size(deployment) == 0:
        return -size(rs)
    before = _integer(annotations_of(rs).get(MAXIMUM)) or int(
        (deployment.get("status") or {}).get("replicas") or 0
    )
    if before == 0:
        return 0
    wanted = size(rs) * (size(deployment) + max_surge(deployment)) / before
    return floor(wanted + 0.5) - size(rs)


# -- which is which ---------------------------------------------------------------------------------


def by_age(rs: Obj) -> tuple[float, str]:
    stamp = rs["metadata"].get("creationTimestamp")
    return seconds(stamp) if stamp else 0.0, rs["metadata"]["name"]


def find_new_replica_set(deployment: Obj, sets: list[Obj]) -> Obj | None:
    """Return the oldest ReplicaSet whose template is the Deployment's, but for the hash label."""
    template = deployment["spec"]["template"]
    for rs in sorted(sets, key=by_age):
        if _without_hash(rs["spec"]["template"]) == _without_hash(template):
            return rs
    return None


def _without_hash(template: Obj) -> Obj:
    labels = (template.get("metadata") or {}).get("labels") or {}
    return replaced(template, "metadata.labels", {k: v for k, v in labels.items() if k != HASH_LABEL})


def find_active_or_latest(new: Obj | None, old: list[Obj]) -> Obj | None:
    """Return the one ReplicaSet there is to scale, or None if several have Pods."""
    sets = [*old, new] if new is not None else old
    running = active(sets)
    if len(running) > 1 or not sets:
        return None
    if running:
        return running[0]
    return new if new is not None else max(old, key=by_age)


def is_saturated(deployment: Obj, rs: Obj | None) -> bool:
    if rs is None:
        return False
    wanted = size(deployment)
    desired = _integer(annotations_of(rs).get(DESIRED))
    return size(rs) == desired == total([rs], "availableReplicas") == wanted


# -- annotations ------------------------------------------------------------------------------------


def revision_of(obj: Obj) -> int:
    return _integer(annotations_of(obj).get(REVISION))


def desired_replicas(rs: Obj) -> int | None:
    value = annotations_of(rs).get(DESIRED)
    return None if value is None else _integer(value)


def with_size_annotations(deployment: Obj, annotations: dict[str, str]) -> dict[str, str]:
    replicas = size(deployment)
    return {**annotations, DESIRED: str(replicas), MAXIMUM: str(replicas + max_surge(deployment))}


def annotations_for(deployment: Obj, old: dict[str, str], revision: int) -> dict[str, str]:
    """Return the annotations of the new ReplicaSet: the Deployment's, and its place in the history
    (SetNewReplicaSetAnnotations). A revision number never falls.
    """
    copied = {key: value for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED}
    out = {**old, **copied}
    former = old.get(REVISION)
    if _integer(former) < revision:
        out[REVISION] = str(revision)
        if former is not None:
            past = old.get(REVISION_HISTORY)
            out[REVISION_HISTORY] = f"{past},{former}" if past else former
    return out


def _integer(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdigit() else 0


# -- a new one --------------------------------------------------------------------------------------


def pod_template_hash(deployment: Obj) -> str:
    collisions = (deployment.get("status") or {}).get("collisionCount")
    count = "" if collisions is None else str(collisions)
    return safe_encode(fnv1a(canonical_json(deployment["spec"]["template"]) + count))


def new_replica_set(deployment: Obj, replicas: int, revision: int) -> Obj:
    """Return the ReplicaSet of the Deployment's template, ready to be created."""
    digest = pod_template_hash(deployment)
    meta, spec = deployment["metadata"], deployment["spec"]
    template = spec["template"]
    labels = {**labels_of(template), HASH_LABEL: digest}
    selector = spec["selector"]
    annotations = with_size_annotations(deployment, annotations_for(deployment, {}, revision))
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta['name']}-{digest}",
            "namespace": meta["namespace"],
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            **({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
            "selector": {
                **selector,
                "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: digest},
            },
            "template": replaced(template, "metadata.labels", labels),
        },
    }
