"""The file of a scenario, read strictly: what is wrong is told with its line, its field and the rule.

The format stands in docs/scenarios.md. Nothing in a file is evaluated: actions and conditions are closed
vocabularies, names and sentences are text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.apimachinery.manifest import Problem, read_tree_of
from core.apimachinery.meta import Ref
from core.apimachinery.yamltree import Refused
from core.sim.settings import Settings
from stsviz.scenarios.actions import Action
from stsviz.scenarios.conditions import Condition
from stsviz.scenarios.reader import Reader
from stsviz.scenarios.steps import read_actions, read_conditions, read_object
from stsviz.scenarios.words import NOTHING, Words

MAX_BYTES = 200_000
MAX_VALUES = 20_000
MAX_BEATS = 40
MAX_MANIFESTS = 20
MAX_NODES = 10
LONGEST_TITLE, LONGEST_SENTENCE, LONGEST_WHY = 80, 140, 280
ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One guess; it is right when all of *holds* do as the beat ends: the cluster says so, not the file."""

    say: Words
    holds: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Asked before the beat's actions are done; *why* is told with the outcome."""

    say: Words
    answers: tuple[Answer, ...]
    why: Words


@dataclass(frozen=True, slots=True)
class Beat:
    """*say* stands above the picture from the moment *do* is done. *refutes*: what newcomers believe.

    *until* holds when the beat is over. *look*: what the picture marks.
    """

    say: Words
    do: tuple[Action, ...] = ()
    until: tuple[Condition, ...] = ()
    look: Ref | None = None
    ask: Question | None = None
    refutes: Words = NOTHING


@dataclass(frozen=True, slots=True)
class World:
    """The cluster that a scenario runs in: made anew from *seed*. *labels*: node -> its labels."""

    seed: int = 1
    nodes: int = 2
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story in beats. ``key``: the file's name without its ending, and the name of its cluster."""

    key: str
    title: Words
    about: Words
    world: World
    beats: tuple[Beat, ...]
    manifests: Mapping[str, str] = field(default_factory=dict)


class Faulty(Exception):
    """The file is no scenario; *problems* say line, field and rule."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(said, problems)))
        self.problems = problems


def said(problem: Problem) -> str:
    """Write a problem as one line: ``line 12, beats[0].until: …``."""
    where = f"line {problem.line}" + (f", {problem.field}" if problem.field else "")
    return f"{where}: {problem.message}"


def read(text: str | bytes, key: str) -> Scenario:
    """Return the scenario that *text* tells. Raises: Faulty."""
    try:
        tree = read_tree_of(text, MAX_BYTES, MAX_VALUES)
    except Refused as error:
        raise Faulty([Problem(error.line, error.column, "", error.message)]) from None
    reader = Reader(tree)
    scenario = _scenario(reader, tree.value, key)
    if reader.problems:
        raise Faulty(sorted(reader.problems, key=lambda problem: problem.line))
    assert scenario is not None
    return scenario


def _scenario(reader: Reader, value: Any, key: str) -> Scenario | None:
    top = reader.mapping((), value, needed=("title", "beats"), allowed=("about", "cluster", "manifests"))
    if top is None:
        return None
    manifests = reader.manifests(top.get("manifests"), MAX_MANIFESTS)
    scenario = Scenario(
        key=key,
        title=reader.words(("title",), top.get("title"), LONGEST_TITLE),
        about=reader.words(("about",), top.get("about", ""), LONGEST_WHY, needed=False),
        world=_world(reader, top.get("cluster")),
        beats=_beats(reader, top.get("beats"), manifests),
        manifests=manifests,
    )
    used = {action.values.get("name") for beat in scenario.beats for action in beat.do}
    for name in manifests:
        if name not in used:
            reader.complain(("manifests", name), "no beat applies this manifest")
    return scenario


def _world(reader: Reader, value: Any) -> World:
    at = ("cluster",)
    given = reader.mapping(at, value or {}, allowed=("seed", "nodes", "zones", "labels", "flags")) or {}
    nodes = reader.number((*at, "nodes"), given.get("nodes", 2), 1, MAX_NODES)
    labels = reader.node_labels(given, nodes)
    flags = reader.flags((*at, "flags"), given.get("flags"))
    return World(reader.number((*at, "seed"), given.get("seed", 1), 0, 2**31 - 1), nodes, labels, flags)


def settings_of(world: World) -> Settings:
    return Settings(**world.flags)


def _beats(reader: Reader, value: Any, manifests: Mapping[str, str]) -> tuple[Beat, ...]:
    rows = reader.rows(("beats",), value, MAX_BEATS)
    if not rows:
        reader.complain(("beats",), "a scenario has at least one beat")
    return tuple(_beat(reader, ("beats", at), row, manifests) for at, row in enumerate(rows))


def _beat(reader: Reader, at: tuple[str | int, ...], value: Any, manifests: Mapping[str, str]) -> Beat:
    given = (
        reader.mapping(at, value, needed=("say",), allowed=("do", "look", "until", "ask", "refutes")) or {}
    )
    return Beat(
        say=reader.words((*at, "say"), given.get("say"), LONGEST_SENTENCE),
        do=read_actions(reader, (*at, "do"), given.get("do"), manifests),
        until=read_conditions(reader, (*at, "until"), given.get("until")),
        look=read_object(reader, (*at, "look"), given["look"]) if "look" in given else None,
        ask=_question(reader, (*at, "ask"), given["ask"]) if "ask" in given else None,
        refutes=reader.words((*at, "refutes"), given.get("refutes", ""), LONGEST_SENTENCE, needed=False),
    )


def _question(reader: Reader, at: tuple[str | int, ...], value: Any) -> Question | None:
    given = reader.mapping(at, value, needed=("question", "answers", "why"))
    if given is None:
        return None
    rows = reader.rows((*at, "answers"), given.get("answers"), ANSWERS)
    if len(rows) != ANSWERS:
        reader.complain((*at, "answers"), f"a question has {ANSWERS} answers, not {len(rows)}")
    return Question(
        reader.words((*at, "question"), given.get("question"), LONGEST_SENTENCE),
        tuple(_answer(reader, (*at, "answers", n), row) for n, row in enumerate(rows)),
        reader.words((*at, "why"), given.get("why"), LONGEST_WHY),
    )


def _answer(reader: Reader, at: tuple[str | int, ...], value: Any) -> Answer:
    given = reader.mapping(at, value, needed=("say", "if")) or {}
    holds = read_conditions(reader, (*at, "if"), given.get("if"))
    if not holds:
        reader.complain((*at, "if"), "an answer says when it is right: one condition at least")
    return Answer(reader.words((*at, "say"), given.get("say"), LONGEST_SENTENCE), holds)
