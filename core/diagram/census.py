"""Which seats are at rest, kept from one picture to the next, so that a look costs what has changed.

A seat at rest (its Pod Ready and its claims and volumes Bound; or scaled down with its claims kept) stands
for a handful of objects that nothing else in the picture shows. All other Pods, claims and volumes are
awake: a picture is made from those and from counts. A change of an object wakes the seat that it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from core.api.podclaims import claim_names
from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.cache import View
from core.diagram.folding import Quiet

KINDS = ("Pod", "PersistentVolumeClaim", "PersistentVolume")
NOBODY: Quiet = Quiet()


class Seat(NamedTuple):
    """A seat at rest of the set with this *uid*. *refs*: of all that it stands for."""

    uid: str
    ordinal: int
    refs: tuple[Ref, ...]
    classes: tuple[str, ...]
    taken: bool


class Census:
    """The seats at rest of one view, and the objects that are awake."""

    def __init__(self) -> None:
        self._awake: dict[str, dict[Ref, Obj]] = {kind: {} for kind in KINDS}
        self._seats: dict[str, dict[int, Seat]] = {}
        self._quiet: dict[str, Quiet] = {}
        self._seat_of: dict[Ref, Seat] = {}
        self._windows: dict[str, range] = {}
        self.classes: Counter[str] = Counter()
        """The classes of the volumes of seats at rest."""

    def begin(self, view: View, namespace: str | None) -> None:
        """Wake everybody: nothing is known of *view*."""
        self.__init__()  # type: ignore[misc]
        for kind in KINDS:
            there = view.list(kind, namespace if kind != "PersistentVolume" else None)
            self._awake[kind] = {ref_of(obj): obj for obj in there}

    def catch_up(self, view: View, changed: Iterable[Ref]) -> None:
        """Take in what has *changed* since the last picture: objects that were made, changed or deleted."""
        for ref in changed:
            if ref.kind not in KINDS:
                continue
            self._wake_seat_of(ref, view)
            obj = view.get(*ref)
            if obj is None:
                self._awake[ref.kind].pop(ref, None)
                continue
            self._awake[ref.kind][ref] = obj
            for name in claim_names(obj) if ref.kind == "Pod" else ():
                self._wake_seat_of(Ref("PersistentVolumeClaim", ref.namespace, name), view)

    def keep_sets(self, windows: Mapping[str, range], view: View) -> None:
        """Take in which sets there are. *windows*: uid -> the ordinals that it wants.

        Seats of a set that is gone wake, and those that were empty when it wants them again.
        """
        for uid in self._seats.keys() - windows.keys():
            self._wake(list(self._seats[uid].values()), view)
        for uid, window in windows.items():
            if self._windows.get(uid) != window:
                known = self._seats.get(uid, {}).values()
                self._wake([s for s in known if not s.taken and s.ordinal in window], view)
        self._windows = dict(windows)

    def awake(self, kind: str) -> list[Obj]:
        return list(self._awake[kind].values())

    def quiet(self, uid: str) -> Quiet:
        """Return the seats at rest of a set."""
        return self._quiet.get(uid, NOBODY)

    def is_quiet(self, uid: str, ordinal: int) -> bool:
        return ordinal in self._seats.get(uid, ())

    def lull(self, seats: Collection[Seat]) -> None:
        """From now on these are at rest."""
        for seat in seats:
            self._seats.setdefault(seat.uid, {})[seat.ordinal] = seat
            self._quiet.setdefault(seat.uid, Quiet()).add(seat.ordinal, taken=seat.taken)
            self.classes.update(seat.classes)
            for ref in seat.refs:
                self._awake[ref.kind].pop(ref, None)
                self._seat_of[ref] = seat

    def _wake_seat_of(self, ref: Ref, view: View) -> None:
        seat = self._seat_of.get(ref)
        if seat is not None:
            self._wake((seat,), view)

    def _wake(self, seats: Iterable[Seat], view: View) -> None:
        for seat in seats:
            del self._seats[seat.uid][seat.ordinal]
            self._quiet[seat.uid].remove(seat.ordinal)
            if not self._seats[seat.uid]:
                del self._seats[seat.uid], self._quiet[seat.uid]
            self.classes.subtract(seat.classes)
            for ref in seat.refs:
                del self._seat_of[ref]
                obj = view.get(*ref)
                if obj is not None:
                    self._awake[ref.kind][ref] = obj
