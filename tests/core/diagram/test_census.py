"""Seats at rest: a picture made from what has changed is the picture made from everything."""

from __future__ import annotations

import random
from collections.abc import Collection

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.cache import Cache
from core.diagram import graph
from core.diagram.cards import Scene
from core.diagram.elements import Graph
from core.diagram.resting import Memory
from tests.core.diagram.cast import NOW, claim, node, pod, stateful_set, volume, web
from tests.core.diagram.test_resting import CHANGES, share_the_claim

Objects = dict[Ref, Obj]
MANY = 330
SEAT = 150
AT_REST = MANY - 6  # the ends are drawn, at rest or not


def large() -> Objects:
    return {ref_of(obj): obj for obj in (*web(MANY), node("node-1"), node("node-2"))}


def build(objects: Objects, memory: Memory, changed: Collection[Ref] | None = None) -> Graph:
    return graph.build(Scene(Cache(list(objects.values())), {}, NOW, {}, memory, changed))


def of_seat(ref: Ref, objects: Objects) -> Ref:
    """Return the same thing of a seat that is folded away."""
    name = ref.name.replace("web-1", f"web-{SEAT}").replace("web-0", f"web-{SEAT - 1}")
    if ref.kind == "PersistentVolume":
        return Ref(
            ref.kind,
            "",
            objects[Ref("PersistentVolumeClaim", "default", f"www-web-{SEAT}")]["spec"]["volumeName"],
        )
    return Ref(ref.kind, ref.namespace, name)


@pytest.mark.parametrize("what", CHANGES)
def test_a_picture_of_what_changed_is_the_picture_of_everything(what: str) -> None:
    ref, change = CHANGES[what]
    memory, objects = Memory(), large()
    build(objects, memory)
    before = dict(objects)
    ref = of_seat(ref, objects) if change is not share_the_claim else Ref("Pod", "default", f"web-{SEAT - 1}")
    if change is share_the_claim:
        sts = objects[Ref("StatefulSet", "default", "web")]
        objects[ref] = pod(ref.name, sts, claims=(f"www-web-{SEAT}",), at=9)
    else:
        change(objects, ref)
    changed = [known for known in {*before, *objects} if before.get(known) is not objects.get(known)]

    after = build(objects, memory, changed)

    assert after == build(objects, Memory())


def test_what_is_folded_is_not_looked_at_again() -> None:
    memory, objects = Memory(), large()
    build(objects, memory)
    assert len(memory.census.awake("Pod")) == 0
    ref = Ref("Pod", "default", f"web-{SEAT}")
    del objects[ref]

    build(objects, memory, [ref])

    assert memory.census.awake("Pod") == []
    assert [obj["metadata"]["name"] for obj in memory.census.awake("PersistentVolumeClaim")] == [
        f"www-web-{SEAT}"
    ]


def test_of_ten_thousand_claims_without_pods_a_range_is_drawn() -> None:
    """The set was scaled to nothing; its claims stay."""
    objects = {ref: obj for ref, obj in large().items() if ref.kind != "Pod"}
    objects[Ref("StatefulSet", "default", "web")] = stateful_set(replicas=0)

    picture = build(objects, Memory())

    seats = [row.seat for row in picture.blocks[0].rows if row.seat is not None]
    assert seats[3].word == "97 scaled down, claims stay Bound"
    assert picture.left_out.startswith(f"{AT_REST} seats are folded")
    assert len(picture.blocks) == 1


def test_any_order_of_changes_leads_to_the_same_picture() -> None:
    """A hundred and twenty random changes of a folded set, two at a time."""
    dice, memory, objects = random.Random(7), Memory(), large()
    build(objects, memory)
    whole = large()
    for _ in range(60):
        before = dict(objects)
        for _ in range(2):
            seat = dice.randrange(MANY)
            claim_ref = Ref("PersistentVolumeClaim", "default", f"www-web-{seat}")
            pv = whole[claim_ref]["spec"]["volumeName"]
            ref = dice.choice(
                [Ref("Pod", "default", f"web-{seat}"), claim_ref, Ref("PersistentVolume", "", pv)]
            )
            broken = {
                "PersistentVolumeClaim": claim(claim_ref.name, pv, phase="Lost"),
                "PersistentVolume": volume(pv, claim_ref.name, phase="Failed"),
            }
            turn = dice.randrange(3)
            if turn == 0:
                objects.pop(ref, None)
            elif turn == 1 and ref.kind in broken:
                objects[ref] = broken[ref.kind]
            else:
                objects[ref] = whole[ref]
        if dice.randrange(20) == 0:
            sets = Ref("StatefulSet", "default", "web")
            objects[sets] = {
                **whole[sets],
                "spec": {**whole[sets]["spec"], "replicas": dice.choice([0, 100, MANY])},
            }
        changed = [ref for ref in {*before, *objects} if before.get(ref) is not objects.get(ref)]
        after, anew = build(objects, memory, changed), build(objects, Memory())
        assert after.left_out == anew.left_out
        assert [b.rows for b in after.blocks] == [b.rows for b in anew.blocks]
        assert sorted(after.edges) == sorted(anew.edges)
        assert after.classes == anew.classes
