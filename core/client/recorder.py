"""The Event recorder of a component: what becomes of "record this" given the Events there are.

Source: staging/src/k8s.io/client-go/tools/record/events_cache.go and tools/events (v1.36); api.md EVT-6..9.
Differs: upstream keeps the correlation in the component's memory and forgets it at a restart; here it
is read off the Event objects, so nothing is hidden. What the spam filter drops is not counted on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import micro_timestamp, seconds, timestamp
from core.client.actions import RecordEvent
from core.client.cache import View, involved_key

SIMILAR_LIMIT = 10  # as many different messages of one reason before they are combined
SIMILAR_WINDOW = 600.0
SERIES_WINDOW = 360.0
SPAM_BURST = 25
SPAM_REFILL = 300.0
COMBINED = "(combined from similar events): "


def record(view: View, request: RecordEvent, component: str, now: float) -> tuple[str, Obj] | None:
    """Return ("create", event), ("update", event), or None when the spam filter drops it.

    A created event has no name: the API server's caller gives it one.
    """
    same_kind = [
        event
        for event in _about(view, request)
        if event["reason"] == request.reason
        and event["type"] == request.type
        and component in (event["source"].get("component"), event.get("reportingComponent"))
        and event["involvedObject"].get("fieldPath", "") == request.field_path
    ]
    if request.modern:
        return _record_modern(same_kind, request, component, now)
    if _is_spam(view, request, component, now):
        return None
    recent = [e for e in same_kind if now - seconds(e["lastTimestamp"]) < SIMILAR_WINDOW]
    messages = {e["message"] for e in recent if not e["message"].startswith(COMBINED)}
    if len(messages | {request.message}) >= SIMILAR_LIMIT:
        combined = next((e for e in recent if e["message"].startswith(COMBINED)), None)
        request = replace(request, message=COMBINED + request.message)
        if combined is not None:
            return "update", _counted({**combined, "message": request.message}, now)
    else:
        for event in same_kind:
            if event["message"] == request.message:
                return "update", _counted(event, now)
    return "create", _new(request, component, now)


def _about(view: View, request: RecordEvent) -> list[Obj]:
    """Return the Events about the same object."""
    regarding = request.regarding
    return view.indexed(
        "events-by-involved", involved_key({"kind": regarding["kind"], **regarding["metadata"]})
    )


def _counted(event: Obj, now: float) -> Obj:
    return {**event, "count": event.get("count", 1) + 1, "lastTimestamp": timestamp(now)}


def _record_modern(
    same_kind: list[Obj], request: RecordEvent, component: str, now: float
) -> tuple[str, Obj] | None:
    # ST-8.40: the key has the regarding object's resourceVersion and not the message
    version = request.regarding["metadata"].get("resourceVersion")
    for event in same_kind:
        if event["involvedObject"].get("resourceVersion") != version or event.get("action") != request.action:
            continue
        series = event.get("series")
        last = series["lastObservedTime"] if series else event["eventTime"]
        if now - seconds(last) < SERIES_WINDOW:
            count = series["count"] + 1 if series else 2
            return "update", {
                **event,
                "series": {"count": count, "lastObservedTime": micro_timestamp(now)},
            }
    return "create", _new(request, component, now)


def _is_spam(view: View, request: RecordEvent, component: str, now: float) -> bool:
    """Token bucket of 25 a source and object, one token back every 300 s, read off the Events there are."""
    events = [
        event
        for event in _about(view, request)
        if event["source"].get("component") == component and event["type"] == request.type
    ]
    total: int = sum(event.get("count", 1) for event in events)
    if total < SPAM_BURST:
        return False
    first = min(seconds(event["firstTimestamp"]) for event in events)
    return total + 1 > SPAM_BURST + (now - first) / SPAM_REFILL


def _new(request: RecordEvent, component: str, now: float) -> Obj:
    event: Obj = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"namespace": request.regarding["metadata"].get("namespace") or "default"},
        "involvedObject": _reference(request.regarding, request.field_path),
        "reason": request.reason,
        "message": request.message,
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "type": request.type,
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": request.host,
    }
    if request.modern:
        event["eventTime"] = micro_timestamp(now)
        event["action"] = request.action
        event["reportingInstance"] = f"{component}-0"
        if request.related is not None:
            event["related"] = _reference(request.related)
    else:
        source = {"component": component}
        if request.host:
            source["host"] = request.host
        event["source"] = source
        event["firstTimestamp"] = event["lastTimestamp"] = timestamp(now)
        event["count"] = 1
        if request.message.startswith(COMBINED):
            event["reportingComponent"] = ""
    return event


def _reference(obj: Obj, field_path: str = "") -> dict[str, Any]:
    meta = obj["metadata"]
    reference = {
        "kind": obj["kind"],
        "namespace": meta.get("namespace"),
        "name": meta["name"],
        "uid": meta.get("uid"),
        "apiVersion": obj["apiVersion"],
        "resourceVersion": meta.get("resourceVersion"),
        "fieldPath": field_path,
    }
    return {key: value for key, value in reference.items() if value}
