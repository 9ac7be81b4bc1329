"""The Event's lease in etcd: an Event goes an hour after it was last written.

Source: cmd/kube-apiserver/app/options, --event-ttl (v1.36); api.md EVT-5.
Differs: looked at once a simulated minute, where etcd's lease ends to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, ref_of
from core.apimachinery.timestamps import seconds
from core.client.actions import NOTHING, Delete, Plan
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

ALL_EVENTS = Ref("Event", "", "")


class EventTTL:
    """One key for all Events; no news wakes it, only the minute."""

    name = "kube-apiserver"
    process = "kube-apiserver"
    latency = 0.0
    watches: Mapping[str, Handler] = {}
    resync_period: float | None = 60.0

    def __init__(self, settings: Settings) -> None:
        self._ttl = settings.event_ttl

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return (ALL_EVENTS,)

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        expired = [
            Delete(ref_of(event), uid=event["metadata"]["uid"])
            for event in view.list("Event")
            if now - last_written(event) >= self._ttl
        ]
        because = f"an Event is kept for {self._ttl / 60:g} minutes"
        return Plan(tuple(expired), because=because) if expired else NOTHING


def last_written(event: Obj) -> float:
    """Return when *event* was last seen (epoch seconds)."""
    series = event.get("series") or {}
    stamp = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return seconds(stamp or event["metadata"]["creationTimestamp"])
