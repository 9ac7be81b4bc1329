"""Probes: from the time a container started, when it is started, ready, or to be killed.

Source: pkg/kubelet/prober/{worker,prober_manager}.go, pkg/probe/{exec,http,tcp} (v1.36).
Differs: nothing is counted. A probe is tried now, in the world that kubectl exec sees, and what it looks at
says since when it answers so. There is a server behind every port that the container declares (behind any,
if it declares none); a command that is not simulated succeeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from core.apimachinery.meta import Obj, field
from core.client.cache import View
from core.kubelet.played import played
from core.kubelet.program import FOREVER
from core.kubelet.shell.disk import Disk, Node
from core.kubelet.shell.run import Container, run
from core.kubelet.webserver import document_root, reply, welcome


class Outcome(NamedTuple):
    """What a probe finds now. *since*: when what it looked at was changed last."""

    failed: bool = False
    output: str = ""
    since: float = 0.0
    until: float = FOREVER
    """When the container's own program does something next."""


class Probed(NamedTuple):
    """A running container whose probes are tried by *look*, and what they said before.

    *kubelet_start*: when the node's kubelet started. It spreads its first probes: one whose period is longer
    than the kubelet's age waits a part of the period (upstream a random part, here half).
    """

    container: Obj
    look: Callable[[Obj], Outcome]
    started_at: float
    kubelet_start: float
    was_started: bool = False
    was_ready: bool = False
    silent_since: float | None = None
    """Since when the container was made to answer no readiness probe (core/api/faults.py)."""


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


# -- one try -----------------------------------------------------------------------------------------


def outcome_of(place: Container, view: View, probe: Obj) -> Outcome:
    """Try a probe in a container."""
    pod, container = place.pod, place.container
    if "exec" in probe:
        return _command(place, view, list(probe["exec"].get("command") or ()))
    for kind in ("tcpSocket", "httpGet", "grpc"):
        if kind in probe:
            action = probe[kind] or {}
            port = _port(container, action.get("port"))
            if port:
                return Outcome(True, _refused(kind, action, field(pod, "status.podIP") or "", port))
            if kind == "httpGet" and document_root(container) and not action.get("host"):
                return _page(place, view, action.get("path") or "/")
    return Outcome()


def file_of(container: Obj) -> str:
    """Return the one file that decides the readiness probe of *container*, or "" when none is known to.

    Known are a page of the image's own web server, and a command that looks at its last word:
    ``cat /tmp/healthy``.
    """
    probe = container.get("readinessProbe") or {}
    page = probe.get("httpGet")
    argv: list[str] = (probe.get("exec") or {}).get("command") or []
    if page is not None and document_root(container) and not page.get("host"):
        path = page.get("path") or "/"
        return document_root(container) + path + ("index.html" if path.endswith("/") else "")
    looks = len(argv) in (2, 3) and argv[0] in ("cat", "test", "ls", "stat") and argv[-1].startswith("/")
    return argv[-1] if looks else ""


def _command(place: Container, view: View, argv: list[str]) -> Outcome:
    program = played(place, view)
    session = place.session(view, image=program.files)
    result = run(session, argv)
    since, until = session.disk.latest, program.goes_on
    if session.strange or result.code == 0:
        return Outcome(since=since, until=until)
    output = (result.stdout + result.stderr).decode("utf-8", "replace").strip()
    return Outcome(True, output or f"command exited with {result.code}", since, until)


def _page(place: Container, view: View, path: str) -> Outcome:
    files = {path: Node(False, content) for path, content in welcome(place.container).items()}
    disk = Disk(view, place.pod, place.container["name"], place.now, files)
    code = reply(place.container, disk, path).code
    output = f"HTTP probe failed with statuscode: {code}"
    return Outcome(code >= 400, output if code >= 400 else "", disk.latest)


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


# -- what follows ------------------------------------------------------------------------------------


