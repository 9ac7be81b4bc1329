"""Slow start: a controller's calls go out in batches of 1, 2, 4, ..., those of a batch side by side.

Source: slowStartBatch in pkg/controller/replicaset and pkg/controller/statefulset (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterator

MAX_BATCH = 500


def batches(size: int) -> Iterator[range]:
    """Cut 0..size-1 into batches."""
    done, length = 0, 1
    while done < size:
        yield range(done, min(done + length, size))
        done, length = done + length, min(2 * length, MAX_BATCH)
