"""EndpointSlice controller: the addresses behind each Service, at most a hundred to a slice.

Source: pkg/controller/endpointslice, staging/src/k8s.io/endpointslice/reconciler.go (v1.36).
Not modelled: IPv6, topology hints, the annotation last-change-trigger-time, a node that changes its zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, condition_of, is_terminating, labels_of, owner_reference, ref_of
from core.client.actions import NOTHING, Action, Create, Delete, Plan, Update
from core.client.cache import View
from core.client.component import Handler
from core.controllers.membership import container_port, of_pod
from core.sim.settings import Settings

MAX_ENDPOINTS = 100

_SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_HEADLESS = "service.kubernetes.io/headless"
_US = "endpointslice-controller.k8s.io"
_ZONE = "topology.kubernetes.io/zone"

Facts = tuple[str, str, bool, bool, bool, str, str]
"""What an endpoint says of its Pod: uid, IP, ready, serving, terminating, node, hostname."""
PortKey = tuple[tuple[str, str, int, str], ...]
"""A list of ports as (name, protocol, port, appProtocol): the endpoints of one slice share it."""


class EndpointSliceController:
    name = "endpointslice-controller"
    process = "kube-controller-manager"
    latency = 0.003
    awaits = frozenset(("EndpointSlice",))  # the endpoint slice tracker
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {
            "Service": _of_service,
            "Pod": of_pod,
            "EndpointSlice": _of_slice,
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(service) for service in view.list("Service")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        service = view.get(*key)
        # its slices go with it: the garbage collector follows their owner reference
        if service is None or is_terminating(service):
            return NOTHING
        # the slices of a Service without a selector are somebody else's
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return NOTHING
        wanted = _wanted(view, service)
        reconciler = _Reconciler(view, service)
        for ports in {**dict.fromkeys(wanted), **dict.fromkeys(reconciler.existing)}:
            reconciler.fit(ports, wanted.get(ports, {}))
        return Plan(actions=tuple(reconciler.actions()), because=_because(wanted))


def _because(wanted: Mapping[PortKey, Mapping[str, tuple[Facts, Obj]]]) -> str:
    ready = [facts[2] for pods in wanted.values() for facts, _ in pods.values()]
    if not ready:
        return "no Pod with an address matches its selector"
    return f"{sum(ready)} of {len(ready)} endpoints {'is' if len(ready) == 1 else 'are'} ready"


# -- which Services does a change concern ----------------------------------------------------------


def _of_service(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (ref_of(new),) if new is not None else ()


def _of_slice(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    slice_ = new or old
    if slice_ is None or labels_of(slice_).get(_MANAGED_BY) != _US:
        return ()
    service = labels_of(slice_).get(_SERVICE_NAME)
    return (Ref("Service", slice_["metadata"]["namespace"], service),) if service else ()


# -- what the endpoints should be ------------------------------------------------------------------


def _wanted(view: View, service: Obj) -> dict[PortKey, dict[str, tuple[Facts, Obj]]]:
    """Return the Pods behind *service* by their resolved ports, then by uid."""
    namespace, selector = service["metadata"]["namespace"], service["spec"]["selector"]
    publish_not_ready = bool(service["spec"].get("publishNotReadyAddresses"))
    name = service["metadata"]["name"]
    key, value = min(selector.items())
    out: dict[PortKey, dict[str, tuple[Facts, Obj]]] = {}
    for pod in view.indexed("labelled", ("Pod", namespace, key, value)):
        status = pod.get("status") or {}
        if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
            continue
        if len(selector) > 1 and not selector.items() <= labels_of(pod).items():
            continue
        facts = _facts_of_pod(pod, name, publish_not_ready)
        out.setdefault(_ports(service, pod), {})[facts[0]] = (facts, pod)
    return out


def _facts_of_pod(pod: Obj, service_name: str, publish_not_ready: bool) -> Facts:
    spec, meta = pod["spec"], pod["metadata"]
    condition = condition_of(pod, "Ready")
    serving = condition is not None and condition["status"] == "True"
    terminating = "deletionTimestamp" in meta
    ready = publish_not_ready or (serving and not terminating)
    hostname = spec.get("hostname") or "" if spec.get("subdomain") == service_name else ""
    return (
        meta["uid"],
        pod["status"]["podIP"],
        ready,
        serving,
        terminating,
        spec.get("nodeName") or "",
        hostname,
    )


def _facts_of_endpoint(endpoint: Obj) -> Facts:
    conditions = endpoint["conditions"]
    return (
        (endpoint.get("targetRef") or {}).get("uid", ""),
        endpoint["addresses"][0],
        bool(conditions.get("ready")),
        bool(conditions.get("serving")),
        bool(conditions.get("terminating")),
        endpoint.get("nodeName") or "",
        endpoint.get("hostname") or "",
    )


def _endpoint(view: View, facts: Facts, pod: Obj) -> Obj:
    uid, address, ready, serving, terminating, node_name, hostname = facts
    meta = pod["metadata"]
    out: Obj = {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
    }
    if hostname:
        out["hostname"] = hostname
    out["targetRef"] = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": uid}
    if node_name:
        out["nodeName"] = node_name
        node = view.get("Node", "", node_name)
        zone = labels_of(node).get(_ZONE) if node else None
        if zone:
            out["zone"] = zone
    return out


def _ports(service: Obj, pod: Obj) -> PortKey:
    out = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        number = container_port(pod, port.get("targetPort", port["port"]), protocol)
        if number:
            out.append((port.get("name", ""), protocol, number, port.get("appProtocol", "")))
    return tuple(out)


def _ports_of_slice(slice_: Obj) -> PortKey:
    return tuple(
        (p.get("name", ""), p.get("protocol", "TCP"), p.get("port", 0), p.get("appProtocol", ""))
        for p in slice_.get("ports") or ()
    )


# -- fitting them into slices ----------------------------------------------------------------------


class _Reconciler:
    """One sync's slices: those to create, update and delete, with as few writes as can be."""

    def __init__(self, view: View, service: Obj) -> None:
        self.view, self.service = view, service
        self.labels = _slice_labels(service)
        self.existing: dict[PortKey, list[Obj]] = {}
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        for slice_ in view.indexed("slices-by-service", (namespace, name)):
            if labels_of(slice_).get(_MANAGED_BY) == _US and not is_terminating(slice_):
                self.existing.setdefault(_ports_of_slice(slice_), []).append(slice_)
        self.creates: list[Obj] = []
        self.updates: list[Obj] = []
        self.deletes: list[Obj] = []
        self.kept = 0

    def fit(self, ports: PortKey, pods: dict[str, tuple[Facts, Obj]]) -> None:
        """Fit *pods*, which all offer *ports*: first where they are, then where there is room."""
        left = dict(pods)
        changed: list[tuple[Obj, list[Obj]]] = []
        unchanged: list[Obj] = []
        for slice_ in self.existing.get(ports, ()):
            old = slice_.get("endpoints") or []
            new = self._still_wanted(old, left)
            if not new:
                self.deletes.append(slice_)
            elif new != old or labels_of(slice_) != self.labels:
                changed.append((slice_, new))
            else:
                unchanged.append(slice_)

        for _, endpoints in sorted(changed, key=lambda item: -len(item[1])):
            self._fill(endpoints, left)
        roomy = [s for s in unchanged if len(s["endpoints"]) + len(left) <= MAX_ENDPOINTS]
        if left and roomy:
            fullest = max(roomy, key=lambda s: len(s["endpoints"]))
            unchanged.remove(fullest)
            endpoints = list(fullest["endpoints"])
            self._fill(endpoints, left)
            changed.append((fullest, endpoints))
        while left:
            endpoints = []
            self._fill(endpoints, left)
            self.creates.append(self._slice(ports, endpoints))
        self.kept += len(unchanged)
        self.updates += [self._updated(slice_, endpoints) for slice_, endpoints in changed]

    def _still_wanted(self, endpoints: list[Obj], left: dict[str, tuple[Facts, Obj]]) -> list[Obj]:
        """Return *endpoints* without those whose Pod is gone; take the others out of *left*."""
        out = []
        for endpoint in endpoints:
            facts = _facts_of_endpoint(endpoint)
            found = left.pop(facts[0], None)
            if found is not None:
                out.append(endpoint if found[0] == facts else _endpoint(self.view, *found))
        return out

    def _fill(self, endpoints: list[Obj], left: dict[str, tuple[Facts, Obj]]) -> None:
        while left and len(endpoints) < MAX_ENDPOINTS:
            endpoints.append(_endpoint(self.view, *left.pop(next(iter(left)))))

    def _slice(self, ports: PortKey, endpoints: list[Obj] | None) -> Obj:
        meta = self.service["metadata"]
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": f"{meta['name']}-",
                "namespace": meta["namespace"],
                "labels": self.labels,
                "ownerReferences": [owner_reference(self.service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": None if endpoints is None else [_port(port) for port in ports],
        }

    def _updated(self, slice_: Obj, endpoints: list[Obj]) -> Obj:
        return {**slice_, "metadata": {**slice_["metadata"], "labels": self.labels}, "endpoints": endpoints}

    def actions(self) -> Iterable[Action]:
        if not (self.creates or self.updates or self.kept):
            self._placeholder()
        for made in self.creates:
            # a slice that would go is written anew in place of a new one
            if self.deletes:
                reused = self.deletes.pop(0)
                made = {**made, "metadata": {**reused["metadata"], "labels": self.labels}}
                self.updates.append(made)
            else:
                yield Create(made)
        yield from (Update(slice_) for slice_ in self.updates)
        yield from (Delete(ref_of(slice_), uid=slice_["metadata"]["uid"]) for slice_ in self.deletes)

    def _placeholder(self) -> None:
        """A Service without endpoints has one empty slice."""
        for slice_ in self.deletes:
            if slice_.get("endpoints") is None and labels_of(slice_) == self.labels:
                self.deletes.remove(slice_)
                return
        self.creates.append(self._slice((), None))


def _slice_labels(service: Obj) -> dict[str, str]:
    reserved = (_SERVICE_NAME, _MANAGED_BY, _HEADLESS)
    out = {key: value for key, value in labels_of(service).items() if key not in reserved}
    out[_SERVICE_NAME] = service["metadata"]["name"]
    out[_MANAGED_BY] = _US
    if service["spec"].get("clusterIP") == "None":
        out[_HEADLESS] = ""
    return out


def _port(port: tuple[str, str, int, str]) -> Obj:
    name, protocol, number, app_protocol = port
    out: Obj = {"name": name, "protocol": protocol, "port": number}
    return {**out, "appProtocol": app_protocol} if app_protocol else out
