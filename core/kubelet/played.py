"""What a container's own program has done and printed by now: it is played from its start, each time anew.

Stands for the process in the container, seen from outside: its log, the files it has made in the container's
own file system, and those in volumes that it writes when it starts. A program that is not simulated is a
server that prints nothing; nginx prints what its entrypoint prints.
Not modelled: what a program writes into a volume later on; what others do to its files while it runs; names
and addresses of others.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import seconds
from core.kubelet.mounts import container_backend
from core.kubelet.program import image_base, words_of
from core.kubelet.shell.disk import Files, Image
from core.kubelet.shell.run import Container, run_streams
from core.kubelet.shell.session import FOREVER, Session, Sink
from core.kubelet.status import container_status
from core.kubelet.webserver import document_root

_ENTRYPOINT = """\
/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration
/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/
/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh
/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh
/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh
/docker-entrypoint.sh: Configuration complete; ready for start up
"""
_NOTICES = ('using the "epoll" event method', "nginx/{version}", "start worker processes")


class Line(NamedTuple):
    """A piece of a log. *at*: simulated epoch seconds."""

    at: float
    text: bytes


class Played(NamedTuple):
    """*files*: what the program has changed, outside volumes."""

    lines: tuple[Line, ...] = ()
    files: Image = {}
    goes_on: float = FOREVER
    """When it will do something next."""


class _Log(Sink):
    """Output of which each line keeps its time."""

    def __init__(self, started: float) -> None:
        super().__init__()
        self._started = started
        self.session: Session | None = None
        self.lines: list[Line] = []

    def write(self, content: bytes) -> None:
        super().write(content)
        at = self._started + (self.session.slept if self.session else 0.0)
        for piece in content.splitlines(keepends=True):
            if self.lines and not self.lines[-1].text.endswith(b"\n"):
                at, before = self.lines.pop()
                piece = before + piece
            self.lines.append(Line(at, piece))


class _Bare:
    """A cluster whose volumes are empty: what is in them now was not there when the program began."""

    def __init__(self, view: Files) -> None:
        self._view = view

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        return None if kind == "VolumeFile" else self._view.get(kind, namespace, name)

    def list(self, kind: str, namespace: str | None = None) -> list[Obj]:
        return []


def played(place: Container, view: Files, *, previous: bool = False) -> Played:
    """Play the program of a container that runs or has run; *previous*: the one before it."""
    pod, container = place.pod, place.container
    span = _span(pod, container["name"], place.now, previous)
    if span is None:
        return Played()
    started, ended = span
    words = words_of(container)
    if words:
        log = _Log(started)
        session = _play(replace(place, now=started), _Bare(view), log, ended - started)
        return Played(tuple(log.lines), session.disk.overlay(), started + session.wakes)
    return Played(_greeting(container, started))


def _span(pod: Obj, name: str, now: float, previous: bool) -> tuple[float, float] | None:
    """Return from when to when the container has run, or None."""
    found = container_status(pod, name) or {}
    state = found.get("state") or {}
    ended = state.get("terminated") if not previous else None
    if previous or not (ended or state.get("running")):
        ended = (found.get("lastState") or {}).get("terminated")
    if not ended and not previous and state.get("running"):
        return seconds(state["running"]["startedAt"]), now
    if not ended or not ended.get("startedAt"):
        return None
    return seconds(ended["startedAt"]), seconds(ended["finishedAt"])


def written_at_start(place: Container, view: Files) -> list[Obj]:
    """Return the files in volumes that a container's program writes before it sleeps for the first time."""
    session = _play(place, view, _Log(place.now), 0.0)
    own = container_backend(place.pod, place.container["name"])
    return [file for file in session.disk.changes()[0] if file["metadata"]["namespace"] != own]


def _play(place: Container, view: Files, log: _Log, elapsed: float) -> Session:
    session = log.session = place.session(view)
    session.patience = elapsed
    run_streams(session, list(words_of(place.container)), log)
    return session


def _greeting(container: Obj, started: float) -> tuple[Line, ...]:
    """Return what the image's own server prints at its start."""
    if not document_root(container) or image_base(container["image"]) in ("httpd", "agnhost"):
        return ()
    _, _, tag = container["image"].rsplit("/", 1)[-1].partition(":")
    version = tag if tag[:1].isdigit() else "1.29.0"
    when = f"{datetime.fromtimestamp(started, UTC):%Y/%m/%d %H:%M:%S}"
    notices = "".join(f"{when} [notice] 1#1: {text.format(version=version)}\n" for text in _NOTICES)
    text = (_ENTRYPOINT + notices).encode()
    return tuple(Line(started, line) for line in text.splitlines(keepends=True))
