"""Controller pod predicates: what the owners of Pods ask of a Pod.

Source: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import seconds

# A Pod turns available strictly after Ready + minReadySeconds: look again this little later (seconds).
JUST_AFTER = 0.01


class Readiness(NamedTuple):
    """*since*: epoch seconds of Ready's last transition, 0.0 when that does not matter."""

    ready: bool
    available: bool
    since: float


NOT_READY = Readiness(ready=False, available=False, since=0.0)
READY = Readiness(ready=True, available=True, since=0.0)


def readiness(status: Obj, min_ready_seconds: int, now: float) -> Readiness:
    """Return whether a Pod of *status* is Ready, and has been for *min_ready_seconds* (IsPodAvailable)."""
    for condition in status.get("conditions") or ():
        if condition["type"] == "Ready":
            if condition["status"] != "True":
                return NOT_READY
            if not min_ready_seconds:
                return READY
            changed = condition.get("lastTransitionTime")
            since = seconds(changed) if changed else now
            return Readiness(True, since + min_ready_seconds < now, since)
    return NOT_READY


def is_active(pod: Obj) -> bool:
    """Return whether *pod* counts as a replica: neither ended nor being deleted (IsPodActive)."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    return pod["status"].get("phase") not in ("Succeeded", "Failed")


def next_availability(ready_since: Iterable[float], min_ready_seconds: int, now: float) -> float | None:
    """Return the seconds until the next of the Pods Ready since then turns available, or None.

    Source: FindMinNextPodAvailabilityCheck.
    """
    first = min(ready_since, default=None)
    return None if first is None else max(0.0, first + min_ready_seconds - now) + JUST_AFTER
