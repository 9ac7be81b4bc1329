import pytest

from core.apimachinery.meta import without
from core.client.actions import Update
from core.client.cache import Cache
from core.controllers.deployment import DeploymentController
from core.controllers.deployment.replicasets import HASH_LABEL
from core.sim.settings import Settings

from .cast import (
    DESIRED,
    KEY,
    MAXIMUM,
    RECREATE,
    REVISION,
    deeds,
    deployment,
    name_of,
    pod,
    rolling,
    rs,
    sizes,
    status,
    sync,
)

A, B = name_of("a"), name_of("b")


def test_a_new_deployment_makes_its_replica_set_and_says_so():
    """DP3 DP4 DP6 DP7 DP11a"""
    plan = sync(deployment(2, revision=0, status={}))

    assert deeds(plan) == [
        "create a 2",
        f"Scaled up replica set {A} from 0 to 2",
        "status",
    ]
    assert plan.actions[-1].obj["metadata"]["annotations"] == {REVISION: "1"}
    (said,) = status(plan)["conditions"]
    assert (said["reason"], said["message"]) == (
        "NewReplicaSetCreated",
        f'Created new replica set "{A}"',
    )
    assert "observedGeneration" not in status(plan)


def test_a_replica_set_of_size_0_is_made_without_event():
    """DP6"""
    assert "create a 0" in deeds(sync(deployment(0, revision=0)))
    assert not any("Scaled" in deed for deed in deeds(sync(deployment(0, revision=0))))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((2, 2), None, ["create b 1"]),
        ((2, 2), (1, 0), []),
        ((2, 2), (1, 1), ["size a 1"]),
        ((1, 1), (1, 1), ["size b 2"]),
        ((1, 1), (2, 1), []),
        ((1, 1), (2, 2), ["size a 0"]),
        ((0, 0), (2, 2), []),
        ((2, 0), (1, 0), []),
        ((2, 1), (1, 1), ["size a 1"]),
    ],
)
def test_rolls_two_replicas_one_step_a_sync(old, new, expected):
    """DP7"""
    sets = [rs("a", *old)] + ([rs("b", *new, revision=2)] if new else [])

    plan = sync(deployment(2, "b", revision=2), *sets)

    assert sizes(plan) == expected


@pytest.mark.parametrize(
    ("limits", "old", "new", "expected"),
    [
        (rolling(1, 1), (4, 4), (1, 0), ["size a 3"]),
        (rolling(0, 2), (4, 4), (0, 0), ["size a 2"]),
        (rolling("100%", 0), (4, 4), (0, 0), ["size b 4"]),
        (rolling(0, 1), (4, 2), (0, 0), ["size a 3"]),
    ],
)
def test_rolls_within_surge_and_unavailable(limits, old, new, expected):
    """DP2 DP7"""
    sets = [rs("a", *old, of=4), rs("b", *new, revision=2, of=4)]

    assert sizes(sync(deployment(4, "b", revision=2, **limits), *sets)) == expected


def test_shrinks_unhealthy_pods_of_the_oldest_first():
    """DP7"""
    sets = [rs("a", 2, 1, of=3), rs("b", 1, 1, revision=2, of=3), rs("c", 1, 1, revision=3, of=3)]

    plan = sync(deployment(3, "c", revision=3), *sets)

    assert sizes(plan) == ["size a 1"]


def test_tells_how_a_replica_set_was_resized():
    """DP6"""
    plan = sync(deployment(2, "b", revision=2), rs("a", 2), rs("b", 1, revision=2))

    assert f"Scaled down replica set {A} from 2 to 1" in deeds(plan)
    assert plan.because == f"scales {A} down from 2 to 1"


def test_two_writes_of_one_replica_set_do_not_trip_over_each_other():
    sets = [rs("a", 4, 3, of=4), rs("b", 1, 1, revision=2, of=4)]

    plan = sync(deployment(4, "b", revision=2, **rolling(1, 2)), *sets)

    first, second = [a.obj for a in plan.actions if isinstance(a, Update)]
    assert "resourceVersion" in first["metadata"]
    assert "resourceVersion" not in second["metadata"]


def test_scaling_sizes_the_one_active_replica_set_and_brings_annotations_up_to_date():
    """DP4 DP9"""
    plan = sync(deployment(5), rs("a", 2))

    (update,) = [a.obj for a in plan.actions if isinstance(a, Update)]
    assert update["spec"]["replicas"] == 5
    assert update["metadata"]["annotations"] == {REVISION: "1", DESIRED: "5", MAXIMUM: "7"}


