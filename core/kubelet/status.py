"""Pod status as the kubelet writes it: phase and conditions, computed from the containers' states.

Source: pkg/kubelet/kubelet_pods.go (getPhase, generateAPIPodStatus), pkg/kubelet/status/generate.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.apimachinery.errors import BadRequest
from core.apimachinery.meta import Obj
from core.kubelet.ipam import host_ip

CONDITION_TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
Verdict = tuple[bool, str, str]
"""A condition's status, reason and message."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the kubelet finds on its node: container statuses, whether the sandbox is there, its address."""

    containers: Sequence[Obj]
    init_containers: Sequence[Obj] = ()
    sandbox: bool = True
    address: str = ""
    stopped: bool = False
    """The Pod was to stop and has: its exit codes alone decide the phase."""
    failure: tuple[str, str] | None = None
    """The Pod has failed as a whole: reason and message."""


def pod_status(pod: Obj, node: Obj, observed: Observed, stamp: str) -> Obj:
    """Return the whole status of *pod* as observed; an equal one means that nothing need be written.

    *stamp*: the transition time of conditions that flip; others keep theirs. Conditions of other writers
    stay behind the kubelet's five.
    """
    old = pod.get("status") or {}
    phase = get_phase(pod, observed)
    out: Obj = {
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": phase,
        "conditions": _conditions(pod, phase, observed, stamp),
    }
    told = (old.get("reason"), old.get("message")) if observed.failure is None else observed.failure
    out |= {key: word for key, word in zip(("reason", "message"), told, strict=True) if word}
    host = host_ip(node)
    if host:
        out["hostIP"], out["hostIPs"] = host, [{"ip": host}]
    if observed.address:
        out["podIP"], out["podIPs"] = observed.address, [{"ip": observed.address}]
    out["startTime"] = old.get("startTime", stamp)
    if observed.init_containers:
        out["initContainerStatuses"] = list(observed.init_containers)
    out["containerStatuses"] = list(observed.containers)
    if "qosClass" in old:
        out["qosClass"] = old["qosClass"]
    out["resources"] = pod["spec"].get("resources") or {}
    return out


def exit_code(status: Obj) -> int | None:
    terminated = status["state"].get("terminated")
    return terminated["exitCode"] if terminated else None


def is_initialized(pod: Obj, statuses: Sequence[Obj]) -> bool:
    """Say whether all init containers are done (a sidecar: has started)."""
    return not _uninitialized(pod, statuses)


def _uninitialized(pod: Obj, statuses: Sequence[Obj]) -> list[str]:
    sidecars = sidecars_of(pod)
    return [
        s["name"] for s in statuses if not (s.get("started") if s["name"] in sidecars else exit_code(s) == 0)
    ]


def sidecars_of(pod: Obj) -> set[str]:
    """Return the names of the init containers that run beside the others."""
    return {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}


def get_phase(pod: Obj, observed: Observed) -> str:
    old = (pod.get("status") or {}).get("phase")
    if old in ("Succeeded", "Failed"):
        return str(old)
    if observed.failure is not None:
        return "Failed"
    codes = [exit_code(status) for status in observed.containers]
    policy = pod["spec"].get("restartPolicy") or "Always"
    if observed.stopped:
        return "Succeeded" if all(code == 0 for code in codes) else "Failed"
    if not _has_begun(observed) and not is_initialized(pod, observed.init_containers):
        hopeless = policy == "Never" and any(exit_code(s) for s in observed.init_containers)
        return "Failed" if hopeless else "Pending"
    states = [_kind_of_state(status) for status in observed.containers]
    if "waiting" in states:
        return "Pending"
    beside = any("running" in status["state"] for status in observed.init_containers)
    if beside or "running" in states or policy == "Always":
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _has_begun(observed: Observed) -> bool:
    """Say whether a main container has: then a sidecar that is started again takes nothing back."""
    return any("waiting" not in status["state"] for status in observed.containers)


