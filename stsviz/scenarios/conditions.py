"""What a beat waits for: one line each about objects, names or time. A closed grammar; nothing is evaluated.

pod/web-0 exists | gone | ready | not-ready | terminating | new | kept
pvc/www-web-0 .status.phase = Bound         also != and ~ (holds the text)
count pod app=nginx ready >= 2              the selector and "ready" may be left out
event pod/web-1 FailedScheduling ~ "didn't match"
dns web-0.nginx answers | fails
after 30s                                   simulated seconds since the beat was begun
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.apimachinery.labels import Requirement, SelectorError, matches_all, parse_selector
from core.apimachinery.meta import Obj, Ref, condition_of, is_terminating, labels_of, uid_of
from core.client.cache import View
from core.dns import records
from core.sim.flags import duration
from core.sim.settings import Settings
from stsviz.scenarios.objects import kind_named, parse_object

LONGEST = 200  # characters of a condition
MOST_SECONDS = 3600.0
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_STATES = ("exists", "gone", "ready", "not-ready", "terminating", "new", "kept")
_STEPS = "write .name, [0], [type=Ready] or [app.example/key]"
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d{1,4})\]|\[([A-Za-z]+)=([^\]]{1,80})\]|\[([^\]=]{1,200})\]")


@dataclass(slots=True)
class Moment:
    """A cluster as a condition looks at it. *began*: simulated epoch seconds at which the beat was begun.

    *uids*: those that the named objects had then.
    """

    view: View
    settings: Settings
    now: float
    began: float = 0.0
    uids: Mapping[Ref, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """One line; *about*: the objects whose uid must be remembered from the beginning of the beat."""

    text: str
    holds: Callable[[Moment], bool]
    about: tuple[Ref, ...] = ()


def parse_condition(text: str) -> Condition:
    """Return what one line asks. Raises: ValueError, in words."""
    if len(text) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"the quotes of this condition do not match: {error}") from None
    if not words:
        raise ValueError("there is no condition")
    first = words[0]
    if first in _FORMS:
        return _FORMS[first](text, words[1:])
    return _about_object(text, words)


def is_ready(obj: Obj | None) -> bool:
    """Whether the object is Ready (of a set: all that it wants) and not on its way out."""
    if obj is None or is_terminating(obj):
        return False
    if "replicas" in obj.get("spec", {}):
        return bool(obj.get("status", {}).get("readyReplicas", 0) == obj["spec"]["replicas"])
    ready = condition_of(obj, "Ready")
    return ready is not None and ready["status"] == "True"


# -- objects -------------------------------------------------------------------------------------------


def _about_object(text: str, words: list[str]) -> Condition:
    ref = parse_object(words[0])
    rest = words[1:]
    if len(rest) == 1 and rest[0] in _STATES:
        state = rest[0]
        return Condition(text, lambda moment: _is_in_state(moment, ref, state), (ref,))
    if len(rest) == 3 and rest[0][:1] in (".", "[") and rest[1] in ("=", "!=", "~"):
        steps = _steps(rest[0])
        how, wanted = rest[1], rest[2]
        return Condition(text, lambda moment: _compares(moment, ref, steps, how, wanted))
    raise ValueError(
        f"after {words[0]} stands one of {', '.join(_STATES)}, or a path with =, != or ~:"
        ' ".status.phase = Bound"'
    )


def _is_in_state(moment: Moment, ref: Ref, state: str) -> bool:
    obj = moment.view.get(*ref)
    if state == "exists":
        return obj is not None
    if obj is None:
        return state == "gone"
    if state in ("new", "kept"):
        return (uid_of(obj) == moment.uids.get(ref, "")) == (state == "kept")
    if state == "terminating":
        return is_terminating(obj)
    return state != "gone" and is_ready(obj) == (state == "ready")


Step = str | int | tuple[str, str]


def _steps(path: str) -> tuple[Step, ...]:
    found: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(f'"{path[at : at + 40]}" is no step of a path: {_STEPS}')
        name, number, key, wanted, quoted = match.groups()
        found.append((key, wanted) if key else int(number) if number else name or quoted)
        at = match.end()
    return tuple(found)


def value_at(obj: Any, steps: tuple[Step, ...]) -> Any:
    """Return what stands at a path, None for nothing."""
    for step in steps:
        if isinstance(step, tuple):
            rows = obj if isinstance(obj, list) else ()
            obj = next((r for r in rows if isinstance(r, dict) and r.get(step[0]) == step[1]), None)
        elif isinstance(step, int):
            obj = obj[step] if isinstance(obj, list) and step < len(obj) else None
        else:
            obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def _written(value: Any) -> str:
    """Write a value as YAML does."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compares(moment: Moment, ref: Ref, steps: tuple[Step, ...], how: str, wanted: str) -> bool:
    obj = moment.view.get(*ref)
    if obj is None:
        return False
    there = _written(value_at(obj, steps))
    if how == "~":
        return wanted in there
    return (there == wanted) == (how == "=")


