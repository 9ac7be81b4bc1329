"""Faults as verbs: what breaks a thing, and what mends it. Most have no kubectl line (docs/faults.md)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from core.api.faults import ATTACH, NOT_READY_SINCE, POWER, PROVISIONER
from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.meta import Obj, Ref, annotations_of, name_of, ref_of
from core.apimachinery.timestamps import timestamp
from core.cluster import Cluster
from core.explain.kubectl import space
from core.kubelet.probes import file_of

if TYPE_CHECKING:
    from stsviz.scenarios.actions import Action

ACTOR: Final = "you"
SLOW: Final = 30
"""Seconds that a slow provisioner takes for a volume, unless said otherwise."""
AWAY: Final = ".away"


def _annotate(cluster: Cluster, ref: Ref, key: str, value: str | None) -> None:
    cluster.patch(ref, {"metadata": {"annotations": {key: value}}}, "merge", ACTOR)


def _power(cluster: Cluster, action: Action) -> None:
    _annotate(cluster, action.target, POWER, "off" if action.verb == "node-down" else None)


def _attach(cluster: Cluster, action: Action) -> None:
    _annotate(cluster, action.target, ATTACH, "fails" if action.verb == "fail-attach" else None)


def _provisioner(cluster: Cluster, action: Action) -> None:
    """Stop, slow or start a provisioner: for all classes that it serves, since it is one program."""
    takes = action.values.get("seconds", SLOW)
    value = {"stop-provisioner": "off", "slow-provisioner": f"{takes}s"}.get(action.verb)
    provisioner = cluster.get(action.target)["provisioner"]
    for other in cluster.view.list("StorageClass"):
        if other["provisioner"] == provisioner and annotations_of(other).get(PROVISIONER) != value:
            _annotate(cluster, ref_of(other), PROVISIONER, value)


def _crash(cluster: Cluster, action: Action) -> None:
    pod = cluster.get(action.target)
    container = action.values.get("container") or pod["spec"]["containers"][0]["name"]
    cluster.executor.end(action.target, container, 1, ACTOR)


def _break_readiness(cluster: Cluster, action: Action) -> None:
    """Move away what the probe looks at; without such a file, let no probe be answered."""
    found = _probed_file(cluster.get(action.target))
    if found is not None and _is_there(cluster, action.target, *found):
        _move(cluster, action.target, found, back=False)
    else:
        _annotate(cluster, action.target, NOT_READY_SINCE, timestamp(cluster.now))


def _mend_readiness(cluster: Cluster, action: Action) -> None:
    found = _probed_file(cluster.get(action.target))
    if found is not None and _is_there(cluster, action.target, found[0], found[1] + AWAY):
        _move(cluster, action.target, found, back=True)
    if NOT_READY_SINCE in annotations_of(cluster.get(action.target)):
        _annotate(cluster, action.target, NOT_READY_SINCE, None)


def _probed_file(pod: Obj) -> tuple[str, str] | None:
    """Return the container and the file whose absence makes the Pod not Ready, or None."""
    for container in pod["spec"]["containers"]:
        if path := file_of(container):
            return container["name"], path
    return None


def _is_there(cluster: Cluster, ref: Ref, container: str, path: str) -> bool:
    try:
        return cluster.exec(ref, ["test", "-e", path], container, actor=ACTOR).code == 0
    except ApiError:
        return False


def _move(cluster: Cluster, ref: Ref, found: tuple[str, str], *, back: bool) -> None:
    container, path = found
    there = [path + AWAY, path] if back else [path, path + AWAY]
    result = cluster.exec(ref, ["mv", *there], container, actor=ACTOR)
    if result.code:
        raise BadRequest(result.stderr.decode("utf-8", "replace").strip())


def readiness_line(pod: Obj, *, back: bool) -> str:
    """Return the line that moves away, or back, what the probe looks at; "" where that is no file."""
    found = _probed_file(pod)
    if found is None:
        return ""
    container, path = found
    moved = [path + AWAY, path] if back else [path, path + AWAY]
    return f"kubectl exec {name_of(pod)}{space(ref_of(pod))} -c {container} -- {shlex.join(['mv', *moved])}"


DEEDS: Final[Mapping[str, Callable[[Cluster, Action], None]]] = {
    "node-down": _power,
    "node-up": _power,
    "crash": _crash,
    "break-readiness": _break_readiness,
    "mend-readiness": _mend_readiness,
    "fail-attach": _attach,
    "mend-attach": _attach,
    "stop-provisioner": _provisioner,
    "slow-provisioner": _provisioner,
    "start-provisioner": _provisioner,
}
KINDS: Final[Mapping[str, str]] = {
    "node-down": "Node",
    "node-up": "Node",
    "crash": "Pod",
    "break-readiness": "Pod",
    "mend-readiness": "Pod",
    "fail-attach": "PersistentVolume",
    "mend-attach": "PersistentVolume",
    "stop-provisioner": "StorageClass",
    "slow-provisioner": "StorageClass",
    "start-provisioner": "StorageClass",
}
"""Verb -> the kind of thing that it is done to."""
