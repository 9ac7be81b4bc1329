"""One container: images that are not there, crashes and their pauses, init containers."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import condition_of
from core.apimachinery.timestamps import timestamp
from core.kubelet.backoff import pause_before_restart
from core.sim.settings import Settings
from tests.core.kubelet.cast import NOW, Bench, container, node, pod

CRASHING = container(command=["sh", "-c", "exit 3"])


def waiting(bench: Bench) -> tuple[str, str]:
    state = bench.state["waiting"]
    return state["reason"], state.get("message", "")


def test_an_image_that_is_not_there_alternates_between_two_reasons():
    """PL22"""
    bench = Bench(node(), pod(container(image="nginx:1.161"))).run(1)
    error = (
        "rpc error: code = NotFound desc = failed to pull and unpack image "
        '"docker.io/library/nginx:1.161": '
        'failed to resolve reference "docker.io/library/nginx:1.161": '
        "docker.io/library/nginx:1.161: not found"
    )

    assert waiting(bench) == ("ErrImagePull", error)
    assert bench.events == [
        'Pulling: Pulling image "nginx:1.161"',
        f'Failed: Failed to pull image "nginx:1.161": {error}',
        "Failed: Error: ErrImagePull",
    ]
    assert bench.because == "image nginx:1.161 of container nginx cannot be pulled"

    bench.run(5)
    assert waiting(bench) == (
        "ImagePullBackOff",
        f'Back-off pulling image "nginx:1.161": ErrImagePull: {error}',
    )
    assert bench.events[3:] == [
        'BackOff: Back-off pulling image "nginx:1.161"',
        "Failed: Error: ImagePullBackOff",
    ]
    assert bench.status["phase"] == "Pending"

    bench.run(5)
    assert waiting(bench)[0] == "ErrImagePull"


def test_a_pod_without_its_image_has_an_address():
    """PL14"""
    bench = Bench(node(), pod(container(image="nginx:doesnotexist"))).run(5)

    assert bench.status["podIPs"] == [{"ip": bench.status["podIP"]}]
    assert bench.status["phase"] == "Pending"


def test_a_corrected_image_is_pulled_at_once():
    bench = Bench(node(), pod(container(image="nginx:1.161"))).run(30)
    bench.put({**bench.pod, "spec": pod(container(image="nginx:1.16.1"))["spec"]})

    bench.look()

    assert "running" in bench.state


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"image": "Nginx"}, "InvalidImageName"),
        ({"image": "redis", "imagePullPolicy": "Never"}, "ErrImageNeverPull"),
    ],
)
def test_an_image_that_need_not_be_tried_again(fields, reason):
    """PL22"""
    bench = Bench(node(), pod(container(**fields))).run(600)

    assert waiting(bench)[0] == reason
    assert bench.events[-1] == f"Failed: Error: {reason}"
    assert len(bench.events) == 2


def test_the_first_pod_on_a_node_pulls_the_image():
    """PL28a"""
    bench = Bench(node(), pod(container(image="redis:7"))).run(5)

    assert bench.events[0] == 'Pulling: Pulling image "redis:7"'
    assert bench.events[1].startswith('Pulled: Successfully pulled image "redis:7" in ')
    assert bench.view.get("Node", "", "node-1")["status"]["images"][0]["names"] == [
        "docker.io/library/redis:7"
    ]


@pytest.mark.parametrize(
    ("wording", "texts"),
    [
        ("W30", ["Created: Created container nginx", "Started: Started container nginx"]),
        ("W33", ["Created: Created container: nginx", "Started: Started container nginx"]),
    ],
)
def test_speaks_as_older_releases_when_asked(wording, texts):
    """storage.md 0.3"""
    bench = Bench(node(), pod(), settings=Settings(wording=wording)).run(5)

    assert bench.events == ['Pulled: Container image "nginx:1.9.1" already present on machine', *texts]


def test_a_crash_is_never_ready_and_first_restarted_without_a_pause():
    """PL23, PL24"""
    bench = Bench(node(), pod(CRASHING)).run(1)

    (status,) = bench.status["containerStatuses"]
    assert (status["state"]["terminated"]["exitCode"], status["state"]["terminated"]["reason"]) == (
        3,
        "Error",
    )
    assert (bench.status["phase"], bench.conditions["Ready"]) == ("Running", "False")

    bench.run(1.5)
    assert bench.status["containerStatuses"][0]["restartCount"] == 1


def test_further_crashes_wait_longer_and_longer():
    """PL24, ST-5.78"""
    bench = Bench(node(), pod(CRASHING)).run(5)
    assert waiting(bench) == (
        "CrashLoopBackOff",
        "back-off 10s restarting failed container=nginx pod=web-0_default(u-1)",
    )
    assert bench.status["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 3
    assert bench.because == "nginx ended with code 3 and is started again after a pause"
    assert bench.events[-1] == (
        "BackOff: Back-off restarting failed container nginx in pod web-0_default(u-1)"
    )

    bench.run(10)
    assert "back-off 20s " in waiting(bench)[1]
    assert bench.status["containerStatuses"][0]["restartCount"] == 2

    for seconds, pause in ((21, "40s"), (41, "1m20s"), (81, "2m40s"), (161, "5m0s"), (301, "5m0s")):
        bench.run(seconds)
        assert waiting(bench)[1].startswith(f"back-off {pause} ")


def test_after_a_long_run_the_pauses_begin_anew():
    """PL24"""
    bench = Bench(node(), pod(container(command=["sleep", "700"]))).run(5)
    for restarts in (1, 2, 3):
        bench.run(703)
        assert bench.status["containerStatuses"][0]["restartCount"] == restarts
        assert "running" in bench.state
    ended = {"exitCode": 1, "reason": "Error"}
    last = {"terminated": {**ended, "startedAt": timestamp(NOW - 720), "finishedAt": timestamp(NOW - 20)}}
    crashed = {"terminated": {**ended, "startedAt": timestamp(NOW - 19), "finishedAt": timestamp(NOW)}}
    assert pause_before_restart({"state": crashed, "lastState": last}) == 10


@pytest.mark.parametrize(
    ("command", "policy", "phase"),
    [
        pytest.param("exit 0", "Never", "Succeeded", id="done"),
        pytest.param("exit 1", "Never", "Failed", id="failed"),
        pytest.param("exit 0", "OnFailure", "Succeeded", id="done, restarts on failure"),
        pytest.param("exit 1", "OnFailure", "Running", id="is tried again"),
        pytest.param("exit 0", "Always", "Running", id="is always started again"),
    ],
)
def test_phase_follows_exit_code_and_restart_policy(command, policy, phase):
    """PL11"""
    bench = Bench(node(), pod(container(command=["sh", "-c", command]), restartPolicy=policy)).run(5)

    assert bench.status["phase"] == phase


def test_a_command_runs_for_its_time():
    """PL12"""
    bench = Bench(node(), pod(container(command=["sleep", "30"]), restartPolicy="Never")).run(20)
    assert bench.conditions["Ready"] == "True"

    bench.run(15)
    assert bench.status["phase"] == "Succeeded"
    ended = bench.status
    bench.run(600)
    assert bench.status == ended
    assert bench.conditions["PodReadyToStartContainers"] == "False"


def test_init_containers_run_one_after_the_other():
    """PL8, PL21"""
    inits = [container("first", command=["sleep", "5"]), container("second")]
    bench = Bench(node(), pod(initContainers=inits)).run(3)

    assert waiting(bench)[0] == "PodInitializing"
    assert bench.conditions["Initialized"] == "False"
    initialized = bench.status["conditions"][1]
    assert initialized["message"] == "containers with incomplete status: [first second]"
    assert "running" in bench.status["initContainerStatuses"][0]["state"]

    bench.run(10)
    assert [s["state"]["terminated"]["reason"] for s in bench.status["initContainerStatuses"]] == [
        "Completed"
    ] * 2
    assert (bench.status["phase"], bench.conditions["Ready"]) == ("Running", "True")


def test_a_failing_init_container_keeps_the_pod_pending():
    """PL11"""
    bench = Bench(node(), pod(initContainers=[container("init", command=["false"])])).run(30)

    assert bench.status["phase"] == "Pending"
    assert bench.status["initContainerStatuses"][0]["restartCount"] >= 1


def test_a_sidecar_runs_beside_the_container():
    bench = Bench(node(), pod(initContainers=[container("proxy", restartPolicy="Always")])).run(10)

    assert "running" in bench.status["initContainerStatuses"][0]["state"]
    assert bench.conditions["Ready"] == "True"


def test_a_pod_is_as_ready_as_its_sidecar():
    """PL9"""
    never = {"tcpSocket": {"port": 1}, "periodSeconds": 1}
    proxy = container("proxy", restartPolicy="Always", ports=[{"containerPort": 80}], readinessProbe=never)
    bench = Bench(node(), pod(initContainers=[proxy])).run(10)

    ready = condition_of(bench.pod, "Ready")
    assert (bench.status["phase"], ready["status"], ready["message"]) == (
        "Running",
        "False",
        "containers with unready status: [proxy]",
    )


def test_a_sidecar_that_is_started_again_takes_nothing_back():
    """PL8, PL11"""
    proxy = container("proxy", restartPolicy="Always", command=["sleep", "20"])
    bench = Bench(node(), pod(initContainers=[proxy])).run(21.5)

    assert "running" not in bench.status["initContainerStatuses"][0]["state"]
    assert (bench.status["phase"], bench.conditions["Initialized"]) == ("Running", "True")


@pytest.mark.parametrize(("command", "phase"), [(["sleep", "5"], "Succeeded"), (["false"], "Failed")])
def test_a_sidecar_goes_when_the_others_have_ended_for_good(command, phase):
    """PL11"""
    proxy = container("proxy", restartPolicy="Always")
    work = pod(container(command=command), initContainers=[proxy], restartPolicy="Never")
    bench = Bench(node(), work).run(20)

    assert bench.status["phase"] == phase
    assert "terminated" in bench.status["initContainerStatuses"][0]["state"]
    assert "Killing: Stopping container proxy" in bench.events
    assert bench.look().actions == ()


def test_a_changed_image_restarts_the_container():
    bench = Bench(node(), pod()).run(5)
    bench.put({**bench.pod, "spec": pod(container(image="nginx:1.10"))["spec"]})

    bench.run(5)

    assert "Killing: Container nginx definition changed, will be restarted" in bench.events
    (status,) = bench.status["containerStatuses"]
    assert (status["restartCount"], status["image"]) == (1, "nginx:1.10")


def test_requests_are_reported_once_started():
    requests = {"requests": {"cpu": "100m"}}
    (status,) = Bench(node(), pod(container(resources=requests))).run(5).status["containerStatuses"]

    assert (status["resources"], status["allocatedResources"]) == (requests, {"cpu": "100m"})


def test_a_readiness_gate_keeps_a_pod_from_being_ready_until_someone_sets_it():
    """PL10"""
    gate = "example.com/open"
    bench = Bench(node(), pod(readinessGates=[{"conditionType": gate}])).run(5)
    ready = next(c for c in bench.status["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")
    assert bench.conditions["ContainersReady"] == "True"

    conditions = [*bench.status["conditions"], {"type": gate, "status": "True"}]
    bench.put({**bench.pod, "status": {**bench.status, "conditions": conditions}})
    bench.run(1)
    assert bench.conditions["Ready"] == "True"
