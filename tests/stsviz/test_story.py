"""A story on a cluster: it goes on by the objects, waits for answers, can be hurried, left and failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.driver import Driver
from stsviz.scenarios import founding, library
from stsviz.scenarios.format import read
from stsviz.story import Phase, Story
from tests.stsviz.scenarios.cast import SMALL, play, small

pytestmark = pytest.mark.django_db(transaction=True)
WEB_0, PAGE = Ref("Pod", "default", "web-0"), "/usr/share/nginx/html/index.html"
CLAIM = Ref("PersistentVolumeClaim", "default", "data")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = founding.found(small(), "test")
    yield cluster
    cluster.destroy()


def until_asked(cluster: Cluster, story: Story) -> None:
    for _ in range(2000):
        story.advance(cluster, 0.0)
        if story.is_asking:
            return
        cluster.step()
    raise AssertionError("nothing was asked")


def test_the_chapters_story_tells_itself_to_the_end() -> None:
    scenario = library.demo()
    cluster = founding.found(scenario, "chapter")
    try:
        before: list[str] = []
        story = Story(scenario, reading=0.0, asks=False)
        for _ in range(20_000):
            if not story.advance(cluster, 0.0) and story.running:
                cluster.step()
            if story.at == 2 and not before:
                before.append(cluster.get(WEB_0)["metadata"]["uid"])
            if not story.running:
                break
        assert story.is_over
        assert cluster.get(WEB_0)["metadata"]["uid"] not in before
        assert cluster.read_file(WEB_0, PAGE) == b"written by the first web-0\n"
    finally:
        cluster.destroy()


@pytest.mark.parametrize(("pace", "seconds"), [(0.5, 2.0), (1.0, 2.0), (4.0, 0.5)])
def test_a_cluster_holds_still_while_a_sentence_is_read(
    cluster: Cluster, pace: float, seconds: float
) -> None:
    cluster.set_pace(pace, "lesson")
    story = Story(small())
    assert story.advance(cluster, 100.0)
    assert story.holds(cluster, 100.0 + seconds - 0.1)
    assert not story.advance(cluster, 100.0 + seconds - 0.1)
    assert not story.holds(cluster, 100.0 + seconds + 0.1)


def test_a_question_is_asked_before_anything_is_done_and_judged_by_what_happened(cluster: Cluster) -> None:
    story = Story(small(), reading=0.0)
    until_asked(cluster, story)
    assert story.sentence.en == "What becomes of it?"
    assert "deletionTimestamp" not in cluster.get(CLAIM)["metadata"]
    story.answer(0)
    for _ in range(2000):
        if story.phase is Phase.OVER:
            break
        story.advance(cluster, 0.0) or cluster.step()
    assert (story.chosen, story.verdict) == (0, 1)
    assert not story.advance(cluster, 0.0)  # the outcome is to be read: somebody has to go on
    story.next()
    assert story.advance(cluster, 0.0)
    assert story.at == 2


def test_a_skipped_question_judges_nobody_and_goes_on(cluster: Cluster) -> None:
    story = Story(small(), reading=0.0)
    assert play(cluster, story, answer=-1) == []
    assert story.is_over


def test_who_waits_after_each_beat_goes_on_by_hand(cluster: Cluster) -> None:
    story = Story(small(), reading=0.0)
    story.play(False)
    for _ in range(200):
        story.advance(cluster, 0.0) or cluster.step()
    assert (story.at, story.phase) == (0, Phase.OVER)
    assert story.holds(cluster, 0.0)


def test_next_hurries_to_the_next_beat_and_stops_there(cluster: Cluster) -> None:
    story = Story(small(), reading=0.0)
    story.advance(cluster, 0.0)
    story.next()
    while story.hurries:
        story.hurry(cluster, 0.0)
    assert (story.at, story.is_asking) == (1, True)


def test_a_story_that_begins_at_a_beat_has_played_those_before_it(cluster: Cluster) -> None:
    story = Story(small(), at=2, reading=0.0)
    while story.hurries:
        story.hurry(cluster, 0.0)
    assert (story.at, story.phase) == (2, Phase.BEGUN)
    assert cluster.view.get(*CLAIM) is None


def test_who_changes_the_cluster_while_it_waits_has_left_the_story(cluster: Cluster) -> None:
    story = Story(small(), reading=0.0)
    until_asked(cluster, story)
    assert story.holds(cluster, 0.0)
    assert story.holds(cluster, 1.0)
    cluster.delete(CLAIM)
    assert not story.holds(cluster, 2.0)
    assert story.left
    assert not story.advance(cluster, 3.0)


def test_an_action_that_is_refused_ends_the_story_with_the_reason(cluster: Cluster) -> None:
    story = Story(
        read(SMALL.replace("- delete: pvc/data", "- delete: pvc/other"), "x"), asks=False, reading=0.0
    )
    play_on = 0
    while story.running and play_on < 2000:
        story.advance(cluster, 0.0) or cluster.step()
        play_on += 1
    assert story.failed == 'persistentvolumeclaims "other" not found'
    assert "not found" in story.sentence.en


def test_a_cluster_that_goes_another_way_is_told_and_not_waited_for(cluster: Cluster) -> None:
    story = Story(
        read(SMALL.replace("until: pvc/data gone", "until: pvc/data ready"), "x"), at=2, reading=0.0
    )
    while story.hurries:
        story.hurry(cluster, 0.0)
    assert story.failed == "waits for pvc/data ready"


def test_a_driver_hurries_without_waiting_for_the_wall_clock(cluster: Cluster) -> None:
    cluster.set_pace(1.0, "lesson")
    driver = Driver(cluster, lambda name, revision: None)
    driver.story = Story(small(), at=2)
    for _ in range(200):
        driver.turn()
        if not driver.story.hurries:
            break
    assert driver.story.at == 2


def test_a_driver_moves_nothing_while_a_question_is_open(cluster: Cluster) -> None:
    cluster.set_pace(1.0, "lesson")
    driver = Driver(cluster, lambda name, revision: None)
    driver.story = Story(small(), reading=0.0, at=1)
    for _ in range(200):
        driver.turn()
        if driver.story.is_asking:
            break
    revision, now = cluster.revision, cluster.now
    for _ in range(5):
        driver.turn()
    assert (cluster.revision, cluster.now) == (revision, now)
