"""What Graphviz draws: safe, the same in part and whole, and back after a crash."""

from __future__ import annotations

import re
import signal
import xml.etree.ElementTree as ET

import pytest

from core.apimachinery.meta import Obj, Ref, replaced
from core.client.cache import Cache
from core.diagram import dot, graph, layout, patch, render
from core.diagram.cards import Scene
from core.diagram.layout import Placed
from core.diagram.marks import FONTS, Text
from tests.core.diagram.cast import NOW, claim, file_in, node, pod, stateful_set, storage_class, volume, web
from tests.core.diagram.test_layout import crowd, framed

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='x",
    '" class="ready" id="seat-default-web-0',
    "<![CDATA[ & ]]> <!-- -->",
    "&#60;b&#62; &lt;i&gt; &amp;amp;",
    "\\N \\G \\l \\r \\n \\\\",
    'quote \\" then ] }',
    "{{ 7*7 }} {% now %}",
    "x" * 300,
    "數據庫-資料-🙂-0",
    "\u202eright to left\u0000nul\u001b[31m",
    "\ud800 lone surrogate",
    "<b>bold</b>",
]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    render._drawn.clear()


def strictly_checked(text: str) -> ET.Element:
    """Return *text* parsed, after making sure that it can do nothing but be looked at."""
    root = ET.fromstring(text)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg",
            "g",
            "title",
            "text",
            "path",
            "polygon",
            "polyline",
            "ellipse",
        }
        for name, value in element.attrib.items():
            allowed = {
                "id",
                "class",
                "role",
                "tabindex",
                "aria-label",
                "viewBox",
                "width",
                "height",
                "d",
                "points",
            }
            assert name in allowed | {"x", "y", "fill", "text-anchor", "cx", "cy", "rx", "ry"}, name
            assert "url(" not in value
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[A-Za-z0-9_-]+", id_) for id_ in ids)
    return root


def test_the_picture_is_plain_svg_with_an_id_for_each_element() -> None:
    frame = framed(crowd())
    root = strictly_checked(render.svg(frame))
    assert root.attrib["id"] == "picture"
    assert [g.attrib["id"] for g in root] == [e.id for e in frame.elements]
    assert all(len(g) > (1 if frame.by_id[g.attrib["id"]].label else 0) for g in root), (
        "something was not drawn"
    )


def hostile_world(text: str) -> list[Obj]:
    sts = stateful_set(replicas=1)
    sts["spec"]["template"]["spec"]["containers"][0]["image"] = text
    pv = volume("pv", "c")
    bad_pod = replaced(pod("bad", None, ("c",)), "status.conditions", [])
    bad_pod["status"] |= {"phase": "Failed", "reason": text, "message": text}
    return [sts, bad_pod, claim("c", "pv"), pv, file_in(pv, text, text), storage_class(text), node(text)]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    frame = framed(hostile_world(text))
    root = strictly_checked(render.svg(frame))
    for group in root:
        shown = ["".join(t.itertext()) for t in group.iter(f"{SVG}text")]
        wanted = [mark.text for mark in frame.by_id[group.attrib["id"]].marks if isinstance(mark, Text)]
        assert sorted(shown) == sorted(dot.cleaned(one) for one in wanted)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_notes_stay_text(text: str) -> None:
    ref = Ref("PersistentVolumeClaim", "default", "c")
    view = Cache([claim("c", phase="Pending")])
    strictly_checked(render.svg(layout.place(graph.build(Scene(view, {}, NOW, {ref: text})))))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", ["svg", "png", "pdf", "dot"])
def test_hostile_text_does_not_break_a_document(text: str, form: str) -> None:
    data = render.document(framed(hostile_world(text)), form)
    if form == "svg":
        root = ET.fromstring(data)
        assert not [
            e for e in root.iter() if e.tag.removeprefix(SVG) in ("script", "a", "image", "foreignObject")
        ]


