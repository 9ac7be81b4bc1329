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


class News(asyncio.Event):
    """Wakes one viewer. Lives in its event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn = True

    def come(self, *, drawn: bool) -> None:
        """There is news; *drawn*: and all of it can be sent as it is."""
        self._drawn = self._drawn and drawn
        self.set()

    async def taken(self) -> bool:
        """Wait for news; return whether all that has come since the last time is drawn."""
        await self.wait()
        self.clear()
        drawn, self._drawn = self._drawn, True
        return drawn


class Audience:
    """The viewers of this process, by cluster."""

    def __init__(self) -> None:
        self.look: Callable[[str], None] = lambda name: None
        """Draws what has changed in a cluster (KeyError: there is none); the site says what does."""
        self._news: dict[str, set[News]] = {}
        self._lock = threading.Lock()

    def is_there(self, name: str) -> bool:
        return name in self._news

    def join(self, name: str, news: News) -> None:
        with self._lock:
            self._news.setdefault(name, set()).add(news)

    def leave(self, name: str, news: News) -> None:
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
        drawn = False
        try:
            self.look(name)
            drawn = True
        except KeyError:
            pass  # it was deleted: its viewers find out
        except Exception:
            log.exception("cluster %s could not be drawn", name)  # each viewer tries for itself, and again
        guests.come()
        asyncio.run_coroutine_threadsafe(self._send(name, drawn), loop)
        guests.let_through()

    def wake(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        """Say that there is news, and leave looking to the viewers."""
        if self.is_there(name):
            loop.call_soon_threadsafe(self._tell, name, False)

    async def _send(self, name: str, drawn: bool) -> None:
        try:
            self._tell(name, drawn)
            for _ in range(TURNS):
                await asyncio.sleep(0)
        finally:
            guests.go()

    def _tell(self, name: str, drawn: bool) -> None:
        with self._lock:
            viewers = tuple(self._news.get(name, ()))
        for news in viewers:
            news.come(drawn=drawn)
