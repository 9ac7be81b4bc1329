"""Runs a scenario with the real kubectl against a server of its own, and keeps all that happened.

Everything goes over HTTP, at the pace of the wall clock: what a user of kubectl sees, to the letter.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from core.api.kinds import BY_KIND
from core.apimachinery.meta import Obj, name_of, ref_of
from core.apiserver.rows import Change
from tests.clients.kubectl import Kubectl
from tests.clients.server import Server
from tests.conformance.recording import (
    HERE,
    LAST_EVENTS,
    WATCHED,
    Printed,
    Recording,
    Step,
    is_watched,
    read_scenario,
)

FLAGS = ("--pvclaimbinder-sync-period=2s",)  # as the real cluster was set up
PATIENCE = 180.0  # seconds until a kubectl counts as hanging
SETTLE = 1.0  # seconds without a change before the first step


def record(name: str, kubectl: Path) -> Recording:
    """Run scenarios/*name*.yaml on a server that is made for it and gone afterwards.

    Raises: RuntimeError with the server's log when it cannot be reached any more.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), flags=FLAGS, PACE="1")
        try:
            server.wait()
            return _Recorder(server, Kubectl(kubectl, server.url, "default", Path(folder), HERE)).run(name)
        except OSError as exc:
            raise RuntimeError(f"{name}: {exc}; the server said:\n{server.log()[-3000:]}") from exc
        finally:
            server.stop()


class _Recorder:
    """One run of one scenario."""

    def __init__(self, server: Server, kubectl: Kubectl) -> None:
        self.server = server
        self.kubectl = kubectl

    def run(self, name: str) -> Recording:
        scenario = read_scenario(name)
        for manifest in scenario.get("setup", ()):
            self.kubectl.ok(f"apply -f {manifest}")
        self._news = _News(self.server.url)
        self._news.settle(SETTLE, PATIENCE)
        base = [change.obj for change in self._news.take()]
        recording = Recording(base, [self._step(step) for step in scenario["steps"]])
        self._news.settle(LAST_EVENTS, LAST_EVENTS)
        recording.steps[-1].changes += self._news.take()
        return recording

    def _step(self, script: dict[str, Any]) -> Step:
        step = Step(script["title"])
        for order in script["run"]:
            match {"kubectl": order} if isinstance(order, str) else order:
                case {"sleep": seconds}:
                    time.sleep(seconds)  # the scenario says so
                case {"hook": words}:
                    self._hook(words.split())
                case {"kubectl": line, **rest}:
                    step.commands.append(self._kubectl(line, rest.get("stdin", "")))
        step.codes = [printed.code for printed in step.commands]
        self._news.settle(script.get("quiet", 3.0), script.get("timeout", 90.0))
        step.shows = [self._kubectl(line) for line in script.get("show", ())]
        step.changes = self._news.take()
        step.state = sorted(self._state(), key=lambda obj: (obj["kind"], name_of(obj)))
        return step

    def _kubectl(self, line: str, stdin: str = "") -> Printed:
        said = self.kubectl(line, stdin, PATIENCE)
        return Printed(said.code, said.out, said.err)

    def _hook(self, words: list[str]) -> None:
        environment = os.environ | {"STSVIZ_SERVER": self.server.url}
        subprocess.run([HERE / "hook", *words], env=environment, check=True, timeout=PATIENCE)

    def _state(self) -> list[Obj]:
        kinds = sorted(WATCHED - {"Event"})
        return [obj for kind in kinds for obj in _list(self.server.url, kind)[0]]


class _News:
    """Every change of the watched kinds; what was there at the start counts as added."""

    def __init__(self, url: str) -> None:
        self._changed = threading.Condition()
        self._changes: list[Change] = []
        self._last = time.monotonic()
        for kind in sorted(WATCHED):
            objects, version = _list(url, kind)
            self._changes += [_change("ADDED", obj) for obj in objects]
            watch = f"{url}{_path(kind)}?watch=1&resourceVersion={version}"
            threading.Thread(target=self._follow, args=(kind, watch), daemon=True).start()

    def _follow(self, kind: str, url: str) -> None:
        """Take in what comes until the server goes."""
        try:
            with urllib.request.urlopen(url) as stream:
                for line in stream:
                    event = json.loads(line)
                    if event["type"] not in ("BOOKMARK", "ERROR") and is_watched(event["object"]):
                        self._take_in(_change(event["type"], event["object"]))
        except OSError:
            return

    def _take_in(self, change: Change) -> None:
        with self._changed:
            self._changes.append(change)
            if change.ref.kind != "Event":
                self._last = time.monotonic()
                self._changed.notify()

    def settle(self, quiet: float, timeout: float) -> None:
        """Return when nothing but Events has come for *quiet* seconds, or after *timeout*."""
        with self._changed:
            start = self._last = time.monotonic()
            while (now := time.monotonic()) < min(self._last + quiet, start + timeout):
                self._changed.wait(min(self._last + quiet, start + timeout) - now)

    def take(self) -> list[Change]:
        """Return what has come since the last time, in the order in which it was written."""
        with self._changed:
            taken, self._changes = self._changes, []
        return sorted(taken, key=lambda change: change.revision)


def _path(kind: str) -> str:
    resource = BY_KIND[kind]
    return f"/{'apis' if resource.group else 'api'}/{resource.api_version}/{resource.plural}"


def _list(url: str, kind: str) -> tuple[list[Obj], str]:
    """Return the watched objects of *kind*, and the version at which they are so."""
    with urllib.request.urlopen(url + _path(kind), timeout=PATIENCE) as answer:
        found = json.load(answer)
    meta = {"kind": kind, "apiVersion": BY_KIND[kind].api_version}
    objects = [meta | obj for obj in found["items"]]
    return [obj for obj in objects if is_watched(obj)], found["metadata"]["resourceVersion"]


def _change(type_: str, obj: Obj) -> Change:
    return Change(int(obj["metadata"]["resourceVersion"]), type_, ref_of(obj), obj, None, "", "", 0.0)
