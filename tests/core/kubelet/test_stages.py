"""The life of a Pod on its node, from accepted to gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.apimachinery.meta import condition_of, replaced
from core.client.actions import Delete, RecordEvent
from tests.core.kubelet.cast import NOW, OFF, WEB_0, Bench, bound_claim, container, node, pod


def phases(bench: Bench) -> list[str]:
    return [status["phase"] for status in bench.statuses]


def test_comes_up_in_three_writes():
    """PL7, PL5a"""
    bench = Bench(node(), pod()).run(5)

    accepted, ready_to_start, running = bench.statuses
    assert [c["status"] for c in accepted["conditions"]] == ["False", "True", "False", "False", "True"]
    assert accepted["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert "podIP" not in accepted
    assert ready_to_start["conditions"][0]["status"] == "True"
    assert ready_to_start["phase"] == "Pending"
    assert (running["phase"], running["podIPs"]) == ("Running", [{"ip": running["podIP"]}])
    assert {c["status"] for c in running["conditions"]} == {"True"}


def test_waiting_status_names_the_unready_containers():
    """PL9"""
    bench = Bench(node(), pod())
    bench.look()

    ready = condition_of(bench.pod, "Ready")
    assert (ready["reason"], ready["message"]) == (
        "ContainersNotReady",
        "containers with unready status: [nginx]",
    )


def test_the_container_starts_a_second_after_its_volumes_are_there():
    bench = Bench(node(), pod())
    bench.look()
    bench.look()

    assert bench.look().requeue_after == 1
    bench.now += 1
    bench.look()
    assert bench.state == {"running": {"startedAt": "2027-01-15T08:00:01Z"}}


def test_a_second_look_changes_nothing():
    bench = Bench(node(), pod()).run(60)

    assert bench.look().actions == ()
    assert bench.because == ""


def test_events_of_a_start_in_order():
    """ST-5.75, PL28, ST-5.80"""
    assert Bench(node(), pod()).run(5).events == [
        'Pulled: Container image "nginx:1.9.1" already present on machine and can be accessed by the pod',
        "Created: Container created",
        "Started: Container started",
    ]


GOLDEN = [
    pytest.param("03-delete-and-recreate.json", "Pod web-0", id="a set's Pod"),
    pytest.param("19-deployment-contrast.json", "Pod front-<hash 1>-<pod suffix 2>", id="a Deployment's Pod"),
    pytest.param("20-broken-rollout.json", "Pod web-2", id="a Pod whose probe fails"),
]


@pytest.fixture(scope="module")
def recorded():
    """Pods of recordings of a real cluster, by file and name."""
    return json.loads((Path(__file__).parent / "recorded_pods.json").read_text())


@pytest.mark.parametrize(("recording", "name"), GOLDEN)
def test_a_running_pod_has_the_recorded_status(recorded, recording, name):
    """PL5, PL6, PL20"""
    real = recorded[recording][name]
    born = {**real, "kind": "Pod", "status": {"phase": "Pending", "qosClass": real["status"]["qosClass"]}}
    born = replaced(replaced(born, "metadata.name", "web-0"), "spec.nodeName", "node-1")

    ca = {"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt", "namespace": "default"}}
    ca["data"] = {"ca.crt": ""}
    bench = Bench(node(), born, ca, *bound_claim("www-web-0"), *bound_claim("www-web-2")).run(20)

    assert masked(bench.status) == real["status"]
    assert list(bench.status) == list(real["status"])
    assert [list(c) for c in bench.status["conditions"]] == [list(c) for c in real["status"]["conditions"]]


MASKS = {
    "lastTransitionTime": "<time>",
    "startTime": "<time>",
    "startedAt": "<time>",
    "hostIP": "<ip>",
    "podIP": "<ip>",
    "ip": "<ip>",
    "imageID": "<imageID>",
    "containerID": "<containerID>",
}


def masked(value):
    """Return *value* with what differs from run to run as the recordings have it."""
    if isinstance(value, dict):
        return {key: MASKS[key] if key in MASKS else masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


# -- deletion ----------------------------------------------------------------------------------------


def test_goes_in_recorded_steps():
    """PL7, PL64, PL63"""
    bench = Bench(node(), pod()).run(5)
    del bench.statuses[:], bench.events[:]
    bench.delete()

    bench.look()
    told = bench.statuses[-1]
    assert bench.because == "has 30 s to stop; container nginx is stopping"
    assert (told["observedGeneration"], told["phase"]) == (2, "Running")
    assert {(c["observedGeneration"], c["status"]) for c in told["conditions"]} == {(2, "True")}
    assert bench.events == ["Killing: Stopping container nginx"]

    assert bench.look().requeue_after == pytest.approx(0.01)
    bench.now += 0.01
    bench.look()
    last = bench.statuses[-1]
    assert (last["phase"], last["podIP"]) == ("Succeeded", told["podIP"])
    assert last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert condition_of(bench.pod, "Ready")["reason"] == "PodCompleted"
    assert bench.conditions == {
        "PodReadyToStartContainers": "False",
        "Initialized": "True",
        "Ready": "False",
        "ContainersReady": "False",
        "PodScheduled": "True",
    }

    assert bench.look().because == "has stopped; its volumes are being unmounted"
    bench.now += 1
    plan = bench.look()
    assert plan.actions == (Delete(WEB_0, uid="u-1", grace_period_seconds=0),)
    assert bench.is_gone


def test_a_stop_hook_may_take_the_whole_grace_period():
    """PL63"""
    slow = container(lifecycle={"preStop": {"sleep": {"seconds": 60}}})
    bench = Bench(node(), pod(slow)).run(5)
    bench.delete(grace=10)
    bench.look()

    assert bench.look().requeue_after == 10
    bench.now += 10
    bench.look()
    assert bench.status["phase"] == "Failed"
    assert bench.state["terminated"]["exitCode"] == 137


@pytest.mark.parametrize("claims", [(), ("www",)])
def test_a_pod_fails_when_it_was_active_for_longer_than_it_may(claims):
    """PL13: running, or still waiting for its volume"""
    bench = Bench(node(), pod(claims=claims, activeDeadlineSeconds=20)).run(19)
    assert bench.status["phase"] != "Failed"

    bench.run(2)

    status = bench.status
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert status["message"] == "Pod was active on the node longer than the specified deadline"
    assert condition_of(bench.pod, "Ready")["reason"] == "PodFailed"
    assert "terminated" in bench.state
    assert f"DeadlineExceeded: {status['message']}" in bench.events
    assert ("Killing: Stopping container nginx" in bench.events) == (not claims)
    assert bench.look().actions == ()


def test_a_pod_that_never_started_is_removed_at_once():
    bench = Bench(node(), pod(claims=("www",))).run(1)
    bench.delete()

    bench.run(1)

    assert bench.is_gone
    assert phases(bench)[-1] == "Failed"


def test_a_finalizer_holds_the_stopped_pod():
    """PL66"""
    bench = Bench(node(), pod()).run(5)
    bench.delete(grace=0)
    bench.put(replaced(bench.pod, "metadata.finalizers", ["example.com/wait"]))
    bench.run(5)

    assert bench.look().actions == ()
    assert bench.because == "has stopped; waits for finalizer example.com/wait to be removed"


# -- the node goes away --------------------------------------------------------------------------------


def test_nobody_stops_a_pod_on_a_node_that_is_off():
    """NF8"""
    bench = Bench(node(), pod()).run(5)
    bench.delete()
    bench.put(node(metadata=OFF))

    assert bench.look().actions == ()
    assert bench.because == "cannot be stopped: its node node-1 is off, so it stays until someone gives it up"


def test_waits_for_its_node_to_be_heard_again():
    """NF11"""
    bench = Bench(node(ready="Unknown"), pod())

    assert bench.look().actions == ()


def test_a_terminating_pod_fails_when_its_node_comes_back_without_it():
    """NF10a"""
    bench = Bench(node(), pod()).run(5)
    bench.delete()
    bench.now += 300
    bench.put(node(since=bench.now))
    del bench.statuses[:], bench.events[:]

    bench.run(1)

    empty, last = bench.statuses
    assert "podIP" not in empty
    assert empty["containerStatuses"][0]["lastState"]["terminated"]["message"] == (
        "The container could not be located when the pod was deleted.  The container used to be Running"
    )
    assert (last["phase"], condition(last, "Ready")["reason"]) == ("Failed", "PodFailed")
    assert last["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert bench.is_gone
    assert bench.events == []


def test_a_running_pod_is_started_again_when_its_node_comes_back():
    """NF12"""
    bench = Bench(node(), pod()).run(5)
    bench.now += 100
    bench.put(node(since=bench.now))

    bench.run(5)

    (status,) = bench.status["containerStatuses"]
    assert (status["restartCount"], status["ready"]) == (1, True)
    assert status["lastState"]["terminated"]["exitCode"] == 255


def condition(status, kind):
    return next(c for c in status["conditions"] if c["type"] == kind)


def test_a_lost_sandbox_is_told_once_of_the_pod():
    """NF12"""
    bench = Bench(node(), pod(container("a"), container("b"))).run(5)
    bench.now += 100
    bench.put(node(since=bench.now))
    plan = bench.look()

    (told,) = (action for action in plan.actions if isinstance(action, RecordEvent))
    assert (told.reason, told.field_path) == ("SandboxChanged", "")


def test_takes_back_what_the_node_controller_wrote():
    """NF3, NF11"""
    bench = Bench(node(), pod()).run(5)
    was = bench.status["conditions"]
    lost = [{**c, "status": "False"} if c["type"] == "Ready" else c for c in was]
    target = {"type": "DisruptionTarget", "status": "True"}
    bench.put(replaced(bench.pod, "status.conditions", [*lost, target]))

    bench.look()

    assert bench.conditions["Ready"] == "True"
    assert bench.status["conditions"][-1] == target


def test_a_restart_of_the_kubelet_at_any_instant_changes_nothing():
    one, other = Bench(node(), pod()), Bench(node(), pod())
    one.run(3)

    for _ in range(30):
        other.look()
        other.now += 0.1

    assert one.status == other.status


def test_time_is_whole_seconds_on_the_wire():
    bench = Bench(node(), pod())
    bench.now = NOW + 0.75
    bench.run(5)

    assert bench.status["startTime"] == "2027-01-15T08:00:00Z"
