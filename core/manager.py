"""Runs the components: watch -> queue -> sync -> perform the plan -> back off.

Source: cmd/kube-controller-manager and client-go's workqueue (v1.36). Components decide, core/performer.py
acts for them, several plans to a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.apimachinery.errors import Gone
from core.apimachinery.meta import Ref
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Change
from core.client.actions import Plan, RecordEvent
from core.client.cache import Cache, View
from core.client.component import Component, Ranking
from core.performer import Performing, describe, perform
from core.sim.loop import Line, Loop

AT_ONCE = 20  # writes side by side that are done in one go: who drives may want to stop in between
BACKOFF_FIRST = 0.005  # STS-S4: 5 ms doubling, capped at 1000 s
BACKOFF_LAST = 1000.0


@dataclass(frozen=True, slots=True)
class QueueKey:
    """What stands in the loop: which component, which object."""

    component: int
    ref: Ref


@dataclass(frozen=True, slots=True)
class Delivery:
    """Loop entry: a process's lagging cache takes in the changes that are due."""

    process: str


@dataclass(frozen=True, slots=True)
class Beat:
    """Loop entry: the periodic resync of a component."""

    component: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a component did, or is about to do. ``at``: simulated epoch seconds."""

    actor: str
    ref: Ref
    text: str
    because: str
    at: float


@dataclass(frozen=True, slots=True)
class Continuation:
    """Loop entry: the next action of a plan that is being performed."""

    key: QueueKey


@dataclass(frozen=True, slots=True)
class Turn:
    """Loop entry: a component that was held up by its own write takes the next key."""

    component: int


@dataclass(slots=True)
class _Process:
    """A process of the control plane and what it has seen."""

    view: View
    cache: Cache | None = None  # its own when it lags, else None: it reads the API server's
    undelivered: list[tuple[float, Change]] = field(default_factory=list)


class Manager:
    """The components of one cluster, their queues and back-off. Nothing in here outlives a restart:
    every timer follows again from the objects, since every key is synced at start."""

    def __init__(self, registry: Registry, components: Sequence[Component]) -> None:
        self.registry = registry
        self.store = registry.store
        self.components = list(components)
        self.loop = Loop()
        self.notes: dict[Ref, str] = {}
        self.syncs = 0
        self._notes_of: dict[QueueKey, tuple[Ref, ...]] = {}
        self._said: dict[Ref, str] = {}
        self._own_words: dict[Ref, dict[int, str]] = {}
        self._failures: dict[QueueKey, int] = {}
        self._watchers: dict[str, list[tuple[int, Component]]] = {}
        for number, component in enumerate(self.components):
            for kind in component.watches:
                self._watchers.setdefault(kind, []).append((number, component))
        self._position = 0
        self._processes: dict[str, _Process] = {}
        self._performing: dict[QueueKey, Performing] = {}
        # components that wait for the API server's answer: the keys that came due meanwhile
        self._held: dict[int, Line[QueueKey]] = {}
        self.restart()

    def restart(self) -> None:
        """Forget everything and queue every key, as after a crash."""
        self.loop.clear()
        self.notes.clear()
        self._notes_of.clear()
        self._said.clear()
        self._own_words.clear()
        self._failures.clear()
        self._performing.clear()
        self._held.clear()
        self._position = self.store.head
        lag = self.registry.settings.watch_lag
        self._processes = {}
        for component in self.components:
            if component.process not in self._processes:
                view = self.store.view
                cache = Cache(view.everything()) if lag else None
                self._processes[component.process] = _Process(cache or view, cache)
        for number, component in enumerate(self.components):
            for ref in component.resync_keys(self.view_of(component)):
                self.loop.add(QueueKey(number, ref), self.store.now + component.latency)
            self._next_beat(number, component)

    def view_of(self, component: Component) -> View:
        return self._processes[component.process].view

    # -- news ------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Take in the changes since the last time: queue the keys they concern."""
        if self._position == self.store.head:
            return
        try:
            changes = self.store.uncommitted_since(self._position)
        except Gone:
            self.restart()
            return
        self._position = self.store.head
        lag = self.registry.settings.watch_lag
        for change in changes:
            if not lag:
                self._announce(change, None)
                continue
            for name, process in self._processes.items():
                process.undelivered.append((change.at + lag, change))
                self.loop.add(Delivery(name), change.at + lag)

    def _announce(self, change: Change, process: str | None) -> None:
        watchers = self._watchers.get(change.ref.kind)
        if not watchers:
            return
        old = change.old
        new = None if change.type == "DELETED" else change.obj
        if new is None:
            # what was said of the old web-0 is not true of the next
            self._own_words.pop(change.ref, None)
            self._note(change.ref)
        for number, component in watchers:
            if process is not None and component.process != process:
                continue
            refs = component.watches[change.ref.kind](self.view_of(component), old, new)
            for ref in refs:
                self.loop.add(QueueKey(number, ref), self.store.now + component.latency)

    def _deliver(self, name: str) -> None:
        process = self._processes[name]
        while process.undelivered and process.undelivered[0][0] <= self.store.now:
            _, change = process.undelivered.pop(0)
            if process.cache is not None:
                if change.type == "DELETED":
                    process.cache.drop(change.ref)
                else:
                    process.cache.put(change.obj)
            self._announce(change, name)
        if process.undelivered:
            self.loop.add(Delivery(name), process.undelivered[0][0])

    def _next_beat(self, number: int, component: Component) -> None:
        period = component.resync_period
        if period:
            # ST-11.4: a common tick, at simulated seconds divisible by the period
            self.loop.add(Beat(number), (self.store.now // period + 1) * period, timer=True)

    # -- running ---------------------------------------------------------------------------------

    def next_at(self) -> float | None:
        """Return when the next entry is due (simulated epoch seconds), or None."""
        self.pump()
        entry = self.loop.peek()
        return entry.at if entry is not None else None

    def run_one(self) -> bool:
        """Take the next entry and do it: one sync and its first write, or one more write of a plan.

        Returns True when that ended a plan that wrote something. The caller holds a transaction.
        """
        entry = self.loop.pop()
        if entry is None:
            return False
        self.store.move_clock(entry.at)
        key = entry.key
        if isinstance(key, Continuation):
            return self._perform_next(key.key)
        if isinstance(key, QueueKey):
            return self._sync(key)
        if isinstance(key, Delivery):
            self._deliver(key.process)
        elif isinstance(key, Beat):
            self._beat(key.component)
        elif isinstance(key, Turn):
            return self._take_turn(key.component)
        return False

    def _take_turn(self, number: int) -> bool:
        """Sync the first of the keys that had to wait; the others wait for it in turn."""
        waiting = self._held.pop(number, None)
        if not waiting:
            return False
        wrote = self._sync(waiting.pop())
        if number in self._held:
            self._held[number] = waiting
        elif waiting:
            self._held[number] = waiting
            self.loop.add(Turn(number), self.store.now)
        return wrote

    def _beat(self, number: int) -> None:
        component = self.components[number]
        for ref in component.resync_keys(self.view_of(component)):
            self.loop.add(QueueKey(number, ref), self.store.now, timer=True)
        self._next_beat(number, component)

    def listen(self, more: Callable[[], bool]) -> None:
        """Ask the components what they think of everything due by now, and perform nothing.

        For a process that does not lead: its pages can then say why things are as they are.
        """
        while (at := self.next_at()) is not None and at <= self.store.now and more():
            entry = self.loop.pop()
            key = entry.key if entry is not None else None
            if isinstance(key, QueueKey):
                component = self.components[key.component]
                plan = component.sync(self.view_of(component), key.ref, self.store.now)
                self._remember(key, plan)
                if plan.requeue_after is not None:
                    self.loop.add(key, self.store.now + max(plan.requeue_after, 1.0), timer=True)
            elif isinstance(key, Delivery):
                self._deliver(key.process)
            elif isinstance(key, Beat):
                self._beat(key.component)

    def next_decision(self, look_at: int) -> Decision | None:
        """Ask the next *look_at* keys' components what they will do; nothing is done."""
        for entry in self.loop.upcoming(look_at):
            key = entry.key
            if not isinstance(key, QueueKey):
                continue
            component = self.components[key.component]
            at = max(entry.at, self.store.now)
            plan = component.sync(self.view_of(component), key.ref, at)
            for action in plan.actions:
                if not isinstance(action, RecordEvent) and not _is_heartbeat(component, key.ref):
                    return Decision(component.name, key.ref, describe(action), plan.because, at)
        return None

    def _sync(self, key: QueueKey) -> bool:
        performing = self._performing.get(key)
        if performing is not None:
            performing.dirty = True
            return False
        if key.component in self._held:
            self._held[key.component].add(key, self._rank(key))
            return False
        component = self.components[key.component]
        plan = component.sync(self.view_of(component), key.ref, self.store.now)
        self.syncs += 1
        self._remember(key, plan)
        if not plan.actions:
            self._finish(key, plan, failed=plan.failed)
            return False
        if plan.holds:
            self._held[key.component] = Line()
            answered = self.store.now + plan.holds * self.registry.settings.api_latency
            self.loop.add(Turn(key.component), answered)
        self._performing[key] = Performing(plan)
        return self._perform_next(key)

    def _rank(self, key: QueueKey) -> int:
        component = self.components[key.component]
        return component.rank(self.view_of(component), key.ref) if isinstance(component, Ranking) else 0

    def _perform_next(self, key: QueueKey) -> bool:
        """Perform the plan's next write; the one after it follows a round trip to the API server later."""
        performing = self._performing[key]
        plan, component = performing.plan, self.components[key.component]
        written = 0
        while performing.at < len(plan.actions):
            action = plan.actions[performing.at]
            if not isinstance(action, RecordEvent):  # those go out on the side and hold nothing up
                late = performing.at not in plan.together
                if written and (late or written >= AT_ONCE):
                    pause = self.registry.settings.api_latency if late else 0.0
                    self.loop.add(Continuation(key), self.store.now + pause)
                    return False
                written += 1
                performing.wrote = True
            performing.at += 1
            why = perform(self.registry, action, component.name, plan)
            if why:
                performing.refused = performing.refused or why
                performing.skip_events_of_refused()
            if performing.refused and not performing.closes and not performing.is_in_batch():
                performing.close()
                plan = performing.plan
        del self._performing[key]
        self._finish(key, plan, failed=bool(performing.refused) or plan.failed)
        if performing.dirty:
            self.loop.add(key, self.store.now + component.latency)
        return performing.wrote

    def _finish(self, key: QueueKey, plan: Plan, *, failed: bool) -> None:
        """Back off, or forget the failures and come again when the plan says so."""
        if failed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            delay = min(BACKOFF_FIRST * 2.0 ** min(failures, 30), BACKOFF_LAST)
            self.loop.add(key, self.store.now + delay, timer=True)
            return
        self._failures.pop(key, None)
        if plan.requeue_after is not None:
            self.loop.add(key, self.store.now + max(plan.requeue_after, 0.0), timer=True)

    def _remember(self, key: QueueKey, plan: Plan) -> None:
        """Keep what the plan says about objects. What a component says about its own key outranks what
        another says about it in passing; of several who speak of their own, the last is right."""
        ref, said = key.ref, plan.notes
        own = self._own_words.get(ref)
        if plan.because:
            own = self._own_words.setdefault(ref, {})
            own.pop(key.component, None)
            own[key.component] = plan.because
        elif own is not None and own.pop(key.component, None) is not None and not own:
            del self._own_words[ref]
        before = self._notes_of.pop(key, ())
        for other in before:
            if other not in said:
                self._said.pop(other, None)
                self._note(other)
        if said:
            self._notes_of[key] = tuple(said)
            self._said.update(said)
            for other in said:
                self._note(other)
        self._note(ref)

    def _note(self, ref: Ref) -> None:
        own = self._own_words.get(ref)
        text = next(reversed(own.values())) if own else self._said.get(ref)
        if text:
            self.notes[ref] = text
        else:
            self.notes.pop(ref, None)


def _is_heartbeat(component: Component, ref: Ref) -> bool:
    """Whether a plan about *ref* only says that a node is still there."""
    return component.process == "kubelet" and ref.kind == "Node"
