"""Courtesy between the control plane and those who wait for an answer.

Python runs one thread at a time: a control plane that works flat out would share every millisecond
with the page that somebody is waiting for. So the driver stands aside between two slices while a
request is being answered, though never for longer than GUEST_TIME.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

GUEST_TIME = 0.025  # seconds the driver stands aside at most between two slices


class Guests:
    """Counts the requests that are being answered in this process."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def come(self) -> None:
        with self._changed:
            self._count += 1

    def go(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    @contextmanager
    def served(self) -> Iterator[None]:
        """Hold the driver off while the body runs."""
        self.come()
        try:
            yield
        finally:
            self.go()

    def let_through(self) -> None:
        """Wait until nobody is being served, or GUEST_TIME has passed."""
        if self._count:
            with self._changed:
                self._changed.wait_for(lambda: self._count == 0, GUEST_TIME)


guests = Guests()
