"""Lanes: a bar is a life, a stretch is a state, and a wait in which nothing happens is cut short."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Ref
from core.diagram.facts import EXPECTED, READY, TERMINATING, State
from core.diagram.lanes import LONGEST_WAIT, Lane, axis, lane, lives
from core.diagram.lanesvg import svg

POD, CLAIM, VOLUME = (
    Ref("Pod", "default", "web-0"),
    Ref("PersistentVolumeClaim", "default", "www-web-0"),
    Ref("PersistentVolume", "", "pv-1"),
)


def pod(uid: str, *, ready: bool = False, going: bool = False, node: str = "node-1") -> dict[str, Any]:
    meta: dict[str, Any] = {"name": "web-0", "namespace": "default", "uid": uid}
    if going:
        meta |= {"deletionTimestamp": "2027-01-15T08:01:00Z", "deletionGracePeriodSeconds": 30}
    conditions = [{"type": "Ready", "status": "True"}] if ready else []
    status = {"phase": "Running" if ready else "Pending", "conditions": conditions}
    return {"kind": "Pod", "metadata": meta, "spec": {"nodeName": node}, "status": status}


def claim(phase: str) -> dict[str, Any]:
    meta = {"name": "www-web-0", "namespace": "default", "uid": "c"}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": meta,
        "spec": {"volumeName": "pv-1" if phase == "Bound" else ""},
        "status": {"phase": phase},
    }


def volume() -> dict[str, Any]:
    meta = {"name": "pv-1", "uid": "v"}
    return {"kind": "PersistentVolume", "metadata": meta, "spec": {}, "status": {"phase": "Bound"}}


HISTORY: dict[Ref, list[tuple[float, str, Any]]] = {
    POD: [
        (10.0, "ADDED", pod("one")),
        (11.0, "MODIFIED", pod("one")),
        (12.0, "MODIFIED", pod("one", ready=True)),
        (500.0, "MODIFIED", pod("one", going=True)),
        (502.0, "DELETED", pod("one", going=True)),
        (503.0, "ADDED", pod("two")),
        (505.0, "MODIFIED", pod("two", ready=True)),
    ],
    CLAIM: [(10.0, "ADDED", claim("Pending")), (11.0, "MODIFIED", claim("Bound"))],
    VOLUME: [(10.5, "ADDED", volume())],
}


def web_0(now: float = 510.0) -> Lane:
    return lane(POD, [CLAIM], lambda ref: HISTORY.get(ref, []), now)


def test_each_uid_is_a_life_of_its_own_and_the_claim_has_one() -> None:
    found = web_0()

    assert [(life.uid, life.start, life.end, life.is_over) for life in found.pods] == [
        ("one", 10.0, 502.0, True),
        ("two", 503.0, 510.0, False),
    ]
    kept = [(life.uid, life.is_over) for life in (*found.claims, *found.volumes)]
    assert kept == [("c", False), ("v", False)]


def test_a_stretch_goes_on_until_the_state_is_another() -> None:
    first = web_0().pods[0]

    assert [(s.start, s.end, s.state.cls) for s in first.stretches] == [
        (10.0, 12.0, EXPECTED),
        (12.0, 500.0, READY),
        (500.0, 502.0, TERMINATING),
    ]


def test_a_name_that_was_taken_over_without_a_removal_in_sight_is_another_life() -> None:
    """The removal may have been compacted."""
    found = lives(POD, [HISTORY[POD][0], HISTORY[POD][5]], lambda obj, at: State(READY, "Ready"), 600.0)

    assert [life.uid for life in found] == ["one", "two"]


def test_a_long_wait_is_cut_and_said() -> None:
    scale = axis([web_0()])

    assert scale.place(10.0) == 0.0
    assert scale.place(510.0) == pytest.approx(1.0)
    assert [left_out for _, left_out in scale.cuts] == [pytest.approx(488 - LONGEST_WAIT)]
    places = [scale.place(at) for at in (10, 11, 12, 100, 400, 500, 503, 505, 510)]
    assert places == sorted(places)
    assert scale.time(scale.place(504.0)) == pytest.approx(504.0)
    assert scale.place(503.0) - scale.place(502.0) == pytest.approx(scale.place(11.0) - scale.place(10.0))


def test_a_set_of_which_nothing_is_known_is_drawn_empty() -> None:
    empty = Lane("web-0", (), (), ())

    drawn = svg([empty], lambda at: "")

    assert "web-0" in drawn
    assert "<rect" not in drawn


def test_the_drawing_says_each_life_in_words_and_escapes_them() -> None:
    writes = [(10.0, "ADDED", pod("<b>", node='"&'))]

    drawn = svg([lane(POD, [], lambda ref: writes if ref == POD else [], 20.0)], lambda at: f"{at:g}")

    assert "<b>" not in drawn
    assert "Pod web-0 &lt;b&gt; from 10 until now: starting 10" in drawn


def test_where_the_viewer_is_in_the_past_is_marked() -> None:
    assert 'class="here"' in svg([web_0()], str, 12.0)
    assert 'class="here"' not in svg([web_0()], str)
