"""What a deletion would take with it, before it is done: worked out from owner references, retention and
reclaim policies, finalizers and files, as garbage collector, binder and provisioners would.

Source: pkg/controller/garbagecollector (attemptToDeleteItem), pkg/controller/statefulset
(claims of a set), pkg/controller/volume/persistentvolume (reclaimVolume), v1.36.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.apimachinery.meta import (
    Obj,
    Ref,
    controller_of,
    field,
    name_of,
    namespace_of,
    owner_references_of,
    ref_of,
    uid_of,
)
from core.client.cache import View
from core.controllers.pvcprotection import pods_using
from core.controllers.statefulset.identity import claim_name, claim_templates, start_ordinal
from core.storage.backend import backend_key
from core.storage.volumefile import content_of, is_plain

GOES, WAITS, STAYS = "goes", "waits", "stays"
MOST = 40  # things that are listed


class Loss(NamedTuple):
    """What becomes of one thing. *fate*: ``goes`` for good, ``waits`` for somebody first, or ``stays``."""

    ref: Ref
    fate: str
    words: str = ""


class Losses(NamedTuple):
    """*left_out*: how many more there are. *files*, *size* (bytes): what is destroyed in volumes."""

    listed: tuple[Loss, ...]
    left_out: int = 0
    files: int = 0
    size: int = 0


def of_deletion(view: View, ref: Ref, *, orphan: bool = False) -> Losses:
    """Return what the deletion of *ref* does to everything else. *orphan*: dependents are kept."""
    obj = view.get(*ref)
    if obj is None:
        return Losses(())
    return _Reckoning(view).of([obj], orphan=orphan)


def of_scaling(view: View, sts: Obj, replicas: int) -> Losses:
    """Return what scaling a set to *replicas* takes: its last Pods, and their claims if it says so."""
    start, size = start_ordinal(sts), int(sts["spec"].get("replicas", 1))
    namespace, deletes = namespace_of(sts), _when(sts, "whenScaled") == "Delete"
    gone: list[Obj] = []
    kept: list[Loss] = []
    for ordinal in reversed(range(start + replicas, start + size)):
        found = view.get("Pod", namespace, f"{name_of(sts)}-{ordinal}")
        gone += [found] if found is not None else []
        for template in claim_templates(sts):
            name = claim_name(name_of(sts), template, ordinal)
            claim = view.get("PersistentVolumeClaim", namespace, name)
            if claim is None:
                continue
            if deletes:
                gone.append(claim)
            else:
                kept.append(Loss(ref_of(claim), STAYS, "with its volume: whenScaled is Retain"))
    return _Reckoning(view).of(gone, orphan=False, more=kept, itself=True)


def of_draining(view: View, node: str) -> Losses:
    """Return what a drained node loses: its Pods, but those of DaemonSets."""
    pods = [
        pod
        for pod in view.indexed("pods-by-node", node)
        if (controller_of(pod) or {}).get("kind") != "DaemonSet"
    ]
    return _Reckoning(view).of(pods, orphan=False)


def _when(sts: Obj, which: str) -> str:
    return str((sts["spec"].get("persistentVolumeClaimRetentionPolicy") or {}).get(which) or "Retain")


class _Reckoning:
    """One deletion, thought through to its end."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._gone: dict[str, Obj] = {}
        self._files = self._size = 0

    def of(
        self, first: list[Obj], *, orphan: bool, more: Iterable[Loss] = (), itself: bool = False
    ) -> Losses:
        losses: list[Loss] = []
        for obj in first:
            self._gone[uid_of(obj)] = obj
        losses += [loss for obj in first for loss in self._about(obj, itself=itself)]
        if orphan:
            losses += self._orphans(first)
        else:
            for obj in self._dependents(first):
                losses += self._about(obj, itself=True)
        losses += more
        unique = list(dict.fromkeys(losses))
        rank = {GOES: 0, WAITS: 1, STAYS: 2}
        unique.sort(key=lambda loss: rank[loss.fate])
        return Losses(tuple(unique[:MOST]), max(0, len(unique) - MOST), self._files, self._size)

    def _orphans(self, first: list[Obj]) -> Iterator[Loss]:
        for obj in first:
            for dependent in self._view.indexed("by-owner", uid_of(obj)):
                if dependent["kind"] in ("Pod", "ReplicaSet", "PersistentVolumeClaim"):
                    yield Loss(ref_of(dependent), STAYS, "without an owner")
            if obj["kind"] == "StatefulSet":
                yield from self._kept_claims(obj)

    def _dependents(self, first: list[Obj]) -> Iterator[Obj]:
        """Yield what the garbage collector takes: what has no other owner that stays."""
        todo = list(first)
        while todo:
            for obj in self._view.indexed("by-owner", uid_of(todo.pop())):
                owners = {owner["uid"] for owner in owner_references_of(obj)}
                if uid_of(obj) in self._gone or not owners <= self._gone.keys():
                    continue
                self._gone[uid_of(obj)] = obj
                todo.append(obj)
                yield obj

    def _about(self, obj: Obj, *, itself: bool) -> Iterator[Loss]:
        kind, ref = obj["kind"], ref_of(obj)
        if kind == "PersistentVolumeClaim":
            yield from self._claim(obj, itself)
            return
        if kind == "PersistentVolume":
            yield from self._volume_object(obj)
            return
        if itself and kind in ("Pod", "ReplicaSet"):
            yield Loss(ref, GOES, self._of_its_own(obj))
        elif kind == "Pod":
            yield from self._pod(obj)
        if kind == "StatefulSet":
            yield from self._kept_claims(obj)
        if kind == "Service":
            yield Loss(
                ref,
                GOES,
                f"and the DNS names below {name_of(obj)}.{namespace_of(obj)}: nobody answers for "
                "its Pods, which stay",
            )
        if kind == "Node":
            for pod in self._view.indexed("pods-by-node", name_of(obj)):
                yield Loss(ref_of(pod), GOES, "its node is gone: its Pods are deleted")

    def _pod(self, pod: Obj) -> Iterator[Loss]:
        owner = controller_of(pod)
        there = (
            owner is not None and self._view.get(owner["kind"], namespace_of(pod), owner["name"]) is not None
        )
        again = f"; {owner['kind']} {owner['name']} makes another" if owner is not None and there else ""
        yield Loss(ref_of(pod), GOES, (self._of_its_own(pod) or "its uid and its address") + again)
        for name in _claims_of(pod):
            claim = self._view.get("PersistentVolumeClaim", namespace_of(pod), name)
            if claim is not None and uid_of(pod) not in {o["uid"] for o in owner_references_of(claim)}:
                yield Loss(ref_of(claim), STAYS, "with its volume and all bytes")

    def _of_its_own(self, obj: Obj) -> str:
        """Return what is in a Pod's own file systems and ends with it."""
        files = [f for f in self._view.indexed("files-by-pod", uid_of(obj)) if is_plain(f)]
        return f"with {_counted(files)} that it wrote beside its volumes" if files else ""

    def _kept_claims(self, sts: Obj) -> Iterator[Loss]:
        start, size = start_ordinal(sts), int(sts["spec"].get("replicas", 1))
        for ordinal in range(start, start + size):
            for template in claim_templates(sts):
                name = claim_name(name_of(sts), template, ordinal)
                claim = self._view.get("PersistentVolumeClaim", namespace_of(sts), name)
                owners = owner_references_of(claim) if claim is not None else []
                if claim is not None and uid_of(sts) not in {owner["uid"] for owner in owners}:
                    words = "with its volume: whenDeleted is Retain"
                    yield Loss(ref_of(claim), STAYS, words)

    def _claim(self, claim: Obj, itself: bool) -> Iterator[Loss]:
        users = [pod for pod in pods_using(claim, self._view) if uid_of(pod) not in self._gone]
        if users:
            names = ", ".join(name_of(pod) for pod in users[:3])
            yield Loss(
                ref_of(claim),
                WAITS,
                f"stays Terminating until {names} {'is' if len(users) == 1 else 'are'} gone",
            )
        else:
            yield Loss(ref_of(claim), GOES)
        volume = self._view.get("PersistentVolume", "", claim["spec"].get("volumeName") or "")
        if volume is not None:
            yield self._volume(volume, WAITS if users else GOES)

    def _volume(self, volume: Obj, fate: str) -> Loss:
        """Say what becomes of a volume whose claim goes."""
        policy = volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"
        files = [f for f in self._view.list("VolumeFile", backend_key(volume)) if is_plain(f)]
        ref, held = ref_of(volume), _counted(files)
        if policy == "Retain":
            return Loss(ref, STAYS, f"Released, policy Retain: {held} stay for nobody")
        self._files += len(files)
        self._size += sum(len(content_of(f)) for f in files)
        what = "the volume is deleted" if policy == "Delete" else "the volume is wiped"
        then = "then " if fate == WAITS else ""
        return Loss(ref, fate, f"{then}policy {policy}: {what} with {held}{_hashes(files)}")

    def _volume_object(self, volume: Obj) -> Iterator[Loss]:
        ref, owner = ref_of(volume), field(volume, "spec.claimRef", {})
        files = [f for f in self._view.list("VolumeFile", backend_key(volume)) if is_plain(f)]
        if field(volume, "status.phase") == "Bound":
            yield Loss(ref, WAITS, f"stays Terminating until claim {owner.get('name')} is gone")
        else:
            yield Loss(
                ref,
                GOES,
                f"the object; {_counted(files)} on the disk stay there, with no volume to reach them",
            )


def _claims_of(pod: Obj) -> list[str]:
    volumes = pod["spec"].get("volumes") or ()
    return [v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v]


def _counted(files: list[Obj]) -> str:
    if not files:
        return "no files"
    size = sum(len(content_of(file)) for file in files)
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}, {size} {'byte' if size == 1 else 'bytes'}"


def _hashes(files: list[Obj]) -> str:
    shown = [f"{f['path'].lstrip('/')} {hashlib.sha256(content_of(f)).hexdigest()[:8]}" for f in files[:2]]
    more = f" and {len(files) - 2} more" if len(files) > 2 else ""
    return f" ({', '.join(shown)}{more})" if shown else ""
