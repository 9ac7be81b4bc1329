"""What a ResourceQuota counts: which of its resources concern a kind, and what one object uses of them.

Amounts are quantities by the quota's names: ``{"pods": "1", "requests.cpu": "500m"}``.
Source: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims,registry}.go;
staging/src/k8s.io/apiserver/pkg/quota/v1/{resources.go,generic/evaluator.go} (v1.36).
Not modelled: the scopes CrossNamespacePodAffinity and VolumeAttributesClass (such a quota counts nothing),
pod-level resources, devices of resource claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from core.api.classnames import class_name_of
from core.api.kinds import BY_KIND, RESOURCES
from core.api.resources import is_terminal
from core.apimachinery import quantity
from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import seconds

Amounts = dict[str, str]

COUNTED: Final = tuple(r.kind for r in RESOURCES if r.namespaced and r.kind not in ("Event", "VolumeFile"))
_NATIVE: Final = ("cpu", "memory", "ephemeral-storage")
_OF_PODS: Final = frozenset(
    ("pods", "count/pods", *(p + name for name in _NATIVE for p in ("", "requests.", "limits.")))
)
_OF_SERVICES: Final = frozenset(
    ("count/services", "services", "services.nodeports", "services.loadbalancers")
)
_OF_CLAIMS: Final = ("persistentvolumeclaims", "requests.storage")
_CLASS: Final = ".storageclass.storage.k8s.io/"
_ALIASES: Final = ("configmaps", "replicationcontrollers", "resourcequotas", "secrets")
# what every container must state when a quota counts it
_MUST_BE_STATED: Final = frozenset(
    p + name for name in ("cpu", "memory") for p in ("", "requests.", "limits.")
)


def concerning(kind: str, names: Iterable[str]) -> list[str]:
    """Return those of a quota's resource *names*, sorted, of which an object of *kind* may use something."""
    if kind not in COUNTED:
        return []
    concerns = _CONCERNS.get(kind)
    if concerns is not None:
        return sorted(name for name in names if concerns(name))
    plural = BY_KIND[kind].plural
    own = {f"count/{BY_KIND[kind].group_resource}", *((plural,) if plural in _ALIASES else ())}
    return sorted(own.intersection(names))


def _concerns_pods(name: str) -> bool:
    extended = name.startswith("requests.") and "/" in name and "kubernetes.io/" not in name
    return name in _OF_PODS or name.startswith(("hugepages-", "requests.hugepages-")) or extended


def _concerns_claims(name: str) -> bool:
    by_class = name.endswith(tuple(_CLASS + resource for resource in _OF_CLAIMS))
    return name == "count/persistentvolumeclaims" or name in _OF_CLAIMS or by_class


_CONCERNS: Final[dict[str, Callable[[str], bool]]] = {
    "Pod": _concerns_pods,
    "Service": _OF_SERVICES.__contains__,
    "PersistentVolumeClaim": _concerns_claims,
}


# -- scopes ----------------------------------------------------------------------------------------


def in_scope(quota: Obj, obj: Obj) -> bool:
    """Say whether *obj* is one of those that the quota's scopes choose; without scopes all are."""
    spec = quota["spec"]
    chosen = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    chosen += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(obj["kind"] == "Pod" and _pod_in_scope(obj, one) for one in chosen)


def is_bounded(pod: Obj) -> bool:
    """Say whether *pod* has a deadline, which is what the scope Terminating means."""
    return pod["spec"].get("activeDeadlineSeconds") is not None


def _pod_in_scope(pod: Obj, one: Obj) -> bool:
    match one["scopeName"]:
        case "Terminating":
            return is_bounded(pod)
        case "NotTerminating":
            return not is_bounded(pod)
        case "BestEffort":
            return _quality(pod) == "BestEffort"
        case "NotBestEffort":
            return _quality(pod) != "BestEffort"
        case "PriorityClass":
            return _priority_chosen(pod["spec"].get("priorityClassName") or "", one)
    return False


def _quality(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("qosClass") or "")


def _priority_chosen(name: str, one: Obj) -> bool:
    values = one.get("values") or ()
    match one["operator"]:
        case "In":
            return name in values
        case "NotIn":
            return name not in values
        case "Exists":
            return bool(name)
    return not name


# -- usage -----------------------------------------------------------------------------------------


def usage(obj: Obj, now: float, names: Iterable[str] | None = None) -> Amounts:
    """Return what *obj* uses. *now*: epoch seconds; *names*: of other resources nothing need be told."""
    kind = obj["kind"]
    if kind == "Pod":
        return _pod_usage(obj, now, names is None or not {"pods", "count/pods"}.issuperset(names))
    if kind == "Service":
        return _service_usage(obj["spec"])
    if kind == "PersistentVolumeClaim":
        return _claim_usage(obj)
    resource = BY_KIND[kind]
    alias = {resource.plural: "1"} if resource.plural in _ALIASES else {}
    return {f"count/{resource.group_resource}": "1", **alias}


