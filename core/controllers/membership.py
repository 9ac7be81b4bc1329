"""Which Services a Pod stands behind, and on which port: what both endpoints controllers ask.

Source: staging/src/k8s.io/endpointslice/util/controller_utils.go, pkg/api/v1/pod/util.go FindPort (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.apimachinery.meta import Obj, Ref, condition_of, labels_of, ref_of
from core.client.cache import View


def of_pod(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    """Return the Services that a change of a Pod concerns: a component's handler."""
    if old is not None and new is not None and _looks(old) == _looks(new):
        return ()
    pods = [pod for pod in (old, new) if pod is not None]
    return {ref_of(service) for pod in pods for service in services_of(view, pod)}


def _looks(pod: Obj) -> tuple[Any, ...]:
    """All of a Pod that an endpoint depends on."""
    spec, status = pod["spec"], pod.get("status") or {}
    ready = condition_of(pod, "Ready")
    return (
        pod["metadata"]["uid"],
        status.get("podIP"),
        ready is not None and ready["status"] == "True",
        "deletionTimestamp" in pod["metadata"],
        status.get("phase") in ("Succeeded", "Failed"),
        spec.get("nodeName"),
        spec.get("hostname"),
        spec.get("subdomain"),
        pod["metadata"].get("labels"),
    )


def services_of(view: View, pod: Obj) -> list[Obj]:
    """Return the Services whose selector matches *pod*."""
    namespace, labels = pod["metadata"].get("namespace", ""), labels_of(pod)
    return [
        service
        for key, value in labels.items()
        for service in view.indexed("services-by-selector", (namespace, key, value))
        if service["spec"]["selector"].items() <= labels.items()
    ]


def container_port(pod: Obj, target: int | str, protocol: str) -> int:
    """Return the number of *target* on *pod*; 0: it has no port of that name."""
    if isinstance(target, int):
        return target
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return 0
