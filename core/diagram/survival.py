"""What survived from one moment to another, seat by seat: the lesson of a StatefulSet as a table.

Compared are things, not names: a claim that was deleted and made again under its name is another claim.
Source: the StatefulSet documentation, "Stable Network ID" and "Stable Storage"; the wording is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from core.api.podclaims import claim_names
from core.apimachinery.duration import age
from core.apimachinery.meta import Obj, Ref, controller_of, labels_of, ref_of, uid_of
from core.client.cache import View
from core.diagram import facts
from core.storage.backend import backend_key
from core.storage.volumefile import content_of, is_plain

SURVIVED, CHANGED, GONE, NEW = "survived", "changed", "gone", "new"
AGAIN = "the same again"  # another Pod has what this one had: by chance, or by its template


_SAID = (
    (SURVIVED, "survived", "survived"),
    (CHANGED, "changed", "changed"),
    (AGAIN, "is the same again", "are the same again"),
    (GONE, "is gone", "are gone"),
    (NEW, "is new", "are new"),
)


class Looked(Protocol):
    """A moment, as core/past.py makes it. ``now``: simulated epoch seconds."""

    @property
    def view(self) -> View: ...

    @property
    def now(self) -> float: ...


class Fact(NamedTuple):
    """One line of a seat. *engraved*: it is what a seat keeps when its Pod dies."""

    name: str
    before: str
    after: str
    verdict: str
    engraved: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """What became of one seat. ``uids``: of the Pod before and after, "" for an empty seat."""

    ref: Ref
    facts: tuple[Fact, ...]
    uids: tuple[str, str]

    @property
    def is_same(self) -> bool:
        """Whether nothing but its age is another."""
        return all(fact.verdict == SURVIVED for fact in self.facts if fact.name != "age")

    @property
    def sentence(self) -> str:
        """Say it: ``web-0: name, DNS name and claim survived; uid and IP changed``."""
        parts = []
        for verdict, one, several in _SAID:
            names = [fact.name for fact in self.facts if fact.verdict == verdict]
            if names:
                parts.append(f"{_listed(names)} {one if len(names) == 1 else several}")
        return f"{self.ref.name}: {'; '.join(parts)}."


class _Identified(NamedTuple):
    """What is shown of a thing, and what makes it that thing."""

    text: str
    identity: object


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seats that differ, oldest ordinal first, and how many are as they were; Pods without a seat."""

    seats: tuple[Seat, ...]
    same: int
    loose: str

    @property
    def sentence(self) -> str:
        """Say how it went with all of them."""
        if not self.seats:
            return "Nothing differs." if self.same else "There is no seat in either moment."
        return " ".join((*(seat.sentence for seat in self.seats[:3]), self._rest)).strip()

    @property
    def _rest(self) -> str:
        more = len(self.seats) - 3
        return f"And {more} more seats differ." if more > 0 else ""


def compare(before: Looked, after: Looked) -> Comparison:
    """Return what became of every seat of *before* in *after*."""
    seats: list[Seat] = []
    same = 0
    for ref in _seats(before.view, after.view):
        seat = _seat(ref, before, after)
        if seat.is_same:
            same += 1
        else:
            seats.append(seat)
    return Comparison(tuple(seats), same, _loose(before.view, after.view))


def _seats(*views: View) -> list[Ref]:
    found = {ref_of(pod) for view in views for pod in view.list("Pod") if _has_seat(pod)}
    return sorted(found, key=_by_ordinal)


def _has_seat(pod: Obj) -> bool:
    return (controller_of(pod) or {}).get("kind") == "StatefulSet"


def _by_ordinal(ref: Ref) -> tuple[str, str, int]:
    stem, _, number = ref.name.rpartition("-")
    return ref.namespace, stem, int(number) if number.isdecimal() else 0


