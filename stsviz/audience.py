"""Who looks at the clusters of this process, and how news reaches them.

The thread that drives a cluster draws what has changed before it goes on. Drawn by a thread beside it,
both would take turns at Python's lock, and every viewer would see the change twice as late.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from stsviz.guests import guests

log = logging.getLogger(__name__)

TURNS = 3  # of the event loop, from waking a viewer until its message is on the way


class Audience:
    """The viewers of this process, by cluster; each has an event that says there is news."""

    def __init__(self) -> None:
        self.look: Callable[[str], None] = lambda name: None
        """Draws what has changed in a cluster (KeyError: there is none); the site says what does."""
        self._news: dict[str, set[asyncio.Event]] = {}
        self._lock = threading.Lock()

    def is_there(self, name: str) -> bool:
        return name in self._news

    def join(self, name: str, news: asyncio.Event) -> None:
        with self._lock:
            self._news.setdefault(name, set()).add(news)

    def leave(self, name: str, news: asyncio.Event) -> None:
        with self._lock:
            there = self._news.get(name, set())
            there.discard(news)
            if not there:
                self._news.pop(name, None)

    def show(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        """Draw what has changed, and wait until it is on its way to every viewer, or until that takes too
        long: else this thread would be in the way of those who send it."""
        if not self.is_there(name):
            return
        try:
            self.look(name)
        except KeyError:
            pass  # it was deleted: its viewers find out
        except Exception:
            log.exception("cluster %s could not be drawn", name)  # each viewer tries for itself, and again
        guests.come()
        asyncio.run_coroutine_threadsafe(self._send(name), loop)
        guests.let_through()

    def wake(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        """Say that there is news, and leave looking to the viewers."""
        if self.is_there(name):
            loop.call_soon_threadsafe(self._tell, name)

    async def _send(self, name: str) -> None:
        try:
            self._tell(name)
            for _ in range(TURNS):
                await asyncio.sleep(0)
        finally:
            guests.go()

    def _tell(self, name: str) -> None:
        with self._lock:
            events = tuple(self._news.get(name, ()))
        for news in events:
            news.set()
