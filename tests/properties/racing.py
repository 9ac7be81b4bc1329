"""One race: a cluster whose processes lag, as a seed says, in the hands of somebody who tries everything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, Ref, controller_of, field, is_terminating, name_of
from core.client.actions import Create, RecordEvent
from core.cluster import Cluster
from core.manager import QueueKey
from core.sim.settings import PROCESSES, Settings
from tests.properties.racelaws import MARK, LawBroken, Laws, is_ready

START = 1_800_000_000.0
ACTIONS = 15
COUNTERS = ("replicas", "readyReplicas", "updatedReplicas", "numberReady", "updatedNumberScheduled")
CALM = 0.5  # seconds that a plan and a component's own latency may take, beside the lag
WEIGHTS = {
    "scale": 20,
    "roll": 10,
    "apply": 10,
    "delete_pod": 25,
    "delete_claim": 8,
    "delete": 6,
    "cordon": 6,
    "mark": 10,
    "write": 8,
    "kill": 8,
    "power": 2,
}
_NAMES = count()

CLASSES = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: at-once}
provisioner: kubernetes.io/host-path
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: delayed}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80, name: web}]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  csi: {driver: race.test, volumeHandle: disk-1}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
"""
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: %(replicas)d
  podManagementPolicy: %(policy)s
  persistentVolumeClaimRetentionPolicy: {whenDeleted: %(keep)s, whenScaled: %(keep)s}
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - {name: nginx, image: "%(image)s", volumeMounts: [{name: www, mountPath: /www}]}
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], storageClassName: %(class)s, resources: {requests: {storage: 1Gi}}}
"""
API = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: %(replicas)d
  strategy: {type: %(strategy)s}
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: nginx, image: "%(image)s", resources: {requests: {cpu: "10"}}}]
"""
DB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  replicas: %(replicas)d
  strategy: {type: Recreate}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "%(image)s", volumeMounts: [{name: disk, mountPath: /data}]}]
      volumes: [{name: disk, persistentVolumeClaim: {claimName: disk}}]
"""
AGENT = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: agent, image: "%(image)s"}]
"""
SPECS = {
    Ref("StatefulSet", "default", "web"): SET,
    Ref("Deployment", "default", "api"): API,
    Ref("Deployment", "default", "db"): DB,
    Ref("DaemonSet", "default", "agent"): AGENT,
}
MOST = {"web": 3, "api": 4, "db": 1, "agent": 1}


@dataclass(frozen=True)
class Script:
    """What a seed says: the settings, the manifests' constants, and the actions, as (name, arguments)."""

    seed: int
    settings: Settings
    variant: dict[str, str]
    workloads: list[Ref]
    actions: list[tuple[str, tuple[Any, ...]]]

    @classmethod
    def of(cls, seed: int) -> Script:
        draw = Random(seed)
        settings = Settings(
            watch_lag=draw.choice((0.0, 0.01, 0.1, 0.5, 2.0)),
            watch_jitter=draw.choice((0.0, 0.02, 0.3, 3.0)),
            watch_lag_of=",".join(
                f"{process}={draw.choice(('0', '50ms', '1s', '4s'))}"
                for process in PROCESSES
                if draw.random() < 0.3
            ),
            queue_order=draw.choice(("fifo", "shuffled")),
        )
        variant = {
            "policy": draw.choice(("OrderedReady", "Parallel")),
            "class": draw.choice(("at-once", "delayed")),
            "keep": draw.choice(("Retain", "Retain", "Delete")),
            "strategy": draw.choice(("RollingUpdate", "RollingUpdate", "Recreate")),
        }
        workloads = [ref for ref in SPECS if draw.random() < 0.6] or [next(iter(SPECS))]
        actions = [_action(draw, workloads) for _ in range(ACTIONS)]
        return cls(seed, settings, variant, workloads, actions)


def _action(draw: Random, workloads: list[Ref]) -> tuple[str, tuple[Any, ...]]:
    ref, node = draw.choice(workloads), draw.choice(("node-1", "node-2"))
    pause = draw.choice((0.0, 0.003, 0.03, 0.2, 1.0, 1.5, 4.0, 20.0))
    name = draw.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    arguments: dict[str, tuple[Any, ...]] = {
        "scale": (ref, draw.randint(0, MOST[ref.name])),
        "roll": (ref, draw.choice(("nginx:1", "nginx:2", "nginx:3"))),
        "apply": (ref,),
        "delete_pod": (ref, draw.random(), draw.choice((None, None, 0, 5))),
        "delete_claim": (draw.random(),),
        "delete": (ref, draw.choice(("Background", "Foreground", "Orphan"))),
        "cordon": (node, draw.choice((True, None))),
        "mark": (draw.random(),),
        "write": (draw.random(),),
        "kill": (),
        "power": (node,),
    }
    return name, (pause, *arguments[name])


