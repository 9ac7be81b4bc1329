"""Preemption: who has to go for a more important Pod, on which node, and what everybody is told."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, replaced
from core.client.actions import Bind, Delete, Plan, RecordEvent, UpdateStatus
from core.scheduler.preemption import Candidate, pick_one_node
from tests.core.scheduler.cast import LOCAL, NODES, NOW, claim, failure, node, pod, schedule

NODE = node("node-1", cpu="2")
FULL = "0/1 nodes are available: 1 Insufficient cpu."
GOING = "2027-01-15T08:00:00Z"


def wants(cpu: str, name: str = "vip", *, priority: int = 1000, **more: Any) -> Obj:
    return pod(name, requests={"cpu": cpu}, priority=priority, **more)


def on(name: str, cpu: str, *, where: str = "node-1", priority: int = 0, since: str = "", **more: Any) -> Obj:
    status = {"phase": "Running", **({"startTime": since} if since else {})}
    return pod(name, requests={"cpu": cpu}, nodeName=where, priority=priority, status=status, **more)


def budget(name: str, allowed: int, selector: Obj, **status: Any) -> Obj:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed, **status},
    }


def victims(plan: Plan) -> list[str]:
    return [action.ref.name for action in plan.actions if isinstance(action, Delete)]


def nominated_for(plan: Plan) -> str:
    status = plan.actions[0]
    assert isinstance(status, UpdateStatus)
    found: str = status.obj["status"].get("nominatedNodeName", "")
    return found


def waiting(one: Obj, message: str = FULL, where: str = "node-1") -> Obj:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return replaced(replaced(one, "status.conditions", [condition]), "status.nominatedNodeName", where)


def going(one: Obj, reason: str = "PreemptionByScheduler") -> Obj:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    return replaced(replaced(one, "status.conditions", [condition]), "metadata.deletionTimestamp", GOING)


# -- what is done ----------------------------------------------------------------------------------


def test_nominates_the_pod_and_sends_the_victim_away():
    """ST-5.54"""
    plan = schedule(wants("1500m"), on("web-0", "1"), NODE)

    mine, told, theirs, gone, event = plan.actions
    assert isinstance(mine, UpdateStatus)
    assert isinstance(theirs, UpdateStatus)
    assert mine.obj["status"]["nominatedNodeName"] == "node-1"
    condition = mine.obj["status"]["conditions"][0]
    assert (condition["reason"], condition["message"]) == ("Unschedulable", FULL)
    assert isinstance(told, RecordEvent)
    assert (told.reason, told.message) == ("FailedScheduling", FULL)
    assert theirs.obj["status"]["conditions"] == [
        {
            "type": "DisruptionTarget",
            "observedGeneration": 1,
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": GOING,
            "reason": "PreemptionByScheduler",
            "message": "default-scheduler: preempting to accommodate a higher priority pod",
        }
    ]
    assert gone == Delete(("Pod", "default", "web-0"), uid="uid-web-0")
    assert isinstance(event, RecordEvent)
    assert (event.type, event.reason, event.action) == ("Normal", "Preempted", "Preempting")
    assert event.message == "Preempted by pod uid-vip on node node-1"
    assert event.regarding["metadata"]["name"] == "web-0"
    assert event.related is not None
    assert event.related["metadata"]["name"] == "vip"
    assert plan.because == "is to run on node-1 once web-0 of lower priority made room there"
    assert plan.notes == {("Pod", "default", "web-0"): "makes room for vip of higher priority"}


def test_victims_go_side_by_side():
    plan = schedule(wants("2"), on("a", "1"), on("b", "1"), NODE)

    assert victims(plan) == ["a", "b"]
    assert [type(plan.actions[at]) for at in sorted(plan.together)] == [UpdateStatus, Delete]


def test_binds_when_there_is_room_without_anybody_going():
    plan = schedule(wants("1"), on("web-0", "1"), NODE)

    assert isinstance(plan.actions[0], Bind)


def test_a_victim_that_is_going_already_is_not_asked_again():
    leaving = replaced(on("web-0", "1"), "metadata.deletionTimestamp", GOING)

    plan = schedule(wants("1500m"), leaving, NODE)

    assert (nominated_for(plan), victims(plan)) == ("node-1", [])


# -- who -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "gone"),
    [
        pytest.param([on("a", "1"), on("b", "1", priority=5)], ["a"], id="the less important"),
        pytest.param(
            [on("old", "1", since="2027-01-01T00:00:00Z"), on("new", "1", since="2027-01-02T00:00:00Z")],
            ["new"],
            id="of equals, the younger",
        ),
        pytest.param(
            [on("big", "1500m"), on("small", "500m", priority=-1)], ["big"], id="no more than needed"
        ),
        pytest.param([on("equal", "1", priority=1000), on("low", "1")], ["low"], id="only those below"),
    ],
)
def test_takes_as_few_as_will_do(there: list[Obj], gone: list[str]):
    assert victims(schedule(wants("1"), *there, NODE)) == gone


@pytest.mark.parametrize(
    ("budgets", "gone"),
    [
        ([], "young"),
        ([budget("b", 0, {"matchLabels": {"tier": "young"}})], "old"),
        ([budget("b", 1, {"matchLabels": {"tier": "young"}})], "young"),
        ([budget("b", 0, {"matchLabels": {"tier": "young"}}, disruptedPods={"young": GOING})], "young"),
        ([budget("b", 0, {})], "young"),
    ],
    ids=["none", "used up", "with one to spare", "taken off already", "of nobody"],
)
def test_spares_whom_a_budget_protects(budgets: list[Obj], gone: str):
    old = on("old", "1", since="2027-01-01T00:00:00Z", labels={"tier": "old"})
    young = on("young", "1", since="2027-01-02T00:00:00Z", labels={"tier": "young"})

    assert victims(schedule(wants("1"), old, young, *budgets, NODE)) == [gone]


def test_breaks_a_budget_when_nothing_else_helps():
    closed = budget("b", 0, {"matchLabels": {"app": "nginx"}})

    assert victims(schedule(wants("2"), on("web-0", "1"), closed, NODE)) == ["web-0"]


# -- which node ------------------------------------------------------------------------------------


def test_prefers_a_node_where_no_budget_breaks():
    """pickOneNodeForPreemption, from the cluster's objects on"""
    cheap = on("cheap", "2", labels={"tier": "guarded"})
    dear = on("dear", "2", where="node-2", priority=900, labels={"tier": "free"})
    closed = budget("b", 0, {"matchLabels": {"tier": "guarded"}})

    plan = schedule(wants("1"), cheap, dear, closed, NODE, node("node-2", cpu="2"))

    assert (nominated_for(plan), victims(plan)) == ("node-2", ["dear"])


