import pytest

from core.apimachinery.meta import Obj, Ref, owner_reference
from core.apimachinery.timestamps import timestamp
from core.client.actions import Create, Delete, Patch, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.controllers.replicaset import ReplicaSetController
from core.controllers.replicaset_ranking import DELETION_COST, pods_to_delete
from core.sim.settings import Settings

NOW = 1_800_000_000.0
LABELS = {"app": "front", "pod-template-hash": "5d4f"}
SPEC = {"containers": [{"name": "nginx", "image": "nginx"}]}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "front", "uid": "uid-front"},
}
KEY = Ref("ReplicaSet", "default", "front-5d4f")


def rs(replicas: int = 2, *, status: Obj | None = None, meta: Obj | None = None, **spec) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": "front-5d4f",
            "namespace": "default",
            "uid": "uid-rs",
            "generation": 1,
            "resourceVersion": "5",
            "ownerReferences": [owner_reference(DEPLOYMENT)],
            **(meta or {}),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": SPEC},
            **spec,
        },
        "status": status or {"replicas": 0},
    }


def pod(
    name: str, phase: str = "Running", *, ready=True, since=60.0, node="node-1", restarts=0, **meta
) -> Obj:
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": timestamp(NOW - since)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "creationTimestamp": timestamp(NOW - since - 10),
            "labels": LABELS,
            "ownerReferences": [owner_reference(rs())],
            **meta,
        },
        "spec": {**SPEC, **({"nodeName": node} if node else {})},
        "status": {
            "phase": phase,
            "conditions": [condition],
            "containerStatuses": [{"restartCount": restarts}],
        },
    }


def sync(*objects):
    return ReplicaSetController(Settings()).sync(Cache(objects), KEY, NOW)


def created(plan):
    return [a.obj for a in plan.actions if isinstance(a, Create)]


def deleted(plan):
    return [a.ref.name for a in plan.actions if isinstance(a, Delete)]


def status(plan):
    return next((a.obj["status"] for a in plan.actions if isinstance(a, UpdateStatus)), None)


TERMINATING = {"deletionTimestamp": timestamp(NOW)}


def test_makes_pods_of_the_template_with_five_random_letters():
    """RS1"""
    one, two = created(sync(rs(2)))

    assert one["metadata"]["name"] != two["metadata"]["name"]
    assert one["metadata"]["name"].startswith("front-5d4f-")
    assert len(one["metadata"]["name"]) == len("front-5d4f-") + 5
    assert one["metadata"]["generateName"] == "front-5d4f-"
    assert one["metadata"]["labels"] == LABELS
    assert one["metadata"]["ownerReferences"] == [owner_reference(rs())]
    assert one["spec"] == SPEC


def test_all_its_pods_name_the_one_claim_of_the_template():
    """RS2, DP13"""
    the_set = rs(2)
    shared = [{"name": "d", "persistentVolumeClaim": {"claimName": "shared"}}]
    template = the_set["spec"]["template"]
    the_set["spec"] = {
        **the_set["spec"],
        "template": {**template, "spec": {**template["spec"], "volumes": shared}},
    }

    assert [made["spec"]["volumes"] for made in created(sync(the_set))] == [shared, shared]


def test_tells_each_pod_it_made_after_making_it():
    """RS7"""
    plan = sync(rs(1))
    create, event = plan.actions[:2]

    assert event == RecordEvent(
        rs(1), "Normal", "SuccessfulCreate", f"Created pod: {create.obj['metadata']['name']}"
    )
    assert create.on_error.message == "Error creating: {error}"
    assert plan.because == "creates 1 more"


def test_the_same_state_asks_for_the_same_names_and_never_for_one_taken():
    names = {p["metadata"]["name"] for p in created(sync(rs(3)))}
    taken = min(names)

    assert {p["metadata"]["name"] for p in created(sync(rs(3)))} == names
    others = created(sync(rs(3), pod(taken, "Failed")))
    assert taken not in {p["metadata"]["name"] for p in others}


def test_names_change_with_the_state():
    before, after = sync(rs(1)), sync(rs(1, meta={"resourceVersion": "6"}))

    assert created(before)[0]["metadata"]["name"] != created(after)[0]["metadata"]["name"]


def test_a_burst_is_at_most_five_hundred():
    """RS4"""
    assert len(created(sync(rs(600)))) == 500


@pytest.mark.parametrize(
    "lost",
    [pod("a", "Failed"), pod("a", "Succeeded"), pod("a", **TERMINATING)],
    ids=["failed", "ended", "going"],
)
def test_replaces_what_is_not_active_at_once(lost):
    """RS3 RS10"""
    plan = sync(rs(2), lost, pod("b"))

    assert len(created(plan)) == 1
    assert deleted(plan) == []


def test_deletes_the_surplus_and_tells_it():
    """RS4 RS7"""
    plan = sync(rs(1), pod("a"), pod("b", ready=False))

    assert deleted(plan) == ["b"]
    assert created(plan) == []
    assert plan.actions[1].message == "Deleted pod: b"


def test_deletes_all_of_the_surplus_together_by_rank():
    """SC81"""
    plan = sync(rs(1), pod("a"), pod("b", ready=False), pod("c", ready=False))

    assert deleted(plan) == ["b", "c"]


def test_adopts_any_matching_orphan_then_deletes_what_is_too_much():
    """RS5"""
    plan = sync(rs(1), pod("a"), pod("stray", ownerReferences=[], since=1))

    assert isinstance(plan.actions[0], Patch)
    assert deleted(plan) == ["stray"]


