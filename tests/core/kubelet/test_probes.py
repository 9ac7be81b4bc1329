"""Probes: from the time of the start to ready, started, killed."""

from __future__ import annotations

import pytest

from core.kubelet.probes import failure_of
from tests.core.kubelet.cast import Bench, container, node, pod

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
    assert failure_of(container(ports=PORTS), probe, "10.0.0.1") == output


def test_without_declared_ports_all_are_open():
    assert failure_of(container(), CLOSED, "10.0.0.1") == ""


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
