"""One look of the kubelet at one of its Pods: what it reported, what it finds, and how it reports that.

Source: pkg/kubelet/kubelet.go (SyncPod), pkg/kubelet/kubelet_pods.go (v1.36).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.apimachinery.meta import Obj, condition_of, name_of, replaced
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import Action, RecordEvent, UpdateStatus
from core.client.cache import View
from core.kubelet import containers
from core.kubelet.containers import ContainerEvent, Runtime
from core.kubelet.program import FOREVER
from core.kubelet.status import Observed, pod_status
from core.sim.settings import Settings


@dataclass(frozen=True)
class PodSync:
    """One look of the kubelet at one of its Pods."""

    view: View
    pod: Obj
    node: Obj
    settings: Settings
    now: float

    @property
    def started(self) -> bool:
        return "startTime" in self.status

    @property
    def status(self) -> Obj:
        return self.pod.get("status") or {}

    @cached_property
    def mains(self) -> list[Obj]:
        return self._statuses("containers", "containerStatuses")

    @cached_property
    def inits(self) -> list[Obj]:
        return self._statuses("initContainers", "initContainerStatuses")

    def _statuses(self, specified: str, reported: str) -> list[Obj]:
        """Return one status for each container, those not yet reported in their first state."""
        specs = self.pod["spec"].get(specified) or []
        known = {status["name"]: status for status in self.status.get(reported) or ()}
        later = specified == "containers" and self.pod["spec"].get("initContainers")
        reason = "PodInitializing" if later else "ContainerCreating"
        return [known.get(c["name"]) or containers.initial_status(c, reason=reason) for c in specs]

    @property
    def runtime(self) -> Runtime:
        address = self.status.get("podIP") or ""
        return Runtime(self.pod, self.node, address, self.settings, self.now, self.view)

    @property
    def sandbox_since(self) -> float | None:
        """When volumes were mounted and the network was there; None: not yet."""
        condition = condition_of(self.pod, "PodReadyToStartContainers")
        if condition is None or condition["status"] != "True":
            return None
        return seconds(condition["lastTransitionTime"])

    def observed(self) -> Observed:
        """Return what was reported last, as the start of what is to be reported next."""
        return Observed(
            self.mains,
            self.inits,
            sandbox=self.sandbox_since is not None,
            address=self.status.get("podIP") or "",
        )

    def write(self, observed: Observed) -> list[Action]:
        """Return the status write that *observed* needs, if any."""
        status = pod_status(self.pod, self.node, observed, timestamp(self.now))
        return [] if status == self.status else [UpdateStatus(replaced(self.pod, "status", status))]

    def event(self, event: ContainerEvent, container: str = "") -> RecordEvent:
        path = f"spec.containers{{{container}}}" if container else ""
        if container and all(c["name"] != container for c in self.pod["spec"]["containers"]):
            path = f"spec.initContainers{{{container}}}"
        host = name_of(self.node)
        return RecordEvent(self.pod, event.type, event.reason, event.message, field_path=path, host=host)

    @property
    def grace(self) -> float:
        return float(self.pod["metadata"].get("deletionGracePeriodSeconds") or 0)

    @property
    def deadline(self) -> float:
        """When the Pod has been active for as long as it may be."""
        allowed = self.pod["spec"].get("activeDeadlineSeconds")
        return seconds(self.status["startTime"]) + allowed if allowed and self.started else FOREVER

    @property
    def stops_at(self) -> float:
        """When the containers of a deleted Pod have ended: early if they can, at the latest killed."""
        asked_at = seconds(self.pod["metadata"]["deletionTimestamp"]) - self.grace
        if all("running" not in status["state"] for status in (*self.mains, *self.inits)):
            return asked_at
        takes = max(containers.stop_seconds(c, self.settings) for c in self.pod["spec"]["containers"])
        return asked_at + min(takes, self.grace)

    @property
    def cleaned_up_at(self) -> float:
        """When the volumes of a stopped Pod are unmounted (SyncTerminatedPod waits for that)."""
        ends = [
            seconds(status["state"]["terminated"]["finishedAt"])
            for status in self.mains
            if (status["state"].get("terminated") or {}).get("finishedAt")
        ]
        return max(ends, default=0.0) + self.settings.volume_unmount_seconds
