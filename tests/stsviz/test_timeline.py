"""The timeline sends only the lines that a viewer does not have yet."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster, Entry
from stsviz.pages import timeline


def entry(revision: int, text: str = "Pod web-0 created", because: str = "") -> Entry:
    return Entry(revision, 100.0 + revision, "kubelet", text, because, Ref("Pod", "default", "web-0"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00"), (72, "00:01:12"), (3661.9, "01:01:01"), (90061, "1d 01:01:01"), (-5, "00:00:00")],
)
def test_simulated_time_is_written_as_a_clock(seconds: float, text: str) -> None:
    assert timeline.clock(seconds) == text


@pytest.mark.django_db
def test_a_flood_of_events_hides_no_line() -> None:
    cluster = Cluster.new("test", start=100.0)
    old = timeline.read(cluster)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}})
    for at in range(timeline.SHOWN * 3):
        about = {"kind": "Pod", "namespace": "default", "name": "a"}
        meta = {"name": f"a.{at}", "namespace": "default"}
        cluster.create({"apiVersion": "v1", "kind": "Event", "metadata": meta, "involvedObject": about})

    new = timeline.read(cluster, old)

    assert [entry.ref for entry in new if entry not in old] == [Ref("Namespace", "", "new")]


def test_new_lines_are_put_on_top_and_old_ones_leave() -> None:
    old = [entry(3), entry(2)]
    new = [entry(4), entry(3)]
    parts = "".join(timeline.changes(old, new, 100.0))
    assert '<li id="t-4">' in parts
    assert '<li id="t-3">' not in parts
    assert '<li id="t-2" hx-swap-oob="delete">' in parts
    assert 'hx-swap-oob="afterbegin:#timeline"' in parts


def test_nothing_new_sends_nothing() -> None:
    old = [entry(3), entry(2)]
    assert timeline.changes(old, list(old), 100.0) == []


def test_a_flood_of_lines_replaces_the_list() -> None:
    new = [entry(revision) for revision in range(500, 500 - timeline.SHOWN, -1)]
    parts = timeline.changes([entry(1)], new, 100.0)
    assert len(parts) == 1
    assert parts[0].startswith('<ol hx-swap-oob="outerHTML" id="timeline">')


def test_names_and_reasons_are_escaped() -> None:
    line = timeline.line(entry(1, "Pod </script>", '"><svg onload=x>'), 0.0)
    assert "</script>" not in line
    assert "<svg" not in line
