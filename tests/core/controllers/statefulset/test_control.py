import pytest

from core.apimachinery.meta import Ref
from core.client.actions import Create, UpdateStatus
from core.sim.settings import Settings

from .cast import (
    NEW,
    NEW_NAME,
    NOW,
    OLD_NAME,
    SET_OWNER,
    claim,
    claim_template,
    created,
    deeds,
    events,
    pod,
    pod_owner,
    retention,
    revision,
    rolling_from,
    status,
    sts,
    sync,
    template,
    told,
    writes,
)

PARALLEL = {"podManagementPolicy": "Parallel"}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
NO_ROLLING_UPDATE = {"updateStrategy": {"type": "RollingUpdate"}}
SETTLED = {"status": rolling_from(replicas=3, readyReplicas=3, currentReplicas=3, updatedReplicas=3)}


def partition(number):
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}}


def three(*states, rev=OLD_NAME):
    """Revision, claims and Pods 0.. in these states; "" leaves the seat empty."""
    pods = [pod(i, state, rev=rev) for i, state in enumerate(states) if state]
    return [revision(), *pods, *(claim(i) for i in range(len(states)))]


# -- creation ---------------------------------------------------------------------------------------


def test_the_first_sync_makes_history_then_claim_then_pod_then_status():
    """STS-S5 STS-C5 STS-C8 STS-E1 STS-E2 STS-E11 STS-T7"""
    assert deeds(sync(sts(2))) == [
        f"create ControllerRevision {OLD_NAME}",
        "create PersistentVolumeClaim www-web-0",
        "SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
        "create Pod web-0",
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
        "status",
    ]


def test_says_what_it_does_and_what_the_empty_seats_wait_for():
    plan = sync(sts(3))

    assert plan.because == "creates web-0"
    assert plan.notes == {
        Ref("Pod", "default", "web-1"): "is not created yet: waits for web-0 to be Ready",
        Ref("Pod", "default", "web-2"): "is not created yet: waits for web-0 to be Ready",
    }


def test_notes_only_the_first_of_a_thousand_empty_seats():
    assert len(sync(sts(1000)).notes) == 10


@pytest.mark.parametrize(
    ("state", "because"),
    [
        ("pending", "waits for web-0 to be Ready"),
        ("running", "waits for web-0 to be Ready"),
        ("unknown", "waits for web-0 to be Ready"),
        ("ready-terminating", "waits for web-0 to be gone"),
        ("pending-terminating", "waits for web-0 to be gone"),
        ("failed-terminating", "replaces web-0, which ended as Failed"),
    ],
)
def test_ordered_waits_for_the_pod_before(state, because):
    """STS-P4 STS-P5 STS-P7"""
    plan = sync(sts(3), *three(state))

    assert writes(plan) == []
    assert plan.because == because


def test_ordered_creates_the_next_when_all_before_are_ready():
    """STS-P7"""
    plan = sync(sts(3), *three("ready", "ready"))

    assert writes(plan) == ["create PersistentVolumeClaim www-web-2", "create Pod web-2"]


def test_ordered_replaces_the_lowest_lost_pod_first():
    """SC8, STS-P8"""
    assert writes(sync(sts(3), *three("", "ready", ""))) == ["create Pod web-0"]


def test_a_pod_on_existing_claims_gives_one_event():
    """STS-C6 STS-E11"""
    assert events(sync(sts(1), *three(""))) == [
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful"
    ]


def test_every_claim_template_gives_a_claim_and_its_event():
    """STS-C1 STS-E11"""
    plan = sync(sts(1, volumeClaimTemplates=[claim_template("www"), claim_template("log")]), revision())

    assert writes(plan) == [
        "create PersistentVolumeClaim www-web-0",
        "create PersistentVolumeClaim log-web-0",
        "create Pod web-0",
    ]
    assert len(events(plan)) == 3


def test_parallel_creates_all_missing_pods_in_one_sync():
    """SC2 STS-P10 STS-S12"""
    plan = sync(sts(4, **PARALLEL), *three("", "running", "", ""))

    assert writes(plan) == ["create Pod web-0", "create Pod web-2", "create Pod web-3"]


