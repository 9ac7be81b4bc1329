"""Compares a recording with what a real control plane did, step by step.

lives     what happened to each object, in words and in order
events    what was said, once each
state     every object at the end of the step, the whole of it
codes     the exit code of each kubectl command
commands  what each kubectl command printed, and its exit code
shows     what kubectl printed of the state at the end of the step
order     pairs of happenings of different objects that came in this order in every run: advice only
"""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from core.apimachinery.meta import (
    Obj,
    annotations_of,
    condition_of,
    field,
    name_of,
    owner_references_of,
    uid_of,
)
from core.apiserver.store import Change
from tests.conformance.masking import Words, in_any_order
from tests.conformance.recording import Printed, Recording, Step

ANY = "<any>"  # what the real cluster's own runs did not agree on
UNBORN: Obj = {"metadata": {}, "spec": {}, "status": {}}
SELECTED_NODE = "volume.kubernetes.io/selected-node"


def differences(area: str, golden: dict[str, Any], recording: Recording) -> list[str]:
    """Return a line for every place where *recording* is not as *golden* says."""
    told = Told(recording)
    compare = COMPARE[area]
    return [
        f"{want['title']}: {line}"
        for n, want in enumerate(golden["steps"])
        for line in compare(want, told.steps[n])
    ]


class Said(NamedTuple):
    """An Event as far as it is compared."""

    type: str
    reason: str
    object: str
    field: str
    component: str
    message: str


class ToldPrint(NamedTuple):
    """What kubectl printed, as it can be compared."""

    code: int
    out: str
    err: str


