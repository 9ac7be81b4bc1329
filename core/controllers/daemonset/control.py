"""DaemonSet control: one sync of a set: its history, its Pods node by node, its status.

Source: podsShouldBeOnNode, manage, syncNodes and updateDaemonSetStatus of
pkg/controller/daemon/daemon_controller.go (v1.36).
Differs: the random part of a Pod's name follows from the state of the set; the back-off of failed Pods counts
the set's Events about them, of all nodes together.
"""

from __future__ import annotations

from core.api.pauses import doubled
from core.apimachinery.meta import Obj, is_terminating, labels_of, name_of, namespace_of, replaced, uid_of
from core.apimachinery.timestamps import seconds
from core.client.actions import NOTHING, Action, Plan, RecordEvent, UpdateStatus, side_by_side
from core.client.cache import View
from core.controllers.adoption import Ownership, matcher
from core.controllers.daemonset.nodes import pod_spec
from core.controllers.daemonset.revisions import revisions_of, truncated
from core.controllers.daemonset.rollout import rolling_update
from core.controllers.daemonset.state import GENERATION_LABEL, State
from core.controllers.history import POD_LABEL
from core.controllers.podcontrol import Batch, create_pod, delete_pod, fresh_names, namespace_goes
from core.controllers.pods import next_availability, readiness
from core.controllers.slowstart import batches

BURST_REPLICAS = 250
FAILED = "FailedDaemonPod"
_LONGEST_BACK_OFF = 900.0  # seconds; the shortest is one, and each failure doubles it


def update_daemon_set(view: View, ds: Obj, now: float) -> Plan:
    """Return what one sync of *ds* does: history, Pods, status, in the order of the real writes."""
    if is_terminating(ds):
        return NOTHING
    matches = matcher(ds["spec"]["selector"])
    history = Ownership(ds, lambda obj: matches(labels_of(obj))).take(view, "ControllerRevision")
    pods = Ownership(ds, lambda obj: matches(labels_of(obj))).take(view, "Pod")
    revisions = revisions_of(view, ds, history.kept, pods.kept)
    state = State(view, ds, pods.kept, revisions.hash, now)
    step = Manage(state)
    if not step.create and not step.delete and ds["spec"]["updateStrategy"]["type"] == "RollingUpdate":
        step.create, step.delete = rolling_update(state)
    actions: list[Action] = [*history.patches, *pods.patches, *revisions.actions, *step.events]
    together: set[int] = set()
    for batch in _batches(state, step):
        added, beside = side_by_side(batch, len(actions))
        actions += added
        together |= beside
    actions += truncated(ds, revisions.old, {labels_of(pod).get(POD_LABEL, "") for pod in pods.kept})
    status = _status(state)
    if revisions.collision_count:
        status["collisionCount"] = revisions.collision_count
    reports = ds.get("status") != status
    if reports:
        actions.append(UpdateStatus(replaced(ds, "status", status)))
    waits = [wait for wait in (step.wait, _next_availability(state)) if wait is not None]
    return Plan(
        tuple(actions),
        min(waits, default=None),
        _because(state, step),
        closing=int(reports),
        together=frozenset(together),
    )


