"""The scenarios that come with stsviz: each plays to its end, and each marked truth is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stsviz.scenarios import founding, library
from stsviz.scenarios.actions import VERBS
from stsviz.scenarios.format import Scenario, read
from stsviz.scenarios.words import Words
from stsviz.story import Story
from tests.stsviz.scenarios.cast import play

KEYS = sorted(library.shipped())
TERMS = re.compile(r"[A-Za-z][\w.:=*-]*")
ROOT = Path(__file__).parents[3]
PAPER = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")


def sentences(scenario: Scenario) -> list[Words]:
    found = [scenario.title, scenario.about]
    for beat in scenario.beats:
        found += [beat.say, beat.refutes]
        if beat.ask:
            found += [beat.ask.say, beat.ask.why, *(answer.say for answer in beat.ask.answers)]
    return [words for words in found if words]


def test_there_are_seventeen_in_their_order() -> None:
    assert [int(key[:2]) for key in KEYS] == list(range(1, 18))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", KEYS)
def test_it_ends_and_exactly_one_answer_of_each_question_comes_true(key: str) -> None:
    scenario = library.shipped()[key]
    cluster = founding.found(scenario)
    try:
        story = Story(scenario, reading=0.0)
        judged = play(cluster, story)
        assert story.is_over, story.failed
        asked = [at for at, beat in enumerate(scenario.beats) if beat.ask]
        assert [at for at, _ in judged] == asked
        assert None not in [answer for _, answer in judged]
    finally:
        cluster.destroy()


@pytest.mark.parametrize("key", KEYS)
def test_it_asks_something_and_refutes_something(key: str) -> None:
    scenario = library.shipped()[key]
    assert any(beat.ask for beat in scenario.beats)
    assert scenario.about
    assert all(beat.look for beat in scenario.beats)


@pytest.mark.parametrize("key", KEYS)
def test_it_speaks_both_languages_and_leaves_the_terms_as_they_are(key: str) -> None:
    for words in sentences(library.shipped()[key]):
        if words.en == words.zh:  # a name
            assert TERMS.fullmatch(words.en), words.en
            continue
        assert not re.search(r"[\u4e00-\u9fff]", words.en), words.en
        assert re.search(r"[\u4e00-\u9fff]|、|^Bound", words.zh), words.zh
        for term in re.findall(
            r"\b(?:web|db|www-web|crowd|queue|node)-\d\b|\bPending\b|\bReleased\b", words.en
        ):
            assert term in words.zh, f"{words.en} / {words.zh}: {term}"


@pytest.mark.django_db(transaction=True)
def test_the_same_seed_makes_the_same_cluster() -> None:
    told = []
    for _ in range(2):
        scenario = library.demo()
        cluster = founding.found(scenario)
        play(cluster, Story(scenario, reading=0.0))
        told.append([(c.revision, c.ref, c.at) for c in cluster.changes_since(0)])
        cluster.destroy()
    assert told[0] == told[1]


@pytest.mark.django_db(transaction=True)
def test_the_example_of_the_papers_is_a_scenario_that_ends() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAPER, re.DOTALL)
    assert example
    scenario = read(example[1], "example")
    cluster = founding.found(scenario)
    try:
        story = Story(scenario, reading=0.0)
        assert play(cluster, story) == [(0, 1)]
        assert story.is_over, story.failed
    finally:
        cluster.destroy()


def test_the_papers_name_every_action() -> None:
    assert [verb for verb in VERBS if f"`{verb}" not in PAPER] == []


def rows_of_misconceptions() -> list[list[str]]:
    table = (ROOT / "docs" / "misconceptions.md").read_text(encoding="utf-8")
    return [
        [c.strip() for c in row.split("|")[1:-1]] for row in re.findall(r"^\| \d.*$", table, re.MULTILINE)
    ]


def test_each_misconception_names_its_scenario_sentence_gestures_and_test() -> None:
    rows = rows_of_misconceptions()
    assert [int(row[0]) for row in rows] == list(range(1, 23))
    for number, believed, where, gestures, sentence, test in rows:
        link = re.fullmatch(r"`/scenarios/([\w-]+)\?beat=(\d+)`", where)
        assert link, number
        beat = library.shipped()[link[1]].beats[int(link[2]) - 1]
        assert sentence == beat.say.en, number
        assert believed == beat.refutes.en, number
        assert 1 <= len(gestures.split("·")) <= 3, number
        path, _, name = test.strip("`").partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), number
