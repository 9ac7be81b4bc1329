"""How far to let a cluster run: until it rests, until the next Event.

Source: none in Kubernetes, where only the wall clock passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from core.apiserver.store import Change, Store
from core.manager import Manager

SETTLE_BATCH = 200  # entries a transaction
SETTLED_AFTER = 60.0  # simulated seconds in which no timer may have anything to do
MOST_SYNCS = 20_000  # on the way to the next Event


class NotSettled(Exception):
    """The cluster was still busy after as many steps as were allowed."""


class Stepped(Protocol):
    """What of a cluster is needed to step it."""

    @property
    def manager(self) -> Manager: ...

    @property
    def store(self) -> Store: ...

    @property
    def leads(self) -> bool: ...


def step_to_event(cluster: Stepped, quiet: float = SETTLED_AFTER) -> bool:
    """Run until a component has written an Event; False when there is none within *quiet* simulated seconds.

    One transaction.
    """
    manager, store = cluster.manager, cluster.store
    with store.transaction():
        until = store.now + quiet
        for _ in range(MOST_SYNCS):
            at, head = manager.next_at() if cluster.leads else None, store.head
            if at is None or at > until:
                return False
            manager.run_one()
            if any(change.ref.kind == "Event" for change in store.uncommitted_since(head)):
                return True
    return False


class Settling:
    """A cluster on its way to rest, in batches: for those who must let others in between."""

    def __init__(self, cluster: Stepped, quiet: float = SETTLED_AFTER) -> None:
        self._cluster = cluster
        self._quiet = quiet
        self._calm_since = cluster.store.now

    def go_on(self, batch: int, more: Callable[[], bool] = lambda: True, *, until: float = math.inf) -> bool:
        """Do up to *batch* entries in one transaction while *more* says so, none that is due after *until*
        (simulated epoch seconds); True when at rest."""
        manager, store = self._cluster.manager, self._cluster.store
        try:
            with store.transaction():
                for _ in range(batch):
                    if not self._cluster.leads:
                        return True
                    manager.pump()
                    entry = manager.loop.peek()
                    if entry is None or (entry.timer and entry.at > self._calm_since + self._quiet):
                        return True
                    if entry.at > until:
                        return False
                    head = store.head
                    manager.run_one()
                    if store.head != head and any(_matters(c) for c in store.uncommitted_since(head)):
                        self._calm_since = store.now
                    if not more():
                        return False
        except BaseException:
            manager.restart()
            raise
        return False


def _matters(change: Change) -> bool:
    """Events and heartbeats are no sign of work."""
    return change.ref.kind not in ("Event", "Node")