def test_an_empty_old_replica_set_keeps_its_annotations_when_scaled():
    """DP4"""
    plan = sync(deployment(0, "b", revision=2), rs("a", 0), rs("b", 2, revision=2))

    assert sizes(plan) == ["size b 0"]


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        (20, ["size a 15", "size b 10"]),
        (5, ["size a 4", "size b 3"]),
        (0, ["size a 0", "size b 0"]),
    ],
)
def test_scaling_during_a_rollout_is_spread_in_proportion(replicas, expected):
    """DP9: 10 replicas, surge 3, at 8 old and 5 new"""
    sets = [rs("a", 8, of=10), rs("b", 5, 3, revision=2, of=10)]

    assert sizes(sync(deployment(replicas, "b", revision=2), *sets)) == expected


def test_a_saturated_new_replica_set_empties_the_old():
    """DP9"""
    stray = rs("a", 1, of=3)

    assert sizes(sync(deployment(2, "b", revision=2), stray, rs("b", 2, revision=2))) == ["size a 0"]


def test_recreate_empties_the_old_first():
    """DP8"""
    assert sizes(sync(deployment(2, "b", **RECREATE), rs("a", 2, of=2))) == ["size a 0"]


@pytest.mark.parametrize(("phase", "waits"), [("Running", True), ("Unknown", True), ("Succeeded", False)])
def test_recreate_waits_for_the_old_pods_to_be_gone(phase, waits):
    """DP8"""
    old = rs("a", 0)

    plan = sync(deployment(2, "b", **RECREATE), old, pod(old, phase=phase))

    assert sizes(plan) == ([] if waits else ["create b 2"])
    assert ("waits for the old Pods" in plan.because) is waits


def test_an_old_template_gets_its_replica_set_back_with_a_new_number():
    """DP5"""
    plan = sync(deployment(2, "a", revision=2), rs("a", 0), rs("b", 2, revision=2))

    first = plan.actions[0].obj
    assert first["metadata"]["name"] == A
    assert first["metadata"]["annotations"][REVISION] == "3"


def test_then_the_deployment_takes_that_number():
    """DP4"""
    plan = sync(deployment(2, "a", revision=2), rs("a", 2, revision=3), rs("b", 0, revision=2))

    assert deeds(plan) == ["status"]
    assert plan.actions[0].obj["metadata"]["annotations"] == {REVISION: "3"}


@pytest.mark.parametrize(("limit", "dropped"), [(10, []), (1, [A]), (0, [A, B])])
def test_deletes_the_oldest_empty_replica_sets_beyond_the_limit(limit, dropped):
    """DP10"""
    done = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    found = deployment(2, "c", revision=3, revisionHistoryLimit=limit, status=done)

    plan = sync(found, rs("a", 0), rs("b", 0, revision=2), rs("c", 2, revision=3))

    assert sizes(plan) == [f"delete {name}" for name in dropped]


def test_a_name_taken_by_another_template_raises_the_collision_count():
    foreign = rs("a", 0, ownerReferences=[])
    foreign["metadata"]["labels"] = {}

    plan = sync(deployment(2, revision=0), foreign)

    assert plan.failed
    assert status(plan)["collisionCount"] == 1
    assert sizes(plan) == []


def test_a_paused_deployment_scales_but_does_not_roll():
    """DP11"""
    plan = sync(deployment(3, "b", paused=True), rs("a", 2))

    assert sizes(plan) == ["size a 3"]
    assert status(plan)["conditions"][-1]["reason"] == "DeploymentPaused"


def test_a_deployment_being_deleted_changes_no_replica_set():
    gone = {"deletionTimestamp": "2027-01-15T08:00:00Z"}
    the_deployment = deployment(2, "b", meta=gone)

    assert deeds(sync(the_deployment, rs("a", 2))) == ["status"]


def test_adopts_a_matching_orphan():
    assert deeds(sync(deployment(2), rs("a", 2, ownerReferences=[])))[0] == "patch ReplicaSet"


def test_a_settled_deployment_writes_nothing():
    """SIM3"""
    objects = (rs("a", 0), rs("b", 2, revision=2))
    settled = status(sync(deployment(2, "b", revision=2), *objects))

    plan = sync(deployment(2, "b", revision=2, status=settled), *objects)

    assert plan.actions == ()
    assert plan.requeue_after is None


def test_its_replica_sets_concern_it_and_under_recreate_a_pod_that_is_gone():
    """DP8"""
    watches = DeploymentController(Settings()).watches
    old = rs("a", 2)
    recreating = Cache([deployment(**RECREATE), old])

    assert list(watches["ReplicaSet"](recreating, None, old)) == [KEY]
    assert list(watches["Pod"](recreating, pod(old), None)) == [KEY]
    assert list(watches["Pod"](recreating, None, pod(old))) == []
    assert list(watches["Pod"](Cache([deployment(), old]), pod(old), None)) == []


def test_a_new_replica_set_waits_with_the_hash_label_in_its_selector():
    created = sync(deployment(2, revision=0)).actions[0].obj

    assert created["spec"]["selector"]["matchLabels"][HASH_LABEL] in created["metadata"]["name"]
    assert without(created, "status") == created
