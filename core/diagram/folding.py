"""Which seats of a large set are drawn, and which a range stands for.

Above FOLD_ABOVE seats those at rest fold, a range for each CHUNK of ordinals; the first and the last stay.
What changes or ails is drawn, unless there is more of it than anybody can look at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

FOLD_ABOVE = 300
MOVING_SHOWN = 60  # of more than FOLD_ABOVE seats that change or ail
CHUNK = 100
KEPT_AT_ENDS = 3
TO_COME_ABOVE = 20


class Fold(NamedTuple):
    """A range of *members* (ordinals, ascending), *ready* of them at rest."""

    id: str
    members: tuple[int, ...]
    ready: int

    def says(self) -> str:
        """Say in a few words how its seats are."""
        if self.ready == len(self.members):
            return f"{self.ready} Ready, claims Bound"
        return f"{self.ready} Ready, {len(self.members) - self.ready} on their way"


def folds(
    ordinals: Sequence[int],
    seated: Collection[int],
    is_settled: Callable[[int], bool],
    id_of: Callable[[int], str],
) -> Iterable[Fold]:
    """Return the ranges of *ordinals*. *seated*: those that have a Pod. *id_of*: first of a chunk -> id."""
    if len(ordinals) <= TO_COME_ABOVE:
        return
    ends = {*ordinals[:KEPT_AT_ENDS], *ordinals[-KEPT_AT_ENDS:]}
    inner = [ordinal for ordinal in ordinals if ordinal not in ends and ordinal in seated]
    settled = {ordinal for ordinal in inner if is_settled(ordinal)}
    moving = [ordinal for ordinal in inner if ordinal not in settled]
    drawn = set(moving if len(moving) <= FOLD_ABOVE else moving[:MOVING_SHOWN])
    chunks: dict[int, list[int]] = {}
    for ordinal in inner:
        if ordinal not in drawn:
            chunks.setdefault(ordinal // CHUNK, []).append(ordinal)
    for chunk, members in chunks.items():
        if len(members) > KEPT_AT_ENDS:
            ready = sum(1 for member in members if member in settled)
            yield Fold(id_of(chunk * CHUNK), tuple(members), ready)
