"""What people made of a cluster can be taken to another one, and is the same there."""

from __future__ import annotations

import pytest
import yaml

from core.apimachinery.meta import Obj, Ref
from core.cluster import Cluster

pytestmark = pytest.mark.django_db

START = 1_800_000_000.0
WEB = Ref("StatefulSet", "default", "web")
MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: by-hand}
spec:
  capacity: {storage: 2Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  hostPath: {path: /data}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: wants, namespace: shop}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  volumeName: by-hand
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: shop}
spec:
  nodeName: node-2
  containers: [{name: c, image: nginx}]
---
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: nginx}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers: [{name: nginx, image: nginx, volumeMounts: [{name: www, mountPath: /data}]}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def cluster(name: str, text: str = MANIFEST) -> Cluster:
    made = Cluster.new(name, start=START)
    assert {outcome.verb for outcome in made.apply(text)} == {"created"}
    made.settle()
    return made


def as_text(objects: list[Obj]) -> str:
    return yaml.safe_dump_all(objects, sort_keys=False)


def test_what_was_applied_comes_out_as_it_was_written() -> None:
    written = cluster("one").written()
    wished = [
        {**obj, "metadata": {"namespace": "default", **obj["metadata"]}}
        for obj in yaml.safe_load_all(MANIFEST)
    ]
    for obj in wished:
        if obj["kind"] in ("Namespace", "StorageClass", "PersistentVolume"):
            del obj["metadata"]["namespace"]
    ours, theirs = (
        {(obj["kind"], obj["metadata"]["name"]): obj for obj in found} for found in (written, wished)
    )
    assert ours.keys() == theirs.keys()
    del ours["Pod", "alone"], theirs["Pod", "alone"]  # admission has put tolerations into it
    assert ours == theirs


def test_it_applies_to_an_empty_cluster_and_a_second_time_changes_nothing() -> None:
    first = cluster("one")
    text = as_text(first.written())
    second = cluster("two", text)
    assert {outcome.verb for outcome in second.apply(text)} == {"unchanged"}
    assert second.written() == first.written()
    assert second.view.get("Pod", "default", "web-1") is not None
    assert second.get(Ref("Pod", "shop", "alone"))["spec"]["nodeName"] == "node-2"
    assert second.get(Ref("PersistentVolumeClaim", "shop", "wants"))["status"]["phase"] == "Bound"


def test_what_was_changed_since_comes_out_as_it_is_now() -> None:
    first = cluster("one")
    first.scale(WEB, 3)
    first.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made"}, "data": {"a": "b"}})
    first.settle()
    second = cluster("two", as_text(first.written()))
    assert second.get(WEB)["spec"]["replicas"] == 3
    assert second.get(Ref("ConfigMap", "default", "made"))["data"] == {"a": "b"}
    assert second.view.get("Pod", "default", "web-2") is not None


def test_an_address_a_node_or_a_binding_that_the_system_chose_stays_behind() -> None:
    first = cluster("one")
    first.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "bare"},
            "spec": {"ports": [{"port": 80}]},
        }
    )
    first.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "bare"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
    )
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    first.create(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "bare"}, "spec": claim}
    )
    first.settle()
    bare = {obj["kind"]: obj["spec"] for obj in first.written() if obj["metadata"]["name"] == "bare"}
    assert first.get(Ref("Pod", "default", "bare"))["spec"]["nodeName"]
    assert "nodeName" not in bare["Pod"]
    assert "clusterIP" not in bare["Service"]
    assert "volumeName" not in bare["PersistentVolumeClaim"]
    cluster("two", as_text(first.written()))


def test_what_goes_or_belongs_to_a_controller_is_left_out() -> None:
    first = cluster("one")
    kinds = [obj["kind"] for obj in first.written()]
    assert kinds == [
        *("Namespace", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "Service", "Service"),
        *("StatefulSet", "Pod"),
    ]
    first.delete(Ref("Pod", "shop", "alone"))
    assert "Pod" not in [obj["kind"] for obj in first.written()]
    assert cluster("three", as_text(first.written())).view.get("Pod", "shop", "alone") is None


@pytest.mark.parametrize(
    "note", ["{", "[]", "null", '{"kind": "Pod", "metadata": 1}', '{"kind": 3}', '{"kind": "StatefulSet"}']
)
def test_an_annotation_that_somebody_spoilt_does_no_harm(note: str) -> None:
    first = cluster("one")
    patch = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": note}}}
    first.patch(WEB, patch)
    second = cluster("two", as_text(first.written()))
    assert second.get(WEB)["spec"]["template"] == first.get(WEB)["spec"]["template"]