def probe_state(probed: Probed, now: float) -> ProbeState:
    """Return what the probes say of a running container."""
    container, look, started_at = probed.container, probed.look, probed.started_at
    if not any(kind in container for kind in ("startupProbe", "readinessProbe", "livenessProbe")):
        return ProbeState(started=True, ready=probed.silent_since is None)

    def first(probe: Obj, after: float) -> float:
        period = _period(probe)
        spread = period / 2 if started_at - probed.kubelet_start < period else 0.0
        return after + (probe.get("initialDelaySeconds") or 0) + spread

    failing: list[_Failing] = []
    up_at = started_at
    startup = container.get("startupProbe")
    if startup is not None:
        up_at = first(startup, started_at)
        if not probed.was_started:
            outcome = look(startup)
            up_at = _tick(startup, up_at, outcome.since)
            if outcome.failed:
                failing.append(_Failing("Startup", startup, up_at, outcome.output))
            if outcome.failed or now < up_at:
                return _verdict(failing, now, FOREVER if outcome.failed else up_at, started=False)
    again = FOREVER
    liveness = container.get("livenessProbe")
    if liveness is not None:
        outcome, begin = look(liveness), first(liveness, up_at)
        again = _tick(liveness, begin, outcome.until)
        if outcome.failed:
            at = _tick(liveness, begin, outcome.since)
            failing.append(_Failing("Liveness", liveness, at, outcome.output))
    readiness = container.get("readinessProbe")
    if readiness is None:
        up_at = up_at if probed.silent_since is None else FOREVER
        return _verdict(failing, now, up_at, started=True, again=again)
    silent = probed.silent_since
    outcome = look(readiness) if silent is None else Outcome(True, "the program does not answer", silent)
    begin = first(readiness, up_at)
    again = min(again, _tick(readiness, begin, outcome.until))
    at = _tick(readiness, begin, outcome.since)
    if outcome.failed:
        failing.append(_Failing("Readiness", readiness, at, outcome.output))
        ready_at = -failing[-1].counts_at if probed.was_ready else FOREVER
        return _verdict(failing, now, ready_at, started=True, again=again)
    ready_at = at + ((readiness.get("successThreshold") or 1) - 1) * _period(readiness)
    return _verdict(
        failing, now, min(ready_at, now) if probed.was_ready else ready_at, started=True, again=again
    )


def _period(probe: Obj) -> float:
    return float(probe.get("periodSeconds") or 10)


def _tick(probe: Obj, first: float, since: float) -> float:
    """Return when the probe saw first what it sees now: it looks each period from *first* on."""
    period = _period(probe)
    return (
        first
        if since <= first
        else since
        if since == FOREVER
        else first + ceil((since - first) / period) * period
    )


class _Failing(NamedTuple):
    """A probe that fails. *begin*: the first time that it did."""

    kind: str
    probe: Obj
    begin: float
    output: str

    @property
    def counts_at(self) -> float:
        """When it has failed as often as it takes."""
        return self.begin + ((self.probe.get("failureThreshold") or 3) - 1) * _period(self.probe)


def _verdict(
    failing: list[_Failing], now: float, ready_at: float, *, started: bool, again: float = FOREVER
) -> ProbeState:
    """Return the state, given the probes that fail.

    *ready_at*: from when on it is ready; negative: ready until then. *again*: when to look in any case.
    """
    ready = started and (now >= ready_at if ready_at >= 0 else now < -ready_at)
    kill_at, next_at = FOREVER, min(at for at in (abs(ready_at), again, FOREVER) if now < at)
    told: list[tuple[str, str]] = []
    for fault in failing:
        if fault.kind != "Readiness":
            kill_at = min(kill_at, fault.counts_at)
        if now < fault.begin:
            next_at = min(next_at, fault.begin)
            continue
        period = _period(fault.probe)
        last = fault.begin + (now - fault.begin) // period * period
        if now - last < _WINDOW:
            told.append((fault.kind, fault.output))
        next_at = min(next_at, last + period)
    return ProbeState(started, ready, kill_at, min(next_at, kill_at), tuple(told))
