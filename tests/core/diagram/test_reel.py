"""A reel leads from picture to picture, and keeps each drawing once."""

from __future__ import annotations

from core.apimachinery.meta import replaced
from core.diagram import render
from core.diagram.layout import Frame
from core.diagram.reel import Reel
from tests.core.diagram.cast import web
from tests.core.diagram.test_layout import framed


def played(reel: Reel, upto: int) -> set[str]:
    """Return the drawings that are shown after the step *upto*."""
    shown: dict[str, str] = {}
    for step in reel.steps[: upto + 1]:
        shown |= {reel.drawings[number][0]: reel.drawings[number][1] for number in step.put}
        for id_ in step.gone:
            del shown[id_]
    return set(shown.values())


def whole(frame: Frame) -> set[str]:
    return {text.rstrip("\n") for text in render.fragments(frame, frame.by_id).values()}


def test_each_step_shows_what_its_whole_picture_shows() -> None:
    frames = [framed([]), framed(web(1)), framed(web(3)), framed(web(2)), framed([])]
    reel = Reel()
    for frame in frames:
        reel.add(frame)
    for at, frame in enumerate(frames):
        assert played(reel, at) == whole(frame)
        assert reel.steps[at].size == (frame.width, frame.height)


def test_a_picture_that_comes_again_is_kept_once() -> None:
    reel, there = Reel(), framed(web(2))
    down = [replaced(o, "status.conditions", []) if o["kind"] == "Pod" else o for o in web(2)]
    for frame in (there, framed(down), there, framed(down)):
        reel.add(frame)
    drawings = len(reel.drawings)
    assert drawings == len({text for _, text in reel.drawings})
    assert [len(step.put) > 0 for step in reel.steps] == [True] * 4
    reel.add(there)
    assert len(reel.drawings) == drawings
