"""The laws of a cluster whose components lag: what must hold after every write, judged from the history.

A component may act on what it saw a while ago, as a real one may. So a law about what a component decided
asks whether there was a moment, at most *patience* simulated seconds ago, at which the decision was right. A
law about what the API server or a live read guards allows no such moment.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from core.api.resources import is_terminal, node_allocatable, pod_requests
from core.apimachinery.meta import (
    Obj,
    Ref,
    condition_of,
    controller_of,
    field,
    finalizers_of,
    is_terminating,
    name_of,
    namespace_of,
    owner_references_of,
    uid_of,
)
from core.apiserver.store import Change
from core.storage.backend import backend_key

MARK = "races.test/mark"
OWNED_BY_USERS = ("StatefulSet", "Deployment", "DaemonSet", "Service", "StorageClass")
DISRUPTORS = ("garbage-collector-controller",)


class LawBroken(AssertionError):
    """Which law, and by which write."""


T = TypeVar("T")


class Past(Generic[T]):
    """The last values of something, with the time from which each was true."""

    def __init__(self) -> None:
        self._values: deque[tuple[float, T]] = deque()

    def note(self, at: float, value: T) -> None:
        self._values.append((at, value))

    def since(self, at: float) -> Iterator[T]:
        """Yield what was true at *at* and what has become true since."""
        while len(self._values) > 1 and self._values[1][0] <= at:
            self._values.popleft()
        return (value for _, value in self._values)


class Laws:
    """What is known of a cluster from its writes alone. *patience*: the age at which knowledge is too old."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.objects: dict[Ref, Obj] = {}
        self.uids: dict[str, Obj] = {}
        self.revision = 0
        self._sets: dict[tuple[str, str], Past[dict[int, tuple[str, bool, bool]]]] = {}
        self._sizes: dict[str, Past[int]] = {}
        self._alive: dict[str, Past[bool]] = {}
        self._condemned: dict[str, set[str]] = {}

    def take_in(self, change: Change) -> None:
        """Raises: LawBroken."""
        self._change = change
        if change.revision != self.revision + 1:
            self._break("a revision is missing")
        self.revision = change.revision
        ref, new = change.ref, change.obj
        old = self.objects.get(ref)
        if (change.type == "ADDED") != (old is None):
            self._break("a name is taken once")
        gone = change.type == "DELETED"
        if old is not None and not gone:
            self._no_write_is_lost(old, new)
        if gone:
            del self.objects[ref]
            self.uids.pop(uid_of(new), None)
        else:
            self.objects[ref] = new
            self.uids[uid_of(new)] = new
        dies = old is not None and not is_terminating(old) and (gone or is_terminating(new))
        if dies and change.actor in DISRUPTORS:
            self._only_the_ownerless_are_collected(new)
        look: Callable[[Obj | None, Obj | None, bool], None] | None = getattr(self, f"_of_{ref.kind}", None)
        if look is not None:
            look(old, None if gone else new, dies)

    def _break(self, law: str) -> None:
        change = self._change
        raise LawBroken(
            f"{law}: revision {change.revision}, {change.type} {change.ref.kind} {change.ref.name} by"
            f" {change.actor} at {change.at:.3f} ({change.because})"
        )

    # -- of all kinds --------------------------------------------------------------------------------

    def _no_write_is_lost(self, old: Obj, new: Obj) -> None:
        if self._change.actor == "you":
            return
        # a Deployment hands its own down, those of a while ago too
        if _mark(old) != _mark(new) and not (_mark(new) and new["kind"] == "ReplicaSet"):
            self._break("a user's annotation is lost")
        if new["kind"] in OWNED_BY_USERS and old.get("spec") != new.get("spec"):
            self._break("a component changed a user's spec")
        if new["kind"] == "Node" and old["spec"].get("unschedulable") != new["spec"].get("unschedulable"):
            self._break("a component changed a user's cordon")
        if uid_of(old) != uid_of(new):
            self._break("an object changed its uid")

    def _only_the_ownerless_are_collected(self, obj: Obj) -> None:
        for reference in owner_references_of(obj):
            owner = self.uids.get(reference["uid"])
            if owner is not None and "foregroundDeletion" not in finalizers_of(owner):
                self._break(f"collected, though its owner {reference['kind']} {reference['name']} is there")

    # -- Pods ----------------------------------------------------------------------------------------

    def _of_Pod(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        pod = new or old
        assert pod is not None
        owner = controller_of(pod)
        name, _, number = name_of(pod).rpartition("-")
        seat = (namespace_of(pod), name)
        if new is not None and new["spec"].get("nodeName") and not (old or new)["spec"].get("nodeName"):
            self._a_node_has_room(new)
        if owner is not None:
            self._of_controlled_pod(old, pod, owner, dies)
        if number.isdecimal():
            self._sets.setdefault(seat, Past()).note(self._change.at, self._members(seat))

    def _of_controlled_pod(self, old: Obj | None, pod: Obj, owner: Obj, dies: bool) -> None:
        by_controller = self._change.actor.split("-controller")[0] == owner["kind"].lower()
        if owner["kind"] == "StatefulSet":
            if by_controller and old is None:
                self._ordinals_come_in_order(owner["uid"], pod)
                self._its_claims_are_its_own(pod, owner["name"])
            if by_controller and dies:
                self._one_is_deleted_at_a_time(owner["uid"], pod)
        elif owner["kind"] == "ReplicaSet" and by_controller and old is None:
            self._no_more_than_asked_for(owner["uid"])
        elif owner["kind"] == "DaemonSet" and by_controller and old is None:
            self._one_a_node(owner["uid"], pod)

    def _a_node_has_room(self, pod: Obj) -> None:
        node = self.objects[Ref("Node", "", pod["spec"]["nodeName"])]
        there = [
            p for p in self.objects.values()
            if p["kind"] == "Pod" and p["spec"].get("nodeName") == name_of(node) and not is_terminal(p)
        ]  # fmt: skip
        taken = [sum(amounts) for amounts in zip(*map(pod_requests, there), strict=True)]
        if any(want > has for want, has in zip(taken, node_allocatable(node), strict=True)):
            self._break(f"{name_of(node)} is given more than it has: {taken}")

    def _members(self, seat: tuple[str, str]) -> dict[int, tuple[str, bool, bool]]:
        """Return ordinal -> uid, ready, terminating of the Pods that sit there; orphans may be adopted."""
        out = {}
        for pod in self.objects.values():
            name, _, number = name_of(pod).rpartition("-")
            if pod["kind"] == "Pod" and number.isdecimal() and (namespace_of(pod), name) == seat:
                out[int(number)] = (uid_of(pod), is_ready(pod), is_terminating(pod))
        return out

    def _moments(self, pod: Obj) -> list[dict[int, tuple[str, bool, bool]]]:
        """Return the states of a set's Pods that its controller may have before its eyes."""
        past = self._sets.get((namespace_of(pod), name_of(pod).rpartition("-")[0]))
        return list(past.since(self._change.at - self.patience)) if past is not None else [{}]

    def _ordinals_come_in_order(self, uid: str, pod: Obj) -> None:
        """INV2, INV15"""
        alive = self._alive[uid].since(self._change.at - self.patience)
        if not any(alive):
            self._break("a Pod is made for a set that goes")
        if self._policy(uid) != "OrderedReady":
            return
        lower = range(int(name_of(pod).rpartition("-")[2]))
        for members in self._moments(pod):
            if all(at in members and members[at][1] and not members[at][2] for at in lower):
                return
        self._break("a Pod came before the lower ones were Ready")

    def _policy(self, uid: str) -> str:
        sts = self.uids.get(uid)
        return "" if sts is None else str(sts["spec"]["podManagementPolicy"])

    def _one_is_deleted_at_a_time(self, uid: str, pod: Obj) -> None:
        """INV3. A set that shrinks deletes its highest whatever becomes of a lower one that must go too."""
        condemned = self._condemned.setdefault(uid, set())
        others = condemned - {uid_of(pod)}
        condemned.add(uid_of(pod))
        if self._policy(uid) != "OrderedReady":
            return
        mine = int(name_of(pod).rpartition("-")[2])
        for members in self._moments(pod):
            if not any(gone and u in others and at > mine for at, (u, _, gone) in members.items()):
                return
        self._break("two Pods are being deleted by their controller")

    def _its_claims_are_its_own(self, pod: Obj, name: str) -> None:
        """INV4"""
        claims = [
            v["persistentVolumeClaim"]["claimName"]
            for v in pod["spec"].get("volumes") or ()
            if "persistentVolumeClaim" in v
        ]
        if claims and claims != [f"www-{name_of(pod)}"]:
            self._break("a Pod has claims that are not its own")

    def _active(self, uid: str) -> list[Obj]:
        return [
            pod for pod in self.objects.values()
            if pod["kind"] == "Pod" and (controller_of(pod) or {}).get("uid") == uid
            and not is_terminating(pod) and not is_terminal(pod)
        ]  # fmt: skip

    def _no_more_than_asked_for(self, uid: str) -> None:
        active = self._active(uid)
        most = max(self._sizes[uid].since(self._change.at - self.patience))
        if len(active) > most:
            self._break(f"{len(active)} Pods of a ReplicaSet that wants {most}")

    def _one_a_node(self, uid: str, pod: Obj) -> None:
        there = [other for other in self._active(uid) if _node_meant(other) == _node_meant(pod)]
        if len(there) > 1:
            self._break(f"{len(there)} Pods of a DaemonSet on {_node_meant(pod)}")

    # -- workloads -----------------------------------------------------------------------------------

    def _of_StatefulSet(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        """INV8"""
        sts = new or old
        assert sts is not None
        self._alive.setdefault(uid_of(sts), Past()).note(
            self._change.at, new is not None and not is_terminating(new)
        )
        if new is None or old is None:
            return
        status, before = new.get("status") or {}, old.get("status") or {}
        for counter in ("readyReplicas", "currentReplicas", "updatedReplicas"):
            if status.get(counter, 0) > status.get("replicas", 0):
                self._break(f"{counter} is more than there are")
        if status.get("availableReplicas", 0) > status.get("readyReplicas", 0):
            self._break("more are available than ready")
        if not before.get("observedGeneration", 0) <= status.get("observedGeneration", 0) <= new["metadata"][
            "generation"
        ]:  # fmt: skip
            self._break("observedGeneration is not in order")

    def _of_ReplicaSet(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        if new is not None:
            self._sizes.setdefault(uid_of(new), Past()).note(self._change.at, new["spec"]["replicas"])

    def _of_ControllerRevision(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        """INV12"""
        owner = controller_of(new) if new is not None else None
        if owner is None or new is None:
            return
        numbers = Counter(
            o["revision"] for o in self.objects.values()
            if o["kind"] == "ControllerRevision" and (controller_of(o) or {}).get("uid") == owner["uid"]
        )  # fmt: skip
        if numbers[new["revision"]] > 1:
            self._break(f"two revisions have the number {new['revision']}")

    # -- storage -------------------------------------------------------------------------------------

    def _of_PersistentVolumeClaim(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        if old is not None and _let_go(old, new, "kubernetes.io/pvc-protection"):
            for pod in self.objects.values():
                if pod["kind"] == "Pod" and pod["spec"].get("nodeName") and _uses(pod, old):
                    self._break(f"a claim is let go that Pod {name_of(pod)} uses")
        if dies and self._change.actor not in ("you", *DISRUPTORS):
            self._break("INV6: a claim is deleted that nobody asked to delete")
        if new is None or field(new, "status.phase") != "Bound":
            return
        volume = self.objects.get(Ref("PersistentVolume", "", new["spec"]["volumeName"]))
        if volume is None or field(volume, "spec.claimRef.uid") != uid_of(new):
            self._break("a claim is bound to a volume that is not bound to it")
        if old is not None and old["spec"].get("volumeName") not in (None, new["spec"]["volumeName"]):
            self._break("a claim changed its volume")

    def _of_PersistentVolume(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        if old is None:
            return
        if _let_go(old, new, "kubernetes.io/pv-protection") and field(old, "status.phase") == "Bound":
            self._break("a bound volume is let go")
        owner = field(old, "spec.claimRef.uid")
        if self._change.actor == "you":
            return
        if dies and owner in self.uids:
            self._break("a volume is deleted whose claim is there")
        if new is None:
            return
        if owner and field(new, "spec.claimRef.uid") not in (None, owner):
            self._break("a volume changed hands")
        if field(new, "status.phase") == "Released" != field(old, "status.phase") and owner in self.uids:
            self._break("a volume is released whose claim is there")

    def _of_VolumeFile(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        if new is not None or old is None or self._change.actor == "you" or old.get("pod"):
            return
        volumes = (o for o in self.objects.values() if o["kind"] == "PersistentVolume")
        owners = [field(v, "spec.claimRef.uid") for v in volumes if backend_key(v) == namespace_of(old)]
        if any(owner in self.uids for owner in owners):
            self._break("bytes are deleted of a volume whose claim is there")

    def _of_Node(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        for entry in field(new or {}, "status.volumesAttached", []):
            holders = [
                name_of(node) for node in self.objects.values()
                if node["kind"] == "Node"
                and any(e["name"] == entry["name"] for e in field(node, "status.volumesAttached", []))
            ]  # fmt: skip
            if len(holders) > 1:
                self._break(f"{entry['name']} is attached to {' and '.join(holders)}")

    def _of_EndpointSlice(self, old: Obj | None, new: Obj | None, dies: bool) -> None:
        if new is None:
            return
        service = new["metadata"]["labels"]["kubernetes.io/service-name"]
        same = [
            o for o in self.objects.values()
            if o["kind"] == "EndpointSlice" and o.get("endpoints") and o.get("ports") == new.get("ports")
            and o["metadata"]["labels"]["kubernetes.io/service-name"] == service
        ]  # fmt: skip
        if len(same) > 1:
            self._break(f"{len(same)} slices of Service {service} offer the same")


def _mark(obj: Obj) -> str | None:
    return field(obj, "metadata.annotations", {}).get(MARK)


def is_ready(pod: Obj) -> bool:
    condition = condition_of(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def _let_go(old: Obj, new: Obj | None, finalizer: str) -> bool:
    return finalizer in finalizers_of(old) and (new is None or finalizer not in finalizers_of(new))


def _node_meant(pod: Obj) -> str:
    """The node of a DaemonSet's Pod is said in its affinity."""
    terms = field(
        pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms", []
    )
    return str(next((f["values"][0] for term in terms for f in term.get("matchFields") or ()), ""))


def _uses(pod: Obj, claim: Obj) -> bool:
    return namespace_of(pod) == namespace_of(claim) and any(
        field(volume, "persistentVolumeClaim.claimName") == name_of(claim)
        for volume in pod["spec"].get("volumes") or ()
    )
