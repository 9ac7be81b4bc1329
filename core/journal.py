"""The journal: every write in plain words, for the timeline. It is the change history, read aloud."""

from __future__ import annotations

from dataclasses import dataclass

from core.apimachinery.meta import Obj, Ref, annotations_of, field, has_condition
from core.apiserver.store import Change

_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONER = "volume.kubernetes.io/storage-provisioner"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline. ``at``: simulated epoch seconds."""

    revision: int
    at: float
    actor: str
    text: str
    because: str
    ref: Ref


def entry_of(change: Change) -> Entry:
    """Say a write in plain words."""
    if change.ref.kind == "VolumeFile":
        text = _file(change)
    else:
        what = {"ADDED": "created", "DELETED": "removed"}.get(change.type) or what_changed(change)
        text = f"{change.ref.kind} {change.ref.name} {what}"
    return Entry(change.revision, change.at, change.actor, text, change.because, change.ref)


def _file(change: Change) -> str:
    path, size = change.obj["path"], change.obj["bytes"]
    if change.type == "DELETED" or change.obj.get("removed"):
        return f"file {path} removed"
    if change.obj.get("directory"):
        return f"directory {path} made"
    verb = "written" if change.type == "ADDED" else "rewritten"
    return f"file {path} {verb}, {size} {'byte' if size == 1 else 'bytes'}"


def what_changed(change: Change) -> str:
    """Name the part of an update that a reader looks for first."""
    old, new = change.old, change.obj
    if old is None:
        return "changed"
    if "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]:
        return "is being deleted"
    for path, say in (
        ("spec.nodeName", "scheduled to {}"),
        ("spec.volumeName", "bound to volume {}"),
        ("spec.replicas", "scaled to {}"),
        ("status.phase", "is {}"),
    ):
        value = field(new, path)
        if value is not None and value != field(old, path):
            return say.format(value)
    return _of_its_kind(old, new) or ("reports its status" if _status_changed(old, new) else "changed")


def _of_its_kind(old: Obj, new: Obj) -> str:
    kind = new["kind"]
    if kind == "Pod" and has_condition(new, "Ready") != has_condition(old, "Ready"):
        return "is Ready" if has_condition(new, "Ready") else "is no longer Ready"
    if kind == "PersistentVolume" and old["spec"].get("claimRef") != new["spec"].get("claimRef"):
        claim = new["spec"].get("claimRef")
        return f"reserved for claim {claim['name']}" if claim else "no longer remembers a claim"
    if kind == "PersistentVolumeClaim":
        before, after = annotations_of(old), annotations_of(new)
        if after.get(_SELECTED_NODE) and not before.get(_SELECTED_NODE):
            return f"wants its volume on {after[_SELECTED_NODE]}"
        if after.get(_PROVISIONER) and not before.get(_PROVISIONER):
            return f"handed to provisioner {after[_PROVISIONER]}"
    if old["metadata"].get("finalizers") != new["metadata"].get("finalizers"):
        return "has other finalizers"
    if old["metadata"].get("ownerReferences") != new["metadata"].get("ownerReferences"):
        return "has other owners"
    return ""


def _status_changed(old: Obj, new: Obj) -> bool:
    return bool(old.get("status") != new.get("status"))