# -- others --------------------------------------------------------------------------------------------


def _count(text: str, words: list[str]) -> Condition:
    if len(words) < 3 or words[-2] not in _COMPARED or not words[-1].isdecimal() or len(words[-1]) > 5:
        raise ValueError('write count KIND, a selector if you like, ready if you like, and ">= 2"')
    kind, number, compare = kind_named(words[0]), int(words[-1]), _COMPARED[words[-2]]
    middle = words[1:-2]
    ready = bool(middle) and middle[-1] == "ready"
    selector = _selector(middle[:-1] if ready else middle)

    def holds(moment: Moment) -> bool:
        found = (o for o in moment.view.list(kind) if matches_all(selector, labels_of(o)))
        return compare(sum(is_ready(o) if ready else not is_terminating(o) for o in found), number)

    return Condition(text, holds)


def _selector(words: list[str]) -> tuple[Requirement, ...]:
    if len(words) > 1:
        raise ValueError(f'"{" ".join(words)[:60]}" is no selector: write app=nginx')
    try:
        return parse_selector(words[0]) if words else ()
    except SelectorError as error:
        raise ValueError(str(error)) from None


def _event(text: str, words: list[str]) -> Condition:
    if len(words) not in (2, 4) or (len(words) == 4 and words[2] != "~"):
        raise ValueError('write event OBJECT REASON, and ~ "part of its message" if you like')
    ref, reason = parse_object(words[0]), words[1]
    part = words[3] if len(words) == 4 else ""

    def holds(moment: Moment) -> bool:
        obj = moment.view.get(*ref)
        told = moment.view.indexed("events-by-involved", uid_of(obj)) if obj is not None else ()
        return any(e["reason"] == reason and part in e.get("message", "") for e in told)

    return Condition(text, holds)


def _dns(text: str, words: list[str]) -> Condition:
    if len(words) != 2 or words[1] not in ("answers", "fails") or not re.fullmatch(r"[-a-z0-9.]+", words[0]):
        raise ValueError("write dns NAME answers, or dns NAME fails")
    name, wanted = words[0], words[1] == "answers"

    def holds(moment: Moment) -> bool:
        asked = records.resolve(moment.view, moment.settings, "default", name)
        return any(answer.records for _, answer in asked) == wanted

    return Condition(text, holds)


def _after(text: str, words: list[str]) -> Condition:
    if len(words) != 1:
        raise ValueError('write after with a time: "after 30s"')
    wait = duration(words[0])
    if not 0 < wait <= MOST_SECONDS:
        raise ValueError(f"a beat waits for more than 0 and at most {MOST_SECONDS:.0f} s")
    return Condition(text, lambda moment: moment.now >= moment.began + wait)


_FORMS: Mapping[str, Callable[[str, list[str]], Condition]] = {
    "count": _count,
    "event": _event,
    "dns": _dns,
    "after": _after,
}