class ToldStep:
    """One step in comparable words."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.commands: list[ToldPrint] = []
        self.shows: list[ToldPrint] = []
        self.order: dict[str, int] = {}  # "Pod web-0 #1 ready": when that was so for the first time
        self.lives: dict[str, list[str]] = defaultdict(list)
        self.events: set[Said] = set()
        self.state: dict[str, Obj] = {}


class Told:
    """A recording in comparable words."""

    def __init__(self, recording: Recording) -> None:
        changes = (change.obj for step in recording.steps for change in step.changes)
        self.words = Words(chain(recording.base, changes))
        self._last = {uid_of(obj): obj for obj in recording.base}
        self._gone: set[str] = set()
        self.steps = [self._step(step) for step in recording.steps]

    def _step(self, step: Step) -> ToldStep:
        told = ToldStep()
        told.codes = step.codes
        told.commands = [self._printed(one) for one in step.commands]
        told.shows = [self._printed(one) for one in step.shows]
        told.state = {
            f"{obj['kind']} {self.words.text(name_of(obj))}": self.words.object(obj) for obj in step.state
        }
        gone = set()
        for change in step.changes:
            uid = uid_of(change.obj)
            if change.ref.kind == "Event":
                told.events.update(self._said(change))
            elif change.ref.kind != "EndpointSlice":
                who = self.words.title(uid) or ""
                for word in self._life(change):
                    told.lives[who].append(word)
                    told.order.setdefault(f"{who} {word}", len(told.order))
            if change.type == "DELETED":
                gone.add(uid)
        self._gone |= gone
        return told

    def _printed(self, printed: Printed) -> ToldPrint:
        return ToldPrint(printed.code, self.words.printed(printed.out), self.words.printed(printed.err))

    def _said(self, change: Change) -> Iterator[Said]:
        event, about = change.obj, change.obj["involvedObject"]
        uid = about.get("uid", "")
        # An Event may come late: what is said of the dead of an earlier step is left out.
        if change.type == "DELETED" or event["reason"] == "Pulling":
            return
        if uid in self._gone or self.words.title(uid) is None:
            return
        yield Said(
            event["type"],
            event["reason"],
            f"{about['kind']}/{self.words.text(about['name'])}",
            about.get("fieldPath", ""),
            field(event, "source.component") or event.get("reportingComponent", ""),
            self.words.text(event["message"]),
        )

    def _life(self, change: Change) -> Iterator[str]:
        """Yield in words what a change did to its object."""
        kind, new, uid = change.ref.kind, change.obj, uid_of(change.obj)
        old = self._last.get(uid, UNBORN)
        if old is UNBORN:
            yield "created"
        if change.type == "DELETED":
            yield "gone"
            return
        self._last[uid] = new
        if _came(old, new, "metadata.deletionTimestamp"):
            yield "deleting"
        yield from MILESTONES.get(kind, _nothing)(old, new)
        if old is not UNBORN and owner_references_of(old) != owner_references_of(new):
            owners = sorted(f"{o['kind']}/{self.words.text(o['name'])}" for o in owner_references_of(new))
            yield f"owners {json.dumps(owners)}"


# -- milestones --------------------------------------------------------------------------------------


def _came(old: Obj, new: Obj, path: str) -> bool:
    return bool(field(new, path)) and not field(old, path)


def _phase(old: Obj, new: Obj) -> Iterator[str]:
    phase = field(new, "status.phase")
    if phase != field(old, "status.phase"):
        yield f"phase {phase}"


def _nothing(_old: Obj, _new: Obj) -> Iterator[str]:
    return iter(())


def _pod(old: Obj, new: Obj) -> Iterator[str]:
    if _came(old, new, "spec.nodeName"):
        yield "scheduled"
    if field(new, "status.phase") != "Pending":
        yield from _phase(old, new)
    was, now = _ready(old), _ready(new)
    if was != now and "True" in (was, now):
        yield "ready" if now == "True" else "not ready"


def _ready(pod: Obj) -> str | None:
    condition = condition_of(pod, "Ready")
    return condition["status"] if condition else None


def _claim(old: Obj, new: Obj) -> Iterator[str]:
    if _came(old, new, "spec.volumeName"):
        yield "volumeName set"
    if annotations_of(new).get(SELECTED_NODE) and not annotations_of(old).get(SELECTED_NODE):
        yield "selected-node set"
    yield from _claim_phase(old, new)


def _volume(old: Obj, new: Obj) -> Iterator[str]:
    if _came(old, new, "spec.claimRef"):
        yield "claimRef set"
    yield from _claim_phase(old, new)


def _claim_phase(old: Obj, new: Obj) -> Iterator[str]:
    """Claims and volumes are born Pending: only a return to it is worth a word."""
    if field(old, "status.phase") or field(new, "status.phase") != "Pending":
        yield from _phase(old, new)


def _workload(old: Obj, new: Obj) -> Iterator[str]:
    if old is not UNBORN and old["metadata"].get("generation") != new["metadata"].get("generation"):
        yield "spec changed"


MILESTONES: dict[str, Callable[[Obj, Obj], Iterator[str]]] = {
    "Deployment": _workload,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "ReplicaSet": _workload,
    "StatefulSet": _workload,
}


# -- comparing ---------------------------------------------------------------------------------------


def _codes(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    for command in want["commands"]:
        code = got.codes[command["n"]]
        if code != command["code"]:
            yield f"$ kubectl {command['command']}: exit code {code}, not {command['code']}"


def _lives(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    for who, words in want["lives"].items():
        if got.lives.get(who, []) != words:
            yield f"{who}: want {words}, got {got.lives.get(who)}"
    free = {entry.removeprefix("life of ") for entry in want["unstable"]}
    for who in sorted(got.lives.keys() - want["lives"].keys() - free):
        yield f"{who}: unexpected {got.lives[who]}"


def _events(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    must = {Said(**event) for event in want["events"]}
    may = {Said(**event) for event in want["events_sometimes"]}
    yield from (f"missing {said}" for said in sorted(must - got.events))
    yield from (f"unexpected {said}" for said in sorted(got.events - must - may))


def _state(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    return _unequal(want["state"], got.state, "", frozenset(want["unstable"]))


def _unequal(want: Any, got: Any, path: str, free: frozenset[str]) -> Iterator[str]:
    """Yield the places below *path* where *got* differs; the paths in *free* may be there or not."""
    if want in (ANY, got):
        return
    if isinstance(want, dict) and isinstance(got, dict):
        for key in {**want, **got}:
            where = f"{path}.{key}" if path else key
            if key not in got:
                yield f"{where}: missing"
            elif key in want:
                yield from _unequal(want[key], got[key], where, free)
            elif where not in free:
                yield f"{where}: unexpected {got[key]!r:.160}"
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for n, (one, other) in enumerate(zip(want, got, strict=True)):
            yield from _unequal(one, other, f"{path}[{n}]", free)
    else:
        yield f"{path}: want {want!r:.160}, got {got!r:.160}"


def _commands(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    yield from _prints(want["commands"], got.commands)


def _shows(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    yield from _prints(want["shows"], got.shows)


def _prints(want: list[dict[str, Any]], got: list[ToldPrint]) -> Iterator[str]:
    for one in want:
        run = got[one["n"]]
        if run.code != one["code"]:
            yield f"$ kubectl {one['command']}: exit code {run.code}, not {one['code']}"
        for stream in ("out", "err"):
            real, here = in_any_order(one[stream]), getattr(run, stream)
            if real != here:
                pair = real.splitlines(), here.splitlines()
                lines = list(difflib.unified_diff(*pair, n=0, lineterm=""))[2:]
                yield "\n".join([f"$ kubectl {one['command']} [{stream}]", *lines])


def _order(want: dict[str, Any], got: ToldStep) -> Iterator[str]:
    for before, after in want["order"]:
        if got.order.get(before, -1) > got.order.get(after, len(got.order)):
            yield f"{before!r} must come before {after!r}"


COMPARE: dict[str, Callable[[dict[str, Any], ToldStep], Iterator[str]]] = {
    "commands": _commands,
    "shows": _shows,
    "lives": _lives,
    "events": _events,
    "state": _state,
    "codes": _codes,
    "order": _order,
}
