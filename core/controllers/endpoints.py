"""Endpoints controller: all addresses behind a Service in one object, as programs of before 1.21 read them.

Source: pkg/controller/endpoint/endpoints_controller.go, staging/src/k8s.io/endpointslice/util (v1.36).
Differs: the changes of a quarter of a second are one write, since each write repeats all addresses
(upstream: ``--endpoint-updates-batch-period``, 0); what changed last is read off the object, not remembered.
Not modelled: IPv6; the mirror of hand-made Endpoints into EndpointSlices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil

from core.api.resources import is_terminal
from core.api.subsets import repack, who_of
from core.apimachinery.meta import (
    Obj,
    Ref,
    annotations_of,
    condition_of,
    field,
    has_condition,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from core.client.actions import NOTHING, Action, Create, Delete, Plan, RecordEvent, Update
from core.client.cache import View
from core.client.component import Handler
from core.controllers.membership import container_port, of_pod
from core.controllers.podcontrol import namespace_goes
from core.sim.settings import Settings

MAX_ADDRESSES = 1000

_TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
_OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
_HEADLESS = "service.kubernetes.io/headless"
_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_LEADER = "control-plane.alpha.kubernetes.io/leader"


class EndpointsController:
    """Its keys name the Endpoints, so that what it says is said of them and not of their Service."""

    name = "endpoint-controller"
    process = "kube-controller-manager"
    latency = 0.25
    awaits = frozenset(("Endpoints",))  # the stale endpoints tracker
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {
            "Service": _of_service,
            "Pod": lambda view, old, new: map(_key, of_pod(view, old, new)),
            "Endpoints": _of_endpoints,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        """All Services, and what a Service has left behind."""
        yield from (_key(ref_of(service)) for service in view.list("Service"))
        yield from (ref_of(e) for e in view.list("Endpoints") if _LEADER not in annotations_of(e))

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        service, current = view.get("Service", key.namespace, key.name), view.get(*key)
        if service is None:
            if current is None:
                return NOTHING
            return Plan((Delete(key, uid=uid_of(current)),), because="its Service is gone")
        # those of a Service without a selector are somebody else's
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return NOTHING
        if namespace_goes(view, service):
            return NOTHING
        pods = _pods_of(view, service)
        subsets = repack(subset for pod in pods for subset in _subsets(service, pod))
        truncated = _truncate(subsets)
        wanted: Obj = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": key.name, "namespace": key.namespace, "labels": _labels(service)},
            **({"subsets": subsets} if subsets else {}),
        }
        because = _because(subsets)
        if current is None:
            notes = {_TRIGGER: service["metadata"]["creationTimestamp"]}
            return Plan((_create(wanted, notes, truncated),), because=because)
        annotations = annotations_of(current)
        if (
            field(current, "subsets", []) == subsets
            and labels_of(current) == wanted["metadata"]["labels"]
            and (_OVER_CAPACITY in annotations) == truncated
        ):
            return Plan(because=because)
        kept = {key: value for key, value in annotations.items() if key not in (_TRIGGER, _OVER_CAPACITY)}
        changed_at = _changed_at(current, pods)
        notes = {**kept, **({_TRIGGER: changed_at} if changed_at else {})}
        return Plan((_update(current, wanted, notes, truncated),), because=because)


def _key(service: Ref) -> Ref:
    return service._replace(kind="Endpoints")


def _of_service(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    service = new or old
    return (_key(ref_of(service)),) if service is not None else ()


def _of_endpoints(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Make anew what somebody deleted."""
    return (ref_of(old),) if old is not None and new is None else ()


# -- what is wanted --------------------------------------------------------------------------------


def _pods_of(view: View, service: Obj) -> list[Obj]:
    """Return the Pods behind *service* that have an address to give."""
    selector = service["spec"]["selector"]
    key, value = min(selector.items())
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    return [
        pod
        for pod in view.indexed("labelled", ("Pod", namespace_of(service), key, value))
        if field(pod, "status.podIP")
        and not is_terminal(pod)
        and (publish or not is_terminating(pod))
        and selector.items() <= labels_of(pod).items()
    ]