def lost(name: str, *priorities: int, broken: int = 0, since: str = "2027-01-01T00:00:00Z") -> Candidate:
    return Candidate(
        name, [on(f"p{at}", "1", priority=p, since=since) for at, p in enumerate(priorities)], broken
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (lost("b", 9, 9), lost("a", 1, broken=1)),
        (lost("b", 1, 1, 1), lost("a", 2)),
        (lost("b", 5, 1), lost("a", 5, 2)),
        (lost("b", -5), lost("a", -5, -5)),
        (lost("b", 5, since="2027-01-02T00:00:00Z"), lost("a", 5)),
        (lost("b", 5), lost("a", 5)),
    ],
    ids=["budgets", "the highest", "the sum", "the number", "the latest start", "the first"],
)
def test_of_two_nodes_that_one_where_less_is_lost(better: Candidate, worse: Candidate):
    """pickOneNodeForPreemption"""
    assert pick_one_node([better, worse], NOW) == better
    if better.victims != worse.victims or better.violations != worse.violations:
        assert pick_one_node([worse, better], NOW) == better


# -- what is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "others", "said"),
    [
        pytest.param(
            wants("1500m", preemptionPolicy="Never"),
            [on("web-0", "1"), NODE],
            f"{FULL} no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.",
            id="never",
        ),
        pytest.param(
            wants("3"),
            [on("web-0", "1"), NODE],
            f"{FULL} no new claims to deallocate, preemption: 0/1 nodes are available: "
            "1 Preemption is not helpful for scheduling.",
            id="more than the node has",
        ),
        pytest.param(
            wants("1500m", priority=0),
            [on("web-0", "1"), NODE],
            f"{FULL} no new claims to deallocate, preemption: 0/1 nodes are available: "
            "1 No preemption victims found for incoming pod.",
            id="equals",
        ),
        pytest.param(
            wants("1500m"),
            [on("low", "500m"), on("high", "1", priority=2000), NODE],
            f"{FULL} no new claims to deallocate, preemption: 0/1 nodes are available: 1 Insufficient cpu.",
            id="not enough even without the lower ones",
        ),
        pytest.param(
            pod("vip", "data", priority=1000),
            [claim("data", storageClassName="local"), LOCAL, on("web-0", "1"), NODE],
            "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. "
            "no new claims to deallocate, preemption: 0/1 nodes are available: "
            "1 Preemption is not helpful for scheduling.",
            id="no volume",
        ),
        pytest.param(
            pod("vip", "data", priority=1000),
            [on("web-0", "1"), NODE],
            '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
            id="no claim",
        ),
    ],
)
def test_says_why_preemption_is_of_no_use(subject: Obj, others: list[Obj], said: str):
    """ST-5.52, ST-5.54"""
    assert failure(schedule(subject, *others)) == said