def test_parallel_fills_a_terminating_pods_seat_only_when_it_is_gone():
    """STS-P10 STS-P11"""
    assert writes(sync(sts(2, **PARALLEL), *three("ready-terminating", "ready"))) == []


@pytest.mark.parametrize("policy", [{}, PARALLEL])
@pytest.mark.parametrize("state", ["failed", "succeeded"])
def test_deletes_a_pod_that_ended(state, policy):
    """SC9 SC10 STS-X7 SW3 STS-P1 STS-E6"""
    plan = sync(sts(1, **policy), *three(state))

    assert deeds(plan)[:2] == [
        "delete Pod web-0",
        "SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful",
    ]


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("failed", "RecreatingFailedPod: StatefulSet default/web is recreating failed Pod web-0"),
        ("succeeded", "RecreatingTerminatedPod: StatefulSet default/web is recreating terminated Pod web-0"),
    ],
)
def test_old_releases_say_that_they_recreate(state, event):
    """SW3, STS-E9"""
    plan = sync(sts(1), *three(state), settings=Settings(recreating_failed_pod_events=True))

    assert events(plan)[0] == event


def test_ordinals_begin_at_start():
    """STS-I2 STS-C1"""
    plan = sync(sts(2, ordinals={"start": 5}), revision())

    assert writes(plan) == ["create PersistentVolumeClaim www-web-5", "create Pod web-5"]
    assert created(plan, "Pod")[0]["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "5"


def test_a_name_taken_by_a_foreign_pod_fails_in_silence():
    """SC61 STS-P13 STS-E10 STS-A2"""
    foreign = pod(0, ownerReferences=[{**SET_OWNER, "uid": "other", "name": "other"}])

    plan = sync(sts(2), revision(), foreign, claim(0))

    assert plan.failed
    assert deeds(plan) == ["status"]
    assert plan.because == "cannot create web-0: another Pod has that name"
    assert plan.notes == {
        Ref("Pod", "default", "web-0"): "is not web's own, and holds the name of one it must create",
        Ref("Pod", "default", "web-1"): "is not created yet: cannot create web-0: another Pod has that name",
    }


def test_slow_start_ends_with_the_batch_that_has_an_error():
    """SIM4, STS-S12: batches web-0; web-1, web-2; web-3 to web-6"""
    foreign = pod(4, ownerReferences=[])
    foreign["metadata"]["labels"] = {}
    claims = [claim(i) for i in range(9)]

    plan = sync(sts(9, **PARALLEL), revision(), foreign, *claims)

    assert [p["metadata"]["name"] for p in created(plan, "Pod")] == [
        "web-0",
        "web-1",
        "web-2",
        "web-3",
        "web-5",
        "web-6",
    ]
    assert plan.failed


def test_a_revision_label_too_long_is_left_to_the_api_after_the_status():
    """STS-I10"""
    name = "w" * 54
    the_set = sts(2, meta={"name": name}, **PARALLEL)

    plan = sync(the_set)

    assert [d.split()[0] for d in deeds(plan)] == [
        "create",  # revision
        "create",  # claim
        "SuccessfulCreate:",
        "status",
        "create",  # Pod
        "SuccessfulCreate:",
    ]
    assert plan.failed


def test_a_refused_pod_has_its_warning_ready():
    """STS-E3 STS-E10"""
    create = next(
        a for a in sync(sts(1)).actions if getattr(a, "silent_exists", False) and "Pod" in str(a.obj["kind"])
    )

    assert create.on_error.reason == "FailedCreate"
    assert create.on_error.message == "Create Pod web-0 in StatefulSet web failed error: {error}"


# -- claims that are on their way out ----------------------------------------------------------------


def test_a_terminating_claim_keeps_the_pod_from_being_created():
    """SC58 STS-C7 STS-E5 STS-Q2"""
    plan = sync(sts(2), revision(), claim(0, deletionTimestamp="2027-01-15T08:00:00Z"))

    assert deeds(plan) == [
        "FailedCreate: Create Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted",
        "status",
    ]
    assert plan.failed
    assert plan.because == "cannot create web-0: pvc www-web-0 is being deleted"


def test_several_claim_errors_are_joined_and_the_other_claims_made():
    """STS-C5 STS-E5"""
    templates = [claim_template("www"), claim_template("log"), claim_template("tmp")]
    gone = {"deletionTimestamp": "2027-01-15T08:00:00Z"}
    the_set = sts(1, volumeClaimTemplates=templates)

    plan = sync(the_set, revision(), claim(0, **gone), claim(0, name="tmp-web-0", **gone))

    assert writes(plan) == ["create PersistentVolumeClaim log-web-0"]
    assert events(plan)[-1].endswith(
        "error: [pvc www-web-0 is being deleted, pvc tmp-web-0 is being deleted]"
    )


def test_a_pending_pod_gets_its_lost_claim_back():
    """SC56 STS-P3 STS-Q2"""
    plan = sync(sts(1), revision(), pod(0, "pending"))

    assert writes(plan) == ["create PersistentVolumeClaim www-web-0"]
    assert events(plan) == ["SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success"]


def test_a_terminating_claim_of_a_pending_pod_fails_without_event():
    """STS-P3 STS-Q2"""
    plan = sync(sts(1), revision(), pod(0, "pending"), claim(0, deletionTimestamp="2027-01-15T08:00:00Z"))

    assert plan.failed
    assert events(plan) == []


def test_a_missing_claim_of_a_running_pod_is_not_noticed():
    """STS-Q4 STS-C11"""
    assert writes(sync(sts(1), revision(), pod(0))) == []


def test_a_lost_claim_is_there_and_so_the_pod_is_created():
    """STS-Q6"""
    lost = {**claim(0), "status": {"phase": "Lost"}}

    assert writes(sync(sts(1), revision(), lost)) == ["create Pod web-0"]


# -- scale-down --------------------------------------------------------------------------------------


def test_ordered_deletes_the_highest_surplus_pod():
    """STS-S8 STS-X3"""
    plan = sync(sts(1), *three("ready", "ready", "ready"))

    assert writes(plan) == ["delete Pod web-2"]
    assert plan.because == "deletes web-2: its ordinal is out of range"


def test_ordered_waits_for_the_surplus_pod_to_be_gone():
    """STS-X3"""
    plan = sync(sts(1), *three("ready", "ready", "ready-terminating"))

    assert writes(plan) == []
    assert plan.because == "waits for web-2 to be gone"


def test_ordered_deletes_nothing_while_a_living_pod_is_unhealthy():
    """SC18 STS-X1 STS-P9"""
    assert writes(sync(sts(1), *three("running", "ready"))) == []


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("ready", "ready", "running"), ["delete Pod web-2"]),
        (("ready", "running", "running"), []),
        (("ready", "running", "ready"), ["delete Pod web-2"]),
        (("ready", "running"), ["delete Pod web-1"]),
    ],
)
def test_ordered_lets_only_the_lowest_unhealthy_surplus_pod_go(states, expected):
    """SC19 STS-X4 STS-X5 STS-S10"""
    assert writes(sync(sts(1), *three(*states))) == expected


