"""The life of a Pod on its node as a table: the first stage that applies says what happens next.

    accepted (or rejected) -> mounted -> running -> (told to stop -> stopped -> gone) | ended

Every timer is read from timestamps on the objects, so that a kubelet that restarts goes on where it was.
Source: pkg/kubelet/kubelet.go (SyncPod, SyncTerminatingPod), pkg/kubelet/pod_workers.go (v1.36); the table is
an idea of KWOK's Stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.api.faults import is_switched_off
from core.api.resources import is_terminal
from core.apimachinery.meta import (
    Obj,
    condition_of,
    finalizers_of,
    is_terminating,
    name_of,
    ref_of,
    replaced,
    uid_of,
)
from core.apimachinery.timestamps import seconds, timestamp
from core.client.actions import (
    NOTHING,
    Action,
    Create,
    Delete,
    Patch,
    Plan,
    RecordEvent,
    Update,
    UpdateStatus,
)
from core.kubelet import containers, images, ipam, mounts
from core.kubelet.admission import Rejection, rejection
from core.kubelet.containers import ContainerEvent, Runtime, Step
from core.kubelet.played import written_at_start
from core.kubelet.podsync import PodSync
from core.kubelet.program import FOREVER, words_of
from core.kubelet.shell.run import Container
from core.kubelet.status import Observed, exit_code

_UNTRIED = ("ContainerCreating", "PodInitializing")


class Stage(NamedTuple):
    name: str
    applies: Callable[[PodSync], bool]
    act: Callable[[PodSync], Plan]


# -- up --------------------------------------------------------------------------------------------


def accept(sync: PodSync) -> Plan:
    """Report the Pod for the first time: its host, its start time, its containers waiting (PL5a write 1)."""
    refused = rejection(sync.view, sync.pod, sync.node)
    if refused is not None:
        return _reject(sync, refused)
    writes = sync.write(replace(sync.observed(), sandbox=False))
    return Plan(tuple(writes), because=f"has just come to {name_of(sync.node)}")


def _reject(sync: PodSync, refused: Rejection) -> Plan:
    kept = {key: sync.status[key] for key in ("qosClass",) if key in sync.status}
    reason, message = refused
    status = {"phase": "Failed", "reason": reason, "message": f"Pod was rejected: {message}", **kept}
    status["observedGeneration"] = sync.pod["metadata"].get("generation", 1)
    status["startTime"] = timestamp(sync.now)
    event = RecordEvent(sync.pod, "Warning", reason, message, host=name_of(sync.node))
    update = UpdateStatus(replaced(sync.pod, "status", status))
    return Plan((event, update), because=f"is refused by {name_of(sync.node)}: {message}")


def mount(sync: PodSync) -> Plan:
    """Wait for the volumes; then the containers may start (PL5a write 2)."""
    errors = list(mounts.mount_errors(sync.pod, sync.node, sync.view))
    if not errors:
        writes = sync.write(replace(sync.observed(), sandbox=True))
        return Plan(tuple(writes), because="has its volumes mounted")
    told = {e["message"]: e for e in sync.view.indexed("events-by-involved", uid_of(sync.pod))}
    events: list[RecordEvent] = []
    after: list[float] = []
    for error in errors:
        if not error.message:
            continue  # a wait, not a failure
        event = told.get(error.message)
        times = event["count"] if event else 0
        due = seconds(event["lastTimestamp"]) + mounts.pause(error, times) if event else sync.now
        if due <= sync.now:
            events.append(sync.event(ContainerEvent("Warning", "FailedMount", error.message)))
            due = sync.now + mounts.pause(error, times + 1)
        after.append(due - sync.now)
    return Plan(tuple(events), requeue_after=min(after, default=None), because=errors[0].words)


def run(sync: PodSync) -> Plan:
    """Take every container one step further and report what changed (PL5a write 3, and all later ones)."""
    since = sync.sandbox_since
    assert since is not None, "the stages before wait for it"
    runtime, pod = sync.runtime, sync.pod
    if not runtime.address:
        runtime = replace(runtime, address=ipam.pod_ip(pod, sync.node, sync.view))
    inits, may_start = _advance_inits(sync, runtime, since)
    mains = [
        containers.advance(runtime, container, status, may_start)
        if may_start is not None
        else Step(status, words="waits for its init containers")
        for container, status in zip(pod["spec"]["containers"], sync.mains, strict=True)
    ]
    inits = _without_sidecars(sync, inits, mains)
    steps = [*inits, *mains]
    # the sandbox has its address before the first container; it is told with what came of one
    tried = any(step.status["state"].get("waiting", {}).get("reason") not in _UNTRIED for step in steps)
    observed = Observed(
        [step.status for step in mains],
        [step.status for step in inits],
        address=runtime.address if tried else sync.status.get("podIP") or "",
    )
    # images first, so that the next Pod finds them; Events last: a refused write is not told
    actions = [*_pulls(sync, steps), *sync.write(observed)]
    actions += _writes(sync, steps)
    actions += _told(sync, steps)
    due = min((step.due for step in steps), default=FOREVER)
    because = next((step.words for step in steps if step.words), "")
    after = max(due - sync.now, 0.0) if due < FOREVER else None
    return Plan(tuple(actions), requeue_after=after, because=because)


def _advance_inits(sync: PodSync, runtime: Runtime, since: float) -> tuple[list[Step], float | None]:
    """Return the init containers' steps, one container after the other, and when the others may start."""
    may_start: float | None = since
    out: list[Step] = []
    for container, status in zip(sync.pod["spec"].get("initContainers") or (), sync.inits, strict=True):
        if may_start is None:
            out.append(Step(status))
            continue
        step = containers.advance(runtime, container, status, may_start, init=True)
        out.append(step)
        state = step.status["state"]
        if container.get("restartPolicy") == "Always":
            may_start = seconds(state["running"]["startedAt"]) if step.status["started"] else None
        elif exit_code(step.status) == 0 and step.status["ready"]:
            may_start = seconds(state["terminated"]["finishedAt"])
        else:
            may_start = None
    return out, may_start


