"""The scenarios of the specification (workloads.md 7), each to where nothing happens any more.

``+0`` web-0 created, ``R0`` Ready, ``-0`` terminating, ``x0`` gone; ``+c0`` its claim created.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from core.apimachinery.meta import Ref
from core.apimachinery.timestamps import seconds as epoch
from tests.scenarios.play import CLASS, WEB, A, B, C, Play, claim_of, pod_of, web

pytestmark = pytest.mark.django_db(transaction=True)

PARALLEL = {"podManagementPolicy": "Parallel"}
NEVER = "does-not-exist:1"


def settled(**options: Any) -> Play:
    """Return the play of a set that has come up, its story so far told."""
    play = Play(web(**options)).settle()
    play.story()
    return play


def all_ready(**options: Any) -> Play:
    """Return the play of a set whose Pods are Ready as long as they hold their file."""
    play = Play(web(probe=True, **PARALLEL | options)).settle()
    play.ready(*range(play.cluster.get(WEB)["spec"]["replicas"])).settle()
    play.story()
    return play


def ordered(play: Play) -> Play:
    """Go on as an OrderedReady set: the policy is immutable, so the set is made again around its Pods."""
    found = play.cluster.get(WEB)
    play.cluster.delete(WEB, None, "Orphan")
    play.settle()
    spec = {**found["spec"], "podManagementPolicy": "OrderedReady"}
    play.apply({**web(), "spec": spec})
    play.settle()
    play.story()
    return play


# -- coming up and scaling -----------------------------------------------------------------------------


def test_a_set_comes_up_one_by_one_claim_before_pod():
    """SC1, STS-P7, INV2, SIM2"""
    assert Play(web()).settle().story("Pod and claim") == [
        *("+c0", "+0", "R0"),
        *("+c1", "+1", "R1"),
        *("+c2", "+2", "R2"),
    ]


def test_a_parallel_set_creates_all_before_the_first_is_ready():
    """SC2"""
    assert sorted(Play(web(**PARALLEL)).settle().story()[:3]) == ["+0", "+1", "+2"]


def test_ordinals_of_a_new_set_begin_where_it_says():
    """SC3"""
    play = Play(web(ordinals={"start": 2})).settle()
    assert play.story() == ["+2", "R2", "+3", "R3", "+4", "R4"]
    assert play.names("PersistentVolumeClaim") == ["www-web-2", "www-web-3", "www-web-4"]
    labels = [
        pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] for pod in play.cluster.view.list("Pod")
    ]
    assert labels == ["2", "3", "4"]


def test_each_pod_keeps_its_name_and_its_bytes():
    """SC4, STS-I12, DNS-13"""
    play = settled()
    assert play.cluster.exec(pod_of(1), ["hostname"]).stdout == b"web-1\n"
    assert (
        play.cluster.exec(pod_of(1), ["hostname", "-f"]).stdout == b"web-1.nginx.default.svc.cluster.local\n"
    )
    for ordinal in range(3):
        play.cluster.write_file(pod_of(ordinal), "/usr/share/nginx/html/id", str(ordinal).encode())
    before = [play.uid(pod_of(n)) for n in range(3)]
    play.delete(0, 1, 2).settle()
    pods = [play.cluster.get(pod_of(n)) for n in range(3)]
    assert [play.cluster.read_file(pod_of(n), "/usr/share/nginx/html/id") for n in range(3)] == [
        b"0",
        b"1",
        b"2",
    ]
    assert [(pod["spec"]["hostname"], pod["spec"]["subdomain"]) for pod in pods] == [
        (f"web-{n}", "nginx") for n in range(3)
    ]
    assert not set(before) & {pod["metadata"]["uid"] for pod in pods}


def test_scaled_up_down_and_up_again_it_finds_its_claims():
    """SC5, SC6, SC7, INV5, L36"""
    play = settled()
    assert play.scale(5).settle().story("Pod and claim") == ["+c3", "+3", "R3", "+c4", "+4", "R4"]
    claims = [play.uid(claim_of(n)) for n in range(5)]
    assert play.scale(3).settle().story("Pod and claim") == ["-4", "x4", "-3", "x3"]
    assert [play.cluster.get(claim_of(n))["status"]["phase"] for n in (3, 4)] == ["Bound", "Bound"]
    assert play.scale(5).settle().story("Pod and claim") == ["+3", "R3", "+4", "R4"]
    assert [play.uid(claim_of(n)) for n in range(5)] == claims


def test_lost_pods_are_replaced_lowest_first():
    """SC8, STS-P8"""
    play = settled(replicas=5).delete(1, 3, grace=0).settle()
    assert [word for word in play.story() if word[0] in "+R"] == ["+1", "R1", "+3", "R3"]


def test_to_zero_and_claims_stay():
    """SC78"""
    play = settled().scale(0).settle()
    assert play.story("Pod and claim") == ["-2", "x2", "-1", "x1", "-0", "x0"]
    assert len(play.names("PersistentVolumeClaim")) == 3
    assert (play.status["replicas"], play.status["currentRevision"]) == (0, play.status["updateRevision"])


# -- unhealthy Pods ------------------------------------------------------------------------------------


def test_an_unready_pod_holds_back_those_after_it():
    """SC16"""
    play = Play(web(probe=True, replicas=1)).settle()
    assert play.story() == ["+0"]
    assert play.scale(3).settle().story() == []
    assert play.ready(0).settle().story() == ["R0", "+1"]
    assert play.ready(1).settle().story() == ["R1", "+2"]


def test_three_unready_pods_block_their_own_end():
    """SC17, STS-X5"""
    play = ordered(all_ready()).unready(0, 1, 2).settle()
    assert play.scale(0).settle().story() == []
    play.ready(0, 1, 2).settle()
    assert [word for word in play.story() if word[0] in "-x"] == ["-2", "x2", "-1", "x1", "-0", "x0"]


def test_the_first_unready_pod_may_go_when_its_turn_comes():
    """SC17b, STS-X4"""
    play = ordered(all_ready()).unready(0).settle()
    assert play.scale(0).settle().story() == ["-2", "x2", "-1", "x1", "-0", "x0"]


def test_an_unready_survivor_blocks_the_scale_down():
    """SC18, STS-X1"""
    play = ordered(all_ready()).unready(0).settle()
    assert play.scale(1).settle().story() == []
    assert play.ready(0).settle().story() == ["R0", "-2", "x2", "-1", "x1"]


def test_two_unready_surplus_pods_block_each_other():
    """SC19, STS-X5"""
    play = ordered(all_ready()).unready(1, 2).settle()
    assert play.scale(1).settle().story() == []


def test_a_parallel_set_does_not_care_for_health():
    """SC20"""
    play = Play(web(probe=True, replicas=1, **PARALLEL)).settle()
    assert sorted(play.scale(3).settle().story()) == ["+0", "+1", "+2"]
    assert sorted(play.scale(0).settle().story()[:3]) == ["-0", "-1", "-2"]


def test_a_terminating_member_is_waited_for_before_growing():
    """SC21, STS-X9"""
    play = settled().delete(1).scale(5).settle()
    assert play.story() == ["-1", "x1", "+1", "R1", "+3", "R3", "+4", "R4"]


def test_surplus_pods_that_terminate_already_are_left_to_end():
    """SC22"""
    play = settled(replicas=5).delete(3, 4).scale(3).settle()
    assert sorted(play.story()) == ["-3", "-4", "x3", "x4"]
    assert [event for event in play.events() if event.startswith("SuccessfulDelete")] == []


def test_a_predecessor_deleted_too_early_comes_back():
    """SC23"""
    play = Play(web(probe=True, replicas=2)).settle().ready(0).settle()
    assert play.story() == ["+0", "R0", "+1"]
    assert play.delete(0).settle().story() == ["-0", "x0", "+0", "R0"]
    assert play.ready(1).settle().status["readyReplicas"] == 2


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_ended_is_deleted_and_made_again(phase: str):
    """SC9, SC10"""
    play = settled()
    pod = play.cluster.get(pod_of(0))
    ended = {**pod, "status": {**pod["status"], "phase": phase, "containerStatuses": []}}
    play.cluster.registry.update_status(ended, "kubelet")
    play.settle()
    assert [word for word in play.story() if word[0] in "x+"] == ["x0", "+0"]
    assert play.uid(pod_of(0)) != pod["metadata"]["uid"]
    assert play.events()[-2:] == [
        "SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful",
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
    ]


# -- strays --------------------------------------------------------------------------------------------


def test_a_pod_that_loses_its_label_is_released_and_taken_back():
    """SC29, STS-A3, STS-A6"""
    play = settled()
    uid, said = play.uid(pod_of(1)), play.events()
    play.cluster.patch(pod_of(1), {"metadata": {"labels": {"app": "stray"}}})
    play.wait(30)
    assert "ownerReferences" not in play.cluster.get(pod_of(1))["metadata"]
    play.cluster.patch(pod_of(1), {"metadata": {"labels": {"app": "nginx"}}})
    play.settle()
    (owner,) = play.cluster.get(pod_of(1))["metadata"]["ownerReferences"]
    assert (owner["name"], play.uid(pod_of(1)), play.events()) == ("web", uid, said)


def test_an_orphaned_set_comes_back_to_its_pods_and_one_changed_rolls_them():
    """STS-U7, STS-A7, STS-K10, SC72"""
    play = settled(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})
    assert [owner["kind"] for owner in play.cluster.get(claim_of(0))["metadata"]["ownerReferences"]] == [
        "StatefulSet"
    ]
    play.cluster.delete(WEB, None, "Orphan")
    play.settle()
    assert all("ownerReferences" not in play.cluster.get(ref)["metadata"] for ref in (pod_of(0), claim_of(0)))
    uids = [play.uid(pod_of(n)) for n in range(3)]
    again = web()
    again["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] = {"tier": "data"}
    play.apply(again)
    play.settle()
    assert play.story("Pod and claim") == []
    assert [play.uid(pod_of(n)) for n in range(3)] == uids
    assert play.cluster.get(WEB)["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] == {"tier": "data"}


@pytest.mark.parametrize(("policy", "story"), [("whenDeleted", "set"), ("whenScaled", "scale")])
def test_claims_of_adopted_pods_follow_the_policy(policy: str, story: str):
    """SC52"""
    retention = {"persistentVolumeClaimRetentionPolicy": {policy: "Delete"}}
    play = settled(**retention)
    play.cluster.delete(WEB, None, "Orphan")
    play.settle()
    play.apply(web(**retention))
    play.settle()
    if story == "set":
        play.cluster.delete(WEB)
    else:
        play.scale(1)
    play.settle()
    assert play.names("PersistentVolumeClaim") == ([] if story == "set" else ["www-web-0"])


def test_an_unscheduled_pods_claim_may_go_and_comes_back():
    """SC56, STS-Q2, L23"""
    play = settled(replicas=1)
    for node in ("node-1", "node-2"):
        play.cluster.patch(Ref("Node", "", node), {"spec": {"unschedulable": True}})
    play.delete(0).settle()
    play.story("claim")
    old = play.uid(claim_of(0))
    play.cluster.delete(claim_of(0))
    play.settle()
    for node in ("node-1", "node-2"):
        play.cluster.patch(Ref("Node", "", node), {"spec": {"unschedulable": None}})
    play.settle()
    assert play.uid(claim_of(0)) != old
    assert play.status["readyReplicas"] == 1


# -- updates -------------------------------------------------------------------------------------------


def test_a_new_image_goes_from_the_top_down_and_back_again():
    """SC31, SC32, SC35, STS-R16, INV12, INV14"""
    play = settled()
    claims = [play.uid(claim_of(n)) for n in range(3)]
    walk = ["-2", "x2", "+2", "R2", "-1", "x1", "+1", "R1", "-0", "x0", "+0", "R0"]
    assert play.image(B).settle().story("Pod and claim") == walk
    assert (play.revisions(), play.images()) == ({A: 1, B: 2}, [B] * 3)
    assert play.status["currentRevision"] == play.status["updateRevision"]
    assert play.image(A).settle().story("Pod and claim") == walk
    assert (play.revisions(), play.images()) == ({A: 3, B: 2}, [A] * 3)
    assert [play.uid(claim_of(n)) for n in range(3)] == claims


def test_a_third_image_and_the_first_again_number_the_revisions():
    """SC33, SC34"""
    play = settled()
    for image in (B, C, A):
        play.image(image).settle()
    assert play.revisions() == {B: 2, C: 3, A: 4}


def test_a_canary_goes_down_step_by_step():
    """SC36, SC37, SC38, SC39, STS-R8"""
    play = settled().partition(3).settle()
    assert play.image(B).settle().story() == []
    assert play.status["currentRevision"] != play.status["updateRevision"]
    assert play.partition(2).settle().story() == ["-2", "x2", "+2", "R2"]
    play.delete(0, 2).settle()
    assert play.images() == [A, A, B]
    play.story()
    assert play.partition(1).settle().story() == ["-1", "x1", "+1", "R1"]
    assert play.partition(0).settle().story() == ["-0", "x0", "+0", "R0"]
    assert play.status["currentRevision"] == play.status["updateRevision"]


def test_a_pod_below_the_partition_comes_back_on_the_old_revision():
    """SC40"""
    play = settled().partition(1).settle().image(B).delete(0).settle()
    assert play.images() == [A, B, B]
    created = [word for word in play.story() if word[0] == "+"]
    assert created == ["+0", "+2", "+1"]


def test_on_delete_changes_what_someone_deletes():
    """SC41"""
    play = settled(updateStrategy={"type": "OnDelete"}).image(B).settle()
    assert (play.story(), play.revisions()) == ([], {A: 1, B: 2})
    first = play.status["currentRevision"]
    play.delete(0, 1, 2).settle()
    assert (play.images(), play.status["currentRevision"]) == ([B] * 3, first)


def test_a_broken_rollout_waits_for_a_hand():
    """SC42, STS-R12"""
    play = settled().image(NEVER).wait(60)
    assert play.story() == ["-2", "x2", "+2"]
    assert play.image(A).wait(60).story() == []
    assert play.revisions() == {NEVER: 2, A: 3}
    assert play.delete(2).settle().story() == ["-2", "x2", "+2", "R2"]


def test_a_broken_parallel_rollout_heals_when_taken_back():
    """SC43, STS-R13"""
    play = settled(**PARALLEL).image(NEVER).wait(60)
    assert play.story() == ["-2", "x2", "+2"]
    assert play.image(A).settle().story() == ["-2", "x2", "+2", "R2"]


def two_at_a_time(**options: Any) -> Play:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 3, "maxUnavailable": 2}}
    play = Play(
        web(replicas=6, updateStrategy=strategy, **options), max_unavailable_stateful_set=True
    ).settle()
    play.story()
    return play.image(B).settle()


def test_two_go_together_and_come_back_in_order():
    """SC44, STS-R24"""
    play = two_at_a_time()
    story = play.story()
    assert story[:2] == ["-5", "-4"]
    assert [word for word in story if word[0] in "+R"] == ["+4", "R4", "+5", "R5", "+3", "R3"]
    assert play.images() == [A] * 3 + [B] * 3


def test_a_parallel_set_slides_its_window():
    """SC45, STS-R25"""
    story = two_at_a_time(**PARALLEL).story()
    assert story[:2] == ["-5", "-4"]
    assert sorted(word for word in story[:8] if word[0] == "+") == ["+4", "+5"]
    first_ready = next(at for at, word in enumerate(story) if word[0] == "R")
    assert "-3" in story[first_ready:]


def test_history_is_kept_within_its_limit():
    """SC46, INV11"""
    play = settled(replicas=1, revisionHistoryLimit=2)
    for number in range(1, 6):
        play.image(f"nginx:1.2{number}").settle()
        live = {play.status["currentRevision"], play.status["updateRevision"]}
        assert len(play.revisions()) <= 2 + len(live)
    assert sorted(play.revisions().values()) == [4, 5, 6]


# -- minReadySeconds -----------------------------------------------------------------------------------


def test_each_pod_waits_until_the_one_before_is_available():
    """SC48, STS-S2, STS-M2"""
    play = Play(web(minReadySeconds=30)).settle()
    assert play.story() == ["+0", "R0", "+1", "R1", "+2", "R2"]
    born = [epoch(play.cluster.get(pod_of(n))["metadata"]["creationTimestamp"]) for n in range(3)]
    assert all(later - earlier >= 30 for earlier, later in pairwise(born))


def test_available_follows_min_ready_seconds_and_ready_does_not():
    """SC49, STS-M4"""
    play = settled(minReadySeconds=30)
    counts = []
    for seconds in (30, 3600, 0):
        play.patch(minReadySeconds=seconds).wait(5)
        counts.append((play.status["readyReplicas"], play.status["availableReplicas"]))
    assert counts == [(3, 3), (3, 0), (3, 3)]
    assert play.story() == []


# -- start ordinal -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "replicas", "after", "story"),
    [
        pytest.param(None, 3, {"start": 2}, "+3 R3 +4 R4 -1 x1 -0 x0", id="SC64"),
        pytest.param({"start": 2}, 2, {"start": 4}, "+4 R4 +5 R5 -3 x3 -2 x2", id="SC65"),
        pytest.param({"start": 3}, 2, {"start": 2}, "+2 R2 -4 x4", id="SC66"),
        pytest.param({"start": 3}, 2, None, "+0 R0 +1 R1 -4 x4 -3 x3", id="SC67"),
    ],
)
def test_a_moved_start_makes_the_new_before_it_ends_the_old(
    before: Any, replicas: int, after: Any, story: str
):
    """STS-X8"""
    play = settled(replicas=replicas, **({"ordinals": before} if before else {}))
    assert play.patch(ordinals=after).settle().story() == story.split()


# -- the end -------------------------------------------------------------------------------------------


def test_deleted_it_takes_all_pods_at_once_and_leaves_the_claims():
    """SC71, STS-Z1, GC14"""
    play = settled()
    play.cluster.delete(WEB)
    play.settle()
    story = play.story("Pod and claim")
    assert sorted(story[:3]) == ["-0", "-1", "-2"]
    assert (play.names("Pod"), play.names("ControllerRevision")) == ([], [])
    assert len(play.names("PersistentVolumeClaim")) == 3


def test_deleted_in_the_foreground_it_is_the_last_to_go():
    """SC73, STS-Z3, STS-D15, GC2, GC15"""
    play = settled()
    before = play.cluster.revision
    play.cluster.delete(WEB, None, "Foreground")
    found = play.cluster.get(WEB)["metadata"]
    assert (found["generation"], found["deletionGracePeriodSeconds"]) == (2, 0)
    assert found["finalizers"] == ["foregroundDeletion"]
    play.settle()
    changes = [c for c in play.cluster.changes_since(before) if c.ref.kind != "Event"]
    seen = [c.obj["status"].get("observedGeneration") for c in changes if c.ref == WEB]
    gone = [c.ref.kind for c in changes if c.type == "DELETED" and c.ref.kind in ("Pod", "StatefulSet")]
    assert seen[-1] == 2
    assert gone == ["Pod", "Pod", "Pod", "StatefulSet"]


def test_its_namespace_takes_everything_along():
    """STS-Z6"""
    play = settled(replicas=1)
    list(play.cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"))
    play.apply({**web(replicas=1), "metadata": {"name": "web", "namespace": "other"}})
    play.settle()
    play.cluster.delete(Ref("Namespace", "", "other"))
    play.settle()
    left = {
        obj["kind"] for obj in play.cluster.view.everything() if obj["metadata"].get("namespace") == "other"
    }
    assert left == set()
    assert play.names("Pod") == ["web-0"]


# -- refusals ------------------------------------------------------------------------------------------


def test_a_name_too_long_for_its_pods_is_told_by_an_event_after_the_claim_was_made():
    """SC79, SC60, STS-V5, STS-I10, STS-S4"""
    name = "w" * 60
    play = settled(replicas=1)
    play.apply({**web(replicas=1), "metadata": {"name": name, "namespace": "default"}})
    play.wait(30)
    assert f"www-{name}-0" in play.names("PersistentVolumeClaim")
    assert f"{name}-0" not in play.names("Pod")
    mine = [event for event in play.events() if name in event]
    assert mine[0].startswith("SuccessfulCreate: Create Claim")
    assert mine[1].startswith(f"FailedCreate: Create Pod {name}-0 in StatefulSet {name} failed error: Pod")
    assert mine[1].endswith("must be no more than 63 bytes")


def test_a_client_may_write_the_status_and_the_controller_writes_it_again():
    """SC70, STS-D14"""
    play = settled()
    found = play.cluster.get(WEB)
    lie = {
        **found,
        "spec": {**found["spec"], "replicas": 9},
        "status": {**found["status"], "updatedReplicas": 1},
    }
    written = play.cluster.registry.update_status(lie, "you")
    assert (written["status"]["updatedReplicas"], written["status"]["replicas"]) == (1, 3)
    assert (written["spec"]["replicas"], written["metadata"]["generation"]) == (3, 1)
    play.settle()
    assert play.status["updatedReplicas"] == 3


def test_scaling_is_a_generation_and_pods_follow():
    """SC68, STS-D16"""
    play = settled(replicas=1)
    for replicas, generation in ((2, 2), (4, 3)):
        play.scale(replicas).settle()
        assert (play.cluster.get(WEB)["metadata"]["generation"], play.status["readyReplicas"]) == (
            generation,
            replicas,
        )


def test_applying_the_same_again_writes_nothing():
    """INV10, STS-U5, SC62, INV9"""
    play = settled()
    before = play.cluster.revision
    assert play.cluster.update({**web(), "metadata": play.cluster.get(WEB)["metadata"]})
    assert play.cluster.revision == before
    assert play.status["replicas"] == play.status["readyReplicas"] == play.status["updatedReplicas"] == 3


@pytest.mark.parametrize("policy", [{}, PARALLEL])
def test_a_new_claim_gets_its_owner_and_its_node_at_the_same_time(policy: dict[str, Any]):
    """STS-K2, ST-3.14: the set writes the one, the scheduler the other"""
    retention = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    the_set = web(replicas=0, **policy, **retention)
    the_set["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = "local"
    play = Play(the_set)
    local = CLASS.partition("metadata")[0] + "metadata: {name: local}\nprovisioner: rancher.io/local-path\n"
    list(play.cluster.apply(f"{local}volumeBindingMode: WaitForFirstConsumer\n"))
    play.scale(3).settle()
    assert play.status["readyReplicas"] == 3
    assert [event for event in play.events("Pod") if event.startswith("Failed")] == []
    owners = [play.cluster.get(claim_of(n))["metadata"]["ownerReferences"] for n in range(3)]
    assert [[owner["kind"] for owner in found] for found in owners] == [["StatefulSet"]] * 3


def test_in_range_no_claim_belongs_to_a_pod():
    """INV13, STS-K7"""
    play = settled(persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}).delete(0, 1).settle()
    play.image(B).settle()
    assert all("ownerReferences" not in play.cluster.get(claim_of(n))["metadata"] for n in range(3))
    play.scale(2).settle()
    assert play.names("PersistentVolumeClaim") == ["www-web-0", "www-web-1"]


def test_a_lost_web_0_holds_up_the_whole_set():
    """NF14, STS-P9, NF8"""
    play = settled()
    node = play.cluster.get(pod_of(0))["spec"]["nodeName"]
    alone = [n for n in range(3) if play.cluster.get(pod_of(n))["spec"]["nodeName"] == node]
    play.cluster.patch(Ref("Node", "", node), {"metadata": {"annotations": {"stsviz.dev/power": "off"}}})
    play.wait(420)
    play.scale(5).image(B).wait(60)
    assert sorted(play.story()) == sorted(f"-{n}" for n in alone)
    assert play.images() == [A] * 3
    play.cluster.delete(pod_of(0), 0)
    play.wait(30)
    assert play.story()[:2] == ["x0", "+0"]


def test_a_pod_whose_host_port_is_taken_is_made_again_until_it_is_free():
    """SC24"""
    port = {"ports": [{"containerPort": 80, "hostPort": 8080}]}
    holder = {"name": "c", "image": "nginx", **port}
    play = settled(replicas=0)
    play.cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "holder", "namespace": "default"},
            "spec": {"containers": [holder], "nodeName": "node-1", "terminationGracePeriodSeconds": 1},
        }
    )
    play.wait(5)
    spec = web()["spec"]["template"]["spec"]
    pinned = {**spec, "nodeName": "node-1", "containers": [{**spec["containers"][0], **port}]}
    play.patch(template={"spec": pinned}).scale(1).wait(2)
    created = [word for word in play.story() if word == "+0"]
    assert len(created) > 1
    assert "SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful" in play.events()
    play.cluster.delete(Ref("Pod", "default", "holder"))
    play.wait(10)
    assert play.cluster.get(pod_of(0))["status"]["phase"] == "Running"
