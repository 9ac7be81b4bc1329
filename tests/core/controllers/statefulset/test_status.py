import pytest

from core.client.actions import UpdateStatus
from core.sim.settings import Settings

from .cast import NEW, NEW_NAME, OLD_NAME, claim, pod, revision, rolling_from, status, sts, sync

A, B = OLD_NAME, NEW_NAME


def rolling(*pods, replicas=3, **spec):
    """Status after a sync of a set that rolls from A to B."""
    claims = [claim(i) for i in range(3)]
    the_set = sts(replicas, **{"template": NEW, "status": rolling_from(), **spec})
    return status(sync(the_set, revision(), revision(NEW, 2), *pods, *claims))


def row(found):
    """replicas/ready/current/updated"""
    return "/".join(
        str(found.get(k, 0)) for k in ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")
    )


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([pod(0), pod(1), pod(2)], "3/3/2/0"),
        ([pod(0), pod(1), pod(2, "running-terminating")], "3/2/2/0"),
        ([pod(0), pod(1)], "2/2/2/0"),
        ([pod(0), pod(1), pod(2, "pending", rev=B)], "3/2/2/1"),
        ([pod(0), pod(1), pod(2, rev=B)], "3/3/1/1"),
        ([pod(0), pod(1, rev=B), pod(2, rev=B)], "3/3/0/2"),
        ([pod(0, rev=B), pod(1, rev=B), pod(2, rev=B)], "3/3/3/3"),
    ],
)
def test_counts_a_rollout_as_a_real_cluster_does(pods, expected):
    """STS-T2 STS-T3 STS-T5 STS-T6 STS-T13"""
    assert row(rolling(*pods)) == expected


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([pod(0, "ready-terminating"), pod(1)], "2/2/1/1"),
        ([pod(0, "running-terminating"), pod(1)], "2/1/1/1"),
        ([pod(1)], "1/1/1/1"),
        ([pod(0, "pending"), pod(1)], "2/1/2/2"),
    ],
)
def test_counts_a_deletion_by_hand_as_a_real_cluster_does(pods, expected):
    """STS-T14"""
    the_set = sts(2, status={"observedGeneration": 0})

    assert row(status(sync(the_set, revision(), *pods, claim(0), claim(1)))) == expected


def test_a_surplus_pod_still_counts_in_the_sync_that_deletes_it():
    """STS-T5 STS-T14"""
    objects = [revision(), *(pod(i) for i in range(2)), claim(0), claim(1)]

    assert row(status(sync(sts(1, status={"observedGeneration": 0}), *objects))) == "2/2/2/2"


def test_the_first_status_names_the_revision_twice_and_counts_nothing():
    """STS-T7 STS-T10 STS-T12"""
    assert status(sync(sts(2))) == {
        "observedGeneration": 1,
        "replicas": 0,
        "currentRevision": A,
        "updateRevision": A,
        "collisionCount": 0,
        "availableReplicas": 0,
    }


def test_a_rollout_completes_when_all_are_ready_on_the_update_revision():
    """STS-T8"""
    done = rolling(*(pod(i, rev=B) for i in range(3)))
    short = rolling(*(pod(i, rev=B) for i in range(2)))

    assert (done["currentRevision"], done["updateRevision"]) == (B, B)
    assert (short["currentRevision"], short["updateRevision"]) == (A, B)


def test_a_rollout_completes_when_ready_though_not_yet_available():
    """STS-T8 STS-T4 STS-M5"""
    pods = [pod(i, rev=B, ready_for=1) for i in range(3)]

    found = rolling(*pods, minReadySeconds=60, podManagementPolicy="Parallel")

    assert found["currentRevision"] == B
    assert (found["readyReplicas"], found["availableReplicas"]) == (3, 0)


def test_a_set_scaled_to_zero_completes():
    """STS-T8"""
    assert rolling(replicas=0)["currentRevision"] == B


@pytest.mark.parametrize(("promoted", "current"), [(False, A), (True, B)])
def test_on_delete_promotes_its_revision_only_with_the_switch(promoted, current):
    """SW2, STS-T9"""
    pods = [pod(i, rev=B) for i in range(3)]
    the_set = sts(3, template=NEW, status=rolling_from(), updateStrategy={"type": "OnDelete"})
    settings = Settings(on_delete_promotion=promoted)

    found = status(sync(the_set, revision(), revision(NEW, 2), *pods, settings=settings))

    assert found["currentRevision"] == current
    assert found.get("currentReplicas", 0) == (3 if promoted else 0)


def test_nothing_is_written_when_nothing_changed():
    """SC62, STS-T11 SIM3"""
    objects = [revision(), *(pod(i) for i in range(3)), *(claim(i) for i in range(3))]
    first = sync(sts(3), *objects)
    (write,) = [a for a in first.actions if isinstance(a, UpdateStatus)]

    again = sync(write.obj, *objects)

    assert again.actions == ()
    assert again.because == ""
    assert again.notes == {}


def test_a_new_generation_alone_is_written():
    """STS-T1 STS-T11"""
    objects = [revision(), pod(0), claim(0)]
    settled = status(sync(sts(1), *objects))

    found = status(sync(sts(1, meta={"generation": 2}, status=settled), *objects))

    assert found == {**settled, "observedGeneration": 2}


def test_the_status_write_names_the_version_it_has_seen():
    """STS-T11"""
    (write,) = [a for a in sync(sts(0)).actions if isinstance(a, UpdateStatus)]

    assert write.obj["metadata"]["resourceVersion"] == "7"


def test_current_replicas_never_falls_below_zero():
    pods = [pod(i, rev="web-between") for i in range(3)]

    assert row(rolling(*pods)) == "3/3/0/0"
