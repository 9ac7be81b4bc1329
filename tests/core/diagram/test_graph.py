"""What is drawn, and how it hangs together."""

from __future__ import annotations

import time

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of, replaced
from core.client.cache import Cache
from core.diagram import graph
from core.diagram.cards import Scene
from core.diagram.elements import Graph, Node
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


def drawn(objects: list[Obj], tombstones: tuple[Obj, ...] = (), **more: object) -> Graph:
    notes = more.pop("notes", {})
    last = {ref_of(tombstone): tombstone for tombstone in tombstones}
    return graph.build(Scene(Cache(objects), last, NOW, notes), **more)  # type: ignore[arg-type]


def seats(picture: Graph) -> list[Node]:
    return [row.seat for block in picture.blocks for row in block.rows if row.seat is not None]


def by_id(picture: Graph) -> dict[str, Node]:
    found = {n.id: n for n in (*seats(picture), *picture.classes, *picture.machines)}
    for block in picture.blocks:
        found |= {n.id: n for n in block.services}
        if block.workload:
            found[block.workload.id] = block.workload
        for row in block.rows:
            found |= {n.id: n for chain in row.chains for n in chain if n is not None}
    return found


def test_draws_one_row_for_each_ordinal_in_order() -> None:
    """UX 1.5: ordinals are rows."""
    assert [seat.id for seat in seats(drawn(web(12)))] == [f"seat-default-web-{i}" for i in range(12)]


def test_starts_at_the_first_ordinal_of_the_set() -> None:
    sts = stateful_set(replicas=2, ordinals={"start": 5})
    assert [seat.title for seat in seats(drawn([sts]))] == ["web-5", "web-6"]


def test_an_empty_seat_keeps_its_id_and_shows_who_sat_there() -> None:
    objects = web(3, without=(0,))
    last = pod("web-0", objects[4], at=7)
    seat = seats(drawn(objects, (last,)))[0]
    assert (seat.id, seat.state, seat.word) == ("seat-default-web-0", "empty", "empty seat")
    assert seat.slots["last"] == f"{last['metadata']['uid'][:8]} 10.244.2.10 node-2"
    assert seat.slots["answer"] == "no answer"
    assert seat.ref == Ref("Pod", "default", "web-0")


def test_a_new_pod_shows_that_its_uid_and_address_are_not_those_of_the_last() -> None:
    objects = web(1)
    seat = seats(drawn(objects, (pod("web-0", objects[4], at=7),)))[0]
    assert seat.state == "ready"
    assert seat.slots["uid"] not in seat.slots["was"]
    assert "10.244.2.10" in seat.slots["was"]


@pytest.mark.parametrize("terminating", [True, False])
def test_claim_and_volume_are_still_bound_while_their_seat_is_empty_or_emptying(terminating: bool) -> None:
    objects = web(2, without=(0,))
    if terminating:
        objects.append(pod("web-0", objects[4], ("www-web-0",), deletionTimestamp="2027-01-15T09:00:00Z"))
    found = by_id(drawn(objects))
    assert found["claim-default-www-web-0"].more == "still-bound"
    assert found["claim-default-www-web-0"].state == "ready"
    assert found["claim-default-www-web-1"].more == ""
    volumes = [n for n in found.values() if n.kind == "volume"]
    assert [n.more for n in volumes] == ["still-bound", ""]


def test_a_seat_without_a_first_pod_says_whom_it_waits_for() -> None:
    """STS: OrderedReady makes one after another."""
    objects = web(3, without=(1, 2))
    objects = [replaced(o, "status.conditions", []) if o["kind"] == "Pod" else o for o in objects]
    first, second, third = seats(drawn(objects))
    assert first.word == "not Ready"
    assert (second.word, second.slots["note"]) == ("waits", "waits for web-0 to be Ready")
    assert third.slots["note"] == "waits for web-0 to be Ready"


def test_parallel_seats_wait_for_nobody() -> None:
    sts = stateful_set(replicas=2, podManagementPolicy="Parallel")
    assert {seat.slots["note"] for seat in seats(drawn([sts]))} == {"its Pod is about to be made"}