def test_releases_an_active_pod_whose_labels_changed_and_leaves_an_ended_one():
    """RS5"""
    plan = sync(rs(0), pod("a", labels={}), pod("b", "Failed", labels={}))

    (patch,) = [a for a in plan.actions if isinstance(a, Patch)]
    assert patch.ref.name == "a"
    assert patch.patch["metadata"]["ownerReferences"] is None


def test_one_being_deleted_only_writes_its_status():
    plan = sync(rs(3, meta=TERMINATING), pod("a"))

    assert [type(a) for a in plan.actions] == [UpdateStatus]


def test_pods_just_made_do_not_count():
    """RS8a"""
    assert status(sync(rs(2))) == {"replicas": 0, "terminatingReplicas": 0, "observedGeneration": 1}


def test_counts_active_ready_and_terminating_pods():
    """RS8 RS8a"""
    pods = [pod("a"), pod("b", ready=False), pod("c", **TERMINATING), pod("d", "Succeeded", **TERMINATING)]

    assert status(sync(rs(2), *pods)) == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "terminatingReplicas": 1,
        "observedGeneration": 1,
    }


def test_keeps_the_conditions_that_others_wrote():
    """RS8: calculateStatus begins with the status that is there."""
    mine = [{"type": "example.com/Mine", "status": "True"}]

    assert status(sync(rs(2, status={"replicas": 1, "conditions": mine})))["conditions"] == mine


FAILURE = {
    "type": "ReplicaFailure",
    "status": "True",
    "lastTransitionTime": timestamp(NOW),
    "reason": "FailedCreate",
    "message": "{error}",
}


def test_a_refused_pod_is_reported_with_the_words_of_the_refusal():
    """Beside the counters, and beside what others report."""
    mine = {"type": "example.com/Mine", "status": "True"}
    plan = sync(rs(2, status={"replicas": 1, "conditions": [mine]}))

    assert plan.refused["status"]["conditions"] == [mine, FAILURE]
    assert plan.refused["status"]["replicas"] == 0
    too_many = sync(rs(0), pod("a")).refused
    assert too_many["status"]["conditions"] == [{**FAILURE, "reason": "FailedDelete"}]


def test_the_first_report_stays_until_all_went_well():
    old = {**FAILURE, "message": "quota"}
    failing = rs(1, status={"replicas": 0, "conditions": [old]})

    assert sync(failing).refused["status"]["conditions"] == [old]
    assert "conditions" not in status(sync(failing, pod("a")))


def test_what_is_refused_because_the_namespace_goes_is_no_failure():
    going = {"kind": "Namespace", "metadata": {"name": "default", **TERMINATING}}

    assert sync(rs(2), going).refused is None
    assert sync(rs(1), pod("stray", ownerReferences=[])).refused is None  # an adoption may be refused


def test_writes_nothing_when_nothing_changed():
    """SIM3"""
    settled = status(sync(rs(1), pod("a")))

    assert sync(rs(1, status=settled), pod("a")).actions == ()


def test_comes_back_when_the_next_pod_turns_available():
    plan = sync(rs(1, minReadySeconds=90), pod("a", since=60))

    assert "availableReplicas" not in status(plan)
    assert plan.requeue_after == pytest.approx(30, abs=0.1)


# -- which Pod goes -----------------------------------------------------------------------------------

KEEP = "keep"


@pytest.mark.parametrize(
    "first",
    [
        pod("x", node=None),
        pod("x", "Pending"),
        pod("x", "Unknown"),
        pod("x", ready=False),
        pod("x", annotations={DELETION_COST: "-1"}),
        pod("x", since=2),
        pod("x", restarts=1),
    ],
    ids=["no node", "pending", "unknown", "not ready", "cheap", "ready shorter", "restarted"],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_this_goes_before_a_healthy_pod(first, swapped):
    """RS6"""
    pods = [pod(KEEP), first]

    (gone,) = pods_to_delete(pods[::-1] if swapped else pods, pods, 1, NOW)

    assert gone is first


def test_the_fuller_node_loses_one_first():
    """RS6"""
    pods = [pod("a", node="n2"), pod("b", node="n1"), pod("c", node="n1")]

    (gone,) = pods_to_delete(pods, pods, 1, NOW)

    assert gone["spec"]["nodeName"] == "n1"


def test_the_nodes_are_counted_over_all_sets_of_the_deployment():
    """RS6"""
    pods = [pod("a", node="n1"), pod("b", node="n2")]
    other = pod("c", node="n2")

    (gone,) = pods_to_delete(pods, [*pods, other], 1, NOW)

    assert gone["metadata"]["name"] == "b"


def test_ages_of_one_power_of_two_are_equal_and_the_uid_decides():
    """RS6"""
    older, younger = pod("a", since=60), pod("b", since=59)

    assert pods_to_delete([younger, older], [], 1, NOW) == [older]


def test_an_earlier_difference_decides():
    """RS6"""
    unscheduled, crashing = pod("a", node=None, since=5000), pod("b", ready=False, restarts=9)

    assert pods_to_delete([crashing, unscheduled], [], 1, NOW) == [unscheduled]


def test_a_pod_concerns_its_replicaset():
    handler = ReplicaSetController(Settings()).watches["Pod"]

    assert list(handler(Cache([rs()]), None, pod("a"))) == [KEY]
    assert list(handler(Cache([rs()]), None, pod("a", ownerReferences=[]))) == [KEY]