def test_parallel_deletes_all_surplus_pods_healthy_or_not():
    """STS-X6"""
    plan = sync(sts(1, **PARALLEL), *three("running", "ready", "pending", "ready-terminating"))

    assert writes(plan) == ["delete Pod web-2", "delete Pod web-1"]


def test_a_raised_start_condemns_low_ordinals_after_the_new_are_there():
    """STS-S6 STS-X8 STS-S7"""
    the_set = sts(2, ordinals={"start": 1})

    assert writes(sync(the_set, *three("ready", "ready"), claim(2))) == ["create Pod web-2"]
    assert writes(sync(the_set, *three("ready", "ready", "ready"))) == ["delete Pod web-0"]


def test_zero_replicas_condemns_all():
    """STS-P14"""
    assert writes(sync(sts(0), *three("ready", "ready"))) == ["delete Pod web-1"]


def test_scaling_goes_before_updating():
    """STS-S6, STS-X10"""
    plan = sync(sts(3, template=NEW, **SETTLED), *three("ready", "ready"), revision(NEW, 2))

    assert [w for w in writes(plan) if "Pod" in w] == ["create Pod web-2"]


# -- rolling update ----------------------------------------------------------------------------------


def roll(*revs, states=(), **spec):
    states = states or ("ready",) * len(revs)
    pods = [pod(i, s, rev=r) for i, (r, s) in enumerate(zip(revs, states, strict=True)) if s]
    claims = [claim(i) for i in range(len(revs))]
    the_set = sts(len(revs), **{"template": NEW, "status": rolling_from(currentReplicas=2), **spec})
    return sync(the_set, revision(), revision(NEW, 2), *pods, *claims)