def test_an_element_has_the_same_bytes_alone_and_in_the_whole_picture() -> None:
    frame = framed(crowd())
    whole = render.svg(frame)
    for element in frame.elements:
        render._drawn.clear()
        (part,) = render.fragments(frame, [element.id]).values()
        assert part in whole, element.id


def test_a_fragment_is_one_group_with_its_title() -> None:
    frame = framed(web(1))
    (part,) = render.fragments(frame, ["seat-default-web-0"]).values()
    assert part.startswith(
        '<g id="seat-default-web-0" class="seat ready" role="img" tabindex="-1"><title>Pod web-0'
    )
    assert part.endswith("</g>\n")


def test_unknown_ids_have_no_fragment() -> None:
    assert render.fragments(framed(web(1)), ["seat-default-web-9"]) == {}


def test_draws_again_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    wrapped = render._wrapped

    def counted(elements: list[Placed]) -> object:
        asked.append([element.id for element in elements])
        return wrapped(elements)

    monkeypatch.setattr(render, "_wrapped", counted)
    old, new = framed(web(3)), framed(web(3, without=(1,)))
    render.svg(old)
    render.fragments(new, patch.diff(old, new).changed)
    render.svg(new)
    assert len(asked) == 2
    assert "seat-default-web-1" in asked[1]
    assert "seat-default-web-0" not in asked[1]


def test_forgets_the_oldest_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "REMEMBERED", 5)
    render.svg(framed(web(3)))
    assert len(render._drawn) == 5


def test_replaces_graphviz_when_it_dies() -> None:
    frame = framed(web(1))
    render.svg(frame)
    process = render._worker._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    render._drawn.clear()
    strictly_checked(render.svg(frame))
    assert render._worker._process is not process


def test_gives_up_on_graphviz_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    render.svg(framed(web(1)))
    process = render._worker._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(render, "SECONDS", 0.05)
    render._drawn.clear()
    with pytest.raises(render.DrawingError, match="took more than"):
        render.svg(framed(web(1)))
    monkeypatch.undo()
    strictly_checked(render.svg(framed(web(1))))


def test_says_what_graphviz_refused() -> None:
    with pytest.raises(render.DrawingError):
        render._worker.draw("digraph {", "svg")
    with pytest.raises(render.DrawingError):
        render._worker.draw("digraph { a }", "nonsense")


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml"), ("dot", b"digraph")]
)
def test_makes_files(form: str, start: bytes) -> None:
    assert render.document(framed(web(1)), form).startswith(start)


def test_makes_no_other_file() -> None:
    with pytest.raises(ValueError, match="no format exe"):
        render.document(framed([]), "exe")


def test_the_graphviz_source_is_a_graph_of_the_elements() -> None:
    source = render.document(framed(web(1)), "dot").decode()
    assert '"seat-default-web-0" -> "claim-default-www-web-0"' in source
    assert "#00785a" in source


def test_shows_right_aligned_text_right_aligned() -> None:
    frame = framed(web(1))
    seat = ET.fromstring(render.fragments(frame, ["seat-default-web-0"])["seat-default-web-0"])
    ready = next(t for t in seat.iter("text") if t.text == "Ready")
    assert ready.attrib["text-anchor"] == "end"
    element = frame.by_id["seat-default-web-0"]
    assert float(ready.attrib["x"]) == pytest.approx(element.x + element.w - 12, abs=1)
    assert set(ready.attrib["class"].split()) <= {*FONTS, "engraved", "flips"}


def test_straight_pieces_are_lines_and_round_ones_stay_curves() -> None:
    text = render.svg(layout.place(graph.build(Scene(Cache(web(1)), {}, NOW, {}))))
    box = re.search(r'id="seat-default-web-0".*?class="box" d="([^"]*)"', text, re.DOTALL)
    assert box is not None
    letters = re.sub(r"[^A-Z]", "", box[1])
    assert letters == "MLCLCLCLC"
    link = re.search(r'id="mounts-[^"]*" class="[^"]*"><path class="link" fill="none" d="([^"]*)"', text)
    assert link is not None
    assert re.sub(r"[^A-Z]", "", link[1]) == "ML"
