"""Which seats of a large set are drawn, and which a range stands for.

Seats at rest fold, a range for each CHUNK of ordinals and, where that makes too many, for each SPAN; the
first and the last stay. What changes or ails is drawn, unless there is more of it than anybody can look at.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

FOLD_ABOVE = 300
MOVING_SHOWN = 60  # of more than FOLD_ABOVE seats that change or ail
CHUNK = 100
SPAN = 1000
RANGES = 20  # more of them than this are put together into spans
KEPT_AT_ENDS = 3
TO_COME_ABOVE = 20


class Fold(NamedTuple):
    """A range from *first* to *last*: how many *seats*, how many Ready, how many empty with claims kept."""

    id: str
    first: int
    last: int
    seats: int
    ready: int
    empty: int
    opened: bool = False

    def says(self) -> str:
        """Say in a few words how its seats are."""
        moving = self.seats - self.ready - self.empty
        words = [
            f"{self.ready:,} Ready, claims Bound" if self.ready else "",
            f"{self.empty:,} scaled down, claims stay Bound" if self.empty else "",
            f"{moving:,} on their way" if moving else "",
        ]
        return "; ".join(filter(None, words))


@dataclass(slots=True)
class Quiet:
    """The seats at rest of one set, by CHUNK; each is taken by a Pod, or empty with its claims kept."""

    _chunks: dict[int, list[int]] = field(default_factory=dict)
    _empty: set[int] = field(default_factory=set)
    _seats: int = 0

    def __len__(self) -> int:
        return self._seats

    def add(self, ordinal: int, *, taken: bool = True) -> None:
        insort(self._chunks.setdefault(ordinal // CHUNK, []), ordinal)
        self._seats += 1
        if not taken:
            self._empty.add(ordinal)

    def remove(self, ordinal: int) -> None:
        members = self._chunks[ordinal // CHUNK]
        del members[bisect_left(members, ordinal)]
        if not members:
            del self._chunks[ordinal // CHUNK]
        self._seats -= 1
        self._empty.discard(ordinal)

    def numbers(self) -> list[int]:
        return sorted(self._chunks)

    def of(self, number: int) -> Sequence[int]:
        return self._chunks.get(number, ())

    def empties(self, ordinals: Collection[int]) -> int:
        return sum(1 for ordinal in ordinals if ordinal in self._empty) if self._empty else 0

    def ends(self, many: int) -> list[int]:
        """Return the *many* lowest and the *many* highest."""
        numbers, low, high = self.numbers(), [], []  # type: list[int], list[int], list[int]
        for number in numbers:
            low += self._chunks[number]
            if len(low) >= many:
                break
        for number in reversed(numbers):
            high[:0] = self._chunks[number]
            if len(high) >= many:
                break
        return [*low[:many], *high[-many:]]

    def missing(self, start: int, end: int) -> Iterable[int]:
        """Return who of *start* … *end* - 1 is not at rest; whole chunks cost nothing."""
        for number in range(start // CHUNK, -(-end // CHUNK)):
            members = self.of(number)
            if len(members) < CHUNK:
                known = set(members)
                low, high = max(start, number * CHUNK), min(end, (number + 1) * CHUNK)
                yield from (ordinal for ordinal in range(low, high) if ordinal not in known)


def arrange(
    moving: Collection[int],
    quiet: Quiet,
    is_ready: Callable[[int], bool],
    id_of: Callable[[int, int], str],
    expanded: Collection[str],
) -> list[int | Fold]:
    """Return what to draw from the top down: ordinals and ranges, in time linear in *moving* and in chunks.

    *moving*: those that are not at rest. *is_ready*: asked of one that is moving and folds all the same.
    *id_of*: (first ordinal, CHUNK or SPAN) -> id of a range.
    """
    if len(moving) + len(quiet) <= TO_COME_ABOVE:
        return sorted([*moving, *(ordinal for number in quiet.numbers() for ordinal in quiet.of(number))])
    ordered = sorted(moving)
    outer = sorted({*ordered[:KEPT_AT_ENDS], *ordered[-KEPT_AT_ENDS:], *quiet.ends(KEPT_AT_ENDS)})
    ends = {*outer[:KEPT_AT_ENDS], *outer[-KEPT_AT_ENDS:]}
    inner = [ordinal for ordinal in ordered if ordinal not in ends]
    late = inner[MOVING_SHOWN:] if len(inner) > FOLD_ABOVE else []
    shown = ends.union(ordered).difference(late)
    hundreds: list[Fold] = []
    for number, members in _members(quiet, ends, late):
        if len(members) <= KEPT_AT_ENDS:
            shown.update(members)
            continue
        fold = _fold(id_of(number * CHUNK, CHUNK), members, quiet, set(late), is_ready)
        if fold.id in expanded:
            fold = fold._replace(opened=True)
            shown.update(members)
        hundreds.append(fold)
    ranges = _spans(hundreds, id_of, expanded) if len(hundreds) > RANGES else hundreds
    return sorted([*ranges, *shown], key=_place)


def _place(what: int | Fold) -> tuple[int, int]:
    """Return where it stands: a range before its first seat, a span before its first range."""
    return (what.first, what.first - what.last - 1) if isinstance(what, Fold) else (what, 0)


def _members(quiet: Quiet, ends: set[int], late: Iterable[int]) -> Iterable[tuple[int, Sequence[int]]]:
    """Return each chunk's number and the ordinals that would fold there, ascending."""
    added: dict[int, list[int]] = {}
    for ordinal in late:
        added.setdefault(ordinal // CHUNK, []).append(ordinal)
    outer = {ordinal // CHUNK for ordinal in ends}
    for number in sorted({*quiet.numbers(), *added}):
        members = quiet.of(number)
        if number in outer:
            members = [ordinal for ordinal in members if ordinal not in ends]
        yield number, sorted([*members, *added[number]]) if number in added else members


def _fold(
    id_: str, members: Sequence[int], quiet: Quiet, late: set[int], is_ready: Callable[[int], bool]
) -> Fold:
    empty = quiet.empties(members)
    moving = sum(1 for ordinal in members if ordinal in late and not is_ready(ordinal)) if late else 0
    return Fold(id_, members[0], members[-1], len(members), len(members) - empty - moving, empty)


def _spans(
    hundreds: Sequence[Fold], id_of: Callable[[int, int], str], expanded: Collection[str]
) -> Iterable[Fold]:
    """Put ranges of hundreds together; a span of which one is open is open itself."""
    spans: dict[int, list[Fold]] = {}
    for fold in hundreds:
        spans.setdefault(fold.first // SPAN, []).append(fold)
    for number, parts in spans.items():
        id_ = id_of(number * SPAN, SPAN)
        seats, ready, empty = (sum(counts) for counts in zip(*(part[3:6] for part in parts), strict=True))
        opened = id_ in expanded or any(part.opened for part in parts)
        yield Fold(id_, parts[0].first, parts[-1].last, seats, ready, empty, opened)
        if opened:
            yield from parts
