"""A set on a stage: what is done to it, and the story that its Pods tell."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj, Ref, condition_of, is_terminating
from core.cluster import Cluster

START = 1_800_000_000.0
WEB = Ref("StatefulSet", "default", "web")
A, B, C = "nginx:1.9.1", "nginx:1.10", "nginx:1.11"
CLASS = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
"""
MOUNT = "/usr/share/nginx/html"
READY_FILE = f"{MOUNT}/ready"
ASKS_FOR_FILE = {"exec": {"command": ["cat", READY_FILE]}, "periodSeconds": 1, "failureThreshold": 1}


def web(*, probe: bool = False, image: str = A, **spec: Any) -> Obj:
    """Return the set web with claim template www. *probe*: Pods are Ready while they hold a certain file."""
    container: Obj = {"name": "nginx", "image": image, "volumeMounts": [{"name": "www", "mountPath": MOUNT}]}
    if probe:
        container["readinessProbe"] = ASKS_FOR_FILE
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 3,
            "serviceName": "nginx",
            "selector": {"matchLabels": {"app": "nginx"}},
            "template": {
                "metadata": {"labels": {"app": "nginx"}},
                "spec": {"terminationGracePeriodSeconds": 5, "containers": [container]},
            },
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "www"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                }
            ],
            **spec,
        },
    }


def pod_of(ordinal: int) -> Ref:
    return Ref("Pod", "default", f"web-{ordinal}")


def claim_of(ordinal: int) -> Ref:
    return Ref("PersistentVolumeClaim", "default", f"www-web-{ordinal}")


class Play:
    """A cluster with a default class and the set web.

    The story says in order what happened to its Pods: ``+0`` created, ``R0`` Ready, ``-0`` terminating,
    ``x0`` gone; of claims the same with a c: ``+c0``.
    """

    def __init__(self, the_set: Obj, **settings: Any) -> None:
        self.cluster = Cluster.new("stage", start=START)
        if settings:
            self.cluster.configure(**settings)
        list(self.cluster.apply(CLASS))
        self._told = self.cluster.revision
        self._last: dict[Ref, Obj] = {}
        self.apply(the_set)

    # -- what is done ------------------------------------------------------------------------------

    def apply(self, the_set: Obj) -> None:
        self.cluster.create(the_set)

    def settle(self) -> Play:
        self.cluster.settle()
        return self

    def wait(self, seconds: float) -> Play:
        self.cluster.advance(self.cluster.now + seconds)
        return self

    def scale(self, replicas: int) -> Play:
        self.cluster.scale(WEB, replicas)
        return self

    def patch(self, **spec: Any) -> Play:
        self.cluster.patch(WEB, {"spec": spec})
        return self

    def image(self, image: str) -> Play:
        path = "/spec/template/spec/containers/0/image"
        self.cluster.patch(WEB, [{"op": "replace", "path": path, "value": image}], "json")
        return self

    def partition(self, number: int) -> Play:
        return self.patch(updateStrategy={"rollingUpdate": {"partition": number}})

    def delete(self, *ordinals: int, grace: int | None = None) -> Play:
        for ordinal in ordinals:
            self.cluster.delete(pod_of(ordinal), grace)
        return self

    def ready(self, *ordinals: int) -> Play:
        for ordinal in ordinals:
            self.cluster.write_file(pod_of(ordinal), READY_FILE, b"yes")
        return self

    def unready(self, *ordinals: int) -> Play:
        for ordinal in ordinals:
            self.cluster.files.remove(pod_of(ordinal), READY_FILE, "you")
        return self

    # -- what is seen ------------------------------------------------------------------------------

    def story(self, kinds: str = "Pod") -> list[str]:
        """Tell what happened since the last call, of Pods or of "Pod and claim"."""
        told: list[str] = []
        for change in self.cluster.changes_since(self._told):
            self._told = change.revision
            letter = {"Pod": "", "PersistentVolumeClaim": "c"}.get(change.ref.kind)
            if letter is None or "web-" not in change.ref.name:
                continue
            old, new = self._last.get(change.ref), change.obj
            name = letter + change.ref.name.rsplit("-", 1)[1]
            if change.type == "DELETED":
                words = ["x"]
                del self._last[change.ref]
            else:
                words = ["+"] if old is None else []
                words += ["-"] if is_terminating(new) and not is_terminating(old or {"metadata": {}}) else []
                words += ["R"] if _is_ready(new) and not (old and _is_ready(old)) else []
                self._last[change.ref] = new
            if not letter or "claim" in kinds:
                told += [word + name for word in words]
        return told

    @property
    def status(self) -> Obj:
        return self.cluster.get(WEB)["status"]

    def uid(self, ref: Ref) -> str:
        return str(self.cluster.get(ref)["metadata"]["uid"])

    def names(self, kind: str) -> list[str]:
        return [obj["metadata"]["name"] for obj in self.cluster.view.list(kind)]

    def images(self) -> list[str]:
        return [pod["spec"]["containers"][0]["image"] for pod in self.cluster.view.list("Pod")]

    def revisions(self) -> dict[str, int]:
        """Return the image of each revision and its number."""
        return {
            obj["data"]["spec"]["template"]["spec"]["containers"][0]["image"]: obj["revision"]
            for obj in self.cluster.view.list("ControllerRevision")
        }

    def events(self, kind: str = "StatefulSet") -> list[str]:
        """Return reason and message of every Event of a kind, the oldest first."""
        found = [e for e in self.cluster.view.list("Event") if e["involvedObject"]["kind"] == kind]
        found.sort(key=lambda e: int(e["metadata"]["resourceVersion"]))
        return [f"{event['reason']}: {event['message']}" for event in found]


def _is_ready(pod: Obj) -> bool:
    condition = condition_of(pod, "Ready")
    return condition is not None and condition["status"] == "True"