def _told(sync: PodSync, steps: Sequence[Step]) -> list[RecordEvent]:
    """Return the Events of the containers, and once those of the Pod as a whole."""
    out: list[RecordEvent] = []
    for step in steps:
        for event in step.events:
            record = sync.event(event, "" if event.reason == "SandboxChanged" else step.status["name"])
            if record not in out:
                out.append(record)
    return out


def _without_sidecars(sync: PodSync, inits: list[Step], mains: list[Step]) -> list[Step]:
    """Stop the sidecars, which keep no Pod alive, once all main containers have ended for good."""
    if not all("terminated" in step.status["state"] and step.due == FOREVER for step in mains):
        return inits
    out: list[Step] = []
    for container, status, step in zip(
        sync.pod["spec"].get("initContainers") or (), sync.inits, inits, strict=True
    ):
        if container.get("restartPolicy") != "Always":
            out.append(step)
        elif "running" in status["state"]:
            told = ContainerEvent("Normal", "Killing", f"Stopping container {container['name']}")
            out.append(Step(_stopped(sync, container, status), (told,)))
        else:
            out.append(Step(status))
    return out


def _writes(sync: PodSync, steps: Sequence[Step]) -> list[Action]:
    """Return what the programs that start now write into volumes."""
    spec, out = sync.pod["spec"], list[Action]()
    specs = [*(spec.get("initContainers") or ()), *spec["containers"]]
    for container, old, step in zip(specs, [*sync.inits, *sync.mains], steps, strict=True):
        started = step.status.get("containerID") != old.get("containerID")
        if started and "volumeMounts" in container and words_of(container):
            place = Container(sync.pod, container, sync.settings, sync.now)
            for file in written_at_start(place, sync.view):
                stored = sync.view.get("VolumeFile", file["metadata"]["namespace"], file["metadata"]["name"])
                out.append(Create(file) if stored is None else Update(file))
    return out


def _pulls(sync: PodSync, steps: Sequence[Step]) -> list[Action]:
    """Return the write by which the node remembers the images it has pulled."""
    node = sync.node
    for step in steps:
        if step.pulled and not images.is_present(node, step.status["image"]):
            node = replaced(node, "status.images", images.images_with(node, step.status["image"]))
    if node is sync.node:
        return []
    patch = {"status": {"images": node["status"]["images"]}}
    return [Patch(ref_of(node), patch, "status")]


# -- down ------------------------------------------------------------------------------------------


def _is_told_to_stop(sync: PodSync) -> bool:
    observed = sync.status.get("observedGeneration", 0)
    return not sync.started or bool(observed < sync.pod["metadata"].get("generation", 1))


def tell_to_stop(sync: PodSync) -> Plan:
    """Send SIGTERM and say that the deletion was seen (PL63 write 2); the Pod may still be Ready."""
    return Plan((*sync.write(sync.observed()), *_killed(sync)), because=_stopping(sync))


def find_nothing(sync: PodSync) -> Plan:
    """Look for the containers of a deleted Pod on a node that has come back without them (NF10a)."""
    mains = [containers.vanished(s) if "running" in s["state"] else s for s in sync.mains]
    observed = Observed(mains, sync.inits, sandbox=False)
    return Plan(
        tuple(sync.write(observed)), because="is to be deleted; its containers were lost with its node"
    )


def stop(sync: PodSync) -> Plan:
    """Wait until the containers have ended, then report the Pod's last status (PL63 write 3)."""
    if sync.now < sync.stops_at:
        return Plan(requeue_after=sync.stops_at - sync.now, because=_stopping(sync))
    return Plan(tuple(sync.write(_all_stopped(sync))), because="has stopped and is about to go")


