"""The READY, STATUS and RESTARTS of a Pod, as ``kubectl get pods`` shows them.

Source: pkg/printers/internalversion/printers.go, printPod (v1.36).
"""

from __future__ import annotations

from typing import NamedTuple

from core.apimachinery.duration import age
from core.apimachinery.meta import Obj, condition_of, is_terminating


class PodSummary(NamedTuple):
    ready: int
    total: int
    status: str
    restarts: int
    last_restart: str
    """When a container last ended before a restart, RFC 3339, or ""."""

    def restarts_text(self, now: float) -> str:
        if self.restarts and self.last_restart:
            return f"{self.restarts} ({age(self.last_restart, now)} ago)"
        return str(self.restarts)


def summarize(pod: Obj) -> PodSummary:
    status = pod.get("status") or {}
    phase = status.get("phase") or ""
    sidecars = {
        c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"
    }
    scheduled = condition_of(pod, "PodScheduled")
    reason = status.get("reason") or phase
    if scheduled and scheduled.get("reason") == "SchedulingGated":
        reason = "SchedulingGated"

    inits = status.get("initContainerStatuses") or ()
    ready, waiting_on = _initialized(pod, inits, sidecars)
    counted = list(inits)
    initialized = condition_of(pod, "Initialized")
    if not waiting_on or (initialized and initialized["status"] == "True"):
        mains = status.get("containerStatuses") or ()
        counted = [*(c for c in inits if c["name"] in sidecars), *mains]
        reason, running = _main_reason(waiting_on or reason, mains)
        ready += running
        if reason == "Completed" and running:
            condition = condition_of(pod, "Ready")
            reason = "Running" if condition and condition["status"] == "True" else "NotReady"
    else:
        reason = waiting_on

    if is_terminating(pod):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif phase not in ("Succeeded", "Failed"):
            reason = "Terminating"
    total = len(pod["spec"].get("containers") or ()) + len(sidecars)
    restarts = sum(container.get("restartCount", 0) for container in counted)
    return PodSummary(ready, total, reason, restarts, max(map(_ended, counted), default=""))


def _ended(container: Obj) -> str:
    last = (container.get("lastState") or {}).get("terminated") or {}
    return last.get("finishedAt") or ""


def _initialized(pod: Obj, inits: list[Obj] | tuple[()], sidecars: set[str]) -> tuple[int, str]:
    """Return how many sidecars are ready, and the STATUS of the first init container that is not through."""
    ready = 0
    for at, container in enumerate(inits):
        state = container.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended and ended.get("exitCode", 0) == 0:
            continue
        if container["name"] in sidecars and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if ended:
            return ready, f"Init:{_ended_reason(ended)}"
        if waiting.get("reason") not in (None, "", "PodInitializing"):
            return ready, f"Init:{waiting['reason']}"
        return ready, f"Init:{at}/{len(pod['spec'].get('initContainers') or ())}"
    return ready, ""


def _ended_reason(terminated: Obj) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _main_reason(reason: str, containers: list[Obj] | tuple[()]) -> tuple[str, int]:
    """Return the STATUS and how many run and are ready. The first container has the last word."""
    running = 0
    for container in reversed(containers):
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif ended:
            reason = _ended_reason(ended)
        elif container.get("ready") and "running" in state:
            running += 1
    return reason, running
