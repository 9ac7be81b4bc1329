"""kube-scheduler: the choice of a node, and the words when there is none."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import replaced
from core.client.actions import Bind, Patch, RecordEvent, UpdateStatus
from core.scheduler.filtering import FILTERS
from core.scheduler.framework import Reason
from core.scheduler.scheduler import explain, fit_error
from tests.core.scheduler.cast import (
    DELAYED,
    IMMEDIATE,
    LOCAL,
    NODES,
    claim,
    failure,
    node,
    pod,
    schedule,
    volume,
)

NO_HELP = "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
NO_USE = f"no new claims to deallocate, {NO_HELP}"
NO_VICTIMS = (
    "no new claims to deallocate, preemption: 0/2 nodes are available: "
    "2 No preemption victims found for incoming pod."
)


def test_binds_to_a_node_and_says_so():
    """ST-5.50, PL4, PL3a"""
    plan = schedule(pod("web-0"), node("node-1"))

    bind, event = plan.actions
    assert bind == Bind(("Pod", "default", "web-0"), "uid-web-0", "node-1")
    assert (event.reason, event.message) == ("Scheduled", "Successfully assigned default/web-0 to node-1")
    assert (event.modern, event.action, event.type) == (True, "Binding", "Normal")


def test_without_any_node_says_just_that():
    """ST-5.55"""
    assert failure(schedule(pod("web-0"))) == "no nodes available to schedule pods"


@pytest.mark.parametrize(
    ("subject", "others", "message"),
    [
        pytest.param(
            pod("web-0", "www"),
            [claim("www"), IMMEDIATE, *NODES],
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            id="ST-5.14",
        ),
        pytest.param(
            pod("web-0", "www"),
            [IMMEDIATE, *NODES],
            '0/2 nodes are available: persistentvolumeclaim "www" not found. not found',
            id="ST-5.10",
        ),
        pytest.param(
            pod("web-0", "www"),
            [claim("www", volume="pv-9", storageClassName="wait"), DELAYED, *NODES],
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            id="ST-5.17: delayed, but names a volume",
        ),
        pytest.param(
            pod("db-2", "data"),
            [claim("data", storageClassName="local"), LOCAL, *NODES],
            f"0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind. {NO_USE}",
            id="ST-5.24",
        ),
        pytest.param(
            pod("db-2", "data"),
            [
                claim("data", storageClassName="local"),
                LOCAL,
                node("node-1", unschedulable=True),
                node("node-2"),
            ],
            "0/2 nodes are available: 1 node(s) didn't find available persistent volumes to bind, "
            f"1 node(s) were unschedulable. {NO_USE}",
            id="ST-5.57: one cordoned",
        ),
        pytest.param(
            pod("db-1", "data"),
            [
                claim("data", storageClassName="local", volume="pv", bound=True),
                volume("pv", on="node-1"),
                LOCAL,
                node("node-1", taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]),
                node("node-2"),
            ],
            "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, "
            f"1 node(s) had untolerated taint(s). {NO_USE}",
            id="ST-5.57: volume on a tainted node",
        ),
        pytest.param(
            pod("web-1", "www"),
            [
                claim("www", volume="pv", bound=True, accessModes=["ReadWriteOncePod"]),
                volume("pv"),
                pod("web-0", "www", nodeName="node-1", status={"phase": "Running"}),
                *NODES,
            ],
            "0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with "
            f"ReadWriteOncePod access mode already in-use by another pod. {NO_VICTIMS}",
            id="ST-5.40",
        ),
        pytest.param(
            pod("web-0", requests={"cpu": "3", "memory": "1Gi"}),
            [pod("big", nodeName="node-1", requests={"cpu": "2"}), node("node-1"), node("node-2", pods="0")],
            "0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods. "
            "no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found "
            "for incoming pod, 1 Preemption is not helpful for scheduling.",
            id="ST-5.2, ST-5.54",
        ),
        pytest.param(
            pod("web-0", nodeSelector={"disk": "ssd"}),
            NODES,
            f"0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. {NO_USE}",
            id="ST-5.2: node selector",
        ),
    ],
)
def test_says_why_no_node_will_do(subject, others, message):
    """ST-5.52, ST-5.57, ST-3.15"""
    assert failure(schedule(subject, *others)) == message


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        (
            "W30",
            "0/2 nodes are available: 1 node(s) had untolerated taint {dedicated: }, "
            f"1 node(s) had volume node affinity conflict. {NO_HELP}",
        ),
        (
            "W33",
            "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, "
            f"1 node(s) had untolerated taint {{dedicated: }}. {NO_HELP}",
        ),
    ],
)
def test_speaks_as_older_releases_when_asked(wording, message):
    """storage.md 0.3"""
    others = [
        claim("data", volume="pv", bound=True),
        volume("pv", on="node-1"),
        node("node-1", taints=[{"key": "dedicated", "effect": "NoSchedule"}]),
        node("node-2"),
    ]

    assert failure(schedule(pod("db-0", "data"), *others, wording=wording)) == message


def test_a_failure_is_a_condition_with_observed_generation():
    """PL3, ST-5.51"""
    plan = schedule(pod("web-0", "www"), IMMEDIATE, claim("www"), *NODES)

    assert plan.actions[0].obj["status"] == {
        "phase": "Pending",
        "qosClass": "BestEffort",
        "conditions": [
            {
                "type": "PodScheduled",
                "observedGeneration": 1,
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": "2027-01-15T08:00:00Z",
                "reason": "Unschedulable",
                "message": "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. "
                "not found",
            }
        ],
    }
    assert plan.because == "waits for claim www to be bound"


def test_a_repeated_failure_is_an_event_and_no_status_write():
    """ST-8.41"""
    first = schedule(pod("web-0", "www"), IMMEDIATE, claim("www"), *NODES)

    again = schedule(first.actions[0].obj, IMMEDIATE, claim("www"), *NODES)

    assert [type(action) for action in again.actions] == [RecordEvent]
    assert again.requeue_after == 300


def test_takes_a_claim_as_bound_before_its_phase_says_so():
    """ST-5.16, ST-2.36"""
    bound = claim("www", volume="pv", bound=True)
    plan = schedule(pod("web-0", "www"), replaced(bound, "status.phase", "Pending"), volume("pv"), *NODES)

    assert isinstance(plan.actions[0], Bind)


def test_a_local_volume_decides_the_node():
    """NF13"""
    plan = schedule(
        pod("db-0", "data"), claim("data", volume="pv", bound=True), volume("pv", on="node-2"), *NODES
    )

    assert plan.actions[0].node == "node-2"


def test_nominates_before_it_asks_for_a_volume_on_the_node():
    """ST-5.35, ST-3.46"""
    plan = schedule(pod("web-0", "www"), claim("www", storageClassName="wait"), DELAYED, node("node-1"))

    nominate, select = plan.actions
    assert isinstance(nominate, UpdateStatus)
    assert nominate.obj["status"]["nominatedNodeName"] == "node-1"
    assert isinstance(select, Patch)
    chosen = {"volume.kubernetes.io/selected-node": "node-1"}
    assert (select.ref.name, select.patch) == ("www", {"metadata": {"annotations": chosen}})
    assert (plan.requeue_after, plan.holds) == (1, 0)


def test_looks_at_no_other_pod_before_a_volume_is_claimed_or_a_shared_claim_has_its_node():
    """ST-5.22: what is about to be written counts"""
    shared = claim("www", storageClassName="wait")
    local = claim("data", storageClassName="local")
    one = schedule(pod("web-0", "www"), pod("web-1", "www"), shared, DELAYED, *NODES)
    other = schedule(pod("db-0", "data"), local, volume("pv", on="node-2"), LOCAL, *NODES)

    assert (one.holds, other.holds) == (2, 2)


def test_claims_a_local_volume_for_a_delayed_claim():
    """ST-5.30, ST-3.47"""
    plan = schedule(
        pod("db-0", "data"), claim("data", storageClassName="local"), volume("pv", on="node-2"), LOCAL, *NODES
    )

    nominate, bind = plan.actions
    assert nominate.obj["status"]["nominatedNodeName"] == "node-2"
    assert bind.obj["spec"]["claimRef"]["uid"] == "uid-data"
    assert bind.obj["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}


def test_two_claims_of_one_pod_get_two_volumes():
    """ST-5.22"""
    claims = [claim("a", storageClassName="local"), claim("b", storageClassName="local")]
    volumes = [volume("pv-1", on="node-1"), volume("pv-2", on="node-2"), volume("pv-3", on="node-2")]

    plan = schedule(pod("db-0", "a", "b"), *claims, *volumes, LOCAL, *NODES)

    assert [action.obj["metadata"]["name"] for action in plan.actions] == ["db-0", "pv-2", "pv-3"]


GAVE_UP = 'running PreBind plugin "VolumeBinding": binding volumes: '
NOMINATED = pod("web-0", "www", status={"nominatedNodeName": "node-1"})


def test_waits_without_a_word_while_its_volume_is_made():
    """ST-5.32"""
    chosen = claim(
        "www", storageClassName="wait", annotations={"volume.kubernetes.io/selected-node": "node-1"}
    )

    plan = schedule(NOMINATED, chosen, DELAYED, *NODES)

    assert plan.actions == ()
    assert plan.because == "is to run on node-1 and waits for claim www to be bound there"
    assert plan.requeue_after == 1


def test_binds_when_the_delayed_claim_is_bound():
    """ST-3.15, ST-5.31: the phase is not asked"""
    named = {**claim("www", volume="pv", bound=True), "status": {"phase": "Pending"}}
    plan = schedule(NOMINATED, named, volume("pv"), *NODES)

    assert plan.actions[0] == Bind(("Pod", "default", "web-0"), "uid-web-0", "node-1")


def test_starts_over_when_the_provisioner_gave_up():
    """ST-5.33, L30"""
    bare = claim("www", storageClassName="wait")
    plan = schedule(NOMINATED, bare, DELAYED, *NODES)

    assert failure(plan) == f'{GAVE_UP}selectedNode annotation reset for PVC "www"'
    assert "nominatedNodeName" not in plan.actions[0].obj["status"]
    asked = claim(
        "www", storageClassName="wait", annotations={"volume.kubernetes.io/storage-provisioner": "x/y"}
    )
    assert (
        failure(schedule(NOMINATED, asked, DELAYED, *NODES)) == f'{GAVE_UP}provisioning failed for PVC "www"'
    )


@pytest.mark.parametrize(("times", "pause"), [(0, 1), (1, 2), (3, 8), (5, 10)])
def test_waits_longer_each_time_its_binding_fails(times, pause):
    told = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"uid": NOMINATED["metadata"]["uid"]},
        "message": f'{GAVE_UP}provisioning failed for PVC "www"',
        "series": {"count": times},
    }
    plan = schedule(
        NOMINATED, claim("www", storageClassName="wait"), DELAYED, *([told] if times else []), *NODES
    )

    assert plan.requeue_after == pause


def test_a_delayed_claim_stays_on_the_node_selected_for_it():
    """ST-5.23"""
    selected = {"volume.kubernetes.io/selected-node": "node-2"}
    plan = schedule(
        pod("web-0", "www"), claim("www", storageClassName="wait", annotations=selected), DELAYED, *NODES
    )

    assert [action.obj["kind"] for action in plan.actions] == ["Pod"]
    assert plan.actions[0].obj["status"]["nominatedNodeName"] == "node-2"


@pytest.mark.parametrize("name", ["web-1", "web-2", "web-3"])
def test_spreads_the_replicas_of_one_set(name):
    others = [pod("web-0", nodeName="node-1"), *NODES]

    assert schedule(pod(name), *others).actions[0].node == "node-2"


def test_counts_a_pod_whose_volumes_are_being_bound():
    """ST-5.4"""
    others = [pod("web-0", status={"nominatedNodeName": "node-1"}), node("node-1", pods="1"), node("node-2")]

    assert schedule(pod("web-1"), *others).actions[0].node == "node-2"


def test_a_preferred_node_wins_over_spreading():
    """24-node-down"""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}]}
    affinity = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]
        }
    }

    assert schedule(pod("web-0", affinity=affinity), *NODES).actions[0].node == "node-1"


def test_equal_nodes_are_chosen_by_fewest_pods_and_then_by_name():
    """ST-5.25"""
    chosen = {schedule(pod("web-0", uid=f"u{i}"), *NODES).actions[0].node for i in range(16)}

    assert chosen == {"node-1"}


@pytest.mark.parametrize(
    ("spec", "because"),
    [
        ({"schedulerName": "mine"}, "waits for scheduler mine, which does not run here"),
        (
            {"schedulingGates": [{"name": "example.com/quota"}]},
            "is held back by scheduling gate example.com/quota",
        ),
    ],
)
def test_leaves_pods_that_are_not_its_own(spec, because):
    plan = schedule(pod("web-0", **spec), *NODES)

    assert (plan.actions, plan.because) == ((), because)


def test_counts_are_sorted_as_text():
    """ST-5.53"""
    refused = {f"n{i}": [Reason("x", "")] for i in range(10)} | {f"m{i}": [Reason("y", "")] for i in range(2)}

    assert fit_error(refused) == "0/12 nodes are available: 10 x, 2 y."


def test_one_node_may_give_two_reasons():
    """ST-5.21"""
    assert fit_error({"n": [Reason("a", ""), Reason("b", "")]}) == "0/1 nodes are available: 1 a, 1 b."


def test_explains_in_words_with_like_nodes_together():
    refused = {"node-1": [Reason("", "is cordoned")], "node-2": [Reason("", "is cordoned")]}

    assert explain(refused) == "fits no node: each of node-1, node-2 is cordoned"


def test_filters_are_asked_in_upstreams_order():
    """ST-5.1"""
    assert [pre_filter.__module__.rsplit(".", 1)[1] for pre_filter in FILTERS] == [
        "nodeunschedulable",
        "tainttoleration",
        "nodeaffinity",
        "nodeports",
        "noderesources",
        "volumerestrictions",
        "volumebinding",
        "volumezone",
        "podtopologyspread",
        "interpodaffinity",
    ]
