"""Events are counted, combined, dropped, or made into series, by what stands there already."""

from __future__ import annotations

from typing import Any

import pytest

from core.client.actions import RecordEvent
from core.client.cache import Cache
from core.client.recorder import COMBINED, SPAM_BURST, record

NOW = 1_800_000_000.0
SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "web", "namespace": "default", "uid": "uid-web", "resourceVersion": "7"},
}


class Recorder:
    """What one component says of one object, written into a cache as the API server would."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.made = 0

    def say(self, message: str = "m", at: float = 0.0, version: str = "7", **more: Any) -> str | None:
        """Record an Event; return the verb: "create", "update" or None."""
        regarding = {**SET, "metadata": {**SET["metadata"], "resourceVersion": version}}
        request = RecordEvent(regarding, more.pop("type", "Normal"), more.pop("reason", "R"), message, **more)
        decided = record(self.cache, request, "statefulset-controller", NOW + at)
        if decided is None:
            return None
        verb, event = decided
        if verb == "create":
            self.made += 1
            event["metadata"] |= {"name": f"web.{self.made:04}", "uid": f"e{self.made}"}
        self.cache.put(event)
        return verb

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.cache.list("Event")


def test_an_event_has_the_recorded_shape() -> None:
    """ST-8.34, EVT-1"""
    recorder = Recorder()
    recorder.say("hello")
    (event,) = recorder.events
    assert event["involvedObject"] == {
        "kind": "StatefulSet",
        "namespace": "default",
        "name": "web",
        "uid": "uid-web",
        "apiVersion": "apps/v1",
        "resourceVersion": "7",
    }
    assert event["source"] == {"component": "statefulset-controller"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("statefulset-controller", "")
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2027-01-15T08:00:00Z"
    assert (event["count"], event["eventTime"], event["metadata"]["namespace"]) == (1, None, "default")


def test_the_same_again_is_counted() -> None:
    """EVT-6, ST-8.30, STS-E12"""
    recorder = Recorder()
    assert [recorder.say(at=at) for at in (0, 15, 3000)] == ["create", "update", "update"]
    (event,) = recorder.events
    assert event["count"] == 3
    assert (event["firstTimestamp"], event["lastTimestamp"]) == (
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:50:00Z",
    )


@pytest.mark.parametrize("other", [{"type": "Warning"}, {"reason": "S"}, {"message": "n"}])
def test_another_type_reason_or_text_is_another_event(other: dict[str, str]) -> None:
    """EVT-6"""
    recorder = Recorder()
    recorder.say()
    assert recorder.say(**other) == "create"


def test_the_tenth_text_and_those_after_it_are_combined() -> None:
    """EVT-7, ST-8.31, STS-E12"""
    recorder = Recorder()
    verbs = [recorder.say(f"m{number}", at=number) for number in range(12)]
    assert verbs == ["create"] * 10 + ["update"] * 2
    *_, combined = recorder.events
    assert combined["message"] == f"{COMBINED}m11"
    assert (combined["count"], combined["reportingComponent"]) == (3, "")
    assert combined["source"] == {"component": "statefulset-controller"}


def test_texts_of_more_than_ten_minutes_ago_are_not_similar_any_more() -> None:
    """EVT-7, ST-8.31"""
    recorder = Recorder()
    for number in range(9):
        recorder.say(f"m{number}")
    recorder.say("late", at=601)
    assert not any(event["message"].startswith(COMBINED) for event in recorder.events)


def test_a_chatterbox_is_cut_off_and_gets_a_word_every_five_minutes() -> None:
    """EVT-8, ST-8.32, ST-8.33"""
    recorder = Recorder()
    times = range(0, 901, 15)
    written = [at for at in times if recorder.say(at=at)]
    assert written[: SPAM_BURST + 1] == [15 * number for number in range(SPAM_BURST + 1)]
    assert written[SPAM_BURST + 1 :] == [600, 900]


def test_combined_ones_are_cut_off_too() -> None:
    """EVT-8: a set of a dozen Pods tells of no more"""
    recorder = Recorder()
    written = [number for number in range(40) if recorder.say(f"m{number}")]
    assert written == list(range(SPAM_BURST))


def test_a_series_counts_whatever_its_text_while_the_object_is_the_same() -> None:
    """EVT-9, ST-8.40, ST-8.44"""
    recorder = Recorder()
    modern = {"modern": True, "action": "Scheduling"}
    assert [recorder.say(f"m{at}", at=at, **modern) for at in (0, 10, 20)] == ["create", "update", "update"]
    (event,) = recorder.events
    assert event["message"] == "m0"
    assert event["series"] == {"count": 3, "lastObservedTime": "2027-01-15T08:00:20.000000Z"}
    assert (event["source"], event["firstTimestamp"], event["lastTimestamp"]) == ({}, None, None)
    assert "count" not in event
    assert event["eventTime"] == "2027-01-15T08:00:00.000000Z"
    assert recorder.say(at=30, version="8", **modern) == "create"


@pytest.mark.parametrize(("pause", "verb"), [(359, "update"), (360, "create")])
def test_a_series_ends_after_six_quiet_minutes(pause: float, verb: str) -> None:
    """EVT-9, ST-8.43"""
    recorder = Recorder()
    modern = {"modern": True, "action": "Scheduling"}
    recorder.say(**modern)
    assert recorder.say(at=pause, **modern) == verb


def test_a_modern_event_may_name_a_second_object() -> None:
    one, other = (
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default", "uid": name}}
        for name in ("victim", "preemptor")
    )
    request = RecordEvent(one, "Normal", "Preempted", "m", modern=True, action="Preempting", related=other)

    decided = record(Cache(), request, "default-scheduler", 0.0)

    assert decided is not None
    _, event = decided
    assert event["involvedObject"]["name"] == "victim"
    assert event["related"] == {
        "kind": "Pod",
        "namespace": "default",
        "name": "preemptor",
        "uid": "preemptor",
        "apiVersion": "v1",
    }


def test_events_that_name_no_uid_are_told_apart_by_name() -> None:
    """NF7a: successive Pods of one name count one Event up, Pods of other names have theirs"""
    cache = Cache()
    verbs = []
    for number, name in enumerate(["web-0", "web-0", *(f"web-{n}" for n in range(1, 12))]):
        nameless = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "default", "name": name}}
        request = RecordEvent(nameless, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {name}")
        decided = record(cache, request, "taint-eviction-controller", NOW)
        assert decided is not None
        verb, event = decided
        verbs.append(verb)
        assert not event["message"].startswith(COMBINED)
        cache.put(
            {
                **event,
                "metadata": {**event["metadata"], "name": event["metadata"].get("name") or f"e{number}"},
            }
        )
    assert verbs == ["create", "update", *["create"] * 11]
