"""The panel's Why: one sentence, the Event, the field, the candidates, the kubectl line; and the marked YAML.

The words are the components' and core/explain's; here they are only laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from core.api.kinds import BY_KIND
from core.api.podclaims import claim_names
from core.apimachinery.manifest import parse_path, read_tree_of
from core.apimachinery.meta import Obj, Ref, is_terminating, without
from core.apimachinery.timestamps import seconds
from core.client.cache import View
from core.cluster import Cluster
from core.diagram import facts
from core.diagram.facts import State
from core.explain import Asked, Culprit, Explanation, explain
from core.past import Moment

EARLY = "1970-01-01T00:00:00Z"
LONG_YAML = 40_000  # characters of YAML shown
_MOODS = {
    facts.EXPECTED: "expected: somebody is about to act",
    facts.BLOCKED: "blocked: nobody acts until you do",
}


class Row(NamedTuple):
    """A line of YAML. *marked*: it is of the field that is responsible."""

    text: str
    marked: bool


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(obj: Obj) -> str:
    """Write *obj* as kubectl shows it: without managedFields."""
    obj = without(obj, "metadata.managedFields")
    text = yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text if len(text) <= LONG_YAML else text[:LONG_YAML] + "\n# … cut here\n"


def marked_yaml(text: str, paths: Iterable[str]) -> list[Row]:
    """Return the lines of *text*, those of the fields *paths* marked; of one not set, its parent's."""
    lines, paths = text.splitlines(), list(paths)
    marked: set[int] = set()
    known: Mapping[Any, int] = read_tree_of(text, 4 * LONG_YAML, 100_000).lines if paths else {}
    for path in paths:
        steps = parse_path(path)
        whole = steps in known
        while steps and steps not in known:
            steps = steps[:-1]
        if steps:
            first = known[steps] - 1
            marked |= set(_block(lines, first, item=isinstance(steps[-1], int))) if whole else {first}
    return [Row(line, at in marked) for at, line in enumerate(lines)]


def _block(lines: list[str], first: int, *, item: bool) -> range:
    """Return the lines of the value that begins at *first*: what is indented more, and a list's dashes.

    *item*: of a list, and not the field that stands beside its dash.
    """
    dash = lines[first].lstrip().startswith("- ")
    depth = _depth(lines[first]) + (2 if dash and not item else 0)
    last = first + 1
    while last < len(lines):
        line = lines[last]
        deeper = _depth(line) > depth
        listed = _depth(line) == depth and line.lstrip().startswith("- ") and not dash
        if not deeper and not listed:
            break
        last += 1
    return range(first, last)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


# -- state and sentence ------------------------------------------------------------------------------


def state_of(view: View, ref: Ref, obj: Obj | None, now: float) -> State | None:
    if obj is None:
        return None
    if ref.kind == "Pod":
        claims = [view.get("PersistentVolumeClaim", ref.namespace, name) for name in claim_names(obj)]
        return facts.pod_state(
            obj, now, [facts.claim_state(claim, view) for claim in claims if claim is not None]
        )
    if ref.kind == "PersistentVolumeClaim":
        return facts.claim_state(obj, view)
    if ref.kind == "Node":
        return facts.machine_state(obj)
    return facts.volume_state(obj) if ref.kind == "PersistentVolume" else None


def question(ref: Ref, obj: Obj | None, state: State | None, sentence: str) -> str:
    """Ask what a reader would ask of this thing: ``Why is web-0 Pending?``"""
    if state is not None and (state.cls != facts.READY or sentence):
        return f"Why is {ref.name} {state.word}?" if state.cls != facts.READY else f"What is with {ref.name}?"
    if obj is None:
        return f"Why is the seat of {ref.name} empty?" if ref.kind == "Pod" else f"Where is {ref.name}?"
    if state is not None:
        return f"Why is {ref.name} {state.word}?"
    return f"What is with {ref.name}?" if sentence else f"What does {ref.name} do?"


