"""The heart of simulated time: entries in a heap of (time, sequence), taken strictly in that order.

Source: none in Kubernetes; the shape is a discrete-event kernel. Nothing here waits: who drives the
loop decides how long a simulated second lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from heapq import heappop, heappush, nsmallest
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


_SPREAD = 2**32


class Entry(NamedTuple):
    """One thing due. ``at``: simulated epoch seconds. ``timer``: nobody asked, time alone brings it.

    ``sequence``: unique; the lower goes first of what is due at the same time.
    """

    at: float
    sequence: int
    key: Hashable
    timer: bool


class Loop:
    """At most one entry a key: an earlier time replaces a later one, a later one is ignored.

    *draw*: gives the n-th entry its share (0 up to 1) by which those of one time are ordered, instead of
    who came first.
    """

    def __init__(self, draw: Callable[[int], float] | None = None) -> None:
        self._draw = draw
        self._heap: list[Entry] = []
        self._due: dict[Hashable, Entry] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: Hashable, at: float, *, timer: bool = False) -> None:
        """Make *key* due at *at*. News (``timer=False``) turns a timer of the same time into news."""
        found = self._due.get(key)
        if found is not None and found.at <= at:
            if found.timer and not timer:
                # news due later than a timer: the timer's sync sees it too, and that is then no mere beat
                self._put(key, found.at, timer=False)
            return
        self._put(key, at, timer=timer)

    def _put(self, key: Hashable, at: float, *, timer: bool) -> None:
        self._sequence += 1
        place = self._sequence
        if self._draw is not None:
            place += int(self._draw(place) * _SPREAD) << 48
        entry = Entry(at, place, key, timer)
        self._due[key] = entry
        heappush(self._heap, entry)

    def peek(self) -> Entry | None:
        """Return the next entry without taking it."""
        heap, due = self._heap, self._due
        while heap:
            entry = heap[0]
            if due.get(entry.key) is entry:
                return entry
            heappop(heap)  # replaced by an earlier one
        return None

    def pop(self) -> Entry | None:
        entry = self.peek()
        if entry is not None:
            heappop(self._heap)
            del self._due[entry.key]
        return entry

    def upcoming(self, count: int) -> list[Entry]:
        """Return the next *count* entries in the order in which they are due."""
        return nsmallest(count, self._due.values(), key=lambda entry: (entry.at, entry.sequence))

    def clear(self) -> None:
        self._heap.clear()
        self._due.clear()


class Line(Generic[Key]):
    """Keys that wait for their turn: the lowest rank first, then as they came. A key stands in it once."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Key]] = []
        self._keys: set[Key] = set()
        self._came = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, key: Key, rank: int) -> None:
        if key not in self._keys:
            self._came += 1
            self._keys.add(key)
            heappush(self._heap, (rank, self._came, key))

    def pop(self) -> Key:
        key = heappop(self._heap)[2]
        self._keys.remove(key)
        return key