A, B = OLD_NAME, NEW_NAME


@pytest.mark.parametrize("policy", [{}, PARALLEL])
@pytest.mark.parametrize(
    ("revs", "states", "spec", "expected"),
    [
        ((A, A, A), (), {}, ["delete Pod web-2"]),
        ((A, A, B), (), {}, ["delete Pod web-1"]),
        ((A, B, B), (), {}, ["delete Pod web-0"]),
        ((B, B, B), (), {}, []),
        ((A, A, B), ("ready", "ready", "running"), {}, []),
        ((A, A, A), ("ready", "ready", "ready-terminating"), {}, []),
        ((A, A, A), (), partition(1), ["delete Pod web-2"]),
        ((A, A, B), (), partition(2), []),
        ((A, A, A), (), partition(3), []),
        ((A, A, A), (), partition(9), []),
        ((A, A, A), (), NO_ROLLING_UPDATE, ["delete Pod web-2"]),
        ((A, A, A), (), ON_DELETE, []),
    ],
)
def test_replaces_one_pod_at_a_time_from_the_top(revs, states, spec, expected, policy):
    """STS-R6 STS-R7 STS-R8 STS-R14 STS-S13"""
    assert writes(roll(*revs, states=states, **spec, **policy)) == expected


def test_a_bad_revision_stops_ordered_even_when_the_template_is_taken_back():
    """STS-R12"""
    states = ("ready", "ready", "running")

    assert writes(roll(A, A, B, states=states, template=sts()["spec"]["template"])) == [
        f"patch ControllerRevision {A}"
    ]


def test_a_bad_revision_is_replaced_under_parallel_when_the_template_is_taken_back():
    """SC43, STS-R13"""
    states = ("ready", "ready", "running")
    plan = roll(A, A, B, states=states, template=sts()["spec"]["template"], **PARALLEL)

    assert "delete Pod web-2" in writes(plan)


def test_says_which_pod_it_replaces_and_what_it_waits_for():
    assert roll(A, A, A).because == f"deletes web-2 to create it again as {B}"
    waiting = roll(A, A, B, states=("ready", "ready", "running"), **PARALLEL)
    assert waiting.because == "waits for web-2 to be Ready before it updates the next Pod"
    assert roll(A, A, A, **ON_DELETE).because == (
        "leaves web-0 on its old revision until someone deletes it (OnDelete)"
    )


@pytest.mark.parametrize(
    ("empty", "spec", "expected"),
    [
        (0, {}, B),
        (0, partition(1), A),
        (1, partition(1), B),
        (0, NO_ROLLING_UPDATE, A),
        (2, NO_ROLLING_UPDATE, B),
        (0, ON_DELETE, B),
    ],
)
def test_gives_a_created_pod_the_revision_of_its_slot(empty, spec, expected):
    """STS-R4 STS-R5 STS-R9"""
    states = ["ready"] * 3
    states[empty] = ""

    (made,) = created(roll(A, A, A, states=states, **spec), "Pod")

    assert made["metadata"]["labels"]["controller-revision-hash"] == expected
    assert made["spec"]["containers"][0]["image"] == {A: "nginx:1.9.1", B: "nginx:1.10"}[expected]


def test_the_partition_counts_slots_not_ordinals():
    """STS-R3"""
    pods = [pod(i) for i in (5, 6, 7)]
    the_set = sts(3, template=NEW, ordinals={"start": 5}, status=rolling_from(), **partition(2))

    assert writes(sync(the_set, revision(), revision(NEW, 2), *pods)) == ["delete Pod web-7"]


BUDGET = Settings(max_unavailable_stateful_set=True)


