"""The cast of the kubelet's tests: a node, a Pod, and a bench that performs plans and moves the clock."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref, copied, replaced
from core.apimachinery.timestamps import timestamp
from core.client.actions import Create, Delete, Patch, Plan, RecordEvent, Update, UpdateStatus
from core.client.cache import Cache
from core.kubelet.kubelet import Kubelet
from core.sim.settings import Settings

NOW = 1_800_000_000.0
WEB_0 = Ref("Pod", "default", "web-0")


def node(name: str = "node-1", *, ready: str = "True", since: float = NOW - 9000, **extra: Any) -> Obj:
    condition = {
        "type": "Ready",
        "status": ready,
        "lastHeartbeatTime": timestamp(NOW),
        "lastTransitionTime": timestamp(since),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": timestamp(NOW - 9000),
            "labels": {"kubernetes.io/hostname": name},
            **extra.pop("metadata", {}),
        },
        "spec": {"podCIDR": "10.244.1.0/24"},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}],
            "conditions": [condition],
            "images": [{"names": ["docker.io/library/nginx:1.9.1"], "sizeBytes": 1}],
            **extra,
        },
    }


OFF = {"annotations": {"stsviz.dev/power": "off"}}


def container(name: str = "nginx", **fields: Any) -> Obj:
    return {
        "name": name,
        "image": "nginx:1.9.1",
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        **fields,
    }


def pod(*containers: Obj, claims: tuple[str, ...] = (), **spec: Any) -> Obj:
    volumes = [{"name": c, "persistentVolumeClaim": {"claimName": c}} for c in claims]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", "uid": "u-1", "generation": 1},
        "spec": {
            "containers": list(containers) or [container()],
            "volumes": volumes,
            "nodeName": "node-1",
            "restartPolicy": "Always",
            **spec,
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


class Bench:
    """A cluster of a kubelet alone: performs what it plans, and keeps what it said."""

    def __init__(self, *objects: Obj, settings: Settings | None = None) -> None:
        self.view = Cache(copied(list(objects)))
        self.kubelet = Kubelet(settings or Settings(container_start_jitter=0.0))
        self.now = NOW
        self.events: list[str] = []
        self.statuses: list[Obj] = []
        self.because = ""

    def look(self, key: Ref = WEB_0) -> Plan:
        """Let the kubelet look at *key* once and do what it wants."""
        plan = self.kubelet.sync(self.view, key, self.now)
        self.because = plan.because
        for action in plan.actions:
            match action:
                case UpdateStatus(obj=obj):
                    self.view.put(obj)
                    self.statuses.append(obj["status"])
                case Create(obj=obj) | Update(obj=obj):
                    self.view.put(obj)
                case Delete(ref=ref):
                    self.view.drop(ref)
                case Patch(ref=ref, patch=patch):
                    old = self.view.get(ref.kind, ref.namespace, ref.name)
                    self.view.put({**old, "status": {**old["status"], **patch["status"]}})
                case RecordEvent(reason=reason, message=message):
                    self.events.append(f"{reason}: {message}")
        return plan

    def run(self, seconds: float, key: Ref = WEB_0) -> Bench:
        """Look as the manager would for so long: after each write, and when a timer is due."""
        end = self.now + seconds
        for _ in range(500):
            plan = self.look(key)
            if any(isinstance(a, UpdateStatus) for a in plan.actions) and plan.requeue_after != 0:
                continue
            if plan.requeue_after is None or self.now + plan.requeue_after > end:
                self.now = end
                return self
            self.now += plan.requeue_after
        raise AssertionError(f"does not come to rest: {plan}")

    def put(self, obj: Obj) -> None:
        self.view.put(obj)

    def delete(self, grace: int = 30) -> None:
        """What the API server does to a Pod that is deleted gracefully (PL60)."""
        doomed = replaced(self.pod, "metadata.deletionTimestamp", timestamp(self.now + grace))
        doomed = replaced(doomed, "metadata.deletionGracePeriodSeconds", grace)
        self.view.put(replaced(doomed, "metadata.generation", doomed["metadata"]["generation"] + 1))

    @property
    def pod(self) -> Obj:
        found = self.view.get(*WEB_0)
        assert found is not None, "the Pod is gone"
        return found

    @property
    def status(self) -> Obj:
        return self.pod["status"]

    @property
    def state(self) -> Obj:
        """The state of the first container."""
        return self.status["containerStatuses"][0]["state"]

    @property
    def conditions(self) -> dict[str, str]:
        return {c["type"]: c["status"] for c in self.status["conditions"]}

    @property
    def is_gone(self) -> bool:
        return self.view.get(*WEB_0) is None


def bound_claim(name: str, **spec: Any) -> tuple[Obj, Obj]:
    """Return a bound claim and its volume ``pv-<name>``."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": {"volumeName": f"pv-{name}"},
        "status": {"phase": "Bound"},
    }
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pv-{name}", "uid": f"uid-pv-{name}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": "default", "name": name, "uid": f"uid-{name}"},
            "hostPath": {"path": f"/data/{name}"},
            **spec,
        },
        "status": {"phase": "Bound"},
    }
    return claim, volume


__all__ = ["NOW", "OFF", "WEB_0", "Bench", "bound_claim", "container", "node", "pod"]
