"""Runs the clusters of this process, and tells the channel layer what changed.

One thread drives every cluster in slices of at most ten milliseconds. Several processes may serve the
same database; the one that holds a cluster's lease steps it (as kube-controller-manager's leader
election does), the others perform verbs and follow. Who asks a process to step, to settle or to show the
demo makes it the leader. Nothing in here outlives the process: after `kill -9` the clusters are opened
from the database again and go on from where their objects stand.

This is the only module of the site that knows how a core.cluster.Cluster is made, kept and driven.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections, connection, transaction

from core.apimachinery.errors import AlreadyExists, NotFound
from core.cluster import SETTLE_BATCH, Cluster, Settling
from core.sim.settings import Settings
from stsviz.guests import guests
from stsviz.story import Story

log = logging.getLogger(__name__)

LAB = "lab"
MAX_PODS = 10_000  # Pods a node takes here; a kubelet's usual 110 would end every lesson about size
SLICE = 0.010  # seconds of work before others are let in
BREATH = 0.001  # seconds between two slices when somebody waits for the store
LEASE = 10.0  # seconds a process owns a cluster without renewing
LESSON_DECISION = 0.7  # seconds a decision takes in lesson mode, at pace 1
LESSON_WAIT = 2.0  # seconds that any wait is cut to in lesson mode, at pace 1
NEWS_GAP = 0.016  # seconds between two announcements of one cluster: a frame of the browser
HEARTBEAT = 1.0  # seconds between two announcements of a cluster whose clock alone moves
FOLLOWING = 0.1  # seconds between two looks of a process that does not lead, when no news comes
LISTENING = 3600.0  # seconds without news after which a process joins the group anew
MAX_CATCH_UP = 2.0  # wall seconds the clock catches up at most after the machine slept


EVERY_PROCESS = "processes"  # the channel group in which processes hear of one another's writes


def group(name: str) -> str:
    """Name the channel group of the viewers of a cluster."""
    return f"cluster.{name}"


class Driver:
    """Drives one cluster: turns wall time into simulated time, and commits into news."""

    def __init__(self, cluster: Cluster, announce: Callable[[str, int], None]) -> None:
        self.cluster = cluster
        self.story: Story | None = None
        self.holder = f"{_host()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._announce = announce
        self._lease_until = 0.0
        self._before = time.monotonic()
        self._next_beat = 0.0
        self._goal = 0.0  # simulated time that the wall clock has reached
        self._settling: Settling | None = None
        self._told: tuple[Any, ...] = ()
        self._told_at = 0.0

    def turn(self) -> float:
        """Do at most a slice of work; return the seconds until there is something to do again."""
        wall = time.monotonic()
        elapsed, self._before = min(wall - self._before, MAX_CATCH_UP), wall
        nap = HEARTBEAT
        self.cluster.store.refresh()
        if self._leads(wall):
            pace = self.cluster.pace
            if self._settling is not None:
                nap = self._settle(self._settling)
            elif pace > 0:
                nap = (
                    self._lesson(wall, elapsed, pace)
                    if self.cluster.mode == "lesson"
                    else self._real(elapsed, pace)
                )
            if self.story is not None and self.story.advance(self.cluster, wall):
                nap = 0.0
        else:
            self.cluster.follow(_for_a_slice())
            nap = FOLLOWING
        return min(nap, self.tell())

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

    def tell(self, *, force: bool = False) -> float:
        """Announce what changed, at most once a frame; return the seconds until this may say more."""
        wall = time.monotonic()
        cluster = self.cluster
        story = self.story.sentence if self.story else ""
        state = (cluster.revision, cluster.pace, cluster.mode, story, self.settling)
        since = wall - self._told_at
        if not force and state == self._told:
            if cluster.pace <= 0 or since < HEARTBEAT:
                return HEARTBEAT
        elif not force and since < NEWS_GAP:
            return NEWS_GAP - since
        self._told, self._told_at = state, wall
        self._announce(cluster.name, cluster.revision)
        return HEARTBEAT

    @property
    def settling(self) -> bool:
        return self._settling is not None

    def settle(self) -> None:
        """From now on go on without waiting, until nothing is left to do."""
        self._settling = Settling(self.cluster)

    def stop_settling(self) -> None:
        self._settling = None

    def _leads(self, wall: float) -> bool:
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
        self._goal = min(max(self._goal, cluster.now) + elapsed * pace, cluster.now + MAX_CATCH_UP * pace)
        if self._slice(self._goal):
            return self._breath()
        due = cluster.next_at()
        return HEARTBEAT if due is None else max(BREATH, min(HEARTBEAT, (due - cluster.now) / pace))

    def _lesson(self, wall: float, elapsed: float, pace: float) -> float:
        """One decision a beat, and no wait longer than a listener bears."""
        if self.story is not None and self.story.is_being_read(self.cluster, wall):
            return LESSON_DECISION / 2
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
    deadline = time.monotonic() + SLICE
    return lambda: time.monotonic() < deadline


class Runtime:
    """The clusters of this process by name, and the thread that drives them."""

    def __init__(self) -> None:
        self._drivers: dict[str, Driver] = {}
        self._lock = threading.RLock()
        self._wake = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.opened = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._id = secrets.token_hex(4)
        self._next_look = 0.0  # when to look for clusters that other processes made

    # -- clusters --------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return sorted(Cluster.names(), key=lambda name: (name != LAB, name))

    def cluster(self, name: str) -> Cluster:
        """Return the cluster called *name*. Raises: KeyError."""
        return self.driver(name).cluster

    def driver(self, name: str) -> Driver:
        with self._lock:
            driver = self._drivers.get(name)
            if driver is None:
                if name not in Cluster.names():
                    raise KeyError(name)
                driver = self._drivers[name] = Driver(Cluster.open(name), self._announce)
            return driver

    def fresh(self, name: str) -> Driver:
        """As :meth:`driver`, and up to date with what other processes wrote. Raises: KeyError."""
        driver = self.driver(name)
        try:
            driver.cluster.store.refresh()
        except NotFound:
            self._drop(driver)
            driver = self.driver(name)
        return driver

    def _drop(self, driver: Driver) -> None:
        """Forget a cluster that another process has destroyed, or made anew under the same name."""
        name = driver.cluster.name
        with self._lock:
            if self._drivers.get(name) is driver:
                del self._drivers[name]
        self._next_look = 0.0
        self._announce(name, -1)

    def create(self, name: str) -> Cluster:
        """Make a cluster: two Ready nodes, nothing in it. Raises: ApiError when the name will not do."""
        with self._lock:
            cluster = Cluster.new(name, start=float(int(time.time())), settings=Settings(max_pods=MAX_PODS))
            cluster.set_pace(settings.PACE)
            self._drivers[name] = Driver(cluster, self._announce)
        self.wake()
        return cluster

    def destroy(self, name: str) -> None:
        """Delete the cluster with all that was in it. Raises: KeyError."""
        with self._lock:
            driver = self._drivers.pop(name)
            driver.cluster.destroy()
        self._announce(name, -1)

    def reset(self, name: str) -> None:
        """Make the cluster anew under its old name. Raises: KeyError."""
        with self._lock:
            driver = self.driver(name)
            pace, mode = driver.cluster.pace, driver.cluster.mode
            with transaction.atomic():  # no other process sees a moment without the cluster
                self._drivers.pop(name).cluster.destroy()
                self.create(name).set_pace(pace, mode)
        self._announce(name, 0)

    # -- driving ---------------------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Begin to drive; later calls only say which event loop the viewers of this process live in."""
        with self._lock:
            if loop is not None and loop is not self._loop:
                self._loop = loop
                if settings.REDIS_URL:
                    self._ear = loop.create_task(self._listen())
            if self._thread is None:
                sys.setswitchinterval(0.001)  # a busy control plane lets the event loop in five times as soon
                self._thread = threading.Thread(target=self._run, name="control-plane", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def stop(self) -> None:
        self._stopping = True
        self.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)
        self._thread, self._stopping = None, False

    def wake(self) -> None:
        """Somebody did something: look at once."""
        with self._wake:
            self._woken = True
            self._wake.notify()

    def _run(self) -> None:
        try:
            while not self._stopping:
                nap = self._look_around()
                nap = min(nap, self._round())
                guests.let_through()
                with self._wake:
                    if not self._woken and nap > 0:
                        self._wake.wait(nap)
                    self._woken = False
        finally:
            with self._lock:
                drivers = list(self._drivers.values())
            for driver in drivers:
                driver.release()
            connection.close()

    def _look_around(self) -> float:
        """Open the clusters of the database that are not open yet, once a heartbeat."""
        wall = time.monotonic()
        if wall < self._next_look:
            return self._next_look - wall
        self._next_look = wall + HEARTBEAT
        try:
            with self._lock:
                names = Cluster.names()
                if LAB not in names:
                    with suppress(AlreadyExists):  # another process is making it
                        self.create(LAB)
                for name in names:
                    self.driver(name)
            self.opened.set()
        except Exception:
            log.exception("the clusters cannot be opened; trying again in a second")
            close_old_connections()
        return HEARTBEAT

    def _round(self) -> float:
        nap = HEARTBEAT
        with self._lock:
            drivers = list(self._drivers.values())
        for driver in drivers:
            if self._drivers.get(driver.cluster.name) is not driver:
                continue
            try:
                nap = min(nap, driver.turn())
            except NotFound:  # destroyed, or reset, by another process
                self._drop(driver)
            except Exception:
                # The thread outlives a fault in one cluster, and says so; the objects are safe in the store.
                log.exception("cluster %s: a turn failed; trying again in a second", driver.cluster.name)
                close_old_connections()
        return nap

    def _announce(self, name: str, revision: int) -> None:
        """Tell every viewer, in whatever process. Losing this costs nothing: the next one says it too."""
        layer, loop = get_channel_layer(), self._loop
        if layer is None or loop is None or loop.is_closed():
            return
        news = {"type": "cluster.news", "cluster": name, "revision": revision, "by": self._id}
        asyncio.run_coroutine_threadsafe(layer.group_send(group(name), news), loop)
        if settings.REDIS_URL:
            asyncio.run_coroutine_threadsafe(layer.group_send(EVERY_PROCESS, news), loop)

    async def _listen(self) -> None:
        """Wake up when another process has written. Without this a heartbeat finds it out."""
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel()
        while True:
            try:
                await layer.group_add(EVERY_PROCESS, channel)
                while True:
                    news = await asyncio.wait_for(layer.receive(channel), LISTENING)
                    if news["by"] != self._id:
                        self.wake()
            except TimeoutError:
                continue  # join the group again: memberships end after a while
            except Exception:
                log.exception("no news from other processes; trying again in a second")
                await asyncio.sleep(HEARTBEAT)


runtime = Runtime()