def _kind_of_state(status: Obj) -> Literal["waiting", "running", "stopped"]:
    """A container that waits to be started again counts as stopped."""
    if "running" in status["state"]:
        return "running"
    if "terminated" in status["state"] or status["lastState"].get("terminated"):
        return "stopped"
    return "waiting"


def _conditions(pod: Obj, phase: str, observed: Observed, stamp: str) -> list[Obj]:
    old = {c["type"]: c for c in (pod.get("status") or {}).get("conditions") or ()}
    generation = pod["metadata"].get("generation", 1)
    sidecars = sidecars_of(pod)
    beside = [status for status in observed.init_containers if status["name"] in sidecars]
    containers_ready = _containers_ready(phase, [*beside, *observed.containers])
    verdicts: tuple[Verdict, ...] = (
        (observed.sandbox and phase not in ("Succeeded", "Failed"), "", ""),
        _initialized(pod, phase, observed),
        _ready(pod, old, containers_ready),
        containers_ready,
        (True, "", ""),
    )
    out = [
        _condition(old.get(kind), kind, generation, verdict, stamp)
        for kind, verdict in zip(CONDITION_TYPES, verdicts, strict=True)
    ]
    out += [condition for kind, condition in old.items() if kind not in CONDITION_TYPES]
    return out


def _condition(old: Obj | None, kind: str, generation: int, verdict: Verdict, stamp: str) -> Obj:
    true, reason, message = verdict
    status = "True" if true else "False"
    kept = old is not None and old["status"] == status
    out: dict[str, Any] = {
        "type": kind,
        "observedGeneration": generation,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": old.get("lastTransitionTime", stamp) if kept and old else stamp,
    }
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def _containers_ready(phase: str, statuses: Sequence[Obj]) -> Verdict:
    if phase in ("Succeeded", "Failed"):
        return False, "PodCompleted" if phase == "Succeeded" else "PodFailed", ""
    unready = [status["name"] for status in statuses if not status["ready"]]
    if not unready:
        return True, "", ""
    return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"


def _initialized(pod: Obj, phase: str, observed: Observed) -> Verdict:
    if phase == "Succeeded":
        return True, "PodCompleted", ""
    waiting = _uninitialized(pod, observed.init_containers)
    if not waiting or _has_begun(observed):
        return True, "", ""
    return False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]"


def _ready(pod: Obj, old: dict[str, Obj], containers_ready: Verdict) -> Verdict:
    if not containers_ready[0]:
        return containers_ready
    missing = [
        f'corresponding condition of pod readiness gate "{gate["conditionType"]}" does not exist.'
        if gate["conditionType"] not in old
        else f'the status of pod readiness gate "{gate["conditionType"]}" is not "True", '
        f"but {old[gate['conditionType']]['status']}"
        for gate in pod["spec"].get("readinessGates") or ()
        if (old.get(gate["conditionType"]) or {}).get("status") != "True"
    ]
    return (False, "ReadinessGatesNotReady", ", ".join(missing)) if missing else (True, "", "")


# -- reading ---------------------------------------------------------------------------------------


def container_status(pod: Obj, name: str) -> Obj | None:
    """Return what the Pod's status says of a container, init containers too, or None."""
    status = pod.get("status") or {}
    for reported in ("containerStatuses", "initContainerStatuses"):
        found: Obj
        for found in status.get(reported) or ():
            if found["name"] == name:
                return found
    return None


def is_running(pod: Obj, name: str) -> bool:
    status = container_status(pod, name)
    return status is not None and "running" in status["state"]


def named_container(pod: Obj, name: str) -> Obj:
    """Return the container that a request means; *name* "" is the only one. Raises: BadRequest."""
    spec, pod_name = pod["spec"], pod["metadata"]["name"]
    containers = [*(spec.get("initContainers") or ()), *spec["containers"]]
    if not name and len(containers) > 1:
        names = " ".join(container["name"] for container in containers)
        text = f"a container name must be specified for pod {pod_name}, choose one of: [{names}]"
        raise BadRequest(text)
    container: Obj
    for container in containers:
        if not name or container["name"] == name:
            return container
    raise BadRequest(f"container {name} is not valid for pod {pod_name}")
