"""What pages remember of a cluster: it goes when the cluster goes, or is made anew under its name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from stsviz.driver import Driver
from stsviz.runtime import runtime

T = TypeVar("T")


class PerCluster(Generic[T]):
    """One *T* for each cluster of this process, made when it is first asked for."""

    def __init__(self, make: Callable[[Driver], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Driver, T]] = {}

    def of(self, driver: Driver) -> T:
        """Return what belongs to the cluster that *driver* drives."""
        name = driver.cluster.name
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[0] is not driver:
                for gone in [other for other, (its, _) in self._kept.items() if not runtime.drives(its)]:
                    del self._kept[gone]  # with all the objects of a cluster that was destroyed
                kept = self._kept[name] = driver, self._make(driver)
            return kept[1]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the clusters of which there is something."""
        return iter(self._kept)

    def clear(self) -> None:
        self._kept.clear()