@pytest.mark.parametrize(
    ("max_unavailable", "states", "expected"),
    [
        (1, ("ready",) * 4, ["delete Pod web-3"]),
        (2, ("ready",) * 4, ["delete Pod web-3", "delete Pod web-2"]),
        ("50%", ("ready",) * 4, ["delete Pod web-3", "delete Pod web-2"]),
        ("49%", ("ready",) * 4, ["delete Pod web-3"]),
        ("1%", ("ready",) * 4, ["delete Pod web-3"]),
        (2, ("running", "ready", "ready", "ready"), ["delete Pod web-3"]),
        (1, ("running", "ready", "ready", "ready"), []),
    ],
)
def test_max_unavailable_is_a_budget_over_all_slots(max_unavailable, states, expected):
    """SW1 STS-R20 STS-R21 STS-R22 STS-R23 STS-R26"""
    rolling = {"partition": 0, "maxUnavailable": max_unavailable}
    the_set = sts(
        4,
        template=NEW,
        status=rolling_from(),
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling},
        **PARALLEL,
    )

    plan = sync(the_set, *three(*states), revision(NEW, 2), settings=BUDGET)

    assert writes(plan) == expected


def test_max_unavailable_is_ignored_with_the_switch_off():
    """SW1, STS-R28"""
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 3}}

    assert writes(roll(A, A, A, updateStrategy=rolling)) == ["delete Pod web-2"]


@pytest.mark.parametrize("policy", [{}, PARALLEL])
def test_a_third_template_starts_again_at_the_top(policy):
    """STS-R10: A to B to C"""
    third = template("nginx:1.11")
    the_set = sts(3, template=third, status=rolling_from(), **policy)
    pods = [pod(0), pod(1), pod(2, rev=B), claim(0), claim(1), claim(2)]

    plan = sync(the_set, revision(), revision(NEW, 2), revision(third, 3), *pods)

    assert writes(plan) == ["delete Pod web-2"]
    assert status(plan)["currentRevision"] == A


def test_a_rollback_leaves_pods_of_the_old_revision_alone():
    """STS-R11: A to B to A"""
    back = {"template": sts()["spec"]["template"]}

    assert writes(roll(A, B, B, **back)) == [f"patch ControllerRevision {A}", "delete Pod web-2"]
    assert writes(roll(A, A, A, **back)) == [f"patch ControllerRevision {A}"]


@pytest.mark.parametrize(
    "change",
    [
        partition(1),
        ON_DELETE,
        {"minReadySeconds": 5},
        {"revisionHistoryLimit": 3},
        {"volumeClaimTemplates": []},
        retention("Retain", "Delete"),
    ],
)
def test_only_the_template_makes_a_revision(change):
    """STS-R1 STS-C9 STS-C10"""
    assert writes(sync(sts(1, **change), *three("ready"))) == []


def test_from_on_delete_to_rolling_update_replaces_what_is_old():
    """STS-R15"""
    assert writes(roll(A, B, A, **ON_DELETE)) == []
    assert writes(roll(A, B, A)) == ["delete Pod web-2"]


def test_ordered_pairs_go_only_when_all_are_available_again():
    """STS-R24"""
    two = {
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 2}}
    }
    the_set = sts(4, template=NEW, status=rolling_from(), **two)
    pods = [pod(0), pod(1), pod(2, "running", rev=B), *(claim(i) for i in range(4))]

    plan = sync(the_set, revision(), revision(NEW, 2), *pods, settings=BUDGET)

    assert writes(plan) == []
    assert plan.because == "waits for web-2 to be Ready"


# -- minReadySeconds ---------------------------------------------------------------------------------


def test_ordered_waits_for_available_and_comes_back_at_that_moment():
    """STS-M1 STS-M2 STS-P6 STS-S3"""
    plan = sync(sts(2, minReadySeconds=10), revision(), pod(0, ready_for=4), claim(0))

    assert writes(plan) == []
    assert plan.because == "waits for web-0 to be Ready for 10 s"
    assert plan.requeue_after == pytest.approx(6, abs=0.1)
    assert plan.requeue_after > 6


def test_available_is_strictly_after_min_ready_seconds():
    """STS-S9 STS-M1"""
    objects = (sts(2, minReadySeconds=10), revision(), pod(0, ready_for=10), claim(0), claim(1))

    assert writes(sync(*objects)) == []
    assert writes(sync(*objects, now=NOW + 0.01)) == ["create Pod web-1"]


