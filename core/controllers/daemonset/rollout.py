"""DaemonSet rolling update: which old Pods may go, and which nodes may have a second one.

Source: rollingUpdate and findUpdatedPodsOnNode of pkg/controller/daemon/update.go (v1.36).
"""

from __future__ import annotations

from typing import NamedTuple

from core.apimachinery.meta import Obj, is_terminating
from core.controllers.daemonset.nodes import NOWHERE
from core.controllers.daemonset.state import State


class Step(NamedTuple):
    """*create*: nodes that get a Pod; *delete*: Pods that go."""

    create: list[str]
    delete: list[Obj]


def rolling_update(state: State) -> Step:
    """Return what brings the Pods nearer to the template without breaking the set's bounds."""
    nodes = {name: state.pods.get(name, []) for name, wish in state.wishes.items() if wish.run}
    nodes |= state.pods
    return _surging(state, nodes) if state.surge() else _replacing(state, nodes)


def _replacing(state: State, nodes: dict[str, list[Obj]]) -> Step:
    """Delete old Pods while no more than maxUnavailable nodes are without an available one."""
    unavailable, replaced, candidates = 0, list[Obj](), list[Obj]()
    for pods in nodes.values():
        found = _old_and_new(state, pods)
        if found is None:
            unavailable += 1
            continue
        old, new = found
        if (old is None) == (new is None):
            unavailable += 1
        elif old is None:
            unavailable += not state.is_available(new)
        elif not state.is_available(old):
            replaced.append(old)
            unavailable += 1
        else:
            candidates.append(old)
    return Step([], replaced + candidates[: max(state.unavailable() - unavailable, 0)])


def _surging(state: State, nodes: dict[str, list[Obj]]) -> Step:
    """Make new Pods beside the old ones on maxSurge nodes at once; an old one goes when its heir is there."""
    surge = available = 0
    doomed, leaving = list[Obj](), list[Obj]()
    allowed, candidates = list[str](), list[str]()
    for name, pods in nodes.items():
        found = _old_and_new(state, pods)
        if found is None:
            surge += 1
            continue
        old, new = found
        available += state.is_available(old or new)
        if old is None:
            continue
        if new is not None:
            if state.is_available(new):
                doomed.append(old)
            else:
                surge += 1
            continue
        runs = state.wishes.get(name, NOWHERE).run
        if runs:
            (candidates if state.is_available(old) else allowed).append(name)
        else:
            (leaving if state.is_available(old) else doomed).append(old)
    doomed += leaving[: max(available - state.desired, 0)]
    return Step(allowed + candidates[: max(state.surge() - surge, 0)], doomed)


def _old_and_new(state: State, pods: list[Obj]) -> tuple[Obj | None, Obj | None] | None:
    """Return the one old and the one new Pod of a node; None: there are more."""
    staying = [pod for pod in pods if not is_terminating(pod)]
    new = [pod for pod in staying if state.is_updated(pod)]
    old = [pod for pod in staying if not state.is_updated(pod)]
    if len(new) > 1 or len(old) > 1:
        return None
    return (old[0] if old else None), (new[0] if new else None)
