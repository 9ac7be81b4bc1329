"""Places: stable, apart from each other, and large enough for what they hold."""

from __future__ import annotations

from itertools import combinations

import pytest

from core.apimachinery.meta import Obj, ref_of, replaced
from core.client.cache import Cache
from core.diagram import graph, layout
from core.diagram.cards import Scene
from core.diagram.layout import Frame, Placed
from core.diagram.marks import Shape, Text, width_of
from tests.core.diagram.cast import (
    NOW,
    claim,
    deployment,
    node,
    pod,
    service,
    stateful_set,
    storage_class,
    volume,
    web,
)


def framed(objects: list[Obj], tombstones: tuple[Obj, ...] = ()) -> Frame:
    return layout.place(graph.build(Scene(Cache(objects), {ref_of(t): t for t in tombstones}, NOW, {})))


LONG = "a-very-long-name-" * 14 + "300-12"


def crowd() -> list[Obj]:
    """Return one of everything, with names as long as they may be."""
    deploy, rs = deployment("s" * 200)
    sts = stateful_set("db" * 60, 2, templates=("data" * 20, "log"), serviceName="x" * 60)
    waiting = {
        "phase": "Pending",
        "containerStatuses": [{"state": {"waiting": {"reason": "CreateContainerConfigError"}}}],
    }
    return [
        *web(3, without=(0,)),
        *(node(f"node-{i}" * (i + 1), ready=i % 2 == 0) for i in range(14)),
        *(deploy, rs, pod(LONG, rs, ("shared",), deletionTimestamp="2027-01-15T09:00:00Z")),
        *(sts, pod(f"{'db' * 60}-0", sts, at=99999), {**pod(f"{'db' * 60}-1", sts), "status": waiting}),
        *(
            claim(LONG, phase="Pending", storage_class=LONG),
            claim("shared", "pv"),
            claim("lost", "x", phase="Lost"),
        ),
        *(volume("pv", "shared"), volume(LONG, LONG, phase="Released"), volume("failed", phase="Failed")),
        *(storage_class(LONG, "WaitForFirstConsumer", "example.com/" + LONG), service("y" * 63, "nobody")),
    ]


def nodes(frame: Frame) -> list[Placed]:
    return [e for e in frame.elements if not e.tail]


def test_nothing_overlaps() -> None:
    for one, other in combinations(nodes(framed(crowd())), 2):
        apart = (
            one.x + one.w <= other.x
            or other.x + other.w <= one.x
            or one.y + one.h <= other.y
            or other.y + other.h <= one.y
        )
        assert apart, (one.id, other.id)


def test_every_text_fits_into_its_card() -> None:
    for element in nodes(framed(crowd())):
        for mark in element.marks:
            if isinstance(mark, Text):
                w = width_of(mark)
                left = mark.x - {"l": 0, "c": w / 2, "r": w}[mark.anchor]
                assert element.x <= left, (element.id, mark.text)
                assert left + w <= element.x + element.w, (element.id, mark.text)
                assert element.y + 5 <= mark.y <= element.y + element.h - 5, (element.id, mark.text)


def test_texts_of_a_card_do_not_run_into_each_other() -> None:
    for element in nodes(framed(crowd())):
        spans = []
        for mark in element.marks:
            if isinstance(mark, Text):
                left = mark.x - {"l": 0.0, "c": 0.5, "r": 1.0}[mark.anchor] * width_of(mark)
                spans.append((mark.y, left, left + width_of(mark), mark.text))
        for (y, a, b, one), (z, c, d, other) in combinations(spans, 2):
            assert abs(y - z) > 9 or b <= c or d <= a, (element.id, one, other)


def test_everything_is_inside_the_picture() -> None:
    frame = framed(crowd())
    for element in frame.elements:
        assert 0 <= element.x <= element.x + element.w <= frame.width
        assert 0 <= element.y <= element.y + element.h <= frame.height


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_nothing_moves_when_a_pod_dies(gone: int) -> None:
    """UX 1.5: nothing moves unless it moved in the cluster."""
    before, after = framed(web(3)), framed(web(3, without=(gone,)))
    places = {e.id: (e.x, e.y, e.w, e.h) for e in before.elements}
    assert places == {e.id: (e.x, e.y, e.w, e.h) for e in after.elements}