def test_parallel_creation_does_not_wait_but_the_update_does():
    """STS-M3"""
    fresh = [pod(0), pod(1), pod(2, rev=B, ready_for=1)]
    the_set = sts(3, template=NEW, minReadySeconds=10, status=rolling_from(), **PARALLEL)

    assert writes(sync(the_set, revision(), revision(NEW, 2), *fresh)) == []
    assert writes(sync(sts(2, minReadySeconds=10, **PARALLEL), *three("running", ""))) == ["create Pod web-1"]


def test_a_raised_min_ready_makes_pods_unavailable_again():
    """STS-M4"""
    objects = [revision(), pod(0, ready_for=30), claim(0)]

    assert status(sync(sts(1, minReadySeconds=60), *objects))["availableReplicas"] == 0
    assert status(sync(sts(1, minReadySeconds=20), *objects))["availableReplicas"] == 1


def test_comes_back_for_nothing_when_all_are_available():
    """STS-S3"""
    assert sync(sts(1, minReadySeconds=10), *three("ready")).requeue_after is None


# -- repair, adoption, release -----------------------------------------------------------------------


def test_repairs_a_lost_label():
    """SC63 STS-P12 STS-E7"""
    plan = sync(sts(1), revision(), pod(0, labels={"app": "nginx", "controller-revision-hash": A}), claim(0))

    assert deeds(plan)[:2] == [
        "update Pod web-0",
        "SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful",
    ]


def test_volumes_that_cannot_change_are_tried_after_the_status():
    """STS-A9 STS-P12"""
    bare = pod(0, ownerReferences=[], labels={"app": "nginx"})
    bare["spec"] = {**bare["spec"], "volumes": []}

    plan = sync(sts(2), revision(), bare)

    assert deeds(plan) == [
        "patch Pod web-0",
        "create PersistentVolumeClaim www-web-0",
        "SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
        "status",
        "update Pod web-0",
        "SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful",
    ]
    assert status(plan)["readyReplicas"] == 1
    assert "currentReplicas" not in status(plan)
    assert plan.failed


def test_adopts_an_orphan_and_counts_it_at_once():
    """SC27 STS-A4 STS-A6 STS-A7"""
    plan = sync(sts(2), revision(), pod(0, ownerReferences=[]), claim(0), claim(1))

    assert writes(plan) == ["patch Pod web-0", "create Pod web-1"]
    assert status(plan)["replicas"] == 1
    assert events(plan) == ["SuccessfulCreate: Create Pod web-1 in StatefulSet web successful"]


@pytest.mark.parametrize(
    "meta",
    [
        {"name": "foo"},
        {"labels": {"app": "other"}},
        {"deletionTimestamp": "2027-01-15T08:00:00Z"},
        {"namespace": "elsewhere"},
    ],
)
def test_does_not_adopt(meta):
    """SC28 STS-A4 STS-A5"""
    orphan = pod(0, **{"ownerReferences": [], **meta})

    assert writes(sync(sts(0), revision(), orphan)) == []


@pytest.mark.parametrize("meta", [{"labels": {"app": "other"}}, {"name": "stray"}])
def test_releases_a_pod_that_does_not_fit_any_more(meta):
    """STS-A3"""
    other = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "n"}
    plan = sync(sts(0), revision(), pod(0, ownerReferences=[SET_OWNER, other], **meta))

    (patch,) = [a for a in plan.actions if not isinstance(a, UpdateStatus)]
    assert patch.patch == {"metadata": {"ownerReferences": [other], "resourceVersion": "9"}}


def test_a_set_with_the_same_selector_keeps_its_own():
    """STS-A10 STS-A1"""
    other_owner = {**SET_OWNER, "name": "db", "uid": "uid-db"}
    theirs = pod(0, name="db-0", ownerReferences=[other_owner])
    orphan = pod(1, name="db-1", ownerReferences=[])

    assert writes(sync(sts(0), revision(), theirs, orphan)) == []


