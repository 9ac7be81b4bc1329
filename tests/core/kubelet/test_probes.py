"""Probes: from the time of the start to ready, started, killed."""

from __future__ import annotations

import pytest

from core.kubelet.mounts import container_backend
from core.kubelet.probes import outcome_of
from core.kubelet.shell.disk import owner
from core.kubelet.shell.run import Container
from core.sim.settings import Settings
from core.storage.volumefile import volume_file
from tests.core.kubelet.cast import NOW, Bench, container, node, pod

CLOSED = {"tcpSocket": {"port": 1}}
PORTS = [{"name": "web", "containerPort": 80}]


def probed(**probes) -> Bench:
    return Bench(node(), pod(container(ports=PORTS, **probes)))


@pytest.mark.parametrize(
    ("probe", "output"),
    [
        pytest.param({"tcpSocket": {"port": 80}}, "", id="a declared port"),
        pytest.param({"httpGet": {"port": "web", "path": "/"}}, "", id="a declared port by name"),
        pytest.param(CLOSED, "dial tcp 10.0.0.1:1: connect: connection refused", id="a closed port"),
        pytest.param(
            {"httpGet": {"port": 81, "path": "/up"}},
            'Get "http://10.0.0.1:81/up": dial tcp 10.0.0.1:81: connect: connection refused',
            id="http at a closed port",
        ),
        pytest.param(
            {"exec": {"command": ["sh", "-c", "exit 7"]}}, "command exited with 7", id="a failing command"
        ),
        pytest.param({"exec": {"command": ["pg_isready"]}}, "", id="an unknown command"),
    ],
)
def test_what_a_probe_answers(probe, output):
    """PL27"""
    assert tried(container(ports=PORTS), probe) == output


def tried(spec, probe) -> str:
    subject = {**pod(spec), "status": {"podIP": "10.0.0.1"}}
    return outcome_of(Container(subject, spec, Settings(), NOW), Bench().view, probe).output


def test_without_declared_ports_all_are_open():
    assert tried(container(), CLOSED) == ""


PAGE = "/usr/share/nginx/html/index.html"
GET = {"httpGet": {"path": "/index.html", "port": 80}, "periodSeconds": 5, "failureThreshold": 2}


def written(bench: Bench, path: str, *, removed: bool = False) -> None:
    """What `kubectl exec` leaves behind."""
    file = volume_file(container_backend(bench.pod, "nginx"), path, b"x", bench.now)
    bench.put({**file, "pod": owner(bench.pod), "removed": removed})


def test_a_page_that_is_moved_away_makes_the_pod_unready_after_so_many_failures_and_back():
    """PL25, ST e2e breakHTTPProbe, restoreHTTPProbe"""
    bench = probed(readinessProbe=GET).run(20)
    assert bench.conditions["Ready"] == "True"

    written(bench, PAGE, removed=True)
    bench.run(4)
    assert bench.conditions["Ready"] == "True"
    bench.run(6)
    assert bench.conditions["Ready"] == "False"
    assert "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404" in bench.events

    written(bench, PAGE)
    bench.run(6)
    assert bench.conditions["Ready"] == "True"


def test_a_page_that_is_rewritten_leaves_the_pod_ready():
    bench = probed(readinessProbe=GET).run(20)
    written(bench, PAGE)
    before = len(bench.statuses)
    assert len(bench.run(10).statuses) == before


def test_the_lesson_of_the_liveness_probe_is_played():
    """The program removes the file after thirty seconds; three failures later the container is restarted."""
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    probe = {"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 5, "periodSeconds": 5}
    spec = container(image="busybox", command=["sh", "-c", script], livenessProbe=probe)
    bench = Bench(node(), pod(spec)).run(1 + 34)
    assert bench.status["containerStatuses"][0]["restartCount"] == 0
    bench.run(12)
    assert bench.status["containerStatuses"][0]["restartCount"] == 1
    complaint = "cat: /tmp/healthy: No such file or directory"
    assert f"Unhealthy: Liveness probe failed: {complaint}" in bench.events


def test_a_program_that_was_told_to_end_is_restarted():
    """PL26: kill 1"""
    bench = Bench(node(), pod()).run(5)
    written(bench, "/proc/1/exit")
    bench.put({**bench.view.list("VolumeFile")[0], "content": "3"})
    bench.run(5)
    (status,) = bench.status["containerStatuses"]
    assert (status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (1, 3)


def test_is_ready_after_delay_and_successes():
    """PL25"""
    probe = {
        "tcpSocket": {"port": 80},
        "initialDelaySeconds": 20,
        "periodSeconds": 10,
        "successThreshold": 2,
    }
    bench = probed(readinessProbe=probe).run(1 + 29)
    assert (bench.status["phase"], bench.conditions["Ready"]) == ("Running", "False")
    assert bench.because == "nginx runs but its readiness probe has not succeeded"

    bench.run(1)
    assert bench.conditions["Ready"] == "True"


def test_a_failing_readiness_probe_complains_each_period_and_restarts_nothing():
    """PL25, PL27"""
    bench = probed(readinessProbe={**CLOSED, "periodSeconds": 10}).run(25)

    complaints = [event for event in bench.events if event.startswith("Unhealthy")]
    address = bench.status["podIP"]
    assert (
        complaints
        == [f"Unhealthy: Readiness probe failed: dial tcp {address}:1: connect: connection refused"] * 3
    )
    assert bench.status["containerStatuses"][0]["restartCount"] == 0


def test_a_young_kubelet_spreads_its_first_probes():
    """20-broken-rollout"""
    bench = probed(readinessProbe={**CLOSED, "periodSeconds": 36000}).run(60)

    assert not [event for event in bench.events if event.startswith("Unhealthy")]
    assert bench.conditions["Ready"] == "False"


def test_a_failing_liveness_probe_restarts_the_container():
    """PL26"""
    bench = probed(livenessProbe={**CLOSED, "periodSeconds": 10, "failureThreshold": 3}).run(24)

    assert "Killing: Container nginx failed liveness probe, will be restarted" in bench.events
    (status,) = bench.status["containerStatuses"]
    assert (status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (1, 137)


def test_a_startup_probe_holds_the_others_back():
    """PL26"""
    bench = probed(
        startupProbe={"tcpSocket": {"port": 80}, "initialDelaySeconds": 30},
        livenessProbe={"tcpSocket": {"port": 80}},
    ).run(20)
    (status,) = bench.status["containerStatuses"]
    assert (status["started"], status["ready"]) == (False, False)

    bench.run(20)
    (status,) = bench.status["containerStatuses"]
    assert (status["started"], status["ready"]) == (True, True)
