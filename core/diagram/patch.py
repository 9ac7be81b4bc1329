"""What changed between two frames, element by element: so that a page gets no more than that."""

from __future__ import annotations

from dataclasses import dataclass

from core.diagram.layout import Frame


@dataclass(frozen=True, slots=True)
class Patch:
    """Ids. ``changed``: in both frames and drawn differently. ``resized``: the picture's own size differs."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    resized: bool

    def __len__(self) -> int:
        """Return how many elements are drawn otherwise, come or go."""
        return len(self.changed) + len(self.added) + len(self.removed)

    def __bool__(self) -> bool:
        return bool(len(self) or self.resized)


def diff(old: Frame, new: Frame) -> Patch:
    """Return what turns *old* into *new*."""
    if old is new:
        return Patch((), (), (), resized=False)
    before, after = old.by_id, new.by_id
    return Patch(
        changed=tuple(
            id_
            for id_, element in after.items()
            if before.get(id_, element) is not element and before[id_] != element
        ),
        added=tuple(id_ for id_ in after if id_ not in before),
        removed=tuple(id_ for id_ in before if id_ not in after),
        resized=(old.width, old.height) != (new.width, new.height),
    )
