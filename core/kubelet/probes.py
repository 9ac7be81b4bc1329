"""Probes: from the time a container started, when it is started, ready, or to be killed.

Source: pkg/kubelet/prober/{worker,prober_manager}.go (v1.36).
Differs: a probe gives the same answer each time: there is a server behind every port that the container
declares (behind any, if it declares none), and a command is run as far as program.py understands it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.apimachinery.meta import Obj
from core.kubelet.program import FOREVER, run_of


@dataclass(frozen=True, slots=True)
class ProbeState:
    """What the probes of a running container say now. Times are epoch seconds."""

    started: bool
    ready: bool
    kill_at: float = FOREVER
    """When a failing liveness or startup probe has it restarted."""
    next_at: float = FOREVER
    """When to look again."""
    failures: tuple[tuple[str, str], ...] = ()
    """(``Readiness``, output) of the probes that fail at this moment, for their Events."""


_WINDOW = 1.0  # a failure is told if it is looked at within this time: stamps are whole seconds


def failure_of(container: Obj, probe: Obj, address: str) -> str:
    """Return the output of a failing probe, or "" for one that succeeds."""
    if "exec" in probe:
        run = run_of({"command": probe["exec"].get("command") or []})
        return f"command exited with {run.exit_code}" if run.exit_code else ""
    for kind in ("tcpSocket", "httpGet", "grpc"):
        if kind in probe:
            port = _port(container, (probe[kind] or {}).get("port"))
            return _refused(kind, probe[kind] or {}, address, port) if port else ""
    return ""


def _port(container: Obj, wanted: int | str | None) -> int | str:
    """Return the port at which nobody listens, or 0."""
    declared = container.get("ports") or ()
    if not declared or wanted is None or any(wanted in (p["containerPort"], p.get("name")) for p in declared):
        return 0
    return wanted


def _refused(kind: str, action: Obj, address: str, port: int | str) -> str:
    place = f"{action.get('host') or address}:{port}"
    dial = f"dial tcp {place}: connect: connection refused"
    if kind == "httpGet":
        scheme, path = (action.get("scheme") or "HTTP").lower(), action.get("path") or "/"
        return f'Get "{scheme}://{place}{path}": {dial}'
    if kind == "grpc":
        return f'timeout: failed to connect service "{place}" within 1s: context deadline exceeded'
    return dial


def probe_state(
    container: Obj, address: str, started_at: float, kubelet_start: float, now: float
) -> ProbeState:
    """Return what the probes say of a container that runs since *started_at*.

    *kubelet_start*: when the node's kubelet started. It spreads its first probes: one whose period is longer
    than the kubelet's age waits a part of the period (upstream a random part, here half).
    """
    if not any(kind in container for kind in ("startupProbe", "readinessProbe", "livenessProbe")):
        return ProbeState(started=True, ready=True)

    def first(probe: Obj, after: float) -> float:
        period = probe.get("periodSeconds") or 10
        spread = period / 2 if started_at - kubelet_start < period else 0.0
        return after + (probe.get("initialDelaySeconds") or 0) + spread

    probes: list[tuple[str, Obj, float, str]] = []
    up_at = started_at
    startup = container.get("startupProbe")
    if startup is not None:
        up_at = first(startup, started_at)
        output = failure_of(container, startup, address)
        if output:
            probes.append(("Startup", startup, up_at, output))
        if output or now < up_at:
            return _verdict(probes, now, started=False, ready_at=up_at if not output else FOREVER)
    liveness = container.get("livenessProbe")
    if liveness is not None and (output := failure_of(container, liveness, address)):
        probes.append(("Liveness", liveness, first(liveness, up_at), output))
    readiness, ready_at = container.get("readinessProbe"), up_at
    if readiness is not None:
        begin = first(readiness, up_at)
        ready_at = begin + ((readiness.get("successThreshold") or 1) - 1) * (
            readiness.get("periodSeconds") or 10
        )
        if output := failure_of(container, readiness, address):
            probes.append(("Readiness", readiness, begin, output))
            ready_at = FOREVER
    return _verdict(probes, now, started=True, ready_at=ready_at)


def _verdict(
    failing: list[tuple[str, Obj, float, str]], now: float, *, started: bool, ready_at: float
) -> ProbeState:
    """Return the state, given the probes that fail: (kind, probe, time of the first failure, output)."""
    kill_at, next_at = FOREVER, ready_at if now < ready_at else FOREVER
    told: list[tuple[str, str]] = []
    for kind, probe, begin, output in failing:
        period = probe.get("periodSeconds") or 10
        if kind != "Readiness":
            kill_at = min(kill_at, begin + ((probe.get("failureThreshold") or 3) - 1) * period)
        if now < begin:
            next_at = min(next_at, begin)
            continue
        last = begin + (now - begin) // period * period
        if now - last < _WINDOW:
            told.append((kind, output))
        next_at = min(next_at, last + period)
    ready = started and now >= ready_at
    return ProbeState(started, ready, kill_at, min(next_at, kill_at), tuple(told))
