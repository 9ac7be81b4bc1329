"""The API server's own Service: `kubernetes` in `default`, and where it answers; it comes back when deleted.

Source: pkg/controlplane/controller/kubernetesservice/controller.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref
from core.client.actions import NOTHING, Action, Create, Plan
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

SERVICE = Ref("Service", "default", "kubernetes")
SLICE = Ref("EndpointSlice", "default", "kubernetes")
ENDPOINTS = Ref("Endpoints", "default", "kubernetes")
ADDRESS = "10.96.0.1"  # the first of the range
PORT = 6443
_BACKEND = "172.18.0.1"


def _ours(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    obj = new or old
    assert obj is not None
    meta = obj["metadata"]
    return (SERVICE,) if meta["name"] == "kubernetes" and meta.get("namespace") == "default" else ()


_INTERVAL_SECONDS = 10.0


class KubernetesService:
    """One key: the Service."""

    name = "kube-apiserver"
    process = "kube-apiserver"
    latency = 0.1
    watches: Mapping[str, Handler] = {"Service": _ours, "Endpoints": _ours, "EndpointSlice": _ours}
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return (SERVICE,)

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        wanted = {SERVICE: service, ENDPOINTS: endpoints, SLICE: endpoint_slice}
        actions: list[Action] = [Create(make()) for ref, make in wanted.items() if view.get(*ref) is None]
        if not actions:
            return NOTHING
        if view.get("Namespace", "", "default") is None:
            return Plan(requeue_after=_INTERVAL_SECONDS)
        return Plan(tuple(actions), because="the API server has a Service of its own")


def service() -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": ADDRESS,
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": PORT}],
        },
    }


def endpoints() -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [
            {
                "addresses": [{"ip": _BACKEND}],
                "ports": [{"name": "https", "port": PORT, "protocol": "TCP"}],
            }
        ],
    }


def endpoint_slice() -> Obj:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [_BACKEND], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": PORT, "protocol": "TCP"}],
    }