def test_a_seat_stays_as_long_as_its_claim_after_scaling_down() -> None:
    """UX 2 #1: scaling down does not delete claims."""
    objects = web(3, without=(2,))
    objects[4] = replaced(objects[4], "spec.replicas", 2)
    *_, last = seats(drawn(objects))
    assert (last.title, last.state, last.slots["note"]) == ("web-2", "empty", "scaled down, its claim stays")
    without_claim = [o for o in objects if o["metadata"]["name"] != "www-web-2"]
    assert [seat.title for seat in seats(drawn(without_claim))] == ["web-0", "web-1"]


def test_claims_and_volumes_outlive_their_set() -> None:
    """UX 2 #1: the set vanishes, claims and volumes stay."""
    objects = [o for o in web(2) if o["kind"] not in ("StatefulSet", "Pod")]
    (block,) = drawn(objects).blocks
    assert block.workload is None
    assert [row.chains[0].claim.title for row in block.rows if row.chains[0].claim] == [
        "www-web-0",
        "www-web-1",
    ]
    assert all(row.chains[0].volume for row in block.rows)


def test_stacks_the_claims_of_several_templates_in_one_row() -> None:
    sts = stateful_set(replicas=1, templates=("data", "log"))
    web_0 = pod("web-0", sts, ("data-web-0", "log-web-0"))
    claims = [claim("data-web-0", phase="Pending"), claim("log-web-0", phase="Pending")]
    (row,) = drawn([sts, web_0, *claims]).blocks[0].rows
    assert [c.claim.title for c in row.chains if c.claim] == ["data-web-0", "log-web-0"]
    assert [c.volume.kind for c in row.chains if c.volume] == ["vacant", "vacant"]


def test_a_deployments_pods_have_no_seats_and_new_ones_come_last() -> None:
    deploy, rs = deployment()
    old = pod("shop-z", rs, creationTimestamp="2027-01-15T08:00:00Z")
    new = pod("shop-a", rs, creationTimestamp="2027-01-15T08:00:09Z")
    gone = pod("shop-m", rs)
    picture = drawn([deploy, rs, new, old], (gone,))
    assert [seat.id for seat in seats(picture)] == ["pod-default-shop-z", "pod-default-shop-a"]
    assert seats(picture)[0].slots["revision"] == "rev 6d9f8b"
    assert [block.workload.id for block in picture.blocks if block.workload] == [
        "workload-deployment-default-shop"
    ]


def test_a_claim_shared_by_two_pods_is_drawn_once_and_mounted_twice() -> None:
    """UX 2 #16."""
    objects = [pod("a", None, ("c",)), pod("b", None, ("c",), at=2), claim("c", "pv"), volume("pv", "c")]
    picture = drawn(objects)
    assert sum(len(row.chains) for block in picture.blocks for row in block.rows) == 1
    mounts = [(e.tail, e.head) for e in picture.edges if e.cls.startswith("mounts")]
    assert mounts == [("pod-default-a", "claim-default-c"), ("pod-default-b", "claim-default-c")]


@pytest.mark.parametrize(
    ("services", "note"),
    [
        ([], "there is no Service nginx"),
        ([service(ip="10.96.0.7")], "Service nginx is not headless"),
        ([service(app="other")], "Service nginx selects other Pods"),
        ([service()], ""),
    ],
)
def test_the_lane_says_why_no_name_can_answer(services: list[Obj], note: str) -> None:
    """UX 2 #12."""
    lane = drawn([stateful_set(), *services]).blocks[0].services[0]
    assert note in (lane.word, lane.slots["note"])
    assert (lane.state == "pending-blocked") == bool(note)


def test_a_name_answers_only_while_its_pod_is_ready() -> None:
    """UX 2 #13."""
    objects = web(2)
    ready = next(o for o in objects if o["kind"] == "EndpointSlice")
    ready["endpoints"][1]["conditions"]["ready"] = False
    first, second = seats(drawn(objects))
    assert (first.slots["dns"], first.slots["answer"]) == ("web-0.nginx", "10.244.1.3")
    assert second.slots["answer"] == "no answer"
    assert drawn(objects).blocks[0].services[0].word == "1 of 2 answer"


def test_a_released_volume_shows_whose_it_was() -> None:
    """UX 2 #8."""
    (block,) = drawn([volume("pv", "www-web-3", phase="Released", policy="Retain")]).blocks
    (row,) = block.rows
    assert row.chains[0].volume is not None
    assert row.chains[0].volume.slots["was"] == "www-web-3"


