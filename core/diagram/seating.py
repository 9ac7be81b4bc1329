"""Who sits where in a StatefulSet: which seats are at rest, which are not, and how many are still to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from core.api.classnames import class_name_of
from core.api.podclaims import claim_names
from core.apimachinery.meta import (
    Obj,
    Ref,
    controller_of,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from core.client.cache import View
from core.diagram import facts
from core.diagram.census import Census, Seat
from core.diagram.facts import READY
from core.diagram.folding import KEPT_AT_ENDS, TO_COME_ABOVE, Quiet


class Seats(NamedTuple):
    """The seats of one set. *moving*: ordinals of those that are not at rest; *to_come*: not drawn at all."""

    moving: set[int]
    quiet: Quiet
    pods: Mapping[int, Obj]
    """Of those that move."""
    kept: Mapping[int, Sequence[Obj]]
    """Their claims, as known by name."""
    to_come: range


class Seating:
    """The seats of the sets of a view, in time linear in the objects that are awake."""

    def __init__(self, view: View, census: Census, sets: Sequence[Obj], folds: bool) -> None:
        self._view, self._census, self._folds = view, census, folds
        self._pods: dict[str, list[Obj]] = {}
        for pod in census.awake("Pod"):
            owner = controller_of(pod)
            if owner is not None:
                self._pods.setdefault(owner["uid"], []).append(pod)
        self._kept = _claims_by_set(sets, census.awake("PersistentVolumeClaim"))

    def of(self, sts: Obj) -> Seats:
        uid, wanted = uid_of(sts), window(sts)
        pods: dict[int, Obj] = {}
        for pod in self._pods.get(uid, ()):
            stem, _, number = name_of(pod).rpartition("-")
            if stem == name_of(sts) and is_ordinal(number):
                pods[int(number)] = pod
        kept = self._kept.get(uid, {})
        if self._folds:
            self._lull(sts, pods, kept)
        quiet = self._census.quiet(uid)
        moving = {o for o in (*pods, *kept) if not self._census.is_quiet(uid, o)}
        existing = len(moving) + len(quiet)
        few = len(wanted) <= existing + TO_COME_ABOVE
        drawn = range(wanted.start, wanted.start + (len(wanted) if few else existing + KEPT_AT_ENDS))
        moving.update(quiet.missing(drawn.start, drawn.stop))
        return Seats(moving, quiet, pods, kept, range(drawn.stop, wanted.stop))

    def pod(self, sts: Obj, ordinal: int, seats: Seats) -> Obj | None:
        """Return who sits there, at rest or not."""
        if ordinal in seats.pods or not self._census.is_quiet(uid_of(sts), ordinal):
            return seats.pods.get(ordinal)
        return self._view.get("Pod", namespace_of(sts), f"{name_of(sts)}-{ordinal}")

    # -- coming to rest ------------------------------------------------------------------------------

    def _lull(self, sts: Obj, pods: dict[int, Obj], kept: dict[int, list[Obj]]) -> None:
        """Let the seats rest that can."""
        uid, wanted = uid_of(sts), window(sts)
        found: list[Seat] = []
        for ordinal, pod in pods.items():
            if facts.is_ready(pod):
                names = claim_names(pod)
                refs = [Ref("PersistentVolumeClaim", namespace_of(pod), name) for name in names]
                seat = self._at_rest(uid, ordinal, pod, refs)
                found += [seat] if seat is not None else []
        for ordinal, claims in kept.items():
            if ordinal not in pods and ordinal not in wanted:
                seat = self._at_rest(uid, ordinal, None, [ref_of(claim) for claim in claims])
                found += [seat] if seat is not None else []
        self._census.lull(found)
        for seat in found:
            pods.pop(seat.ordinal, None)

    def _at_rest(self, uid: str, ordinal: int, pod: Obj | None, claims: Iterable[Ref]) -> Seat | None:
        """Return the seat if all is well with its storage and nobody else uses it."""
        refs = [ref_of(pod)] if pod is not None else []
        users = len(refs)
        classes: list[str] = []
        for ref in claims:
            claim = self._view.get(*ref)
            if claim is None or facts.claim_state(claim, self._view).cls != READY:
                return None
            if self._view.count("pods-by-claim", (ref.namespace, ref.name)) > users:
                return None
            volume = self._view.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
            if volume is None or facts.volume_state(volume).cls != READY:
                return None
            refs += [ref, ref_of(volume)]
            classes.append(class_name_of(volume))
        return Seat(uid, ordinal, tuple(refs), tuple(classes), taken=pod is not None)


def window(sts: Obj) -> range:
    """Return the ordinals that *sts* wants."""
    spec = sts["spec"]
    start = (spec.get("ordinals") or {}).get("start", 0)
    return range(start, start + (spec.get("replicas", 1) if not is_terminating(sts) else 0))


def _claims_by_set(sets: Iterable[Obj], claims: Iterable[Obj]) -> dict[str, dict[int, list[Obj]]]:
    """Return set's uid -> ordinal -> claims: they are known by their name alone."""
    prefixes: dict[tuple[str, str], str] = {}
    for sts in sets:
        for template in sts["spec"].get("volumeClaimTemplates") or ():
            prefixes[namespace_of(sts), f"{name_of(template)}-{name_of(sts)}"] = uid_of(sts)
    found: dict[str, dict[int, list[Obj]]] = {}
    for claim in claims if prefixes else ():
        prefix, _, number = name_of(claim).rpartition("-")
        uid = prefixes.get((namespace_of(claim), prefix))
        if uid is not None and is_ordinal(number):
            found.setdefault(uid, {}).setdefault(int(number), []).append(claim)
    return found


def seat_of(ref: Ref, view: View) -> tuple[Obj, int] | None:
    """Return the StatefulSet and the ordinal that *ref* belongs to: a Pod, a claim, or a volume."""
    if ref.kind == "PersistentVolume":
        volume = view.get(*ref)
        claim = (volume or {"spec": {}})["spec"].get("claimRef") or {}
        ref = Ref("PersistentVolumeClaim", claim.get("namespace", ""), claim.get("name", ""))
    if ref.kind == "PersistentVolumeClaim":
        users = view.indexed("pods-by-claim", (ref.namespace, ref.name))
        if users:
            ref = ref_of(users[0])
    for sts in view.list("StatefulSet", ref.namespace):
        templates = sts["spec"].get("volumeClaimTemplates") or ()
        stems = [f"{name_of(t)}-{name_of(sts)}" for t in templates] if ref.kind != "Pod" else [name_of(sts)]
        stem, _, number = ref.name.rpartition("-")
        if ref.kind in ("Pod", "PersistentVolumeClaim") and stem in stems and is_ordinal(number):
            return sts, int(number)
    return None


def seats_named(view: View, text: str) -> Iterable[Ref]:
    """Return the seats that are called *text* or have that number, whether somebody sits there or not."""
    for sts in view.list("StatefulSet"):
        stem, _, number = text.rpartition("-")
        if stem in ("", name_of(sts)) and is_ordinal(number) and int(number) in window(sts):
            yield Ref("Pod", namespace_of(sts), f"{name_of(sts)}-{number}")


def is_ordinal(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 10