def test_older_releases_speak_of_preemption_alone():
    """ST-5.57"""
    plan = schedule(wants("1500m", preemptionPolicy="Never"), on("web-0", "1"), NODE, wording="W33")

    assert failure(plan) == f"{FULL} preemption: not eligible due to preemptionPolicy=Never."


@pytest.mark.parametrize(
    ("field", "value"),
    [("hostPort", 80), ("claim", "ReadWriteOncePod"), ("anti", "kubernetes.io/hostname")],
)
def test_whatever_a_victim_holds_is_free_without_it(field: str, value: Any):
    """ST-5.2, ST-5.40: every filter that preemption can satisfy sees the node as it would be"""
    subject, user = pod("vip", priority=1000), on("web-0", "1")
    others: list[Obj] = []
    if field == "hostPort":
        for one in (subject, user):
            one["spec"]["containers"][0]["ports"] = [{"containerPort": value, "hostPort": value}]
    elif field == "claim":
        subject, user = (
            pod("vip", "data", priority=1000),
            pod("web-0", "data", nodeName="node-1", priority=0, status={"phase": "Running"}),
        )
        others = [claim("data", volume="pv", bound=True, accessModes=[value])]
        others.append({"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {}})
    else:
        term = {"topologyKey": value, "labelSelector": {"matchLabels": {"app": "nginx"}}}
        rules = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        subject["spec"]["affinity"] = {"podAntiAffinity": rules}

    assert victims(schedule(subject, user, *others, NODE)) == ["web-0"]


# -- while they go ---------------------------------------------------------------------------------


def test_takes_no_others_while_its_victims_are_going():
    there = [going(on("a", "1")), on("b", "1"), NODE]

    plan = schedule(waiting(wants("1500m")), *there)

    assert failure(plan) == (
        f"{FULL} no new claims to deallocate, preemption: "
        "not eligible due to a terminating pod on the nominated node."
    )
    assert nominated_for(plan) == "node-1"
    again = plan.actions[0].obj
    assert victims(schedule(again, *there)) == []
    assert nominated_for(schedule(again, there[1], NODE)) == "node-1"


@pytest.mark.parametrize("condition", ["EvictionByEvictionAPI", "DeletionByTaintManager"])
def test_takes_others_when_somebody_goes_for_another_reason(condition: str):
    plan = schedule(waiting(wants("1500m")), going(on("a", "500m"), condition), on("b", "1"), NODE)

    assert victims(plan) == ["b"]


def test_runs_on_its_node_when_they_are_gone():
    plan = schedule(waiting(wants("1500m"), where="node-2"), *NODES)

    assert plan.actions[0] == Bind(("Pod", "default", "vip"), "uid-vip", "node-2")


def test_runs_elsewhere_when_there_is_room_earlier():
    plan = schedule(waiting(wants("1500m")), going(on("a", "1")), NODE, node("node-2", cpu="2"))

    assert plan.actions[0] == Bind(("Pod", "default", "vip"), "uid-vip", "node-2")


def test_room_is_kept_from_those_who_are_no_more_important():
    vip = waiting(wants("2"))

    for priority in (0, 1000):
        message = failure(schedule(wants("1", "late", priority=priority), vip, NODE))
        assert message.startswith(FULL)
    assert isinstance(schedule(wants("1", "king", priority=2000), vip, NODE).actions[0], Bind)


def test_who_comes_first_takes_the_nomination_of_the_less_important():
    vip, king = waiting(wants("2")), wants("2", "king", priority=2000)

    plan = schedule(king, vip, on("a", "1"), NODE)

    displaced = plan.actions[2]
    assert isinstance(displaced, UpdateStatus)
    assert displaced.obj["metadata"]["name"] == "vip"
    assert "nominatedNodeName" not in displaced.obj["status"]
    assert (nominated_for(plan), victims(plan)) == ("node-1", ["a"])


def test_loses_its_nomination_when_nothing_helps_any_more():
    plan = schedule(waiting(wants("1500m")), on("king", "1", priority=2000), NODE)

    assert nominated_for(plan) == ""


def test_goes_on_with_volumes_that_are_being_bound_for_its_node():
    """ST-5.32"""
    selected = {"volume.kubernetes.io/selected-node": "node-1"}
    delayed = claim("www", storageClassName="wait", annotations=selected)
    one = waiting(pod("vip", "www", priority=1000))

    assert (
        schedule(one, delayed, NODE).because
        == "is to run on node-1 and waits for claim www to be bound there"
    )
