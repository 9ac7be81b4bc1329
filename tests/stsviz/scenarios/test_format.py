"""A scenario's file is read strictly: every kind of fault is told with its line, its field and the rule."""

from __future__ import annotations

import pytest

from stsviz.scenarios.format import MAX_BEATS, MAX_BYTES, Faulty, read
from tests.stsviz.scenarios.cast import SMALL

BEAT = "- say: {en: One., zh: 一。}\n"
HEAD = "title: {en: A, zh: 甲}\n"


def faults(text: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(Faulty) as caught:
        read(text, "x")
    return [(problem.line, problem.field, problem.message) for problem in caught.value.problems]


def test_the_small_one_is_read() -> None:
    scenario = read(SMALL, "small")
    assert (scenario.key, len(scenario.beats), scenario.world.seed) == ("small", 3, 3)
    assert scenario.beats[1].ask is not None
    assert [action.line for action in scenario.beats[1].do] == ["kubectl delete pvc data"]


@pytest.mark.parametrize(
    ("was", "becomes", "line", "field", "says"),
    [
        ("cluster:", "clutter:", 2, "clutter", "unknown key"),
        ("title:", "titel:", 1, "titel", "unknown key"),
        ("seed: 3", "seed: three", 2, "cluster.seed", "a whole number"),
        ("nodes: 1", "nodes: 99", 2, "cluster.nodes", "from 1 to 10"),
        ("nodes: 1", "flags: {max-podz: 3}", 2, "cluster.flags.max-podz", "unknown key"),
        ("nodes: 1", "flags: {event-ttl: soon}", 2, "cluster.flags.event-ttl", "no duration"),
        ("nodes: 1", "zones: {node-7: a}", 2, "cluster.zones.node-7", "unknown key"),
        ("nodes: 1", "zones: {node-1: '!'}", 2, "cluster.zones.node-1", "no value of a label"),
        ("    kind: PersistentVolumeClaim\n", "", 5, "manifests.claim", "kind not set"),
        ("kind: PersistentVolumeClaim", "kind: Claim", 6, "manifests.claim", 'no matches for kind "Claim"'),
        ("      name: data", "      nam: data", 8, "manifests.claim", 'unknown field "metadata.nam"'),
        ("apply: claim", "apply: clay", 15, "beats[0].do[0].apply", "there is no manifest of this name"),
        ("delete: pvc/data", "destroy: pvc/data", 19, "beats[1].do[0].destroy", 'unknown action "destroy"'),
        ("delete: pvc/data", "delete: data", 19, "beats[1].do[0].delete", "names no object"),
        ("delete: pvc/data", "delete: pvd/data", 19, "beats[1].do[0].delete", 'there is no kind "pvd"'),
        ("delete: pvc/data", "delete: pvc/../x", 19, "beats[1].do[0].delete", "names no object"),
        (
            "delete: pvc/data",
            "delete: {object: pvc/data, force: 7}",
            19,
            "beats[1].do[0].delete.force",
            "true or",
        ),
        (
            "delete: pvc/data",
            "scale: {object: pvc/data, replicas: 1}",
            19,
            "beats[1].do[0].scale.object",
            "this wants a StatefulSet",
        ),
        ("until: pvc/data gone", "until: pvc/data away", 30, "beats[1].until", "one of exists, gone"),
        ("until: pvc/data gone", "until: __import__('os')", 30, "beats[1].until", "names no object"),
        ("until: pvc/data gone", "until: pvc/data .a..b = 1", 30, "beats[1].until", "no step of a path"),
        ("until: pvc/data gone", "until: after tomorrow", 30, "beats[1].until", "is no duration"),
        ("until: pvc/data gone", "until: after 9h", 30, "beats[1].until", "at most 3600 s"),
        ("until: pvc/data gone", "until: count pvc > many", 30, "beats[1].until", "write count KIND"),
        ("until: pvc/data gone", "until: count pvc a=b=c = 1", 30, "beats[1].until", "expected: ','"),
        ("until: pvc/data gone", 'until: "pvc/data \'gone"', 30, "beats[1].until", "quotes"),
        ("until: pvc/data gone", "until: [7]", 30, "beats[1].until[0]", "there is no condition"),
        (
            "    - say: {en: It goes, zh: 消失}\n      if: pvc/data gone\n",
            "",
            22,
            "beats[1].ask.answers",
            "has 3",
        ),
        ("      if: pvc/data exists\n", "", 23, "beats[1].ask.answers[0]", "if is missing"),
        ("    why: {en: Nobody uses it., zh: 没人用它。}\n", "", 20, "beats[1].ask", "why is missing"),
        (
            "{en: A claim waits., zh: 一个 claim 在等。}",
            "{en: A claim waits.}",
            13,
            "beats[0].say",
            "zh is missing",
        ),
        ("en: A claim waits.", f"en: {'long ' * 40}", 13, "beats[0].say.en", "140 at most"),
        ("en: A claim waits.", 'en: "two\\nlines"', 13, "beats[0].say.en", "one line of printable"),
        ("en: A claim waits.", "en: 7", 13, "beats[0].say.en", "a text is expected here, not a number"),
        ("- say: {en: The end., zh: 结束。}", "- talk: The end.", 31, "beats[2]", "say is missing"),
        ("  - apply: claim", "  - delete: pvc/data", 4, "manifests.claim", "no beat applies this manifest"),
        (
            "  - apply: claim\n",
            "  - apply: claim\n    delete: pvc/data\n",
            15,
            "beats[0].do[0]",
            "one action",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_field_and_rule(
    was: str, becomes: str, line: int, field: str, says: str
) -> None:
    assert was in SMALL
    found = faults(SMALL.replace(was, becomes, 1))
    assert any((line, field) == (at, where) and says in message for at, where, message in found), found


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"", 1, "there is nothing in it"),
        (b"# only this", 1, "there is nothing in it"),
        (b"...", 1, ""),
        (f"{HEAD}beats:\n{BEAT}...\n{HEAD}".encode(), 5, "error converting YAML"),
        (b"\xff\xfe", 1, "not UTF-8"),
        (b"title: \x00", 1, "control character"),
        (b"a: [", 2, "error converting YAML"),
        (b"title: a\n\tbeats: []", 2, "YAML wants blanks"),
        (b"- a\n- b", 1, "a mapping is expected here, not a list"),
        (b"just words", 1, "a mapping is expected here, not a text"),
        (f"{HEAD}beats:\n{BEAT}---\n{HEAD}".encode(), 5, "a second begins here"),
        (f"{HEAD}beats: []\n".encode(), 2, "at least one beat"),
        (f"{HEAD}".encode(), 1, "beats is missing"),
        (f"{HEAD}beats:\n{BEAT * (MAX_BEATS + 1)}".encode(), 2, f"{MAX_BEATS} at most"),
        (b"x" * (MAX_BYTES + 1), 1, "larger than"),
        (b"a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n" + b"c: [" + b"*b," * 2000 + b"]", 3, "more than"),
        (b"[" * 200, 1, "deep"),
        (f"{HEAD}beats:\n{BEAT}{HEAD}".encode(), 4, "already set in map"),
        (b"title: !!python/object:os.system {}\n", 1, "tag"),
    ],
)
def test_hostile_text_ends_in_words(text: bytes, line: int, says: str) -> None:
    found = faults(text)
    assert any(at == line and says in message for at, _, message in found), found


def test_a_file_with_many_faults_tells_some_of_them() -> None:
    found = faults(HEAD + "beats:\n" + "- {x: 1}\n" * MAX_BEATS)
    assert 10 < len(found) <= 50
