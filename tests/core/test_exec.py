"""kubectl exec on a whole cluster: what is kept, who is reached, what ends with its Pod."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.errors import ApiError, BadRequest, NotFound
from core.apimachinery.meta import Ref
from core.apiserver.podlog import LogOptions, log_options
from core.cluster import Cluster
from core.exec import Terminal
from core.podlogs import rendered

pytestmark = pytest.mark.django_db(transaction=True)

WEB_0, WEB_1 = Ref("Pod", "default", "web-0"), Ref("Pod", "default", "web-1")
WEB = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard}
provisioner: kubernetes.io/host-path
---
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, ports: [{port: 80, name: web}], selector: {app: nginx}}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {ports: [{port: 8080, targetPort: 80}], selector: {app: nginx}}
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
      containers:
      - name: nginx
        image: nginx
        ports: [{containerPort: 80, name: web}]
        volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {storageClassName: standard, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_800_000_000.0)
    assert {outcome.verb for outcome in cluster.apply(WEB)} == {"created"}
    cluster.settle()
    yield cluster
    cluster.destroy()


def out(cluster: Cluster, ref: Ref, text: str) -> str:
    result = cluster.exec(ref, ["sh", "-c", text])
    assert (result.code, result.stderr) == (0, b""), result
    return result.stdout.decode()


def test_the_volume_survives_and_the_rest_dies_with_the_pod(cluster: Cluster):
    """TR-34"""
    out(cluster, WEB_0, "echo hello > /usr/share/nginx/html/index.html; echo x > /tmp/x")
    assert cluster.read_file(WEB_0, "/usr/share/nginx/html/index.html") == b"hello\n"
    assert len(cluster.view.list("VolumeFile")) == 2
    cluster.delete(WEB_0)
    cluster.settle()
    assert [file["path"] for file in cluster.view.list("VolumeFile")] == ["/index.html"]
    assert out(cluster, WEB_0, "cat /usr/share/nginx/html/index.html; ls /tmp") == "hello\n"


def test_a_failing_command_keeps_what_it_did_before(cluster: Cluster):
    assert cluster.exec(WEB_0, ["sh", "-c", "echo a > /tmp/a; exit 3"]).code == 3
    assert out(cluster, WEB_0, "cat /tmp/a") == "a\n"


def test_a_command_that_only_looks_writes_nothing(cluster: Cluster):
    before = cluster.revision
    out(cluster, WEB_0, "ls -la /; cat /etc/hosts; nslookup nginx")
    assert cluster.revision == before


def test_pages_are_reached_by_name_by_service_and_on_oneself(cluster: Cluster):
    """DNS-1"""
    for ref in (WEB_0, WEB_1):
        out(cluster, ref, "echo $(hostname) > /usr/share/nginx/html/index.html")
    assert out(cluster, WEB_0, "wget -qO- web-1.nginx") == "web-1\n"
    assert out(cluster, WEB_0, "wget -qO- localhost; curl -s $(hostname)") == "web-0\nweb-0\n"
    assert out(cluster, WEB_0, "wget -qO- http://front:8080/") in ("web-0\n", "web-1\n")
    assert (
        out(cluster, WEB_0, "echo fresh > /usr/share/nginx/html/index.html; curl -s localhost") == "fresh\n"
    )
    address = cluster.get(WEB_1)["status"]["podIP"]
    assert out(cluster, WEB_0, "getent hosts web-1.nginx").split()[0] == address
    assert f"{address} web-1.nginx.default.svc.cluster.local" in out(cluster, WEB_0, "nslookup web-1.nginx")


def test_who_does_not_listen_refuses(cluster: Cluster):
    result = cluster.exec(WEB_0, ["wget", "-qO-", "web-1.nginx:81"])
    assert b"Connection refused" in result.stderr
    out(cluster, WEB_1, "rm -f /usr/share/nginx/html/index.html")
    assert (
        b"server returned error: HTTP/1.1 403 Forbidden"
        in cluster.exec(WEB_0, ["wget", "web-1.nginx"]).stderr
    )


def test_a_command_needs_a_container_that_runs(cluster: Cluster):
    """API-S6"""
    with pytest.raises(NotFound, match='pods "web-9" not found'):
        cluster.exec(Ref("Pod", "default", "web-9"), ["ls"])
    with pytest.raises(BadRequest, match="container nope is not valid for pod web-0"):
        cluster.exec(WEB_0, ["ls"], "nope")
    node = Ref("Node", "", cluster.get(WEB_0)["spec"]["nodeName"])
    cluster.patch(node, {"metadata": {"annotations": {"stsviz.dev/power": "off"}}})
    with pytest.raises(ApiError, match=r"dial tcp .*:10250: connect: no route to host"):
        cluster.exec(WEB_0, ["ls"])


def test_a_terminal_remembers_where_it_is_and_sees_the_others(cluster: Cluster):
    terminal = Terminal(cluster.executor, WEB_0)
    terminal.enter("cd /tmp; X=1")
    out(cluster, WEB_0, "echo hi > /tmp/f")
    assert terminal.enter("cat f; echo $X $?").stdout == b"hi\n1 0\n"
    assert (terminal.enter("exit 7").code, terminal.ended) == (7, True)


def test_a_terminal_ends_with_its_pod(cluster: Cluster):
    terminal = Terminal(cluster.executor, WEB_0)
    cluster.delete(WEB_0)
    cluster.settle()
    with pytest.raises(ApiError, match="container not found"):
        terminal.enter("ls")


def test_kill_1_restarts_the_container(cluster: Cluster):
    out(cluster, WEB_0, "touch /tmp/x; kill 1")
    cluster.settle()
    assert cluster.get(WEB_0)["status"]["containerStatuses"][0]["restartCount"] == 1
    assert out(cluster, WEB_0, "ls /tmp") == ""
    assert cluster.log(WEB_0, LogOptions(previous=True)).lines


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ({}, 9),
        ({"tailLines": ["2"]}, 2),
        ({"tailLines": ["0"]}, 0),
        ({"sinceSeconds": ["1"]}, 0),
        ({"sinceTime": ["2020-01-01T00:00:00Z"]}, 9),
    ],
)
def test_a_log_is_cut_as_asked(cluster: Cluster, query: dict[str, list[str]], lines: int):
    """API-S3"""
    options = log_options(query, "web-0")
    log = cluster.log(WEB_0, options)
    assert len(rendered(log.lines, options, log.now).splitlines()) == lines


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "tailLines=-1",
            'PodLogOptions "p1" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
        ),
        (
            "sinceSeconds=0",
            'PodLogOptions "p1" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
        ),
        (
            "limitBytes=0",
            'PodLogOptions "p1" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
        ),
        ("tailLines=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("sinceTime=x", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    ],
)
def test_log_options_are_checked(query: str, message: str):
    """API-S3"""
    name, _, value = query.partition("=")
    with pytest.raises(ApiError) as refused:
        log_options({name: [value]}, "p1")
    assert str(refused.value) == message


def test_a_container_that_waits_has_no_log(cluster: Cluster):
    """API-S3"""
    for _ in cluster.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}"
    ):
        pass
    assert cluster.log(Ref("Pod", "default", "p"), LogOptions()) is None
    cluster.settle(quiet=0.5)
    with pytest.raises(BadRequest, match='previous terminated container "c" in pod "p" not found'):
        cluster.log(Ref("Pod", "default", "p"), LogOptions(previous=True))