class Race:
    """Plays a script. *lags* False: the same without any lag, for comparison."""

    def __init__(self, script: Script, *, lags: bool = True) -> None:
        self.script = script
        settings = script.settings if lags else Settings()
        self.cluster = Cluster.new(f"race-{next(_NAMES)}", start=START, seed=script.seed, settings=settings)
        longest = [settings.watch_lag, *(4.0 for _ in settings.watch_lag_of[:1])]
        self.laws = Laws(max(longest) + settings.watch_jitter + CALM)
        self.wanted = {
            ref: {"replicas": min(2, MOST[ref.name]), "image": "nginx:1"} for ref in script.workloads
        }
        self.marks = 0
        self._watch()

    def play(self) -> dict[str, Any]:
        """Do it all; return how the cluster looks when everything has come to rest. Raises: LawBroken."""
        self._apply_text(CLASSES)
        for ref in self.script.workloads:
            self.apply(ref)
        for name, (pause, *arguments) in self.script.actions:
            with suppress(ApiError):
                getattr(self, name)(*arguments)
            self.cluster.advance(self.cluster.now + pause)
        self._make_up()
        self._nothing_is_left_to_do()
        outcome = self.outcome()
        self.cluster.destroy()
        return outcome

    def _watch(self) -> None:
        self.cluster.store.on_commit.append(lambda revision: self._check())
        self._check()

    def _check(self) -> None:
        for change in self.cluster.changes_since(self.laws.revision):
            self.laws.take_in(change)

    def _make_up(self) -> None:
        """Undo what keeps a cluster from its rest, say once more what is wanted, and let it settle."""
        for node in ("node-1", "node-2"):
            self.cordon(node, None)
            self._power(node, None)
        self.cluster.settle()
        self._help_where_a_real_cluster_needs_help()
        for ref in self.script.workloads:
            self.apply(ref)
            # a set that has failed for long tries again so late that a cluster at rest is not asked to wait
            self.cluster.patch(ref, {"metadata": {"annotations": {"races.test/look": "again"}}})
        self.cluster.settle()

    def _help_where_a_real_cluster_needs_help(self) -> None:
        """Two dead ends of Kubernetes' own, which only lag leads into.

        A Pod that was bound when its claim was about to go waits for ever for the next one, if that is to
        wait for a first consumer: it has a node already. And a Deployment that was changed before the
        controller had seen its own first ReplicaSet has two, of which Recreate scales neither.
        """
        view = self.cluster.view
        for pod in view.list("Pod", "default"):
            if pod["spec"].get("nodeName") and not self._seen(pod, Ref("Pod", "", ""))[3]:
                self.cluster.delete(Ref("Pod", "default", name_of(pod)))
        for rs in view.list("ReplicaSet", "default"):
            deployment = view.get("Deployment", "default", (controller_of(rs) or {}).get("name", ""))
            if deployment is not None and deployment["spec"]["strategy"]["type"] == "Recreate":
                old = rs["spec"]["template"]["spec"] != deployment["spec"]["template"]["spec"]
                self.cluster.scale(
                    Ref("ReplicaSet", "default", name_of(rs)), 0 if old else rs["spec"]["replicas"]
                )

    # -- what may be done --------------------------------------------------------------------------

    def _apply_text(self, text: str) -> None:
        for outcome in self.cluster.apply(text):
            if outcome.verb == "refused":
                raise LawBroken(f"refused: {outcome.message}")

    def apply(self, ref: Ref) -> None:
        self._apply_text(SPECS[ref] % {**self.script.variant, **self.wanted[ref]})

    def scale(self, ref: Ref, replicas: int) -> None:
        self.wanted[ref]["replicas"] = replicas
        self.cluster.scale(ref, replicas)

    def roll(self, ref: Ref, image: str) -> None:
        self.wanted[ref]["image"] = image
        self.apply(ref)

    def delete_pod(self, ref: Ref, which: float, grace: int | None) -> None:
        prefix = ref.name + "-"
        pods = [pod for pod in self.cluster.view.list("Pod", "default") if name_of(pod).startswith(prefix)]
        if pods:
            pod = pods[int(which * len(pods))]
            self.cluster.delete(Ref("Pod", "default", name_of(pod)), grace)

    def delete_claim(self, which: float) -> None:
        self.cluster.delete(Ref("PersistentVolumeClaim", "default", f"www-web-{int(which * 3)}"))

    def delete(self, ref: Ref, propagation: str) -> None:
        if ref.kind == "DaemonSet" and propagation == "Orphan":
            # its heir counts template generations from 1 again, and takes orphans of an older template for
            # its own (IsPodUpdated): what comes of it depends on which Pods are old just then
            propagation = "Background"
        self.cluster.delete(ref, None, propagation)

    def cordon(self, node: str, value: bool | None) -> None:
        self.cluster.patch(Ref("Node", "", node), {"spec": {"unschedulable": value}})

    def power(self, node: str) -> None:
        self._power(node, "off")
        self.cluster.advance(self.cluster.now + 70)

    def _power(self, node: str, value: str | None) -> None:
        self.cluster.patch(Ref("Node", "", node), {"metadata": {"annotations": {"stsviz.dev/power": value}}})

    def mark(self, which: float) -> None:
        """Annotate anything: nobody else's write may lose that."""
        objects = [o for o in self.cluster.view.everything() if o["kind"] not in ("Event", "VolumeFile")]
        obj = objects[int(which * len(objects))]
        ref = Ref(obj["kind"], obj["metadata"].get("namespace", ""), name_of(obj))
        self.marks += 1
        self.cluster.patch(ref, {"metadata": {"annotations": {MARK: str(self.marks)}}})

    def write(self, which: float) -> None:
        pod = Ref("Pod", "default", f"web-{int(which * 3)}")
        self.cluster.write_file(pod, "/www/index.html", pod.name.encode())

    def kill(self) -> None:
        """The process dies; another opens the database."""
        self.cluster.store.on_commit.clear()
        self.cluster = Cluster.open(self.cluster.name)
        self._watch()

    # -- the end -----------------------------------------------------------------------------------

    def _nothing_is_left_to_do(self) -> None:
        """INV9: eventually stable, one more sync of every key decides nothing."""
        manager = self.cluster.manager
        for number, component in enumerate(manager.components):
            view = manager.view_of(component)
            for ref in component.resync_keys(view):
                plan = component.sync(view, QueueKey(number, ref).ref, self.cluster.now)
                writes = [a for a in plan.actions if not isinstance(a, RecordEvent)]
                # nobody watches revisions, upstream neither: the next sync of a set makes a lost one again
                history = all(isinstance(a, Create) and a.obj["kind"] == "ControllerRevision" for a in writes)
                if writes and ref.kind != "Node" and not history:
                    raise LawBroken(f"{component.name} is not done with {ref}: {writes}")

    def outcome(self) -> dict[str, Any]:
        """Return what a user would call the state of the cluster, without names that are drawn."""
        view = self.cluster.view
        # a claim that was deleted stays for the Pod that uses it
        going = [o for o in view.everything() if is_terminating(o) and o["kind"] != "PersistentVolumeClaim"]
        out: dict[str, Any] = {"going": sorted(map(name_of, going))}
        for ref in self.script.workloads:
            workload = view.get(*ref)
            if workload is None:
                raise LawBroken(f"{ref} is not there")
            pods = [pod for pod in view.list("Pod", "default") if name_of(pod).startswith(f"{ref.name}-")]
            status = workload["status"]
            sets = [rs for rs in view.list("ReplicaSet") if _is_of(rs, workload)]
            out[ref.name] = {
                "pods": sorted(self._seen(pod, ref) for pod in pods),
                "counts": [status.get(counter, 0) for counter in COUNTERS],
                "observed": status["observedGeneration"] == workload["metadata"]["generation"],
                "revisions": len({status.get("currentRevision"), status.get("updateRevision")}),
                "size": max((rs["spec"]["replicas"] for rs in sets), default=0),
            }
        for service in ("nginx", "api"):
            slices = view.indexed("slices-by-service", ("default", service))
            out[f"endpoints of {service}"] = sum(len(s.get("endpoints") or ()) for s in slices)
        return out

    def _seen(self, pod: Obj, ref: Ref) -> tuple[Any, ...]:
        view = self.cluster.view
        claims = [
            view.get("PersistentVolumeClaim", "default", v["persistentVolumeClaim"]["claimName"])
            for v in pod["spec"].get("volumes") or ()
            if "persistentVolumeClaim" in v
        ]
        bound = all(claim is not None and field(claim, "status.phase") == "Bound" for claim in claims)
        owner = controller_of(pod)
        name = name_of(pod) if ref.kind == "StatefulSet" else ref.name
        return name, pod["spec"]["containers"][0]["image"], is_ready(pod), bound, owner is not None


def _is_of(obj: Obj, owner: Obj) -> bool:
    return (controller_of(obj) or {}).get("uid") == owner["metadata"]["uid"]