def test_a_set_being_deleted_only_writes_its_status():
    """STS-S6, SC25 INV15 STS-S11 STS-A4"""
    the_set = sts(2, meta={"deletionTimestamp": "2027-01-15T08:00:00Z"}, template=NEW, status=rolling_from())
    stray = pod(1, labels={"app": "other"})

    plan = sync(the_set, revision(), revision(NEW, 2), pod(0, "failed"), stray, pod(3, ownerReferences=[]))

    assert deeds(plan) == ["status"]
    assert status(plan)["replicas"] == 1


def test_a_set_being_deleted_makes_its_revision_again():
    """STS-S11"""
    the_set = sts(2, meta={"deletionTimestamp": "2027-01-15T08:00:00Z"})

    assert writes(sync(the_set)) == [f"create ControllerRevision {A}"]


def test_a_set_being_deleted_may_not_adopt_its_orphaned_revision():
    the_set = sts(2, meta={"deletionTimestamp": "2027-01-15T08:00:00Z"})
    plan = sync(the_set, revision(ownerReferences=[]))

    assert plan.failed
    assert plan.actions == ()


# -- retention, seen from a whole sync ---------------------------------------------------------------


def test_the_set_owns_a_new_claim_after_the_pod_and_before_its_event():
    """STS-C3 STS-K2 STS-K2a"""
    plan = sync(sts(1, **retention("Delete", "Retain")), revision())

    assert deeds(plan)[:5] == [
        "create PersistentVolumeClaim www-web-0",
        "SuccessfulCreate: Create Claim www-web-0 Pod web-0 in StatefulSet web success",
        "create Pod web-0",
        "patch PersistentVolumeClaim www-web-0",
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
    ]
    assert plan.actions[3].patch == {"metadata": {"ownerReferences": [SET_OWNER]}}


def test_condemned_pods_own_all_their_claims_before_the_first_is_deleted():
    """STS-K7 STS-K6 STS-X2"""
    plan = sync(sts(1, **retention("Retain", "Delete")), *three("ready", "ready", "ready"))

    assert writes(plan) == [
        "update PersistentVolumeClaim www-web-2",
        "update PersistentVolumeClaim www-web-1",
        "delete Pod web-2",
    ]
    assert events(plan) == ["SuccessfulDelete: Delete Pod web-2 in StatefulSet web successful"]


def test_a_changed_policy_updates_claims_with_one_event_a_pod():
    """SC54 STS-K4 STS-P12"""
    plan = sync(sts(1, **retention("Delete", "Retain")), *three("ready"))

    assert deeds(plan)[:2] == [
        "update PersistentVolumeClaim www-web-0",
        "SuccessfulUpdate: Update Pod web-0 in StatefulSet web successful",
    ]


def test_a_pending_pods_claim_is_owned_without_event():
    """STS-P3 STS-K2"""
    plan = sync(sts(1, **retention("Delete", "Retain")), *three("pending"))

    assert writes(plan) == ["update PersistentVolumeClaim www-web-0"]
    assert events(plan) == []


def test_the_set_owns_a_new_claim_though_its_pod_is_refused():
    """STS-K2: CreateStatefulPod goes on to the claims before it tells of the refusal"""
    plan = sync(sts(1, **retention("Delete", "Retain")), revision(), claim(0))
    (create,) = [a for a in plan.actions if isinstance(a, Create)]

    assert [told(action) for action in create.when_refused] == ["update PersistentVolumeClaim www-web-0"]


def test_a_claim_of_a_dead_pod_keeps_the_seat_empty_in_silence():
    """SC53 STS-K9 STS-K12 STS-P2"""
    plan = sync(sts(2, **retention("Retain", "Delete")), revision(), claim(0, pod_owner(0, "dead")))

    assert deeds(plan) == ["status"]
    assert not plan.failed
    assert plan.requeue_after is None
    assert plan.because == "waits for claim www-web-0 to be gone before it creates web-0"


def test_claims_without_a_pod_are_left_as_they_are():
    """STS-K3"""
    plan = sync(sts(1, **retention("Retain", "Retain")), *three("ready"), claim(1, SET_OWNER))

    assert writes(plan) == []


def test_scaling_back_up_in_time_takes_the_claim_back():
    """STS-K8"""
    plan = sync(sts(1, **retention("Retain", "Delete")), revision(), pod(0), claim(0, pod_owner(0)))

    (update, *_) = plan.actions
    assert "ownerReferences" not in update.obj["metadata"]