def test_a_class_that_is_named_and_missing_is_drawn_as_blocked() -> None:
    picture = drawn([claim("c", storage_class="fast", phase="Pending"), storage_class()])
    assert {n.title: n.state for n in picture.classes} == {"fast": "pending-blocked", "standard": "ready"}


def test_a_pod_on_a_dark_node_says_so() -> None:
    """UX 2 #15."""
    seat = seats(drawn([pod("a"), node("node-2", ready=False)]))[0]
    assert (seat.more, seat.slots["note"]) == ("machine-down", "node-2 is not Ready")


def test_uses_the_controllers_own_words_for_what_is_not_ready() -> None:
    ref = Ref("PersistentVolumeClaim", "default", "c")
    picture = drawn([claim("c", phase="Pending")], notes={ref: "waits for its provisioner"})
    assert by_id(picture)["claim-default-c"].slots["note"] == "waits for its provisioner"


def test_shows_one_namespace_and_the_volumes_that_touch_it() -> None:
    objects = web(1)
    stray = volume("other", "x")
    stray["spec"]["claimRef"]["namespace"] = "elsewhere"
    picture = drawn([*objects, stray, volume("free", phase="Available")], namespace="default")
    titles = [n.title for n in by_id(picture).values() if n.kind == "volume"]
    assert "free" in titles
    assert "other" not in titles


def folded_world() -> list[Obj]:
    objects = web(420)
    for at, obj in enumerate(objects):
        if obj["kind"] == "Pod" and obj["metadata"]["name"] == "web-150":
            objects[at] = replaced(obj, "status.conditions", [])
    return objects


def test_folds_healthy_seats_of_a_large_set_and_says_what_it_left_out() -> None:
    """UX 1.9."""
    picture = drawn(folded_world())
    titles = [seat.title for seat in seats(picture)]
    assert titles[:4] == ["web-0", "web-1", "web-2", "web-3 … 99"]
    assert "web-150" in titles
    assert titles[-3:] == ["web-417", "web-418", "web-419"]
    assert picture.left_out.startswith("413 seats are folded")
    ids = [seat.id for seat in seats(picture) if seat.kind == "range"]
    assert "range-statefulset-default-web-100" in ids
    assert not [row for block in picture.blocks if block.workload is None for row in block.rows]


def test_opens_a_range_and_offers_to_fold_it_again() -> None:
    id_ = "range-statefulset-default-web-100"
    picture = drawn(folded_world(), expanded=frozenset([id_]))
    titles = [seat.title for seat in seats(picture)]
    assert {f"web-{i}" for i in range(100, 200)} <= set(titles)
    assert "web-205" not in titles
    assert titles.index("web-100 … 199") < titles.index("web-100")


def test_draws_300_replicas_whole() -> None:
    picture = drawn(web(300))
    assert len(seats(picture)) == 300
    assert picture.left_out == ""


def test_does_not_draw_a_million_seats_that_nobody_will_see() -> None:
    picture = drawn([stateful_set(replicas=2_000_000_000)])
    assert len(seats(picture)) == 4
    assert seats(picture)[-1].word == "1999999997 to come"


def test_is_linear_in_the_number_of_objects() -> None:
    """A quadratic build would take seconds here."""
    objects = Cache(web(1000))
    before = time.process_time()
    graph.build(Scene(objects, {}, NOW, {}))
    assert time.process_time() - before < 0.5


def test_says_each_seat_in_a_sentence() -> None:
    first = seats(drawn(web(1)))[0]
    assert first.label == "Pod web-0, Ready, on node-1, address 10.244.1.3, claim www-web-0 Bound"


@pytest.mark.parametrize(
    ("revision", "shown"), [("web-new1", "new template new1"), ("web-old1", "old template old1")]
)
def test_tells_the_old_template_from_the_new_during_a_roll_out(revision: str, shown: str) -> None:
    """UX 2 #21."""
    sts = stateful_set(replicas=1)
    sts["status"] = {"currentRevision": "web-old1", "updateRevision": "web-new1"}
    web_0 = pod("web-0", sts, labels={"controller-revision-hash": revision})
    assert seats(drawn([sts, web_0]))[0].slots["revision"] == shown


def test_a_seat_says_that_somebody_new_sits_there() -> None:
    objects = web(1)
    assert seats(drawn(objects, (pod("web-0", objects[4], at=7),)))[0].more == "reseated"
    assert seats(drawn(objects))[0].more == ""