def exceed_deadline(sync: PodSync) -> Plan:
    """Stop a Pod that was given so long and no longer; it has failed.

    Source: pkg/kubelet/active_deadline.go.
    """
    reason, message = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
    writes = sync.write(replace(_all_stopped(sync), failure=(reason, message)))
    told = [sync.event(ContainerEvent("Normal", reason, message)), *_killed(sync)]
    return Plan((*told, *writes), because="has been active for longer than its deadline")


def _all_stopped(sync: PodSync) -> Observed:
    spec, address = sync.pod["spec"], sync.status.get("podIP") or ""
    mains = [_stopped(sync, *pair) for pair in zip(spec["containers"], sync.mains, strict=True)]
    inits = [
        _stopped(sync, container, status) if "running" in status["state"] else status
        for container, status in zip(spec.get("initContainers") or (), sync.inits, strict=True)
    ]
    return Observed(mains, inits, sandbox=False, address=address, stopped=True)


def _stopped(sync: PodSync, container: Obj, status: Obj) -> Obj:
    return containers.stopped(container, status, sync.settings, sync.grace, sync.now)


def remove(sync: PodSync) -> Plan:
    """Delete the object for good, if it is still the same Pod (PL63 writes 4 and 5)."""
    finalizers = finalizers_of(sync.pod)
    if finalizers and sync.pod["metadata"].get("deletionGracePeriodSeconds") == 0:
        return Plan(because=f"has stopped; waits for finalizer {', '.join(finalizers)} to be removed")
    if sync.now < sync.cleaned_up_at:
        waits = "has stopped; its volumes are being unmounted"
        return Plan(requeue_after=sync.cleaned_up_at - sync.now, because=waits)
    delete = Delete(ref_of(sync.pod), uid=uid_of(sync.pod), grace_period_seconds=0)
    return Plan((delete,), because="has stopped and goes")


def _killed(sync: PodSync) -> list[RecordEvent]:
    return [
        sync.event(ContainerEvent("Normal", "Killing", f"Stopping container {name}"), name)
        for name in _running(sync)
    ]


def _running(sync: PodSync) -> list[str]:
    return [s["name"] for s in (*sync.mains, *sync.inits) if "running" in s["state"]]


def _stopping(sync: PodSync) -> str:
    names = _running(sync)
    if not names:
        return "is being deleted"
    noun = "container" if len(names) == 1 else "containers"
    verb = "is" if len(names) == 1 else "are"
    return f"has {sync.grace:.0f} s to stop; {noun} {', '.join(names)} {verb} stopping"


def _is_lost(sync: PodSync) -> bool:
    runtime = sync.runtime
    return any(containers.is_lost(runtime, status) for status in sync.mains)


def ended(sync: PodSync) -> Plan:
    phase = sync.status["phase"]
    return Plan(because="has done its work" if phase == "Succeeded" else "has failed and will not run again")


STAGES: tuple[Stage, ...] = (
    Stage("gone", lambda s: is_terminating(s.pod) and is_terminal(s.pod), remove),
    Stage("lost", lambda s: is_terminating(s.pod) and _is_lost(s), find_nothing),
    Stage("told to stop", lambda s: is_terminating(s.pod) and _is_told_to_stop(s), tell_to_stop),
    Stage("stopped", lambda s: is_terminating(s.pod), stop),
    Stage("ended", lambda s: is_terminal(s.pod), ended),
    Stage("accepted", lambda s: not s.started, accept),
    Stage("overdue", lambda s: s.now >= s.deadline, exceed_deadline),
    Stage("mounted", lambda s: s.sandbox_since is None, mount),
    Stage("running", lambda s: True, run),
)


def next_stage(sync: PodSync) -> Stage:
    return next(stage for stage in STAGES if stage.applies(sync))


def node_is_heard(node: Obj) -> bool:
    """Say whether the API server has heard of the node's return (or it was never away)."""
    ready = condition_of(node, "Ready")
    return ready is None or ready["status"] == "True"


def sync_pod(sync: PodSync) -> Plan:
    node = name_of(sync.node)
    if is_switched_off(sync.node):
        if is_terminating(sync.pod):
            return Plan(
                because=f"cannot be stopped: its node {node} is off, so it stays until someone gives it up"
            )
        return Plan(because=f"is on {node}, which is off: nobody there can start or stop it")
    if not node_is_heard(sync.node):
        return NOTHING  # the node reports itself first; that news comes back here
    plan = next_stage(sync).act(sync)
    if not sync.now < sync.deadline < FOREVER or is_terminal(sync.pod) or is_terminating(sync.pod):
        return plan
    left = sync.deadline - sync.now
    return replace(plan, requeue_after=left if plan.requeue_after is None else min(plan.requeue_after, left))
