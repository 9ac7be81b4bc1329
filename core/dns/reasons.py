"""Why a name has no answer: what stands between it and its Pod, in words.

Source: none in Kubernetes: CoreDNS says NXDOMAIN and no more. The rules are those of the endpoint slice
controller (pkg/controller/endpointslice, v1.36) and of pod hostnames (pkg/kubelet/kubelet_pods.go, v1.36).
"""

from __future__ import annotations

from core.apimachinery.labels import format_labels
from core.apimachinery.meta import (
    Obj,
    controller_of,
    field,
    has_condition,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
)
from core.client.cache import View
from core.dns.records import Answer, subject
from core.sim.settings import Settings


def why(view: View, settings: Settings, name: str, found: Answer) -> str:
    """Return one clause about an answer without records; "" for one that has some."""
    about = subject(settings, name)
    if found.records or found.rcode != "NXDOMAIN" or about is None:
        return "" if found.records else found.because
    label, ref = about
    service = view.get(*ref)
    if service is None:
        return _no_service(view, label, ref.namespace, ref.name) or found.because
    if label and not label.startswith("_"):
        return _of_one(view, service, label) or found.because
    return (_of_all(view, service) if service["spec"].get("clusterIP") == "None" else "") or found.because


def _no_service(view: View, label: str, namespace: str, name: str) -> str:
    there_is_none = f"there is no Service {name} in namespace {namespace}"
    sets = [s for s in view.list("StatefulSet", namespace) if s["spec"].get("serviceName") == name]
    if sets:
        return f"{there_is_none}, though StatefulSet {name_of(sets[0])} has it as its serviceName"
    pod = view.get("Pod", namespace, label)
    own = pod["spec"].get("subdomain") if pod else ""
    return f"{there_is_none}; {_said_by(pod)} says {own}" if pod and own else ""


def _said_by(pod: Obj) -> str:
    """Name what says the subdomain of *pod*."""
    owner = controller_of(pod) or {}
    if owner.get("kind") == "StatefulSet":
        return f"serviceName of StatefulSet {owner['name']}"
    return f"subdomain of Pod {name_of(pod)}"


def _of_one(view: View, service: Obj, label: str) -> str:
    """Say what keeps the Pod *label* from having its name below *service*."""
    name, selector = name_of(service), service["spec"].get("selector") or {}
    if not selector:
        return f"Service {name} has no selector: it has the endpoints that somebody writes, and none {label}"
    pod = view.get("Pod", namespace_of(service), label)
    if pod is None:
        return f"there is no Pod {label}"
    if not _selects(selector, pod):
        has = format_labels(labels_of(pod))
        return f"Service {name} selects {format_labels(selector)}, and Pod {label} has {has}"
    own = pod["spec"].get("subdomain", "")
    if own != name:
        return f"{_said_by(pod)} is {own}, not {name}" if own else f"Pod {label} has no subdomain"
    return _unpublished(service, pod)


def _unpublished(service: Obj, pod: Obj) -> str:
    """Say why *pod*, which *service* selects, is not published."""
    name = name_of(pod)
    if not field(pod, "status.podIP"):
        return f"Pod {name} has no address yet: it is {field(pod, 'status.phase', 'Pending')}"
    if service["spec"].get("publishNotReadyAddresses"):
        return ""
    off = f"publishNotReadyAddresses of Service {name_of(service)} is off"
    if is_terminating(pod):
        return f"Pod {name} is being deleted, and {off}"
    if not has_condition(pod, "Ready"):
        return f"Pod {name} is not Ready, and {off}"
    return f"Pod {name} is Ready, and its EndpointSlice is not written yet"


def _of_all(view: View, service: Obj) -> str:
    """Say why the headless *service* has no address at all."""
    name, selector = name_of(service), service["spec"].get("selector") or {}
    if not selector:
        return f"Service {name} has no selector, and nobody has written endpoints for it"
    words = format_labels(selector)
    pods = [pod for pod in view.list("Pod", namespace_of(service)) if _selects(selector, pod)]
    if not pods:
        return f"the selector of Service {name}, {words}, matches nobody"
    if len(pods) == 1:
        return _unpublished(service, pods[0])
    if any(has_condition(pod, "Ready") and not is_terminating(pod) for pod in pods):
        return ""
    off = "" if service["spec"].get("publishNotReadyAddresses") else ", and publishNotReadyAddresses is off"
    return f"none of the {len(pods)} Pods that {words} selects is Ready{off}"


def _selects(selector: dict[str, str], pod: Obj) -> bool:
    return selector.items() <= labels_of(pod).items()