def test_scaling_up_only_adds_below() -> None:
    before, after = framed(web(3)), framed(web(5))
    kept = {e.id: (e.x, e.y) for e in before.elements}
    assert kept.items() <= {e.id: (e.x, e.y) for e in after.elements}.items()


def test_kinds_are_columns_and_a_class_is_level_with_its_first_volume() -> None:
    frame = framed(web(3))
    assert frame.by_id["claim-default-www-web-2"].x == frame.by_id["claim-default-www-web-0"].x
    first = next(e for e in frame.elements if e.cls.startswith("volume "))
    assert frame.by_id["class-standard"].middle == first.middle


def test_a_straight_line_joins_seat_claim_and_volume() -> None:
    frame = framed(web(1))
    ends = [frame.by_id[id_].middle for id_ in ("seat-default-web-0", "claim-default-www-web-0")]
    assert ends[0] == ends[1]
    assert frame.by_id["mounts-seat-default-web-0-claim-default-www-web-0"].h == 0


def test_what_flips_and_what_is_engraved_are_told_apart() -> None:
    """UX 2 #14: the name stays, address, uid and node change."""
    seat = framed(web(1)).by_id["seat-default-web-0"]
    texts = {mark.text: mark.cls.split() for mark in seat.marks if isinstance(mark, Text)}
    for words in ("web-0", "web-0.nginx"):
        assert "engraved" in texts[words]
    for words in ("→ 10.244.1.3", "node-1"):
        assert "flips" in texts[words]


def test_strikes_through_what_is_gone() -> None:
    objects = web(1, without=(0,))
    seat = framed(objects, (pod("web-0", objects[4], at=7),)).by_id["seat-default-web-0"]
    assert [m.text for m in seat.marks if isinstance(m, Text) and "struck" in m.cls]
    assert [m.cls for m in seat.marks].count("strike") == 1


def test_knows_what_each_id_stands_for() -> None:
    frame = framed(web(1))
    assert str(frame.refs["claim-default-www-web-0"]) == "PersistentVolumeClaim default/www-web-0"
    assert frame.labels["class-standard"].startswith("StorageClass standard, default")
    assert frame.refs.keys() <= frame.labels.keys() <= frame.by_id.keys()


def test_each_kind_has_its_own_shape() -> None:
    frame = framed(crowd())
    forms = {}
    for element in nodes(frame):
        shape = next((m for m in element.marks if isinstance(m, Shape) and m.cls == "box"), None)
        if shape is not None:
            forms[element.cls.split()[0]] = shape.form
    assert (forms["seat"], forms["claim"], forms["volume"], forms["class"]) == (
        "card",
        "note",
        "cylinder",
        "hexagon",
    )


def test_an_empty_cluster_says_what_to_do() -> None:
    assert "nothing" in framed([]).by_id


def test_a_terminating_card_is_hatched() -> None:
    objects = [
        replaced(o, "metadata.deletionTimestamp", "2027-01-15T09:00:00Z") if o["kind"] == "Pod" else o
        for o in web(1)
    ]
    seat = framed(objects).by_id["seat-default-web-0"]
    assert "terminating" in seat.cls
    assert "hatch" in [mark.cls for mark in seat.marks]


def test_takes_over_what_is_unchanged_and_gives_the_same_frame_as_without() -> None:
    before = framed(crowd())
    objects = [o for o in crowd() if o["metadata"]["name"] != "web-1"]
    content = graph.build(Scene(Cache(objects), {}, NOW, {}))
    alone, after = layout.place(content), layout.place(content, before)
    assert after.elements == alone.elements
    assert after.by_id["seat-default-web-2"] is before.by_id["seat-default-web-2"]
    assert after.by_id["seat-default-web-1"] != before.by_id["seat-default-web-1"]
