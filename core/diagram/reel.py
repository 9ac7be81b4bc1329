"""A run as a reel: the first picture, then what each further one draws otherwise; every drawing kept once."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.diagram import patch, render
from core.diagram.layout import Frame


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from one frame to the next. ``size``: width and height of the picture (points).

    ``put``: numbers of drawings, each in place of the one with its id; ``gone``: ids.
    """

    size: tuple[float, float]
    put: tuple[int, ...]
    gone: tuple[str, ...]


@dataclass(slots=True)
class Reel:
    """Frames, one after another; :meth:`add` them in order."""

    drawings: list[tuple[str, str]] = field(default_factory=list)
    """Element id and its ``<g>``."""
    steps: list[Step] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)
    _last: Frame = field(default_factory=lambda: Frame(0, 0, ()))

    def add(self, frame: Frame) -> None:
        """Take in the next frame. Raises: DrawingError."""
        difference = patch.diff(self._last, frame)
        wanted = {*difference.changed, *difference.added}
        drawn = render.fragments(frame, [e.id for e in frame.elements if e.id in wanted])
        put = tuple(self._number(id_, drawing) for id_, drawing in drawn.items())
        self.steps.append(Step((frame.width, frame.height), put, difference.removed))
        self._last = frame

    def _number(self, id_: str, drawing: str) -> int:
        number = self._known.get(drawing)
        if number is None:
            number = self._known[drawing] = len(self.drawings)
            self.drawings.append((id_, drawing.rstrip("\n")))
        return number
