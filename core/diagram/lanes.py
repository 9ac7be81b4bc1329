"""Swim lanes: for each ordinal of a set who sat there, and its claim and volume, over simulated time.

A bar is one life, from creation to removal; its stretches are the states that the picture shows too. Time
in which nothing happened to any of them is cut short, and the drawing says where.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from core.apimachinery.meta import Obj, Ref, is_terminating, name_of, uid_of
from core.diagram import facts
from core.diagram.facts import State

LONGEST_WAIT = 10.0  # simulated seconds: a longer time without a change is cut to this

# A Pod alone does not say whether its claim will ever be bound: its lane shows both waits alike.
_WAITS = (State(facts.EXPECTED, "Pending"),)

History = Callable[[Ref], Sequence[tuple[float, str, Obj]]]
"""Ref -> its writes, oldest first: (simulated epoch seconds, type, object)."""


class Stretch(NamedTuple):
    """Part of a life in one state. ``start``, ``end``: simulated epoch seconds."""

    start: float
    end: float
    state: State


class Life(NamedTuple):
    """One object from its creation to its removal, or until now."""

    ref: Ref
    uid: str
    note: str
    stretches: tuple[Stretch, ...]
    is_over: bool

    @property
    def start(self) -> float:
        return self.stretches[0].start

    @property
    def end(self) -> float:
        return self.stretches[-1].end


class Lane(NamedTuple):
    """One ordinal: the lives of its Pods, its claims and its volumes, a row each kind."""

    title: str
    pods: tuple[Life, ...]
    claims: tuple[Life, ...]
    volumes: tuple[Life, ...]

    @property
    def rows(self) -> tuple[tuple[Life, ...], ...]:
        return self.pods, self.claims, self.volumes


def lane(pod: Ref, claims: Iterable[Ref], history: History, now: float) -> Lane:
    """Return the lane of the seat *pod* with its *claims*, up to *now* (simulated epoch seconds)."""
    kept: list[Life] = []
    volumes: dict[str, None] = {}
    for ref in claims:
        writes = history(ref)
        kept += lives(ref, writes, _claim_state, now)
        volumes.update(dict.fromkeys(obj["spec"].get("volumeName", "") for _, _, obj in writes))
    held = [
        life
        for name in filter(None, volumes)
        for ref in [Ref("PersistentVolume", "", name)]
        for life in lives(ref, history(ref), lambda volume, at: facts.volume_state(volume), now)
    ]
    pods = lives(pod, history(pod), lambda one, at: facts.pod_state(one, at, _WAITS), now)
    return Lane(pod.name, tuple(pods), tuple(kept), tuple(held))


def lives(
    ref: Ref, writes: Sequence[tuple[float, str, Obj]], state: Callable[[Obj, float], State], now: float
) -> list[Life]:
    """Return the lives of those that had the name *ref*."""
    found: list[Life] = []
    open_: list[tuple[float, State]] = []
    last: Obj = {}
    for at, type_, obj in writes:
        if open_ and (type_ == "DELETED" or uid_of(obj) != uid_of(last)):
            found.append(_life(ref, last, open_, at, is_over=True))
            open_ = []
        if type_ != "DELETED":
            here = state(obj, at)
            if not open_ or open_[-1][1][:2] != here[:2]:
                open_.append((at, here))
            last = obj
    if open_:
        found.append(_life(ref, last, open_, max(now, open_[-1][0]), is_over=False))
    return found


def _life(ref: Ref, obj: Obj, begun: Sequence[tuple[float, State]], end: float, *, is_over: bool) -> Life:
    ends = [*(at for at, _ in begun[1:]), end]
    stretches = tuple(Stretch(at, until, state) for (at, state), until in zip(begun, ends, strict=True))
    note = obj["spec"].get("nodeName", "") if ref.kind == "Pod" else name_of(obj)
    return Life(ref, uid_of(obj), note, stretches, is_over)


def _claim_state(claim: Obj, at: float) -> State:
    if is_terminating(claim):
        return State(facts.TERMINATING, "Terminating")
    phase = (claim.get("status") or {}).get("phase", "Pending")
    return State({"Bound": facts.READY, "Lost": facts.LOST}.get(phase, facts.EXPECTED), phase)


@dataclass(frozen=True, slots=True)
class Axis:
    """From simulated time to a place between 0 and 1, with long waits cut short."""

    times: tuple[float, ...]
    places: tuple[float, ...]
    cuts: tuple[tuple[float, float], ...]
    """(place, seconds left out) of each wait that was cut."""

    def place(self, at: float) -> float:
        times, places = self.times, self.places
        k = min(len(times) - 2, max(0, bisect_right(times, at) - 1))
        if k < 0 or times[k + 1] == times[k]:
            return 0.0
        share = (at - times[k]) / (times[k + 1] - times[k])
        return places[k] + min(1.0, max(0.0, share)) * (places[k + 1] - places[k])

    def time(self, place: float) -> float:
        """Return the simulated time at *place*: the inverse of :meth:`place`."""
        k = min(len(self.times) - 2, max(0, bisect_right(self.places, place) - 1))
        if k < 0 or self.places[k + 1] == self.places[k]:
            return self.times[0] if self.times else 0.0
        share = (place - self.places[k]) / (self.places[k + 1] - self.places[k])
        return self.times[k] + share * (self.times[k + 1] - self.times[k])


def axis(lanes: Iterable[Lane]) -> Axis:
    """Return the axis on which all that happens in *lanes* has its place."""
    times = sorted(
        {
            at
            for lane in lanes
            for row in lane.rows
            for life in row
            for stretch in life.stretches
            for at in (stretch.start, stretch.end)
        }
    )
    if len(times) < 2:
        return Axis((), (), ())
    lengths = [after - before for before, after in pairwise(times)]
    shown = [min(length, LONGEST_WAIT) for length in lengths]
    whole, at = sum(shown), 0.0
    places, cuts = [0.0], []
    for length, short in zip(lengths, shown, strict=True):
        if length > short:
            cuts.append(((at + short / 2) / whole, length - short))
        at += short
        places.append(at / whole)
    return Axis(tuple(times), tuple(places), tuple(cuts))
