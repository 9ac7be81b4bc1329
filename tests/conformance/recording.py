"""Runs a scenario on a cluster in this process, in simulated time, and keeps all that happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from core.apimachinery.meta import Obj, Ref, name_of, ref_of
from core.apiserver.store import Change
from core.cluster import Cluster
from core.sim.settings import Settings
from tests.scenarios.kubectl import Kubectl

HERE = Path(__file__).resolve().parent
START = 1_800_000_000.0
SETTINGS = Settings(pvclaimbinder_sync_period=2.0)  # as the real cluster was set up
LAST_EVENTS = 2.0  # seconds after the last step

WATCHED = {
    "ControllerRevision",
    "Deployment",
    "EndpointSlice",
    "Event",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "Service",
    "StatefulSet",
    "StorageClass",
}


class Printed(NamedTuple):
    """What a run of the real kubectl ended with."""

    code: int
    out: str
    err: str


@dataclass
class Step:
    """What one step did, and what stood there when it had settled.

    ``commands`` and ``shows`` take a real kubectl: a run in this process leaves them empty.
    """

    title: str
    codes: list[int] = field(default_factory=list)  # of the kubectl commands
    commands: list[Printed] = field(default_factory=list)
    shows: list[Printed] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    state: list[Obj] = field(default_factory=list)


@dataclass
class Recording:
    base: list[Obj]
    steps: list[Step]


def read_scenario(name: str) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(
        (HERE / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return scenario


def record(name: str) -> Recording:
    """Run scenarios/*name*.yaml on a new cluster, which is gone afterwards."""
    scenario = read_scenario(name)
    cluster = Cluster.new(f"recording-{name}", start=START, seed=7, settings=SETTINGS)
    try:
        return Recorder(cluster).run(scenario)
    finally:
        cluster.destroy()


class Recorder:
    """One run of one scenario."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.kubectl = Kubectl(cluster, HERE)
        self._head = cluster.revision

    def run(self, scenario: dict[str, Any]) -> Recording:
        self.kubectl.settle()
        for manifest in scenario.get("setup", ()):
            self._kubectl(f"apply -f {manifest}")
        self.kubectl.settle(1.0, 1.0)
        self._news()
        recording = Recording(self._objects(), [self._step(step) for step in scenario["steps"]])
        self.kubectl.settle(LAST_EVENTS)
        recording.steps[-1].changes += self._news()
        return recording

    def _step(self, script: dict[str, Any]) -> Step:
        step = Step(script["title"])
        for order in script["run"]:
            match {"kubectl": order} if isinstance(order, str) else order:
                case {"sleep": seconds}:
                    self.cluster.advance(self.cluster.now + seconds)
                case {"hook": words}:
                    self._hook(*words.split())
                case {"kubectl": line, **rest}:
                    step.codes.append(self._kubectl(line, rest.get("stdin", "")))
        self.kubectl.settle(script.get("quiet", 3.0), script.get("timeout", 90.0))
        step.changes = self._news()
        step.state = [obj for obj in self._objects() if obj["kind"] != "Event"]
        return step

    def _kubectl(self, line: str, stdin: str = "") -> int:
        return self.kubectl(line, stdin)[0]

    def _hook(self, fault: str, node: str) -> None:
        power = {"node-down": "off", "node-up": None}[fault]
        patch = {"metadata": {"annotations": {"stsviz.dev/power": power}}}
        self.cluster.patch(Ref("Node", "", node), patch)

    def _news(self) -> list[Change]:
        """Return the watched changes since the last call."""
        changes = self.cluster.changes_since(self._head)
        self._head = self.cluster.revision
        return [change for change in changes if is_watched(change.obj)]

    def _objects(self) -> list[Obj]:
        found = [obj for kind in WATCHED for obj in self.cluster.view.list(kind) if is_watched(obj)]
        return sorted(found, key=lambda obj: (obj["kind"], name_of(obj)))


def is_watched(obj: Obj) -> bool:
    """Say whether a recording keeps *obj*."""
    kind, namespace, name = ref_of(obj)
    if kind not in WATCHED or namespace not in ("", "default") or name == "kubernetes":
        return False
    return kind != "Event" or obj["involvedObject"].get("kind") not in ("Lease", "Namespace", "Node")
