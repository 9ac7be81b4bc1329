"""Attach/detach controller: attach a CSI volume to the node of the Pod that needs it, to one node only
unless the volume may be shared, and detach it when no Pod there needs it any more.

What is attached where stands in each node's ``status.volumesAttached``, as upstream writes it.
Source: pkg/controller/volume/attachdetach/{reconciler,util}, pkg/volume/util/operationexecutor (v1.36).
Differs: attaching and detaching succeed at once, unless attaching is made to fail (core/api/faults.py); the
driver is taken to be there and to need attaching.
Not modelled: VolumeAttachment objects; the forced detach after 6 minutes and by the out-of-service taint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.api.faults import fails_to_attach
from core.api.pauses import OF_VOLUMES, doubled
from core.api.podclaims import claim_names
from core.apimachinery.meta import Obj, Ref, field, name_of, namespace_of, ref_of, replaced, uid_of, without
from core.apimachinery.timestamps import seconds
from core.client.actions import NOTHING, Action, Plan, RecordEvent, UpdateStatus
from core.client.cache import View
from core.sim.settings import Settings

_RETRY_SECONDS = 1.0
_SHARED_MODES = frozenset(("ReadWriteMany", "ReadOnlyMany"))
_HELD_BY_NONE = "Volume is already exclusively attached to one node and can't be attached to another"


class AttachDetachController:
    name = "attachdetach-controller"
    process = "kube-controller-manager"
    latency = 0.005
    assumes = True  # the actual state of the world
    resync_period = None

    def __init__(self, settings: Settings) -> None:
        self.watches = {
            "Pod": _pod_changed,
            "PersistentVolumeClaim": _claim_changed,
            "PersistentVolume": _volume_changed,
            "Node": _node_added,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        yield from (ref_of(node) for node in view.list("Node") if field(node, "status.volumesAttached"))
        yield from (
            ref_of(pod) for pod in view.list("Pod") if _wants_volumes(pod) and any(_volumes_of(pod, view))
        )

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        if key.kind == "Node":
            return _detach(view, key.name)
        pod = view.get("Pod", key.namespace, key.name)
        return NOTHING if pod is None or not _wants_volumes(pod) else _attach(view, pod, now)


def unique_volume_name(volume: Obj) -> str:
    """Return how nodes name an attachable volume, or "" for one that needs no attaching."""
    csi = volume["spec"].get("csi")
    return f"kubernetes.io/csi/{csi['driver']}^{csi['volumeHandle']}" if csi else ""


def _pod_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if new is None or not _wants_volumes(new):
        node = view.get("Node", "", old["spec"].get("nodeName", "")) if old is not None else None
        return (ref_of(node),) if node is not None and field(node, "status.volumesAttached") else ()
    arrived = old is None or not old["spec"].get("nodeName")
    return (ref_of(new),) if arrived and any(_volumes_of(new, view)) else ()


def _claim_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """A Pod may be on its node before its claim is bound, when the node was set by hand."""
    bound = new is not None and field(new, "status.phase") == "Bound"
    if not bound or new is None or field(old or {}, "status.phase") == "Bound":
        return ()
    return _users(view, namespace_of(new), name_of(new))


def _volume_changed(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """The news of a volume may come after those of its claim and of the Pod; and one that can be attached
    again is, without waiting for the pause to end."""
    claim = field(new or {}, "spec.claimRef")
    if new is None or claim is None or not unique_volume_name(new):
        return ()
    if old is not None and fails_to_attach(old) == fails_to_attach(new):
        return ()
    return _users(view, claim.get("namespace", ""), claim.get("name", ""))


def _node_added(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    if old is not None or new is None:
        return ()
    return [ref_of(pod) for pod in view.indexed("pods-by-node", name_of(new)) if any(_volumes_of(pod, view))]


def _users(view: View, namespace: str, claim: str) -> list[Ref]:
    pods = view.indexed("pods-by-claim", (namespace, claim))
    return [ref_of(pod) for pod in pods if _wants_volumes(pod)]


def _wants_volumes(pod: Obj) -> bool:
    return bool(pod["spec"].get("nodeName")) and field(pod, "status.phase") not in ("Succeeded", "Failed")


def _volumes_of(pod: Obj, view: View) -> Iterator[Obj]:
    """Yield the attachable volumes that *pod* uses through bound claims."""
    for name in claim_names(pod):
        claim = view.get("PersistentVolumeClaim", namespace_of(pod), name)
        if claim is None or field(claim, "status.phase") != "Bound":
            continue
        volume = view.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
        if volume is not None and volume["spec"].get("csi"):
            yield volume


def _attach(view: View, pod: Obj, now: float) -> Plan:
    node = view.get("Node", "", pod["spec"]["nodeName"])
    if node is None:
        return NOTHING
    attached = list(field(node, "status.volumesAttached", []))
    names = {entry["name"] for entry in attached}
    done: list[Action] = []
    refused: list[Action] = []
    held, after = "", _RETRY_SECONDS
    for volume in _volumes_of(pod, view):
        unique = unique_volume_name(volume)
        if unique in names:
            continue
        holders = view.indexed("nodes-by-volume", unique)
        if holders and _is_multi_attach_forbidden(volume):
            held = f"waits for volume {name_of(volume)} to be detached from node {name_of(holders[0])}"
            refused += _refusal(view, pod, volume, holders)
            continue
        if fails_to_attach(volume):
            held = f"waits for volume {name_of(volume)}, which cannot be attached to {name_of(node)}"
            failed, after = _failure(view, pod, volume, now)
            refused += failed
            continue
        attached.append({"name": unique, "devicePath": ""})
        message = f'AttachVolume.Attach succeeded for volume "{name_of(volume)}" '
        done.append(RecordEvent(pod, "Normal", "SuccessfulAttachVolume", message))
    if done:
        done.insert(0, UpdateStatus(replaced(node, "status.volumesAttached", attached)))
    return Plan((*done, *refused), requeue_after=after if held else None, because=held)


def _failure(view: View, pod: Obj, volume: Obj, now: float) -> tuple[list[Action], float]:
    """Return the Event of an attempt that is due now, if it is, and the seconds to the next."""
    why = "rpc error: code = Internal desc = the disk does not answer"
    message = f'AttachVolume.Attach failed for volume "{name_of(volume)}" : {why}'
    told = [e for e in view.indexed("events-by-involved", uid_of(pod)) if e["message"] == message]
    times = sum(int(event["count"]) for event in told)
    due = max((seconds(event["lastTimestamp"]) for event in told), default=now)
    if told:
        due += doubled(times - 1, *OF_VOLUMES)
    if now < due:
        return [], due - now
    return [RecordEvent(pod, "Warning", "FailedAttachVolume", message)], doubled(times, *OF_VOLUMES)


def _is_multi_attach_forbidden(volume: Obj) -> bool:
    modes = volume["spec"].get("accessModes") or ()
    return bool(modes) and not _SHARED_MODES.intersection(modes)


def _refusal(view: View, pod: Obj, volume: Obj, holders: Sequence[Obj]) -> list[Action]:
    """Return the Event about a volume held elsewhere, unless it has been told already."""
    nodes = {name_of(node) for node in holders}
    claim = field(volume, "spec.claimRef", {})
    users = view.indexed("pods-by-claim", (claim.get("namespace"), claim.get("name")))
    there = [user for user in users if user["spec"].get("nodeName") in nodes]
    message = f'Multi-Attach error for volume "{name_of(volume)}" {_who_holds_it(pod, there)}'
    told = view.indexed("events-by-involved", uid_of(pod))
    if any(event["reason"] == "FailedAttachVolume" and event["message"] == message for event in told):
        return []
    return [RecordEvent(pod, "Warning", "FailedAttachVolume", message)]


def _who_holds_it(pod: Obj, users: Sequence[Obj]) -> str:
    near = [name_of(user) for user in users if namespace_of(user) == namespace_of(pod)]
    far = len(users) - len(near)
    if not users:
        return _HELD_BY_NONE
    if not near:
        return f"Volume is already used by {far} pod(s) in different namespaces"
    text = f"Volume is already used by pod(s) {', '.join(near)}"
    return f"{text} and {far} pod(s) in different namespaces" if far else text


def _detach(view: View, node_name: str) -> Plan:
    node = view.get("Node", "", node_name)
    attached = field(node or {}, "status.volumesAttached", [])
    if node is None or not attached:
        return NOTHING
    needed = set(field(node, "status.volumesInUse", []))  # still mounted, as the kubelet reports
    for pod in view.indexed("pods-by-node", node_name):
        if _wants_volumes(pod):
            needed.update(unique_volume_name(volume) for volume in _volumes_of(pod, view))
    kept = [entry for entry in attached if entry["name"] in needed]
    if len(kept) == len(attached):
        return NOTHING
    bare = without(node, "status.volumesAttached")
    return Plan((UpdateStatus(replaced(bare, "status.volumesAttached", kept) if kept else bare),))
