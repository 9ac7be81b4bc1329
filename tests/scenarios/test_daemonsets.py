"""DaemonSets on a cluster of two nodes: where their Pods are, how they change, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, annotations_of, is_terminating, labels_of, name_of
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0
AGENT = Ref("DaemonSet", "default", "agent")
A, B = "nginx:1.9.1", "nginx:1.10"
NEVER = "does-not-exist:1"
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def agent(pod: Obj | None = None, **spec: Any) -> Obj:
    container = {"name": "nginx", "image": A}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": {
                "metadata": {"labels": {"app": "agent"}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **(pod or {})},
            },
            **spec,
        },
    }


class Play:
    def __init__(self, ds: Obj | None = None) -> None:
        self.cluster = Cluster.new("stage", start=START)
        self.cluster.create(ds or agent())
        self.cluster.settle()

    def image(self, image: str) -> None:
        path = "/spec/template/spec/containers/0/image"
        self.cluster.patch(AGENT, [{"op": "replace", "path": path, "value": image}], "json")

    def taint(self, effect: str | None, node: str = "node-1") -> None:
        taints = [{"key": "mine", "effect": effect}] if effect else None
        self.cluster.patch(Ref("Node", "", node), {"spec": {"taints": taints}})
        self.cluster.settle()

    def pods(self) -> list[Obj]:
        return sorted(self.cluster.view.list("Pod"), key=lambda pod: str(pod["spec"].get("nodeName")))

    def places(self) -> dict[str, str]:
        """Return the image that runs on each node; there is one Pod a node."""
        found = {pod["spec"]["nodeName"]: pod["spec"]["containers"][0]["image"] for pod in self.pods()}
        assert len(found) == len(self.pods())
        return found

    def worst(self, seconds: float) -> tuple[int, int]:
        """Let time pass; return the fewest Ready Pods and the most Pods at any instant."""
        fewest, most, end = 99, 0, self.cluster.now + seconds
        while self.cluster.now < end:
            self.cluster.advance(self.cluster.now + 0.1)
            pods = [pod for pod in self.pods() if not is_terminating(pod)]
            ready = [pod for pod in pods if {"type": "Ready", "status": "True"}.items() <= _ready(pod)]
            fewest, most = min(fewest, len(ready)), max(most, len(pods))
        return fewest, most

    def counts(self) -> tuple[int, ...]:
        """Return desired, current, ready, updated, available, misscheduled."""
        status = self.cluster.get(AGENT)["status"]
        names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
        return tuple(status.get(n, 0) for n in (*names, "numberAvailable", "numberMisscheduled"))

    def events(self) -> list[str]:
        found = [e for e in self.cluster.view.list("Event") if e["involvedObject"]["kind"] == "DaemonSet"]
        return [f"{event['reason']}: {event['message']}" for event in found]


def _ready(pod: Obj) -> Any:
    found = (c for c in pod["status"].get("conditions") or () if c["type"] == "Ready")
    return {key: value for c in found for key, value in c.items()}.items()


def test_every_node_gets_one_pod_that_says_for_which_node_it_is():
    play = Play()
    assert play.places() == {"node-1": A, "node-2": A}
    assert play.counts() == (2, 2, 2, 2, 2, 0)
    for pod in play.pods():
        affinity = pod["spec"]["affinity"]["nodeAffinity"]
        term = {
            "matchFields": [{"key": "metadata.name", "operator": "In", "values": [pod["spec"]["nodeName"]]}]
        }
        assert affinity["requiredDuringSchedulingIgnoredDuringExecution"] == {"nodeSelectorTerms": [term]}
        assert [t["key"].rpartition("/")[2] for t in pod["spec"]["tolerations"]] == [
            *("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
        ]
    revision = play.cluster.view.list("ControllerRevision")[0]
    mark = labels_of(revision)["controller-revision-hash"]
    assert name_of(revision) == f"agent-{mark}"
    assert {labels_of(pod)["controller-revision-hash"] for pod in play.pods()} == {mark}
    assert sorted(play.events()) == sorted(
        f"SuccessfulCreate: Created pod: {name_of(p)}" for p in play.pods()
    )


def test_a_node_that_is_new_gets_its_pod_too_and_one_that_is_gone_takes_it_along():
    play = Play()
    node = play.cluster.get(Ref("Node", "", "node-1"))
    labels = {**labels_of(node), "kubernetes.io/hostname": "node-3"}
    new = {**node, "metadata": {"name": "node-3", "labels": labels}, "spec": {"podCIDR": "10.244.3.0/24"}}
    play.cluster.create(new)
    play.cluster.settle()
    assert sorted(play.places()) == ["node-1", "node-2", "node-3"]
    play.cluster.delete(Ref("Node", "", "node-3"))
    play.cluster.settle()
    assert sorted(play.places()) == ["node-1", "node-2"]
    assert play.counts() == (2, 2, 2, 2, 2, 0)


def test_a_selector_of_nodes_is_obeyed_and_followed():
    play = Play(agent({"nodeSelector": {"disk": "fast"}}))
    assert (play.places(), play.counts()) == ({}, (0, 0, 0, 0, 0, 0))
    play.cluster.patch(Ref("Node", "", "node-2"), {"metadata": {"labels": {"disk": "fast"}}})
    play.cluster.settle()
    assert play.places() == {"node-2": A}
    play.cluster.patch(Ref("Node", "", "node-2"), {"metadata": {"labels": {"disk": None}}})
    play.cluster.settle()
    assert play.places() == {}


def test_a_taint_keeps_new_pods_off_and_only_no_execute_drives_one_away():
    play = Play()
    play.taint("NoSchedule")
    assert play.places() == {"node-1": A, "node-2": A}
    assert play.counts() == (1, 1, 1, 1, 1, 1)
    play.taint("NoExecute")
    assert play.places() == {"node-2": A}
    play.taint(None)
    assert play.places() == {"node-1": A, "node-2": A}


def test_a_cordoned_node_keeps_and_gets_its_pod():
    play = Play()
    play.cluster.patch(Ref("Node", "", "node-1"), {"spec": {"unschedulable": True}})
    play.cluster.settle()
    uids = {pod["metadata"]["uid"] for pod in play.pods()}
    for pod in play.pods():
        play.cluster.delete(Ref("Pod", "default", name_of(pod)))
    play.cluster.settle()
    assert play.places() == {"node-1": A, "node-2": A}
    assert not uids & {pod["metadata"]["uid"] for pod in play.pods()}


def test_an_update_takes_one_node_after_the_other():
    play = Play()
    play.image(B)
    assert play.worst(30) == (1, 2)
    assert play.places() == {"node-1": B, "node-2": B}
    assert play.counts() == (2, 2, 2, 2, 2, 0)
    assert annotations_of(play.pods()[0]) == {}
    assert [labels_of(pod)["pod-template-generation"] for pod in play.pods()] == ["2", "2"]


def test_an_update_may_take_all_nodes_at_once():
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}}
    play = Play(agent(updateStrategy=strategy))
    play.image(B)
    assert play.worst(30)[0] == 0
    assert play.places() == {"node-1": B, "node-2": B}


def test_with_a_surge_the_heir_is_there_before_the_old_pod_goes():
    play = Play(agent(updateStrategy=SURGE))
    play.image(B)
    assert play.worst(30) == (2, 3)
    assert play.places() == {"node-1": B, "node-2": B}


def test_an_update_that_does_not_come_up_stops_and_is_undone():
    play = Play()
    play.image(NEVER)
    play.cluster.advance(play.cluster.now + 60)
    assert sorted(play.places().values()) == [NEVER, A]
    assert play.counts() == (2, 2, 1, 1, 1, 0)
    play.image(A)
    play.cluster.advance(play.cluster.now + 60)
    assert play.places() == {"node-1": A, "node-2": A}
    numbers = sorted(revision["revision"] for revision in play.cluster.view.list("ControllerRevision"))
    assert numbers == [2, 3]


def test_on_delete_waits_for_somebody_to_delete():
    play = Play(agent(updateStrategy={"type": "OnDelete"}))
    play.image(B)
    play.cluster.settle()
    assert play.places() == {"node-1": A, "node-2": A}
    play.cluster.delete(Ref("Pod", "default", name_of(play.pods()[0])))
    play.cluster.settle()
    assert play.places() == {"node-1": B, "node-2": A}
    assert play.counts() == (2, 2, 2, 1, 2, 0)


def test_history_beyond_its_limit_goes():
    play = Play(agent(revisionHistoryLimit=1))
    for number in range(3):
        play.image(f"nginx:{number}")
        play.cluster.settle()
    found = play.cluster.view.list("ControllerRevision")
    assert sorted(revision["revision"] for revision in found) == [3, 4]


def test_a_pod_waits_to_be_available():
    play = Play(agent(minReadySeconds=20))
    play.cluster.patch(AGENT, {"spec": {"minReadySeconds": 20}})
    play.image(B)
    play.cluster.advance(play.cluster.now + 10)
    assert sorted(play.places().values()) == [B, A]
    play.cluster.settle()
    assert play.places() == {"node-1": B, "node-2": B}
    assert play.counts() == (2, 2, 2, 2, 2, 0)


def test_its_pods_are_adopted_by_a_set_of_the_same_selector():
    play = Play()
    before = {pod["metadata"]["uid"] for pod in play.pods()}
    play.cluster.delete(AGENT, None, "Orphan")
    play.cluster.settle()
    assert {pod["metadata"]["uid"] for pod in play.pods()} == before
    play.cluster.create(agent())
    play.cluster.settle()
    assert {pod["metadata"]["uid"] for pod in play.pods()} == before
    assert len(play.cluster.view.list("ControllerRevision")) == 1


def test_a_deleted_set_takes_its_pods_along():
    play = Play()
    play.cluster.delete(AGENT)
    play.cluster.settle()
    assert play.cluster.view.list("Pod") == play.cluster.view.list("ControllerRevision") == []


def test_a_pod_that_a_node_refuses_is_replaced_ever_more_seldom():
    ports = [{"containerPort": 80, "hostPort": 80}]
    taken = {"name": "taken", "image": A, "ports": ports}
    play = Play(agent({"nodeName": "node-1", "containers": [taken]}))
    other = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "first", "namespace": "default"},
        "spec": {"nodeName": "node-2", "containers": [taken]},
    }
    play.cluster.create(other)
    play.cluster.settle()
    play.cluster.delete(AGENT)
    play.cluster.settle()
    play.cluster.create(agent({"nodeName": "node-2", "containers": [taken]}))
    play.cluster.advance(play.cluster.now + 120)
    failures = [event for event in play.events() if event.startswith("FailedDaemonPod")]
    assert 5 <= len(failures) <= 8
    assert failures[0].endswith("on node node-2, will try to kill it")
