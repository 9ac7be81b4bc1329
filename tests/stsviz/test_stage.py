"""The stage: one message for all, kept for who is a little behind, and the whole page for who is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.cluster import Cluster
from stsviz.audience import News
from stsviz.pages import stage as stages
from stsviz.pages.examples import EXAMPLES
from stsviz.pages.stage import Stage, stage_of
from stsviz.runtime import LAB, runtime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab() -> Iterator[Cluster]:
    yield runtime.create(LAB)
    runtime.destroy(LAB)
    stages._stages.clear()


@pytest.fixture
def stage(lab: Cluster) -> Stage:
    """The stage of `lab`, looked at before anything was there."""
    stage = stage_of(LAB)
    stage.look()
    return stage


@pytest.fixture
def viewer() -> Iterator[None]:
    news = News()
    runtime.audience.join(LAB, news)
    yield
    runtime.audience.leave(LAB, news)


def change(stage: Stage) -> None:
    """Change something, and look at it."""
    cluster = stage.driver.cluster
    list(cluster.apply(EXAMPLES["web"].text))
    cluster.settle()
    stage.look()


def test_what_is_drawn_is_given_without_a_look(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stage.cursor
    change(stage)
    monkeypatch.setattr(stage, "_advance", lambda: pytest.fail("looked"))

    cursor, messages = stage.kept_since(before)

    assert cursor == stage.cursor
    assert "seat-default-web-0" in "".join(messages)
    assert stage.kept_since(cursor) == (cursor, [])


def test_who_is_too_far_behind_keeps_its_place_until_it_gets_the_whole_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stage.cursor
    change(stage)
    stage.driver.cluster.set_pace(7.0)
    monkeypatch.setattr(stages, "KEPT", 1)
    stage.look()

    assert stage.kept_since(before) == (before, [])
    cursor, (whole,) = stage.since(before)

    assert cursor == stage.cursor
    assert '<svg hx-swap-oob="outerHTML"' in whole


@pytest.mark.parametrize("cursor", ["", "elsewhere-1", "-1", "{boot}-", "{boot}-x", "{boot}-99"])
def test_a_cursor_that_is_not_ours_gets_the_whole_page(stage: Stage, cursor: str) -> None:
    cursor = cursor.format(boot=stage.cursor.partition("-")[0])
    change(stage)

    assert stage.kept_since(cursor) == (cursor, [])
    assert '<svg hx-swap-oob="outerHTML"' in stage.since(cursor)[1][0]


def test_nobody_in_the_event_loop_waits_for_a_look(stage: Stage) -> None:
    before = stage.cursor
    change(stage)

    with stage._lock:
        assert stage.kept_since(before) == (before, [])


def test_large_messages_are_kept_for_as_long_as_they_are_smaller_than_a_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "KEPT_SIZE", 1)
    change(stage)
    stage.driver.cluster.set_pace(7.0)
    stage.look()

    assert [version for version, _ in stage._messages] == [stage._version]
    assert stage._size == len(stage._messages[0][1])


def test_when_much_has_changed_and_nobody_looks_it_is_not_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "MANY", 0)
    before = stage.cursor
    change(stage)

    assert not stage._messages
    assert stage.cursor != before
    assert "seat-default-web-0" in stage.since(before)[1][0]


@pytest.mark.usefixtures("viewer")
def test_when_much_has_changed_it_is_drawn_for_who_looks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "MANY", 0)
    before = stage.cursor
    change(stage)

    assert stage.kept_since(before)[1]


def test_a_destroyed_clusters_stage_goes_when_another_comes(lab: Cluster) -> None:
    runtime.create("gone")
    stage_of("gone")
    runtime.destroy("gone")

    stage_of(LAB)

    assert list(stages._stages) == [LAB]


def test_the_history_is_read_with_the_store_released(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks back takes the history's lock, then the store's: the other way round both would wait."""
    cluster, free = stage.driver.cluster, threading.Event()

    def enter() -> None:
        with cluster.reading():
            free.set()

    def read(*arguments: object) -> list[object]:
        other = threading.Thread(target=enter)
        other.start()
        assert free.wait(5)
        other.join()
        return []

    monkeypatch.setattr(stages.timeline, "read", read)
    change(stage)
    assert free.is_set()