def _pod_usage(pod: Obj, now: float, in_full: bool) -> Amounts:
    """A Pod that has ended, or should have long since, is only an object."""
    if is_terminal(pod) or _is_overdue(pod, now):
        return {"count/pods": "1"}
    used = {"count/pods": "1", "pods": "1"}
    if in_full:
        spec = pod["spec"]
        requests, limits = _together(spec, "requests"), _together(spec, "limits")
        overhead = spec.get("overhead") or {}
        requests = added(requests, overhead)
        limits = added(limits, {name: more for name, more in overhead.items() if name in limits})
        used |= _named(requests, limits)
    return used


def _is_overdue(pod: Obj, now: float) -> bool:
    stamp, grace = (pod["metadata"].get(key) for key in ("deletionTimestamp", "deletionGracePeriodSeconds"))
    return stamp is not None and grace is not None and now > seconds(stamp) + grace


def _together(spec: Obj, side: str) -> Amounts:
    """Return the sum of all containers, or the most that the init containers take at one time."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        total = added(total, _stated(container, side))
    beside: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = _stated(container, side)
        peak = _largest(peak, added(beside, own))
        if container.get("restartPolicy") == "Always":
            beside, total = added(beside, own), added(total, own)
    return _largest(total, peak)


def _stated(container: Obj, side: str) -> Amounts:
    return (container.get("resources") or {}).get(side) or {}


def _named(requests: Amounts, limits: Amounts) -> Amounts:
    """Return the amounts under the names that a quota has for them."""
    out: Amounts = {}
    for name, amount in requests.items():
        if name in _NATIVE or name.startswith("hugepages-"):
            out[name] = amount
        out[f"requests.{name}"] = amount
    return out | {f"limits.{name}": limits[name] for name in _NATIVE if name in limits}


def _service_usage(spec: Obj) -> Amounts:
    kind, ports = spec.get("type"), spec.get("ports") or []
    on_nodes = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        on_nodes = sum(bool(port.get("nodePort")) for port in ports)
    return {
        "count/services": "1",
        "services": "1",
        "services.loadbalancers": str(int(kind == "LoadBalancer")),
        "services.nodeports": str(on_nodes),
    }


def _claim_usage(claim: Obj) -> Amounts:
    used = {"persistentvolumeclaims": "1"}
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is not None:
        allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
        if allocated is not None and quantity.compare(allocated, asked) > 0:
            asked = allocated
        whole = -(-quantity.parse(asked) // 1)
        used["requests.storage"] = quantity.format_value(int(whole), quantity.family_of(asked))
    name = class_name_of(claim)
    by_class = {f"{name}{_CLASS}{resource}": amount for resource, amount in used.items()} if name else {}
    return {**used, **by_class, "count/persistentvolumeclaims": "1"}


def unstated(pod: Obj, names: Iterable[str]) -> str:
    """Return what containers must state because a quota counts it, and do not, or "".

    ``must specify limits.cpu for: nginx,sidecar; requests.cpu for: sidecar``
    """
    wanted = _MUST_BE_STATED.intersection(names)
    missing: dict[str, set[str]] = {}
    for key in ("containers", "initContainers"):
        for container in pod["spec"].get(key) or ():
            stated = _named(_stated(container, "requests"), _stated(container, "limits"))
            for name in wanted.difference(stated):
                missing.setdefault(name, set()).add(container["name"])
    parts = [f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing)]
    return f"must specify {'; '.join(parts)}" if parts else ""


# -- amounts ---------------------------------------------------------------------------------------


def added(one: Amounts, other: Amounts) -> Amounts:
    out = dict(one)
    for name, amount in other.items():
        out[name] = quantity.add(out[name], amount) if name in out else amount
    return out


def grown(new: Amounts, old: Amounts) -> Amounts:
    """Return by how much *new* is more than *old*, without what is not."""
    out: Amounts = {}
    for name, amount in new.items():
        more = quantity.parse(amount) - quantity.parse(old.get(name, "0"))
        if more > 0:
            out[name] = quantity.format_value(more, quantity.family_of(amount))
    return out


def masked(amounts: Amounts, names: Iterable[str]) -> Amounts:
    return {name: amounts[name] for name in names if name in amounts}


def same(one: Amounts, other: Amounts) -> bool:
    """Say whether both state the same resources with the same values."""
    return one.keys() == other.keys() and all(quantity.compare(one[n], other[n]) == 0 for n in one)


def _largest(one: Amounts, other: Amounts) -> Amounts:
    larger = {n: v for n, v in other.items() if n not in one or quantity.compare(v, one[n]) > 0}
    return {**one, **larger}