def sentence_of(
    cluster: Cluster | Moment, ref: Ref, last: Obj | None, state: State | None, found: Explanation
) -> str:
    """Return one sentence, from whoever has something to say: a component about it, its state, its owner."""
    own = cluster.why(ref)
    if found.sentence:
        return f"{ref.name} {found.sentence}"
    if state is not None or ref.kind != "Pod":
        if own:  # most are predicates of the thing; some have a subject of their own
            return f"{ref.name}: {own}" if own.startswith(("no ", "nobody ")) else f"{ref.name} {own}"
        return f"{ref.name}: {state.note}" if state and state.note else ""
    owner = _owner(ref, last)
    sentences = [(ref.name, own), (f"{owner.kind} {owner.name}", cluster.why(owner))]
    return ". ".join(f"{subject} {said}" for subject, said in sentences if said)


def _owner(pod: Ref, last: Obj | None) -> Ref:
    """Return who makes the next Pod for this seat; of a Pod that never was, its name tells."""
    for owner in last["metadata"].get("ownerReferences") or () if last else ():
        if owner.get("controller"):
            return Ref(owner["kind"], pod.namespace, owner["name"])
    return Ref("StatefulSet", pod.namespace, pod.name.rpartition("-")[0])


def event_of(newest: Sequence[Obj], obj: Obj | None, why: str, cls: str) -> Obj | None:
    """Return the Event that says the same in Kubernetes' own words; of what is as it should be, none.

    *newest*: its Events, newest first; *cls*: of its state. An Event of before a deletion is about
    something else.
    """
    if not newest or not why or cls == facts.READY:
        return None
    if obj is not None and is_terminating(obj):
        grace = obj["metadata"].get("deletionGracePeriodSeconds") or 0
        asked = seconds(obj["metadata"]["deletionTimestamp"]) - grace
        return newest[0] if seconds(newest[0].get("lastTimestamp") or EARLY) >= asked else None
    if cls in ("", facts.RELEASED):
        return newest[0] if newest[0]["type"] == "Warning" else None
    return newest[0]


# -- what the template gets ----------------------------------------------------------------------------


def reasons(
    cluster: Cluster | Moment, view: View, ref: Ref, last: Obj | None, newest: Sequence[Obj]
) -> dict[str, Any]:
    """Return the Why of *ref*. *last*: the object, or what was last known of one that is gone.

    *newest*: its Events, newest first.
    """
    obj = view.get(*ref)
    state = state_of(view, ref, obj, cluster.now)
    found = explain(Asked(view, cluster.settings, cluster.now, ref, obj))
    sentence = sentence_of(cluster, ref, last, state, found)
    mood = facts.BLOCKED if found.blocked else state.cls if state is not None else ""
    if state is not None and state.cls not in (facts.EXPECTED, facts.BLOCKED) and not found.blocked:
        mood = ""
    text = as_yaml(obj) if obj is not None else ""
    own = [culprit.path for culprit in found.culprits if culprit.ref == ref]
    return {
        "question": question(ref, obj, state, sentence),
        "why": sentence,
        "event": event_of(newest, obj, sentence, state.cls if state is not None else ""),
        "mood": mood,
        "mood_words": _MOODS.get(mood, ""),
        "component": found.component,
        "culprits": [_culprit(culprit, ref) for culprit in found.culprits],
        "heading": found.heading,
        "candidates": [
            {
                "what": "/".join(c.ref),
                "name": c.ref.name,
                "short": _short(c.ref.name),
                "tests": ", ".join(c.tests),
                "words": c.words if c.tests else "",
            }
            for c in found.candidates
        ],
        "left_out": found.left_out,
        "remedies": found.remedies,
        "related": [
            {"what": "/".join(r), "kind": r.kind, "name": r.name} for r in found.related if r.kind in BY_KIND
        ],
        "marked": bool(own),
        "yaml": marked_yaml(text, own) if text else [],
    }


def _short(name: str) -> str:
    """Shorten a long name in its middle: ``pvc-149c16…5fe2``."""
    return name if len(name) <= 18 else f"{name[:10]}…{name[-4:]}"


def _culprit(culprit: Culprit, ref: Ref) -> dict[str, Any]:
    return {
        "path": culprit.path,
        "words": culprit.words,
        "here": culprit.ref == ref,
        "what": "/".join(culprit.ref),
        "of": f"{culprit.ref.kind} {culprit.ref.name}",
    }
