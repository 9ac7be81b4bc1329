"""Faults are real: components feel them, a restart does not mend them, and their opposite does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.api.faults import NOT_READY_SINCE
from core.apimachinery.meta import Obj, Ref, condition_of
from core.cluster import Cluster
from stsviz.pages.examples import EXAMPLES
from stsviz.scenarios.actions import Action

pytestmark = pytest.mark.django_db(transaction=True)
WEB_0 = Ref("Pod", "default", "web-0")
CLAIM = Ref("PersistentVolumeClaim", "default", "data")
LOCAL = Ref("StorageClass", "", "local-path")
PROBED = """
apiVersion: v1
kind: Pod
metadata: {name: web-0}
spec:
  containers:
  - name: nginx
    image: nginx
    readinessProbe: {periodSeconds: 1, failureThreshold: 1, PROBE}
"""
WORLD = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local-path}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: local-path, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0}
spec:
  containers: [{name: nginx, image: nginx, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_760_000_000.0)
    yield cluster
    cluster.destroy()


def do(cluster: Cluster, verb: str, ref: Ref, **values: object) -> None:
    Action(verb, ref, values).perform(cluster)


def applied(cluster: Cluster, text: str) -> None:
    assert all(outcome.verb != "refused" for outcome in cluster.apply(text))
    cluster.settle()


def is_ready(cluster: Cluster) -> bool:
    return (condition_of(cluster.get(WEB_0), "Ready") or {})["status"] == "True"


def status(cluster: Cluster) -> Obj:
    found: Obj = cluster.get(WEB_0)["status"]["containerStatuses"][0]
    return found


def reasons(cluster: Cluster, ref: Ref) -> list[str]:
    uid = cluster.get(ref)["metadata"]["uid"]
    return [event["reason"] for event in cluster.view.indexed("events-by-involved", uid)]


def test_a_crash_is_exit_code_1_a_restart_and_then_a_pause(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    do(cluster, "crash", WEB_0)
    cluster.settle()
    assert status(cluster)["restartCount"] == 1
    assert status(cluster)["lastState"]["terminated"]["exitCode"] == 1
    assert is_ready(cluster)
    do(cluster, "crash", WEB_0)
    cluster.advance(cluster.now + 2)
    assert status(cluster)["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    cluster.settle(quiet=30)
    assert status(cluster)["restartCount"] == 2


def test_without_a_probe_a_pod_is_made_not_ready_and_mended(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    do(cluster, "break-readiness", WEB_0)
    cluster.settle()
    assert not is_ready(cluster)
    assert "made not ready" in cluster.why(WEB_0)
    assert (condition_of(Cluster.open("test").get(WEB_0), "Ready") or {})["status"] == "False"
    do(cluster, "mend-readiness", WEB_0)
    cluster.settle()
    assert is_ready(cluster)


@pytest.mark.parametrize("probe", ["httpGet: {path: /, port: 80}", "exec: {command: [cat, /tmp/healthy]}"])
def test_what_a_probe_looks_at_is_moved_away_and_back(cluster: Cluster, probe: str) -> None:
    applied(cluster, PROBED.replace("PROBE", probe))
    cluster.exec(WEB_0, ["touch", "/tmp/healthy"])
    cluster.settle(quiet=5)
    assert is_ready(cluster)
    do(cluster, "break-readiness", WEB_0)
    cluster.settle(quiet=5)
    assert not is_ready(cluster)
    assert "Unhealthy" in reasons(cluster, WEB_0)
    assert NOT_READY_SINCE not in cluster.get(WEB_0)["metadata"]["annotations"]
    do(cluster, "mend-readiness", WEB_0)
    cluster.settle(quiet=5)
    assert is_ready(cluster)


def test_a_probe_that_looks_at_no_file_is_not_answered(cluster: Cluster) -> None:
    applied(cluster, PROBED.replace("PROBE", "tcpSocket: {port: 80}"))
    do(cluster, "break-readiness", WEB_0)
    cluster.settle(quiet=5)
    assert not is_ready(cluster)
    messages = [event["message"] for event in cluster.view.list("Event")]
    assert "Readiness probe failed: the program does not answer" in messages
    do(cluster, "mend-readiness", WEB_0)
    cluster.settle(quiet=5)
    assert is_ready(cluster)


def test_a_stopped_provisioner_makes_nothing_until_it_is_started(cluster: Cluster) -> None:
    applied(cluster, WORLD.partition("---")[0])
    do(cluster, "stop-provisioner", LOCAL)
    applied(cluster, WORLD)
    cluster.advance(cluster.now + 600)
    assert cluster.get(CLAIM)["status"]["phase"] == "Pending"
    assert cluster.why(CLAIM) == "waits for provisioner rancher.io/local-path, which is stopped"
    assert "ExternalProvisioning" in reasons(cluster, CLAIM)
    do(cluster, "start-provisioner", LOCAL)
    cluster.settle()
    assert cluster.get(CLAIM)["status"]["phase"] == "Bound"


def test_a_stopped_provisioner_deletes_nothing_either(cluster: Cluster) -> None:
    applied(cluster, WORLD)
    volume = cluster.get(CLAIM)["spec"]["volumeName"]
    do(cluster, "stop-provisioner", LOCAL)
    cluster.delete(WEB_0)
    cluster.delete(CLAIM)
    cluster.settle()
    assert cluster.get(Ref("PersistentVolume", "", volume))["status"]["phase"] == "Released"
    do(cluster, "start-provisioner", LOCAL)
    cluster.settle()
    assert cluster.view.get("PersistentVolume", "", volume) is None


def test_a_slow_provisioner_takes_its_time(cluster: Cluster) -> None:
    applied(cluster, WORLD.partition("---")[0])
    do(cluster, "slow-provisioner", LOCAL, seconds=20)
    list(cluster.apply(WORLD))
    began = cluster.now
    cluster.advance(began + 18)
    assert cluster.get(CLAIM)["status"]["phase"] == "Pending"
    assert "Provisioning" in reasons(cluster, CLAIM)
    cluster.advance(began + 25)
    assert cluster.get(CLAIM)["status"]["phase"] == "Bound"


@pytest.mark.parametrize(
    ("source", "reason", "says"),
    [
        ("hostPath: {path: /tmp/x}", "FailedMount", "hostPath type check failed: /tmp/x is not a directory"),
        ("csi: {driver: d, volumeHandle: v}", "FailedAttachVolume", "AttachVolume.Attach failed"),
    ],
)
def test_a_volume_that_cannot_be_attached_keeps_its_pod_from_starting(
    cluster: Cluster, source: str, reason: str, says: str
) -> None:
    claim = WORLD.split("---")[1].replace("local-path", '""')
    volume = f"""
apiVersion: v1
kind: PersistentVolume
metadata: {{name: disk}}
spec: {{accessModes: [ReadWriteOnce], capacity: {{storage: 1Gi}}, {source}}}
"""
    disk = Ref("PersistentVolume", "", "disk")
    applied(cluster, volume + "---" + claim)
    do(cluster, "fail-attach", disk)
    applied(cluster, WORLD.split("---")[2])
    cluster.advance(cluster.now + 60)
    assert cluster.get(WEB_0)["status"]["phase"] == "Pending"
    told = [event for event in cluster.view.list("Event") if event["reason"] == reason]
    assert len(told) == 1
    assert says in told[0]["message"]
    assert 4 <= told[0]["count"] <= 12  # tried again with growing pauses
    do(cluster, "mend-attach", disk)
    cluster.settle()
    assert is_ready(cluster)
