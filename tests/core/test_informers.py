"""Who sees which write when, and what a component remembers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from core import models
from core.apimachinery.meta import Obj, Ref, ref_of
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Store
from core.client.actions import NOTHING, Create, Plan, Update
from core.client.cache import View
from core.manager import Manager
from core.sim.settings import PROCESSES, Settings
from core.world import components

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0
SPACE = Ref("Namespace", "", "default")


def namespace(name: str, **labels: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


class Probe:
    """A component whose decision is a function. ``seen``: when it was asked about which object."""

    name = "probe"
    latency = 0.0
    resync_period: float | None = None

    def __init__(self, process: str, decide: Callable[[View], Plan] = lambda view: NOTHING) -> None:
        self.process = process
        self.decide = decide
        self.seen: list[tuple[str, float]] = []
        self.watches = {
            kind: lambda view, old, new: [ref_of(new or old)] for kind in ("Namespace", "ConfigMap")
        }

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return ()

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        self.seen.append((key.name, round(now - START, 4)))
        return self.decide(view)


class Waiting(Probe):
    awaits = frozenset(("ConfigMap",))


class Assuming(Probe):
    assumes = True


@pytest.fixture
def registry() -> Registry:
    row = models.Cluster.objects.create(name="test", started=START, now=START)
    return Registry(Store(row), Settings())


def run(registry: Registry, *probes: Probe, until: float = 20, **settings: object) -> Manager:
    registry.settings = Settings(**settings)  # type: ignore[arg-type]
    manager = Manager(registry, probes)
    registry.create(namespace("default"), "you")
    while (at := manager.next_at()) is not None and at <= START + until:
        with manager.store.transaction():
            manager.run_one()
    return manager


def test_the_processes_are_those_of_a_cluster():
    assert {component.process for component in components(Settings())} == set(PROCESSES)


def test_one_process_may_lag_more_than_the_others(registry: Registry):
    scheduler, kubelet, provisioner = (
        Probe("kube-scheduler"),
        Probe("kubelet"),
        Probe("rancher.io/local-path"),
    )

    run(
        registry,
        scheduler,
        kubelet,
        provisioner,
        watch_lag=1.0,
        watch_lag_of="kubelet=3s,rancher.io/local-path=0",
    )

    assert scheduler.seen == [("default", 1.0)]
    assert kubelet.seen == [("default", 3.0)]
    assert provisioner.seen == [("default", 0.0)]


def test_jitter_is_drawn_from_the_seed_and_keeps_the_order_of_a_kind(registry: Registry):
    made = [Create(config(f"c{number}")) for number in range(20)]
    once = Plan(tuple(made))
    writer = Probe(
        "kube-apiserver", lambda view: once if view.get("ConfigMap", "default", "c0") is None else NOTHING
    )
    watcher = Probe("kubelet")

    run(registry, writer, watcher, watch_jitter=0.5, watch_lag_of="kube-apiserver=0", api_latency=0.01)

    came = [(name, at) for name, at in watcher.seen if name != "default"]
    assert [name for name, _ in came] == [f"c{number}" for number in range(20)]
    delays = [at - 0.01 * number for number, (_, at) in enumerate(came)]
    assert len(set(delays)) > 5
    assert min(delays) >= 0
    assert max(delays) <= 0.8


@pytest.mark.parametrize(("kind_of_probe", "made"), [(Waiting, 1), (Probe, 3)])
def test_no_key_is_synced_before_its_last_writes_have_come_back(
    registry: Registry, kind_of_probe: type[Probe], made: int
):
    """What expectations and the consistency store are for: a late cache has nothing made twice."""
    registry.settings = Settings(watch_lag=1.0)

    def one(view: View) -> Plan:
        return NOTHING if view.list("ConfigMap") else Plan((Create(config(f"c{registry.store.head}")),))

    probe = kind_of_probe("kubelet", one)
    manager = Manager(registry, [probe])
    registry.create(namespace("default"), "you")
    for number in (1, 2):
        registry.store.now = START + number * 0.2
        registry.patch(SPACE, {"metadata": {"labels": {"n": str(number)}}}, "you")
    while (at := manager.next_at()) is not None and at <= START + 20:
        with manager.store.transaction():
            manager.run_one()

    assert len(registry.store.view.list("ConfigMap")) == made


def test_one_that_assumes_sees_at_once_what_it_wrote(registry: Registry):
    counted: list[int] = []

    def make(view: View) -> Plan:
        counted.append(len(view.list("ConfigMap")))
        return Plan((Create(config("c")),), requeue_after=0.1) if len(counted) == 1 else NOTHING

    run(registry, Assuming("kube-scheduler", make), watch_lag=1.0)

    assert counted[:2] == [0, 1]


def test_what_is_on_a_disk_is_seen_at_once(registry: Registry):
    manager = run(registry, probe := Probe("kubelet"), watch_lag=5.0)
    registry.store.create({"kind": "VolumeFile", "metadata": {"namespace": "disk", "name": "f"}}, "you")
    manager.next_at()

    assert manager.view_of(probe).get("VolumeFile", "disk", "f") is not None


def test_a_kubelet_hears_of_the_pods_of_each_node_in_a_stream_of_its_own(registry: Registry):
    manager = run(registry, probe := Probe("kubelet"), watch_lag=1.0)
    for name, node in (("a", ""), ("b", "node-1")):
        spec = {"nodeName": node} if node else {}
        registry.store.create(
            {"kind": "Pod", "metadata": {"namespace": "default", "name": name}, "spec": spec, "status": {}},
            "you",
        )
    with registry.store.transaction():
        while (at := manager.next_at()) is not None and at <= START + 30:
            manager.run_one()

    assert [pod["metadata"]["name"] for pod in manager.view_of(probe).list("Pod")] == ["b"]


def test_a_plan_goes_on_from_what_its_first_write_left_or_not_at_all(registry: Registry):
    """Nobody's write between two of a plan is lost: the second is refused, and the plan begins anew."""
    registry.create(namespace("default"), "you")
    old = registry.create(config("shared"), "you")

    def twice(view: View) -> Plan:
        stored = view.get("ConfigMap", "default", "shared")
        assert stored is not None
        if "done" in (stored.get("data") or {}):
            return NOTHING
        bare = {key: value for key, value in stored["metadata"].items() if key != "resourceVersion"}
        first = Update({**stored, "data": {**(stored.get("data") or {}), "first": "1"}})
        second = Update({**stored, "metadata": bare, "data": {**(stored.get("data") or {}), "done": "1"}})
        return Plan((first, second))

    writer = Probe("kube-scheduler", twice)
    writer.watches = {"Namespace": lambda view, old, new: [SPACE]}
    meddler = Probe("kubelet", lambda view: NOTHING)
    manager = Manager(registry, [writer, meddler])
    registry.settings = Settings(api_latency=1.0)
    registry.patch(SPACE, {"metadata": {"labels": {"go": "on"}}}, "you")
    with registry.store.transaction():
        manager.next_at()
        manager.run_one()
    registry.patch(ref_of(old), {"data": {"theirs": "kept"}}, "you")
    while (at := manager.next_at()) is not None and at <= START + 30:
        with registry.store.transaction():
            manager.run_one()

    assert registry.get(ref_of(old))["data"]["theirs"] == "kept"
    assert registry.get(ref_of(old))["data"]["done"] == "1"