class Manage:
    """Which nodes need a Pod and which Pods must go, update or not.

    ``wait``: seconds until a failed Pod may be replaced, or None.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.create: list[str] = []
        self.delete: list[Obj] = []
        self.events: list[Action] = []
        self.wait: float | None = None
        self._back_off = _back_off(state)
        for name, wish in state.wishes.items():
            here = state.pods.get(name, [])
            staying = [pod for pod in here if not is_terminating(pod)]
            if wish.run and not here:
                self.create.append(name)
            elif not wish.stay:
                self.delete += staying
            elif not self._prune(name, staying) and wish.run and state.allows_surge():
                self.create.append(name)
        for name, here in state.pods.items():
            if name not in state.wishes:  # no such node: nobody else deletes a Pod that waits for it
                self.delete += [pod for pod in here if not pod["spec"].get("nodeName")]

    def _prune(self, node: str, pods: list[Obj]) -> bool:
        """Delete the ended and the surplus Pods of a node; say whether any runs there."""
        running = [pod for pod in pods if not self._has_ended(node, pod)]
        state = self._state
        if not state.allows_surge():
            self.delete += running[1:]
            return bool(running)
        # two may stay: the oldest of the template, and the oldest other one while its heir is not available
        new = [pod for pod in running if labels_of(pod).get(POD_LABEL) == state.mark]
        old = [pod for pod in running if labels_of(pod).get(POD_LABEL) != state.mark]
        self.delete += [*new[1:], *old[1:]]
        if new and old:
            is_ready = readiness(old[0].get("status") or {}, 0, state.now).ready
            if not is_ready or state.is_available(new[0]):
                self.delete.append(old[0])
        return bool(running)

    def _has_ended(self, node: str, pod: Obj) -> bool:
        phase = (pod.get("status") or {}).get("phase")
        if phase not in ("Failed", "Succeeded"):
            return False
        if phase == "Failed" and self._back_off > 0:
            self.wait = self._back_off
            return True
        failed = phase == "Failed"
        words = ("Warning", FAILED, "kill") if failed else ("Normal", "SucceededDaemonPod", "delete")
        message = (
            f"Found {phase.lower()} daemon pod {namespace_of(pod)}/{name_of(pod)} on node {node},"
            f" will try to {words[2]} it"
        )
        self.events.append(RecordEvent(self._state.ds, words[0], words[1], message))
        self.delete.append(pod)
        return True


def _back_off(state: State) -> float:
    """Return the seconds until the next failed Pod may be replaced."""
    told = state.view.indexed("events-by-involved", uid_of(state.ds))
    failures = [event for event in told if event.get("reason") == FAILED]
    if not failures:
        return 0.0
    number = sum(int(event.get("count") or 1) for event in failures)
    last = max(seconds(event["lastTimestamp"]) for event in failures)
    return max(last + doubled(number - 1, 1.0, _LONGEST_BACK_OFF) - state.now, 0.0)


def _batches(state: State, step: Manage) -> list[list[Batch]]:
    """Return the writes about Pods, those of a batch side by side."""
    ds, creates = state.ds, step.create[:BURST_REPLICAS]
    if namespace_goes(state.view, ds):
        creates = []
    labels = dict((ds["spec"]["template"].get("metadata") or {}).get("labels") or {})
    if state.generation is not None:
        labels[GENERATION_LABEL] = state.generation
    labels[POD_LABEL] = state.mark
    made = [
        create_pod(ds, name, labels, pod_spec(ds, node))
        for name, node in zip(fresh_names(state.view, ds, len(creates)), creates, strict=True)
    ]
    gone = [delete_pod(ds, pod) for pod in step.delete[:BURST_REPLICAS]]
    return [*(made[b.start : b.stop] for b in batches(len(made))), *([gone] if gone else [])]


def _status(state: State) -> Obj:
    """Count; Pods that this sync creates or deletes do not show yet. Conditions are somebody else's."""
    current = misscheduled = ready = updated = available = 0
    for name, wish in state.wishes.items():
        pods = state.pods.get(name)
        if not pods:
            continue
        if not wish.run:
            misscheduled += 1
            continue
        current += 1
        found = readiness(pods[0].get("status") or {}, state.min_ready, state.now)
        ready += found.ready
        available += found.available
        updated += state.is_updated(pods[0])
    seldom = {
        "updatedNumberScheduled": updated,
        "numberAvailable": available,
        "numberUnavailable": state.desired - available,
    }
    known = state.ds.get("status") or {}
    return {
        **{name: known[name] for name in ("conditions", "collisionCount") if name in known},
        "currentNumberScheduled": current,
        "numberMisscheduled": misscheduled,
        "desiredNumberScheduled": state.desired,
        "numberReady": ready,
        "observedGeneration": state.ds["metadata"]["generation"],
        **{name: number for name, number in seldom.items() if number},
    }


def _next_availability(state: State) -> float | None:
    if not state.min_ready:
        return None
    everyone = (pod for pods in state.pods.values() for pod in pods)
    found = [readiness(pod.get("status") or {}, state.min_ready, state.now) for pod in everyone]
    waiting = (one.since for one in found if one.ready and not one.available)
    return next_availability(waiting, state.min_ready, state.now)


def _because(state: State, step: Manage) -> str:
    told = []
    if step.create:
        told.append("creates a Pod on " + _shown(step.create))
    if step.delete:
        told.append("deletes " + _shown([name_of(pod) for pod in step.delete]))
    if not told and step.wait is not None:
        return "waits before it replaces a Pod that failed"
    return " and ".join(told)


def _shown(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
