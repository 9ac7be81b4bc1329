"""Drives one cluster: turns wall time into simulated time, and commits into news.

Several processes may serve the same database; the one that holds a cluster's lease steps it (as
kube-controller-manager's leader election does), the others perform verbs and follow. Who asks a process
to step, to settle or to show the demo makes it the leader.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.cluster import SETTLE_BATCH, Cluster, Settling
from stsviz.story import Story

if TYPE_CHECKING:
    from stsviz.tie import Tie

SLICE = 0.010  # seconds of work before others are let in
COURTESY = 0.003  # seconds of work that is due which who writes waits for, so that it comes first
BREATH = 0.001  # seconds between two slices when somebody waits for the store
LEASE = 10.0  # seconds a process owns a cluster without renewing
LESSON_DECISION = 0.7  # seconds a decision takes in lesson mode, at pace 1
LESSON_WAIT = 2.0  # seconds that any wait is cut to in lesson mode, at pace 1
FRAME = 0.016  # seconds between two announcements of one cluster: a frame of the browser
NEWS_GAP = 0.06  # the same when nobody did anything: all that a viewer can follow, and half of the painting
HEARTBEAT = 1.0  # seconds between two announcements of a cluster whose clock alone moves
FOLLOWING = 0.1  # seconds between two looks of a process that does not lead, when no news comes
MAX_CATCH_UP = 2.0  # wall seconds the clock catches up at most after the machine slept


class Driver:
    """One cluster in this process, with its place in the lease and the story that runs on it."""

    def __init__(self, cluster: Cluster, announce: Callable[[str, int], None]) -> None:
        self.cluster = cluster
        self.story: Story | None = None
        self.tie: Tie | None = None
        """With whose clock this one goes, if with any: that lets time pass for both."""
        self.greeting = ""  # HTML that the next page of this cluster says once: what was done to make it
        self.holder = f"{_host()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._announce = announce
        self._lease_until = 0.0
        self._before = time.monotonic()
        self._rests_until = 0.0
        self._next_beat = 0.0
        self._goal = 0.0  # simulated time that the wall clock has reached
        self._settling: Settling | None = None
        self._told: tuple[Any, ...] = ()
        self._told_at = 0.0
        self._telling = 0.0  # seconds it took to tell
        self._left_at = -1  # the revision at the end of the last turn
        self._inside = threading.local()  # .turn: this thread is at work here, and asks for no time
        self._time = threading.Lock()  # over _before and _goal
        cluster.store.clock = self._clock

    def turn(self) -> float:
        """Do at most a slice of work; return the seconds until there is something to do again."""
        wall = time.monotonic()
        if wall < self._rests_until:
            return self._rests_until - wall
        with self._at_work():
            return self._turn(wall)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Mark this thread as one that does what is due: it writes at the time that it set itself."""
        self._inside.turn = True
        try:
            yield
        finally:
            self._inside.turn = False

    def _turn(self, wall: float) -> float:
        with self._time:
            elapsed, self._before = self._elapsed(wall), wall
        nap = HEARTBEAT
        self.cluster.store.refresh()
        if self.tie is not None:
            nap = self.tie.turn(self, wall)
            self._left_at = self.cluster.revision
            return nap
        if self.cluster.revision != self._left_at:  # somebody else wrote: news before any work is done
            self.tell(FRAME)
        if self.leads(wall):
            pace, story = self.cluster.pace, self.story
            if self._settling is not None:
                nap = self._settle(self._settling)
            elif story is not None and story.hurries:
                nap = self._hurry(story)
            elif story is not None and story.holds(self.cluster, wall):
                nap = LESSON_DECISION / 2
            elif pace > 0:
                nap = (
                    self._lesson(wall, elapsed, pace)
                    if self.cluster.mode == "lesson"
                    else self._real(elapsed, pace)
                )
            if story is not None and story.advance(self.cluster, wall):
                nap = 0.0
        else:
            self.cluster.follow(_for_a_slice())
            nap = FOLLOWING
        self._left_at = self.cluster.revision
        return min(nap, self.tell())

    def rest(self, seconds: float) -> None:
        """Take no turn for a while: the last one failed, and the next would too."""
        self._rests_until = time.monotonic() + seconds

    def refresh(self) -> None:
        """Take in what the process that leads wrote; one that leads is up to date after each turn."""
        if not self._lease_until:
            self.cluster.store.refresh()

    def lead(self) -> None:
        """Become the one who steps: somebody at this process wants to see time pass."""
        if self.cluster.try_lease(self.holder, time.time(), LEASE, force=True):
            self._lease_until = time.monotonic() + LEASE

    def release(self) -> None:
        """Let another process lead at once."""
        if self._lease_until:
            self.cluster.try_lease(self.holder, time.time(), 0.0)

    def tell(self, gap: float = NEWS_GAP, *, force: bool = False) -> float:
        """Announce what changed; return the seconds until this may say more.

        At most once in *gap* seconds, and for no more than half of the time: drawing thousands of Pods
        takes long, and the cluster has to go on.
        """
        wall = time.monotonic()
        cluster = self.cluster
        story = self.story.state if self.story else None
        state = (cluster.revision, cluster.pace, cluster.mode, story, self.settling)
        since = wall - self._told_at
        if not force and state == self._told:
            if cluster.pace <= 0 or since < HEARTBEAT:
                return HEARTBEAT
        elif not force and since < (gap := max(gap, min(HEARTBEAT, 2 * self._telling))):
            return gap - since
        self._told, self._told_at = state, wall
        self._announce(cluster.name, cluster.revision)
        self._telling = time.monotonic() - wall
        return HEARTBEAT

    @property
    def settling(self) -> bool:
        return self._settling is not None or (self.tie is not None and self.tie.settling)

    def settle(self) -> None:
        """From now on go on without waiting, until nothing is left to do."""
        self._settling = Settling(self.cluster)

    def untie(self) -> None:
        """Let the clock go by itself again."""
        if self.tie is not None:
            self.tie.dissolve()

    def stop_settling(self) -> None:
        self._settling = None

    def leads(self, wall: float) -> bool:
        """Take or renew the lease if nobody else has it; tell whether this process steps the cluster."""
        if self.cluster.leads and wall < self._lease_until - LEASE / 2:
            return True
        left_behind = _is_dead(self.cluster.leader)
        held = self.cluster.try_lease(self.holder, time.time(), LEASE, force=left_behind)
        if self._lease_until and not held:
            self.story = self._settling = None  # who took the lease has plans of their own
        self._lease_until = wall + LEASE if held else 0.0
        return held

    def _real(self, elapsed: float, pace: float) -> float:
        """Let simulated time run *pace* times as fast as the wall clock."""
        cluster = self.cluster
        with self._time:
            self._pass(elapsed, pace)
        if self._slice(self._goal):
            return self._breath()
        due = cluster.next_at()
        return HEARTBEAT if due is None else max(BREATH, min(HEARTBEAT, (due - cluster.now) / pace))

    def _elapsed(self, wall: float) -> float:
        return min(wall - self._before, MAX_CATCH_UP)

    def _pass(self, elapsed: float, pace: float) -> None:
        now = self.cluster.now
        self._goal = min(max(self._goal, now) + elapsed * pace, now + MAX_CATCH_UP * pace)

    def _clock(self) -> float:
        """Return what time it is for somebody who writes between two turns, or 0 when no time passes.

        While nothing is due no turn is taken. A write at the time of the last turn would let all that follows
        from it within that nap happen at once, before the same kubectl's next request. And what is due by now
        comes before the write: the scheduler has seen the first PATCH when the second arrives.
        """
        cluster = self.cluster
        if getattr(self._inside, "turn", False) or self._settling is not None or not self._lease_until:
            return 0.0
        if self.tie is not None:
            return 0.0  # both stand at the same time, and go on together
        if cluster.mode != "real" or cluster.pace <= 0:
            return 0.0
        with self._time:
            wall = time.monotonic()
            elapsed, self._before = self._elapsed(wall), wall
            self._pass(elapsed, cluster.pace)
            goal = self._goal
        due = cluster.next_at()
        if due is None or due > goal:
            return goal
        with self._at_work():
            cluster.advance(goal, _for(COURTESY))
        return 0.0

    def _lesson(self, wall: float, elapsed: float, pace: float) -> float:
        """One decision a beat, and no wait longer than a listener bears."""
        if wall < self._next_beat:
            return self._next_beat - wall
        if self.cluster.next_decision() is None:
            return self._real(elapsed, pace)  # nothing to tell: let the clock run as clocks do
        if not self.cluster.step():
            return HEARTBEAT
        due = self.cluster.next_at()
        gap = 0.0 if due is None else due - self.cluster.now
        self._next_beat = wall + max(LESSON_DECISION, min(gap, LESSON_WAIT)) / pace
        return self._next_beat - wall

    def _hurry(self, story: Story) -> float:
        """Bring the story nearer to the beat that somebody asked for, without waiting."""
        more, wall = _for_a_slice(), time.monotonic()
        while story.hurries and more():
            story.hurry(self.cluster, wall)
        return self._breath()

    def _settle(self, settling: Settling) -> float:
        """Take the next slice of settling."""
        if settling.go_on(SETTLE_BATCH, _for_a_slice()):
            self._settling = None
        return self._breath()

    def _slice(self, until: float) -> bool:
        return self.cluster.advance(until, _for_a_slice())

    def _breath(self) -> float:
        return BREATH if self.cluster.store.waiting else 0.0


def _host() -> str:
    return socket.gethostname()[:30]


def _is_dead(holder: str) -> bool:
    """Whether *holder* was a process of this machine that is gone: who starts anew after a `kill -9` need
    not wait until its lease has run out."""
    host, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    if host != _host() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, as another user
        return False
    return False


def _for_a_slice() -> Callable[[], bool]:
    return _for(SLICE)


def _for(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() < deadline
