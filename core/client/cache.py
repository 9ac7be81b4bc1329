"""A process's watch-fed cache of the API, with indexes: what its components read.

Source: staging/src/k8s.io/client-go/tools/cache (v1.36). Upstream's shared informers are the model:
one cache a process (kube-controller-manager, kube-scheduler, kubelet, a provisioner), read by all its
components. What it returns must never be changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Protocol

from core.api.classnames import class_name_of
from core.api.nominations import awaits_victims, chosen_node
from core.api.podclaims import claim_names
from core.api.priorities import pod_priority
from core.api.resources import NO_USAGE, Usage, is_terminal, minus, plus, pod_requests
from core.apimachinery.meta import Obj, Ref, ref_of
from core.storage.backend import backend_key

IndexFunction = Callable[[Obj], Iterable[Hashable]]
Objects = list[Obj]  # named, because View has a method called list


class View(Protocol):
    """What a sync may read. Lists are in the order in which the cache first saw the objects."""

    def get(self, kind: str, namespace: str, name: str) -> Obj | None: ...

    def list(self, kind: str, namespace: str | None = None) -> list[Obj]: ...

    def indexed(self, index: str, value: Hashable) -> Objects: ...

    def count(self, index: str, value: Hashable) -> int:
        """Return how many objects *indexed* would return, without making the list."""
        ...

    def usage(self, node: str) -> Usage:
        """Return what the Pods on *node* that have not ended ask for together."""
        ...

    def priorities(self, node: str) -> Mapping[int, int]:
        """Return priority -> how many of those Pods have it."""
        ...

    @property
    def live(self) -> View:
        """What the API server itself would answer now: for the reads that upstream does past its cache."""
        ...


# -- indexes: name -> function of an object; the value's shape stands beside each -------------------


def _pods_by_node(obj: Obj) -> Iterable[Hashable]:
    node = obj["spec"].get("nodeName") if obj["kind"] == "Pod" else None
    return (node,) if node else ()


def _unscheduled_pods(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "Pod" or obj["spec"].get("nodeName") or is_terminal(obj):
        return ()
    spec = obj["spec"]
    affinity = spec.get("affinity") or {}
    social = "podAffinity" in affinity or "podAntiAffinity" in affinity or "topologySpreadConstraints" in spec
    return ("", "social") if social else ("",)


def _nominated_pods(obj: Obj) -> Iterable[Hashable]:
    return ("",) if obj["kind"] == "Pod" and awaits_victims(obj) and not is_terminal(obj) else ()


def _replicas_on_node(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "Pod" or "deletionTimestamp" in obj["metadata"]:
        return ()
    node = chosen_node(obj)
    owners = obj["metadata"].get("ownerReferences")
    return [(o["uid"], node) for o in owners if o.get("controller")] if node and owners else ()


def _anti_affine_pods(obj: Obj) -> Iterable[Hashable]:
    affinity = obj["spec"].get("affinity") if obj["kind"] == "Pod" else None
    anti = affinity.get("podAntiAffinity") if affinity else None
    return ("",) if anti and anti.get("requiredDuringSchedulingIgnoredDuringExecution") else ()


def _pod_addresses(obj: Obj) -> Iterable[Hashable]:
    address = (obj.get("status") or {}).get("podIP") if obj["kind"] == "Pod" else None
    return (address,) if address else ()


def _pods_by_claim(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "Pod":
        return ()
    namespace = obj["metadata"].get("namespace", "")
    return [(namespace, name) for name in claim_names(obj)]


def _by_controller(obj: Obj) -> Iterable[Hashable]:
    owners = obj["metadata"].get("ownerReferences")
    return [(obj["kind"], o["uid"]) for o in owners if o.get("controller")] if owners else ()


def _orphans(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] not in ("Pod", "ReplicaSet", "ControllerRevision"):
        return ()
    owners = obj["metadata"].get("ownerReferences")
    if owners and any(o.get("controller") for o in owners):
        return ()
    return ((obj["kind"], obj["metadata"].get("namespace", "")),)


def _by_owner(obj: Obj) -> Iterable[Hashable]:
    owners = obj["metadata"].get("ownerReferences")
    return {owner["uid"] for owner in owners} if owners else ()


def _volumes_by_claim(obj: Obj) -> Iterable[Hashable]:
    claim = obj["spec"].get("claimRef") if obj["kind"] == "PersistentVolume" else None
    return ((claim.get("namespace", ""), claim.get("name", "")),) if claim else ()


def _unclaimed_volumes(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "PersistentVolume" or obj["spec"].get("claimRef"):
        return ()
    return (class_name_of(obj), None)


def _claims_by_volume(obj: Obj) -> Iterable[Hashable]:
    volume = obj["spec"].get("volumeName") if obj["kind"] == "PersistentVolumeClaim" else None
    return (volume,) if volume else ()


def _by_class(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] not in ("PersistentVolume", "PersistentVolumeClaim"):
        return ()
    return ((obj["kind"], class_name_of(obj)),)


def _labelled(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] not in ("Pod", "ReplicaSet", "ControllerRevision", "PersistentVolumeClaim"):
        return ()
    meta = obj["metadata"]
    labels = meta.get("labels")
    if not labels:
        return ()
    kind, namespace = obj["kind"], meta.get("namespace", "")
    return [(kind, namespace, key, value) for key, value in labels.items()]


def _slices_by_service(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "EndpointSlice":
        return ()
    service = (obj["metadata"].get("labels") or {}).get("kubernetes.io/service-name")
    return ((obj["metadata"].get("namespace", ""), service),) if service else ()


def _services_by_address(obj: Obj) -> Iterable[Hashable]:
    if obj["kind"] != "Service":
        return ()
    spec = obj["spec"]
    node_ports = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    return node_ports.union(ip for ip in spec.get("clusterIPs") or () if ip != "None")


def _nodes_by_volume(obj: Obj) -> Iterable[Hashable]:
    attached = (obj.get("status") or {}).get("volumesAttached") if obj["kind"] == "Node" else None
    return [volume["name"] for volume in attached] if attached else ()


def _services_by_selector(obj: Obj) -> Iterable[Hashable]:
    selector = obj["spec"].get("selector") if obj["kind"] == "Service" else None
    return ((obj["metadata"].get("namespace", ""), *min(selector.items())),) if selector else ()


def involved_key(involved: Obj) -> Hashable:
    """Return what tells apart what Events are about: its uid; of an Event that names none, the name."""
    return involved.get("uid") or (involved.get("kind"), involved.get("namespace"), involved.get("name"))


def _events_by_involved(obj: Obj) -> Iterable[Hashable]:
    return (involved_key(obj["involvedObject"]),) if obj["kind"] == "Event" else ()


def _ended_pods(obj: Obj) -> Iterable[Hashable]:
    ended = obj["kind"] == "Pod" and (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return ("",) if ended else ()


def _volumes_by_backend(obj: Obj) -> Iterable[Hashable]:
    return (backend_key(obj),) if obj["kind"] == "PersistentVolume" else ()


def _files_by_pod(obj: Obj) -> Iterable[Hashable]:
    owner = obj.get("pod") if obj["kind"] == "VolumeFile" else None
    return (owner["uid"],) if owner else ()


INDEXES: dict[str, IndexFunction] = {
    "pods-by-node": _pods_by_node,  # node name
    "pods-by-claim": _pods_by_claim,  # (namespace, claim name)
    "unscheduled-pods": _unscheduled_pods,  # "": Pods without a node; "social": that mind other Pods
    "nominated-pods": _nominated_pods,  # "": Pods for which others make room on a node
    "ended-pods": _ended_pods,  # "": Pods of phase Succeeded or Failed
    "replicas-on-node": _replicas_on_node,  # (controller's uid, chosen node): Pods that are not terminating
    "anti-affine-pods": _anti_affine_pods,  # "": Pods with required anti-affinity
    "pod-addresses": _pod_addresses,  # status.podIP
    "by-controller": _by_controller,  # (kind of the dependent, controller's uid)
    "orphans": _orphans,  # (kind, namespace): Pods, ReplicaSets, ControllerRevisions without a controller
    "by-owner": _by_owner,  # owner's uid: dependents of any kind
    "volumes-by-claim": _volumes_by_claim,  # (namespace, claim name) in spec.claimRef
    "volumes-by-backend": _volumes_by_backend,  # backend_key: PersistentVolumes of the same bytes
    "files-by-pod": _files_by_pod,  # uid of the Pod with which the file ends
    "unclaimed-volumes": _unclaimed_volumes,  # class name or "" of those without claimRef; None: any class
    "claims-by-volume": _claims_by_volume,  # spec.volumeName
    "by-class": _by_class,  # ("PersistentVolume" | "PersistentVolumeClaim", class name or "")
    "labelled": _labelled,  # (kind, namespace, label key, label value)
    "slices-by-service": _slices_by_service,  # (namespace, service name)
    "services-by-selector": _services_by_selector,  # (namespace, first key of spec.selector, its value)
    "services-by-address": _services_by_address,  # a cluster IP (str) or a node port (int)
    "nodes-by-volume": _nodes_by_volume,  # unique volume name in status.volumesAttached
    "events-by-involved": _events_by_involved,  # involved_key: mostly involvedObject.uid
}

_INDEXES_OF_KIND: dict[str, tuple[str, ...]] = {
    "Pod": (
        "pods-by-node",
        "pods-by-claim",
        "by-controller",
        "orphans",
        "by-owner",
        "labelled",
        "unscheduled-pods",
        "nominated-pods",
        "ended-pods",
        "replicas-on-node",
        "anti-affine-pods",
        "pod-addresses",
    ),
    "PersistentVolume": (
        "volumes-by-claim",
        "volumes-by-backend",
        "unclaimed-volumes",
        "by-class",
        "by-owner",
    ),
    "PersistentVolumeClaim": ("claims-by-volume", "by-class", "by-owner", "labelled"),
    "ReplicaSet": ("by-controller", "orphans", "by-owner", "labelled"),
    "ControllerRevision": ("by-controller", "orphans", "by-owner", "labelled"),
    "EndpointSlice": ("slices-by-service", "by-controller", "by-owner"),
    "Service": ("services-by-selector", "services-by-address", "by-controller", "by-owner"),
    "Node": ("nodes-by-volume", "by-owner"),
    "Event": ("events-by-involved",),
    "VolumeFile": ("files-by-pod",),
}
_INDEXES_OF_OTHERS = ("by-controller", "by-owner")


class Cache:
    """Objects by kind, namespace and name, with :data:`INDEXES` kept as they come and go."""

    def __init__(self, objects: Iterable[Obj] = ()) -> None:
        self._kinds: dict[str, dict[str, dict[str, Obj]]] = {}
        self._indexes: dict[str, dict[Hashable, dict[Ref, Obj]]] = {name: {} for name in INDEXES}
        self._usage: dict[str, Usage] = {}
        self._priorities: dict[str, Counter[int]] = {}
        for obj in objects:
            self.put(obj)

    def copy(self) -> Cache:
        """Return another with the same objects, which are shared: they never change."""
        other = Cache()
        other._kinds = {
            kind: {space: dict(names) for space, names in spaces.items()}
            for kind, spaces in self._kinds.items()
        }
        other._indexes = {
            index: {value: dict(found) for value, found in table.items()}
            for index, table in self._indexes.items()
        }
        other._usage = dict(self._usage)
        other._priorities = {node: Counter(there) for node, there in self._priorities.items()}
        return other

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        spaces = self._kinds.get(kind)
        names = spaces.get(namespace) if spaces else None
        return names.get(name) if names else None

    def list(self, kind: str, namespace: str | None = None) -> list[Obj]:
        spaces = self._kinds.get(kind)
        if not spaces:
            return []
        if namespace is not None:
            return list(spaces.get(namespace, {}).values())
        return [obj for names in spaces.values() for obj in names.values()]

    def everything(self) -> Objects:
        """Return all objects, kind by kind."""
        return [obj for spaces in self._kinds.values() for names in spaces.values() for obj in names.values()]

    def indexed(self, index: str, value: Hashable) -> Objects:
        found = self._indexes[index].get(value)
        return list(found.values()) if found else []

    def count(self, index: str, value: Hashable) -> int:
        return len(self._indexes[index].get(value, ()))

    def usage(self, node: str) -> Usage:
        return self._usage.get(node, NO_USAGE)

    def priorities(self, node: str) -> Mapping[int, int]:
        return self._priorities.get(node, {})

    @property
    def live(self) -> View:
        return self

    def put(self, obj: Obj) -> Obj | None:
        """Take *obj* in; return what it replaces."""
        ref = ref_of(obj)
        names = self._kinds.setdefault(ref.kind, {}).setdefault(ref.namespace, {})
        old = names.get(ref.name)
        names[ref.name] = obj
        for index in _INDEXES_OF_KIND.get(ref.kind, _INDEXES_OF_OTHERS):
            self._reindex(index, ref, old, obj)
        if ref.kind == "Pod":
            self._account(old, obj)
        return old

    def drop(self, ref: Ref) -> Obj | None:
        """Forget *ref*; return what was there."""
        names = self._kinds.get(ref.kind, {}).get(ref.namespace)
        old = names.pop(ref.name, None) if names else None
        if old is not None:
            for index in _INDEXES_OF_KIND.get(ref.kind, _INDEXES_OF_OTHERS):
                self._reindex(index, ref, old, None)
            if ref.kind == "Pod":
                self._account(old, None)
        return old

    def _reindex(self, index: str, ref: Ref, old: Obj | None, new: Obj | None) -> None:
        function, table = INDEXES[index], self._indexes[index]
        values = function(new) if new is not None else ()
        if old is not None:
            for value in function(old):
                if value not in values:
                    bucket = table[value]
                    del bucket[ref]
                    if not bucket:
                        del table[value]
        if new is not None:
            for value in values:
                table.setdefault(value, {})[ref] = new

    def _account(self, old: Obj | None, new: Obj | None) -> None:
        """Keep :meth:`usage` and :meth:`priorities` as a Pod takes its place on a node and leaves it."""
        before = _place(old) if old is not None else ""
        after = _place(new) if new is not None else ""
        if before == after and (not before or (old and new and old["spec"] == new["spec"])):
            return
        if before and old is not None:
            self._usage[before] = minus(self._usage[before], pod_requests(old))
            there, priority = self._priorities[before], pod_priority(old)
            there[priority] -= 1
            if not there[priority]:
                del there[priority]
        if after and new is not None:
            self._usage[after] = plus(self.usage(after), pod_requests(new))
            self._priorities.setdefault(after, Counter())[pod_priority(new)] += 1


def _place(pod: Obj) -> str:
    """Return the node on which *pod* takes up room, or ""."""
    node = chosen_node(pod)
    return node if node and not is_terminal(pod) else ""
