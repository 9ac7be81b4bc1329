"""Runs the components: watch -> queue -> sync -> perform the plan -> back off.

Source: cmd/kube-controller-manager and client-go's workqueue (v1.36). Components decide, core/performer.py
acts for them, several plans to a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.api.pauses import doubled
from core.apimachinery.errors import Gone
from core.apimachinery.meta import Ref
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Change
from core.client.actions import NOTHING, Plan, RecordEvent
from core.client.cache import View
from core.client.component import Component, Ranking
from core.informers import DISK, Delivery, Informers
from core.performer import Performing, describe, perform, written_ref
from core.sim.ids import share
from core.sim.loop import Line, Loop
from core.sim.settings import SHUFFLED

AT_ONCE = 20  # writes side by side that are done in one go: who drives may want to stop in between
BACKOFF_FIRST = 0.005  # STS-S4: 5 ms doubling, capped at 1000 s
BACKOFF_LAST = 1000.0
SHUFFLE_SECONDS = 0.05  # shuffled queues: at most so much later is a key taken, so that they overtake


@dataclass(frozen=True, slots=True)
class QueueKey:
    """What stands in the loop: which component, which object."""

    component: int
    ref: Ref


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


class Manager:
    """The components of one cluster, their queues and back-off. Nothing in here outlives a restart:
    every timer follows again from the objects, since every key is synced at start."""

    def __init__(self, registry: Registry, components: Sequence[Component]) -> None:
        self.registry = registry
        self.store = registry.store
        self.components = list(components)
        self._seed = self.store.ids.seed
        self._shuffled = registry.settings.queue_order == SHUFFLED
        self.loop = Loop((lambda place: share(self._seed, "order", place)) if self._shuffled else None)
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
        self._informers = Informers(self.store, registry.settings, self.components)
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
        self._informers.restart()
        for number, component in enumerate(self.components):
            for ref in component.resync_keys(self.view_of(component)):
                self._enqueue(number, component, ref)
            self._next_beat(number, component)

    def view_of(self, component: Component) -> View:
        return self._informers.view_of(component)

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
        lagging = bool(self._informers.late)
        for change in changes:
            if lagging:
                for at, delivery in self._informers.send(change):
                    self.loop.add(delivery, at)
            self._announce(change, None)

    def _announce(self, change: Change, process: str | None) -> None:
        """Queue the keys that *change* concerns: those of *process*, or (None) of all that lag in nothing."""
        watchers = self._watchers.get(change.ref.kind)
        if not watchers:
            return
        old = change.old
        new = None if change.type == "DELETED" else change.obj
        if new is None:
            # what was said of the old web-0 is not true of the next
            self._own_words.pop(change.ref, None)
            self._note(change.ref)
        late = self._informers.late if change.ref.kind != DISK else ()
        for number, component in watchers:
            if component.process in late if process is None else component.process != process:
                continue
            refs = component.watches[change.ref.kind](self.view_of(component), old, new)
            for ref in refs:
                self._enqueue(number, component, ref)

    def _enqueue(self, number: int, component: Component, ref: Ref) -> None:
        at = self.store.now + component.latency
        if self._shuffled:
            at += SHUFFLE_SECONDS * share(self._seed, component.name, ref, self.store.now)
        self.loop.add(QueueKey(number, ref), at)

    def _deliver(self, delivery: Delivery) -> None:
        seen, more_at = self._informers.arrive(delivery, self.store.now)
        for change in seen:
            self._announce(change, delivery.process)
        if more_at is not None:
            self.loop.add(delivery, more_at)

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
            self._deliver(key)
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
                self._deliver(key)
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
        self.syncs += 1
        if self._informers.awaited and not self._informers.has_seen_its_writes(component, key.ref):
            self._finish(key, NOTHING, failed=True)
            return False
        plan = component.sync(self.view_of(component), key.ref, self.store.now)
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
            why = perform(self.registry, action, component.name, plan, performing.versions)
            if self._informers.late:
                self._informers.wrote(component, key.ref, written_ref(action))
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
            delay = doubled(failures, BACKOFF_FIRST, BACKOFF_LAST)
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
