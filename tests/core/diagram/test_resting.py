"""Rows at rest: what is taken over from the last picture never differs from what would be drawn anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.cache import Cache
from core.diagram import graph
from core.diagram.cards import Scene
from core.diagram.elements import Graph
from core.diagram.resting import Memory
from tests.core.diagram.cast import NOW, claim, file_in, node, pod, stateful_set, web

Objects = dict[Ref, Obj]


def build(objects: Objects, memory: Memory, tombstones: Objects | None = None) -> Graph:
    return graph.build(Scene(Cache(list(objects.values())), tombstones or {}, NOW, {}, memory))


def start() -> Objects:
    return {ref_of(obj): obj for obj in (*web(4), node("node-1"), node("node-2"))}


def put(*path: str, value: object) -> Callable[[Objects, Ref], None]:
    def change(objects: Objects, ref: Ref) -> None:
        objects[ref] = _with(objects[ref], path, value)

    return change


def _with(obj: Obj, path: tuple[str, ...], value: object) -> Obj:
    return {**obj, path[0]: _with(obj.get(path[0]) or {}, path[1:], value) if path[1:] else value}


def drop(objects: Objects, ref: Ref) -> None:
    del objects[ref]


def write_a_file(objects: Objects, ref: Ref) -> None:
    file = file_in(objects[ref], "/about.html", "of this lab")
    objects[ref_of(file)] = file


def share_the_claim(objects: Objects, ref: Ref) -> None:
    other = pod("web-0", objects[Ref("StatefulSet", "default", "web")], claims=("www-web-1",), at=9)
    objects[ref] = other


def volume_of(name: str) -> str:
    return str(start()[Ref("PersistentVolumeClaim", "default", name)]["spec"]["volumeName"])


POD, CLAIM, VOLUME = (
    Ref("Pod", "default", "web-1"),
    Ref("PersistentVolumeClaim", "default", "www-web-1"),
    Ref("PersistentVolume", "", volume_of("www-web-1")),
)
SET = Ref("StatefulSet", "default", "web")
CHANGES = {
    "its Pod is not Ready": (POD, put("status", "conditions", value=[{"type": "Ready", "status": "False"}])),
    "its Pod is going": (POD, put("metadata", "deletionTimestamp", value="2027-01-15T08:00:00Z")),
    "its Pod is gone": (POD, drop),
    "its Pod is another": (POD, put("metadata", "uid", value="another")),
    "its Pod mounts another's claim": (Ref("Pod", "default", "web-0"), share_the_claim),
    "its claim is Lost": (CLAIM, put("status", "phase", value="Lost")),
    "its claim is gone": (CLAIM, drop),
    "its claim has grown": (CLAIM, put("status", "capacity", value={"storage": "5Gi"})),
    "its volume is Released": (VOLUME, put("status", "phase", value="Released")),
    "its volume is gone": (VOLUME, drop),
    "its volume holds a file": (VOLUME, write_a_file),
    "its node is down": (Ref("Node", "", "node-2"), put("status", "conditions", value=[])),
    "its Service is gone": (Ref("Service", "default", "nginx"), drop),
    "its name answers no more": (Ref("EndpointSlice", "default", "nginx-x"), put("endpoints", value=[])),
    "a roll-out began": (SET, put("status", value={"currentRevision": "web-a", "updateRevision": "web-b"})),
    "its seat was scaled away": (SET, put("spec", "replicas", value=1)),
    "the set is going": (SET, put("metadata", "deletionTimestamp", value="2027-01-15T08:00:00Z")),
    "the set is gone": (SET, drop),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_picture_with_a_memory_is_the_picture_without(what: str) -> None:
    ref, change = CHANGES[what]
    memory, objects = Memory(), start()
    before = build(objects, memory)
    remembered = dict(memory.rows)
    change(objects, ref)

    after = build(objects, memory)

    assert after == build(objects, Memory())
    assert after != before, "the change must be one that is seen"
    assert len(remembered) == 4


def test_a_seat_shows_that_another_sat_there_though_its_own_pod_did_not_change() -> None:
    memory, objects = Memory(), start()
    build(objects, memory)
    tombstones = {POD: pod("web-1", stateful_set(), at=7)}

    assert build(objects, memory, tombstones) == build(objects, Memory(), tombstones)


def test_a_row_at_rest_is_the_very_same_row() -> None:
    memory, objects = Memory(), start()
    first = build(objects, memory)
    objects[CLAIM] = claim("www-web-1", volume_of("www-web-1"), phase="Lost")
    second = build(objects, memory)

    same = [a is b for a, b in zip(first.blocks[0].rows, second.blocks[0].rows, strict=True)]
    assert same == [True, False, True, True]


def test_what_is_not_drawn_any_more_is_forgotten() -> None:
    memory, objects = Memory(), start()
    build(objects, memory)
    build({}, memory)
    assert memory.rows == {}
