"""The one place that knows RFC 3339: simulated seconds since the Unix epoch in and out of text.

Source: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/time.go, micro_time.go (v1.36).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp(now: float) -> str:
    """Return *now* (epoch seconds) as a metav1.Time: whole seconds, UTC, ``Z``."""
    return _text(int(now))


def micro_timestamp(now: float) -> str:
    """Return *now* (epoch seconds) as a metav1.MicroTime (six digits)."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=4096)
def seconds(text: str) -> float:
    """Return the epoch seconds of an RFC 3339 text.

    Raises: ValueError when *text* is none.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
