import pytest

from core.apimachinery.timestamps import timestamp

from .cast import (
    AVAILABLE,
    NOW,
    PROGRESSED,
    condition,
    deployment,
    name_of,
    rs,
    status,
    sync,
)

A, B = name_of("a"), name_of("b")
CREATED = condition("Progressing", "True", "NewReplicaSetCreated")
UPDATED = condition("Progressing", "True", "ReplicaSetUpdated")
UNAVAILABLE = condition("Available", "False", "MinimumReplicasUnavailable")


def bare(size, replicas):
    """A ReplicaSet whose Pods exist but are not ready."""
    found = rs("a", size, 0)
    return {**found, "status": {**found["status"], "replicas": replicas}}


def told(found):
    return [(c["type"], c["status"], c["reason"]) for c in found["conditions"]]


def test_the_second_status_of_a_new_deployment_counts_what_is_missing():
    """DP11a DP11b"""
    found = status(sync(deployment(2, status={"conditions": [CREATED]}), bare(2, 0)))

    assert {k: v for k, v in found.items() if k != "conditions"} == {
        "observedGeneration": 1,
        "unavailableReplicas": 2,
        "terminatingReplicas": 0,
    }
    assert told(found) == [
        ("Progressing", "True", "NewReplicaSetCreated"),
        ("Available", "False", "MinimumReplicasUnavailable"),
    ]


def test_the_third_sees_pods_and_moves_progress_to_the_end():
    """DP11a DP11c"""
    before = {"observedGeneration": 1, "conditions": [CREATED, UNAVAILABLE]}

    found = status(sync(deployment(2, status=before), bare(2, 2)))

    assert (found["replicas"], found["updatedReplicas"]) == (2, 2)
    assert told(found) == [
        ("Available", "False", "MinimumReplicasUnavailable"),
        ("Progressing", "True", "ReplicaSetUpdated"),
    ]
    assert found["conditions"][1]["message"] == f'ReplicaSet "{A}" is progressing.'


def test_the_last_says_available_and_progressed_in_one_write():
    """DP11a DP11c"""
    before = {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 1,
        "conditions": [UNAVAILABLE, UPDATED],
    }

    found = status(sync(deployment(2, status=before), rs("a", 2)))

    assert told(found) == [
        ("Available", "True", "MinimumReplicasAvailable"),
        ("Progressing", "True", "NewReplicaSetAvailable"),
    ]
    assert "unavailableReplicas" not in found
    assert found["conditions"][1]["message"] == f'ReplicaSet "{A}" has successfully progressed.'
    assert found["conditions"][0]["message"] == "Deployment has minimum availability."


def test_losing_pods_changes_only_available():
    """DP11a DP11c"""
    before = {"observedGeneration": 1, "conditions": [AVAILABLE, PROGRESSED]}

    found = status(sync(deployment(2, status=before), bare(2, 2)))

    assert found["conditions"][0] is PROGRESSED
    assert told(found)[1] == ("Available", "False", "MinimumReplicasUnavailable")


def test_progress_with_the_same_reason_moves_the_update_time_alone():
    """DP11c"""
    before = {"observedGeneration": 1, "replicas": 1, "conditions": [UNAVAILABLE, UPDATED]}

    found = status(sync(deployment(2, status=before), bare(2, 2)))

    moved = found["conditions"][-1]
    assert moved["lastUpdateTime"] == timestamp(NOW)
    assert moved["lastTransitionTime"] == UPDATED["lastTransitionTime"]


def test_a_surge_counts_as_unavailable_by_wanted_size():
    """DP11b"""
    found = status(sync(deployment(2, "b", revision=2), rs("a", 2), rs("b", 1, 0, revision=2)))

    assert found["unavailableReplicas"] == 1


STUCK = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "unavailableReplicas": 2}


def stuck(age):
    old = condition("Progressing", "True", "ReplicaSetUpdated", age=age)
    calm = {**STUCK, "terminatingReplicas": 0, "conditions": [UNAVAILABLE, old]}
    return deployment(2, status=calm)


def test_comes_back_a_second_after_the_deadline():
    """DP11"""
    plan = sync(stuck(age=100), bare(2, 2))

    assert plan.actions == ()
    assert plan.requeue_after == pytest.approx(501)
    assert plan.because == f"waits for Pods of {A} to be available"


def test_says_that_the_deadline_has_passed():
    """DP11"""
    found = status(sync(stuck(age=601), bare(2, 2)))

    last = found["conditions"][-1]
    assert (last["status"], last["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert last["message"] == f'ReplicaSet "{A}" has timed out progressing.'


def test_the_deadline_itself_is_not_late_yet():
    """DP11"""
    plan = sync(stuck(age=600), bare(2, 2))

    assert plan.actions == ()
    assert 0 < plan.requeue_after < 0.1


def test_without_a_deadline_nothing_is_said_of_progress():
    """DP11"""
    found = status(sync(deployment(2, progressDeadlineSeconds=2**31 - 1), rs("a", 2)))

    assert [c["type"] for c in found["conditions"]] == ["Available"]


def test_a_deployment_without_progress_says_what_it_found():
    """DP11"""
    found = status(sync(deployment(2, status={}), rs("a", 2)))

    assert found["conditions"][0]["message"] == f'Found new replica set "{A}"'


def test_a_resumed_deployment_says_so():
    """DP11"""
    paused = condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")

    found = status(sync(deployment(2, status={"conditions": [paused]}), rs("a", 2)))

    assert (found["conditions"][0]["reason"], found["conditions"][0]["message"]) == (
        "DeploymentResumed",
        "Deployment is resumed",
    )


FAILED = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "lastTransitionTime": timestamp(NOW - 5),
    "message": "exceeded quota",
}


def failing(found):
    return {**found, "status": {**found["status"], "conditions": [FAILED]}}


@pytest.mark.parametrize("sets", [[failing(bare(2, 0))], [bare(2, 0), failing(rs("b", 0))]])
def test_it_repeats_what_its_replica_sets_say_of_refused_pods(sets):
    (said,) = [c for c in status(sync(deployment(2), *sets))["conditions"] if c["type"] == "ReplicaFailure"]

    assert said == {**FAILED, "lastUpdateTime": timestamp(NOW - 5)}


def test_and_no_longer_than_they_do():
    before = {"observedGeneration": 1, "conditions": [CREATED, {**FAILED, "lastUpdateTime": timestamp(NOW)}]}

    found = status(sync(deployment(2, status=before), bare(2, 2)))

    assert "ReplicaFailure" not in [c["type"] for c in found["conditions"]]