def _seat(ref: Ref, before: Looked, after: Looked) -> Seat:
    old, new = before.view.get(*ref), after.view.get(*ref)
    either = old or new
    assert either is not None
    was, now = _engraved(either, ref, before.view), _engraved(either, ref, after.view)
    lines = [_fact(name, was.get(name), now.get(name), engraved=True) for name in {**was, **now}]
    was, now = _flipping(old, before.now), _flipping(new, after.now)
    uids = uid_of(old) if old else "", uid_of(new) if new else ""
    flips = [_fact(name, was.get(name), now.get(name), engraved=False) for name in {**was, **now}]
    if uids[0] != uids[1]:
        flips = [fact._replace(verdict=AGAIN) if fact.verdict == SURVIVED else fact for fact in flips]
    return Seat(ref, (*lines, *flips), uids)


def _fact(name: str, was: _Identified | None, now: _Identified | None, *, engraved: bool) -> Fact:
    if was is not None and now is not None:
        verdict = SURVIVED if was.identity == now.identity else CHANGED
        text = f"{now.text} (another)" if verdict == CHANGED and was.text == now.text else now.text
        return Fact(name, was.text, text, verdict, engraved)
    if was is not None:
        return Fact(name, was.text, "", GONE, engraved)
    return Fact(name, "", now.text if now else "", NEW, engraved)


def _engraved(pod: Obj, ref: Ref, view: View) -> Mapping[str, _Identified]:
    """Return what the seat of *pod* has in *view*, also while nobody sits there."""
    spec, there = pod["spec"], view.get(*ref) is not None
    found: dict[str, _Identified] = {}
    owner = controller_of(pod) or {}
    if there or view.get("StatefulSet", ref.namespace, owner.get("name", "")) is not None:
        found["name"] = _Identified(ref.name, ref.name)
        if spec.get("subdomain"):
            name = f"{spec.get('hostname', ref.name)}.{spec['subdomain']}.{ref.namespace}"
            found["DNS name"] = _Identified(name, name)
    names = claim_names(pod)
    for claim_name in names:
        more = f" {claim_name}" if len(names) > 1 else ""
        claim = view.get("PersistentVolumeClaim", ref.namespace, claim_name)
        if claim is None:
            continue
        found[f"claim{more}"] = _Identified(claim_name, uid_of(claim))
        volume = view.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
        if volume is not None:
            found[f"volume{more}"] = _Identified(volume["metadata"]["name"], uid_of(volume))
            found[f"bytes{more}"] = _bytes(view.list("VolumeFile", backend_key(volume)))
    return found


def _bytes(files: Iterable[Obj]) -> _Identified:
    plain = [file for file in files if is_plain(file)]
    content = frozenset((file["path"], content_of(file)) for file in plain)
    return _Identified(facts.files_text(plain) or "no file", content)


def _flipping(pod: Obj | None, now: float) -> Mapping[str, _Identified]:
    """Return what the Pod itself has: its successor will have another."""
    if pod is None:
        return {}
    labels, status, meta = labels_of(pod), pod.get("status") or {}, pod["metadata"]
    revision = labels.get("controller-revision-hash", "").rpartition("-")[2]
    born = meta.get("creationTimestamp", "")
    values = {
        "uid": uid_of(pod),
        "IP": status.get("podIP", ""),
        "node": pod["spec"].get("nodeName", ""),
        "revision": revision,
    }
    found = {name: _Identified(text, text) for name, text in values.items() if text}
    if born:
        found["age"] = _Identified(age(born, now), born)
    return found


def _loose(before: View, after: View) -> str:
    """Say what became of the Pods without a seat: of those of a Deployment only the number comes back."""
    old, new = ({uid_of(p) for p in view.list("Pod") if not _has_seat(p)} for view in (before, after))
    if not old and not new:
        return ""
    kept, gone, come = len(old & new), len(old - new), len(new - old)
    words = [f"{kept} stayed" if kept else "", f"{gone} gone" if gone else ""]
    words.append(f"{come} new, under other names" if come else "")
    return f"Pods without a seat: {', '.join(filter(None, words))}."


def _listed(names: list[str]) -> str:
    """Write names as a sentence does: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