def _subsets(service: Obj, pod: Obj) -> Iterator[Obj]:
    """Yield one subset for each port that *pod* offers to *service*."""
    spec = service["spec"]
    ready = bool(spec.get("publishNotReadyAddresses")) or has_condition(pod, "Ready")
    addresses = {"addresses" if ready else "notReadyAddresses": [_address(service, pod)]}
    if not spec.get("ports") and spec.get("clusterIP") == "None":
        yield addresses
    for port in spec.get("ports") or ():
        protocol = port.get("protocol", "TCP")
        number = container_port(pod, port.get("targetPort", port["port"]), protocol)
        if number:
            named = {"name": port["name"]} if port.get("name") else {}
            app = {"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}
            yield {**addresses, "ports": [{**named, "port": number, "protocol": protocol, **app}]}


def _address(service: Obj, pod: Obj) -> Obj:
    spec, meta = pod["spec"], pod["metadata"]
    out: Obj = {"ip": pod["status"]["podIP"]}
    if spec.get("hostname") and spec.get("subdomain") == name_of(service):
        out["hostname"] = spec["hostname"]
    target = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    return {**out, "nodeName": spec.get("nodeName") or "", "targetRef": target}


def _labels(service: Obj) -> dict[str, str]:
    out = {key: value for key, value in labels_of(service).items() if key not in (_HEADLESS, _MANAGED_BY)}
    out[_MANAGED_BY] = EndpointsController.name
    if service["spec"].get("clusterIP") == "None":
        out[_HEADLESS] = ""
    return out


def _truncate(subsets: list[Obj]) -> bool:
    """Cut *subsets* down to a thousand addresses, a fair share of each, ready ones first; say whether."""
    ready, waiting = _count(subsets, "addresses"), _count(subsets, "notReadyAddresses")
    if ready + waiting <= MAX_ADDRESSES:
        return False
    crowded = ready > MAX_ADDRESSES
    cut, total = ("addresses", ready) if crowded else ("notReadyAddresses", waiting)
    room = left = MAX_ADDRESSES if crowded else MAX_ADDRESSES - ready
    for subset in subsets:
        addresses = subset.get(cut) or []
        share = min(ceil(len(addresses) / total * room), left)
        left -= min(share, len(addresses))
        _keep(subset, cut, addresses[:share])
        if crowded:
            _keep(subset, "notReadyAddresses", [])
    return True


def _count(subsets: list[Obj], addresses: str) -> int:
    return sum(len(subset.get(addresses) or ()) for subset in subsets)


def _keep(subset: Obj, addresses: str, kept: list[Obj]) -> None:
    if kept:
        subset[addresses] = kept
    else:
        subset.pop(addresses, None)


def _changed_at(current: Obj, pods: list[Obj]) -> str:
    """Return when the first of the Pods that *current* does not show as they are came to be so, or ""."""
    shown = {
        who_of(address): field_name == "addresses"
        for subset in current.get("subsets") or ()
        for field_name in ("addresses", "notReadyAddresses")
        for address in subset.get(field_name) or ()
    }
    times = []
    for pod in pods:
        ready = condition_of(pod, "Ready")
        if ready and shown.get((pod["status"]["podIP"], uid_of(pod))) != (ready["status"] == "True"):
            times.append(ready.get("lastTransitionTime") or "")
    return min(times, default="")


def _because(subsets: list[Obj]) -> str:
    ready, waiting = _count(subsets, "addresses"), _count(subsets, "notReadyAddresses")
    if not ready + waiting:
        return "no Pod with an address matches its Service's selector"
    return f"{ready} of {ready + waiting} addresses {'is' if ready + waiting == 1 else 'are'} ready"


# -- writing ---------------------------------------------------------------------------------------


def _annotated(wanted: Obj, annotations: dict[str, str], truncated: bool) -> Obj:
    marked = {**annotations, **({_OVER_CAPACITY: "truncated"} if truncated else {})}
    meta = {key: value for key, value in wanted["metadata"].items() if key != "annotations"}
    return {**wanted, "metadata": {**meta, **({"annotations": marked} if marked else {})}}


def _create(wanted: Obj, annotations: dict[str, str], truncated: bool) -> Action:
    where = f"{namespace_of(wanted)}/{name_of(wanted)}"
    message = f"Failed to create endpoint for service {where}: {{error}}"
    failed = RecordEvent(wanted, "Warning", "FailedToCreateEndpoint", message)
    return Create(_annotated(wanted, annotations, truncated), on_error=failed)


def _update(current: Obj, wanted: Obj, annotations: dict[str, str], truncated: bool) -> Action:
    message = f"Failed to update endpoint {namespace_of(wanted)}/{name_of(wanted)}: {{error}}"
    failed = RecordEvent(current, "Warning", "FailedToUpdateEndpoint", message)
    meta = {**current["metadata"], "labels": wanted["metadata"]["labels"]}
    return Update(_annotated({**wanted, "metadata": meta}, annotations, truncated), on_error=failed)
