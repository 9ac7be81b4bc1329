"""Pauses that double: how long a component waits before it tries again what has failed.

Source: staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go,
pkg/util/goroutinemap/exponentialbackoff (v1.36).
"""

from __future__ import annotations

from typing import Final

OF_VOLUMES: Final = (0.5, 122.0)
"""What goroutinemap waits after the first failure, and at most: seconds."""


def doubled(times: int, first: float, last: float) -> float:
    """Return *first* seconds, doubled *times* times, at most *last*."""
    return min(first * 2.0 ** min(times, 30), last)
