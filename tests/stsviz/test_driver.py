"""The driver tells news soon, and seldom enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from core.cluster import Cluster
from stsviz.driver import FRAME, NEWS_GAP, Driver

pytestmark = pytest.mark.django_db(transaction=True)
START = 1_760_000_000.0
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=START)
    yield cluster
    cluster.destroy()


def hasty(cluster: Cluster, told: list[float], monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A driver of a paused cluster that has just told the news, at 100 s of a clock that stands still."""
    wall = SimpleNamespace(at=100.0)
    clock = SimpleNamespace(monotonic=lambda: wall.at, time=lambda: START)
    monkeypatch.setattr("stsviz.driver.time", clock)
    driver = Driver(cluster, lambda name, revision: told.append(wall.at))
    driver.wall = wall
    cluster.set_pace(0.0)
    driver.turn()
    assert told == [100.0]
    return driver


def test_what_others_wrote_is_told_within_a_frame(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    driver = hasty(cluster, told, monkeypatch)

    cluster.create(NAMESPACE)
    driver.wall.at += FRAME
    driver.turn()

    assert told == [100.0, 100.0 + FRAME]


def test_own_work_is_told_once_a_gap(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    driver = hasty(cluster, told, monkeypatch)

    cluster.create(NAMESPACE)
    driver.wall.at += FRAME
    nap = driver.tell()
    assert told == [100.0]

    driver.wall.at += nap
    driver.tell()
    assert told == [100.0, pytest.approx(100.0 + NEWS_GAP)]


def test_telling_takes_no_more_than_half_of_the_time(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    driver = hasty(cluster, told, monkeypatch)
    driver._telling = 0.3

    cluster.create(NAMESPACE)
    driver.wall.at += 0.5

    assert driver.tell() == pytest.approx(0.1)
    assert told == [100.0]


def test_a_turn_asks_for_no_time_and_who_writes_between_two_does(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(cluster, lambda name, revision: None)
    cluster.set_pace(1.0)
    clock = cluster.store.clock
    assert clock is not None
    asked: list[float] = []
    advance = cluster.advance

    def advanced(until: float, more: Callable[[], bool]) -> bool:
        asked.append(clock())
        return advance(until, more)

    monkeypatch.setattr(cluster, "advance", advanced)
    driver.turn()
    assert asked == [0.0]

    monkeypatch.setattr(cluster, "next_at", lambda: None)  # nothing is due: the time is all there is to tell
    assert clock() > START
