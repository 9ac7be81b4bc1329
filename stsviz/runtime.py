"""Runs the clusters of this process, and tells viewers and other processes what changed.

One thread drives every cluster in slices of at most ten milliseconds (driver.py says how). Nothing in here
outlives the process: after `kill -9` the clusters are opened from the database again and go on from where
their objects stand.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import itertools
import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections, connection, transaction

from core.apimachinery.errors import AlreadyExists, NotFound, TooManyRequests
from core.cluster import Cluster
from core.sim.settings import Settings
from stsviz.audience import Audience
from stsviz.driver import HEARTBEAT, Driver
from stsviz.guests import guests

log = logging.getLogger(__name__)

LAB = "lab"
RETRY = 1.0  # seconds until a cluster whose turn failed is tried again
MAX_PODS = 10_000  # Pods a node takes here; a kubelet's usual 110 would end every lesson about size
LISTENING = 3600.0  # seconds without news after which a process joins the group anew
GONE = -1  # announced as the revision of a cluster that is no more, or another under the same name
EVERY_PROCESS = "processes"  # the channel group in which processes hear of one another's writes


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
        self._asked: dict[str, Any] = {}  # flags that lab is to run with
        self._pace: float | None = None
        self.audience = Audience()

    def ask(self, flags: dict[str, Any], pace: float | None) -> None:
        """Say, before the start, with which flags and at what pace (None: as it was) lab is to run."""
        self._asked, self._pace = flags, pace

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
                if name not in Cluster.names() and name not in Cluster.names(sealed=True):
                    raise KeyError(name)
                driver = self._drivers[name] = Driver(Cluster.open(name), self._announce)
            return driver

    def drives(self, driver: Driver) -> bool:
        """Tell whether *driver* is still the one of its cluster's name: that may be gone, or made anew."""
        return self._drivers.get(driver.cluster.name) is driver

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
            driver.untie()
            if self.drives(driver):
                del self._drivers[name]
        self._next_look = 0.0
        self._announce(name, GONE)

    def create(self, name: str) -> Cluster:
        """Make a cluster: two Ready nodes, nothing in it. Raises: ApiError when the name will not do."""
        with self._lock:
            cluster = self._new(name, Settings(max_pods=MAX_PODS))
            cluster.set_pace(settings.PACE)
            self._drivers[name] = Driver(cluster, self._announce)
        self.wake()
        return cluster

    def _new(self, name: str, flags: Settings) -> Cluster:
        return Cluster.new(name, start=float(int(time.time())), settings=flags)

    def fork(self, name: str, revision: int) -> Cluster:
        """Make a cluster that begins as *name* was at *revision*, called ``name-2``, ``name-3``, …

        Raises: KeyError; ApiError when there are too many clusters, or that revision is not kept.
        """
        origin = self.driver(name).cluster
        while True:
            names = Cluster.names()
            if len(names) >= settings.MAX_CLUSTERS:
                raise TooManyRequests(
                    f"This would be a fork, and there are {len(names)} clusters already, as many as may be:"
                    " delete one first."
                )
            stem = forked_name(name, origin.origin() is not None, names)
            with suppress(AlreadyExists):  # somebody else was quicker
                fork = origin.fork(stem, revision)
                break
        with self._lock:  # the thread that drives may have found it in the database by now
            driver = self._drivers.setdefault(fork.name, Driver(fork, self._announce))
        self.wake()
        return driver.cluster

    def store_run(self, name: str, revision: int, run: str) -> Cluster:
        """Store the history of *name* up to *revision* as *run*, which nobody drives.

        Raises: KeyError; ApiError when there are too many, or that revision is not kept.
        """
        stored = Cluster.names(sealed=True)
        if len(stored) >= settings.MAX_RUNS:
            raise TooManyRequests(f"There are {len(stored)} stored runs, as many as may be.")
        made = self.driver(name).cluster.fork(run, revision, seal=True)
        with self._lock:
            return self._drivers.setdefault(run, Driver(made, self._announce)).cluster

    def destroy(self, name: str) -> None:
        """Delete the cluster with all that was in it. Raises: KeyError."""
        with self._lock:
            driver = self._drivers.pop(name)
            driver.untie()
            driver.cluster.destroy()
        self._announce(name, GONE)

    def reset(self, name: str) -> None:
        """Make the cluster anew under its old name, with its flags. Raises: KeyError."""
        old = self.driver(name).cluster

        def make() -> Cluster:
            cluster = self._new(name, old.settings)
            cluster.set_pace(old.pace, old.mode)
            return cluster

        self.renew(name, make)

    def renew(self, name: str, make: Callable[[], Cluster]) -> Driver:
        """Have *make* make the cluster *name*, in place of the one of that name if there is one."""
        with self._lock:
            try:
                old = self.driver(name).cluster
                self._drivers[name].untie()
            except KeyError:
                driver = self._drivers[name] = Driver(make(), self._announce)
            else:
                # The store first, as all who write do: whoever holds that waits for the database.
                # One transaction: no other process sees a moment without the cluster.
                with old.reading(), transaction.atomic():
                    self._drivers.pop(name).cluster.destroy()
                    driver = self._drivers[name] = Driver(make(), self._announce)
        self._announce(name, GONE)
        self.wake()
        return driver

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
                # A cluster is some million objects that stay: looking through all of them for cycles takes
                # a tenth of a second, and finds none. So seldom, and without those of the start.
                gc.freeze()
                gc.set_threshold(50_000, 50, 100)
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
                self._set_up_lab()
            self.opened.set()
        except Exception:
            log.exception("the clusters cannot be opened; trying again in a second")
            close_old_connections()
        return HEARTBEAT

    def _set_up_lab(self) -> None:
        """Do once what was asked for at the start."""
        asked, pace = self._asked, self._pace
        self._asked, self._pace = {}, None
        lab = self.cluster(LAB)
        if asked:
            lab.configure(**asked)
        if pace is not None:
            lab.set_pace(pace, lab.mode)

    def _round(self) -> float:
        nap = HEARTBEAT
        with self._lock:
            drivers = list(self._drivers.values())
        for driver in drivers:
            if not self.drives(driver) or driver.cluster.sealed:
                continue
            try:
                nap = min(nap, driver.turn())
            except NotFound:  # destroyed, or reset, by another process
                self._drop(driver)
            except Exception:
                # The thread outlives a fault in one cluster, and says so; the objects are safe in the store.
                log.exception("cluster %s: a turn failed; trying again in a second", driver.cluster.name)
                driver.rest(RETRY)
                close_old_connections()
        return nap

    def _announce(self, name: str, revision: int) -> None:
        """Show every viewer. Losing this costs nothing: the next one says it too."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if settings.REDIS_URL:
            news = {"type": "cluster.news", "cluster": name, "revision": revision, "by": self._id}
            layer = get_channel_layer()
            assert layer is not None
            asyncio.run_coroutine_threadsafe(layer.group_send(EVERY_PROCESS, news), loop)
        if threading.current_thread() is self._thread and revision != GONE:
            self.audience.show(name, loop)
        else:
            self.audience.wake(name, loop)

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


def forked_name(name: str, is_fork: bool, taken: Collection[str]) -> str:
    """Return a free name for a fork: of ``lab`` lab-2, and of its fork ``lab-2`` lab-3."""
    stem, _, number = name.rpartition("-")
    if not is_fork or not number.isdecimal() or not stem:
        stem = name
    stem = stem[:58].rstrip("-")  # a name has 63 characters
    return next(found for at in itertools.count(2) if (found := f"{stem}-{at}") not in taken)


runtime = Runtime()
