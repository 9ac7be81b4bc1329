"""Two clusters that stand side by side: one clock lets the same simulated time pass in both.

Time goes on in short pieces, and is shown only when both are at the end of one. A step brings both to the
earlier of the two next decisions: a decision in each would put them at different times at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from core.apimachinery.errors import BadRequest, NotFound
from core.settling import SETTLE_BATCH, Settling

if TYPE_CHECKING:
    from stsviz.driver import Driver

SLICE = 0.010  # seconds of work before others are let in
PIECE = 0.25  # simulated seconds that pass in one and then in the other, at most, while there is work
NAP = 0.1  # seconds between two turns at least: what somebody writes happens no longer ago than that
HEARTBEAT, NEWS_GAP = 1.0, 0.06  # as of a driver alone
MAX_CATCH_UP = 2.0  # wall seconds
LESSON_DECISION = 0.7  # seconds a decision takes in lesson mode, at pace 1
EVENT_WITHIN = 60.0  # simulated seconds in which the next Event must come
MOST_STEPS = 10_000
NOISE = 1e-6  # seconds: less than any latency, more than what adding and subtracting epochs loses

Result = TypeVar("Result")


class Tie:
    """The common clock of two drivers. Thread-safe: the thread that drives and those of requests use it."""

    def __init__(self, first: Driver, second: Driver) -> None:
        if first is second:
            raise BadRequest("a cluster stands beside another one, not beside itself")
        self.both = (first, second)
        self._clusters = (first.cluster, second.cluster)
        self._lock = threading.RLock()
        self._at = 0.0  # simulated seconds since they were tied, that both have seen
        self._limit = 0.0  # the end of the piece under way
        self._goal = 0.0  # that the wall clock has reached
        self._before = time.monotonic()
        self._next_beat = 0.0
        self._settlings: tuple[Settling, Settling] | None = None
        self._told: tuple[object, ...] = ()
        self._told_at = self._telling = 0.0
        for driver in self.both:
            driver.untie()
            driver.stop_settling()
            if driver.story is not None:
                driver.story.leave()
        self._origins = tuple(cluster.now for cluster in self._clusters)
        self.set_pace(first.cluster.pace, first.cluster.mode)
        for driver in self.both:
            driver.tie = self

    def joins(self, first: Driver, second: Driver) -> bool:
        return {id(first), id(second)} == {id(driver) for driver in self.both}

    def dissolve(self) -> None:
        for driver in self.both:
            if driver.tie is self:
                driver.tie = None

    @property
    def settling(self) -> bool:
        return self._settlings is not None

    # -- the driving thread ------------------------------------------------------------------------

    def turn(self, driver: Driver, wall: float) -> float:
        """Do at most a slice of work for both, in the first one's turn; return the seconds to the next."""
        if driver is not self.both[0]:
            return NAP
        with self._lock:
            if not all(one.leads(wall) for one in self.both):
                self.dissolve()  # another process steps one of them
                return 0.0
            try:
                nap = self._go_on(wall, _for_a_slice())
            except NotFound:
                with suppress(NotFound):
                    driver.cluster.store.refresh()  # it is the other one that is gone
                self.dissolve()
                return 0.0
            if self._at < self._limit - NOISE:
                return 0.0  # not to be seen: one is ahead of the other
        return min(nap, self._tell())

    def _go_on(self, wall: float, more: Callable[[], bool]) -> float:
        elapsed, self._before = min(wall - self._before, MAX_CATCH_UP), wall
        pace, mode = self._clusters[0].pace, self._clusters[0].mode
        if self._settlings is not None:
            self._settle(self._settlings, more)
            return 0.0
        if pace <= 0:
            return NAP
        if mode == "lesson" and any(cluster.next_decision() for cluster in self._clusters):
            return self._lesson(wall, pace)
        self._goal = min(max(self._goal, self._at) + elapsed * pace, self._at + MAX_CATCH_UP * pace)
        if not self._reach(self._goal, more):
            return 0.0
        due = min((due for due in self._dues() if due is not None), default=self._at + HEARTBEAT * pace)
        return max(0.001, min(NAP, (due - self._at) / pace))

    def _lesson(self, wall: float, pace: float) -> float:
        if wall >= self._next_beat:
            self._step()
            self._next_beat = wall + LESSON_DECISION / pace
        return self._next_beat - wall

    def _tell(self) -> float:
        """Announce both at once, so that whoever looks sees them at the same time."""
        first, second = self.both
        wall, pace = time.monotonic(), first.cluster.pace
        state = (first.cluster.revision, second.cluster.revision, pace, first.cluster.mode, self.settling)
        since = wall - self._told_at
        if state == self._told and (pace <= 0 or since < HEARTBEAT):
            return HEARTBEAT
        gap = max(NEWS_GAP, min(HEARTBEAT, 2 * self._telling))
        if since < gap:
            return gap - since
        self._told, self._told_at = state, wall
        first.tell(force=True)
        second.tell(force=True)
        self._telling = time.monotonic() - wall
        return HEARTBEAT

    # -- time --------------------------------------------------------------------------------------

    def _dues(self) -> list[float | None]:
        """Return when something is due next in each, in seconds since they were tied."""
        nexts = [cluster.next_at() for cluster in self._clusters]
        return [None if n is None else n - o for n, o in zip(nexts, self._origins, strict=True)]

    def _reach(self, goal: float, more: Callable[[], bool]) -> bool:
        """Let both come to *goal*, piece by piece; False when *more* says stop before."""
        while self._at < goal - NOISE:
            if self._at >= self._limit - NOISE:
                due = min((due for due in self._dues() if due is not None), default=goal)
                self._limit = min(goal, max(due, self._at) + PIECE)
            for cluster, origin in zip(self._clusters, self._origins, strict=True):
                while cluster.advance(origin + self._limit + NOISE, more):
                    if not more():
                        return False
            self._at = self._limit
            if not more():
                break
        return self._at >= goal - NOISE

    def _even(self) -> None:
        """Bring both to the end of the piece under way."""
        self._reach(self._limit, lambda: True)

    def _settle(self, settlings: tuple[Settling, Settling], more: Callable[[], bool]) -> None:
        while more():
            rests = []
            for settling, cluster, origin in zip(settlings, self._clusters, self._origins, strict=True):
                until = origin + self._limit + NOISE
                rests.append(settling.go_on(SETTLE_BATCH, more, until=until))
                due = cluster.next_at()
                if not rests[-1] and due is not None and due <= until:
                    return  # there is more to do in this piece
            self._even()
            if all(rests):
                self._settlings = None
                return
            dues = [d for d, rest in zip(self._dues(), rests, strict=True) if d is not None and not rest]
            self._limit = max(min(dues, default=self._at), self._at) + PIECE

    def _step(self) -> bool:
        self._even()
        for _ in range(MOST_STEPS):
            dues = self._dues()
            waiting = [(due, at) for at, due in enumerate(dues) if due is not None]
            if not waiting:
                return False
            _, at = min(waiting)
            until = dues[1 - at]
            limit = float("inf") if until is None else self._origins[at] + until + NOISE
            if self._clusters[at].step(until=limit):
                self._limit = self._clusters[at].now - self._origins[at]
                self._clusters[1 - at].advance(self._origins[1 - at] + self._limit)
                self._at = self._goal = self._limit
                return True
        return False

    # -- what people ask for -----------------------------------------------------------------------

    def set_pace(self, pace: float, mode: str) -> None:
        for cluster in self._clusters:
            if (cluster.pace, cluster.mode) != (pace, mode):
                cluster.set_pace(pace, mode)

    def do(self, what: str, pace: float) -> str:
        """Pause, play, step, settle, … both; return what there is to say. Raises: BadRequest."""
        with self._lock:
            mode = self._clusters[0].mode
            if what == "play":
                self.set_pace(pace, mode)
            elif what in ("pause", "step", "event"):
                self._settlings = None
                self.set_pace(0.0, mode)
                self._even()
            elif what == "settle":
                self._even()
                self._settlings = Settling(self._clusters[0]), Settling(self._clusters[1])
            elif what in ("lesson", "real"):
                self.set_pace(self._clusters[0].pace or 1.0, what)
            else:
                raise BadRequest("a clock can pause, play, step, settle, be real or a lesson")
            if what in ("step", "event"):
                for driver in self.both:
                    driver.lead()
            if what == "step":
                self._step()
            if what == "event" and not self._to_event():
                return "No Event comes within a minute: the clock stands there now."
        return ""

    def _to_event(self) -> bool:
        until = self._at + EVENT_WITHIN
        while self._at < until:
            seen = [cluster.revision for cluster in self._clusters]
            if not self._step():
                return False
            for cluster, revision in zip(self._clusters, seen, strict=True):
                if any(change.ref.kind == "Event" for change in cluster.changes_since(revision)):
                    return True
        return False

    def act(self, perform: Callable[[Driver], Result]) -> list[Result]:
        """Do something to both at the same simulated time."""
        with self._lock:
            self._even()
            return [perform(driver) for driver in self.both]


def tie(first: Driver, second: Driver) -> Tie:
    """Let the clocks of two clusters go together, if they do not yet. Raises: BadRequest."""
    if first.tie is not None and first.tie.joins(first, second):
        return first.tie
    return Tie(first, second)


def _for_a_slice() -> Callable[[], bool]:
    deadline = time.monotonic() + SLICE
    return lambda: time.monotonic() < deadline
