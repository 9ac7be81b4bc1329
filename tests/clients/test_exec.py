"""kubectl exec, attach, cp and logs, with the real kubectl: the commands of the chapter and of its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.kubectl import Kubectl
from tests.clients.test_kubectl import WEB

PAGE = "/usr/share/nginx/html/index.html"
STANDARD = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard}
provisioner: kubernetes.io/host-path
---
"""
CLAIMS = STANDARD + (
    WEB.replace(
        "name: web}]}\n",
        "name: web}], volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}],"
        " readinessProbe: {httpGet: {path: /index.html, port: 80}, periodSeconds: 1, failureThreshold: 1}}\n",
    )
    + "  volumeClaimTemplates:\n"
    "  - metadata: {name: www}\n"
    "    spec: {storageClassName: standard, accessModes: [ReadWriteOnce],\n"
    "           resources: {requests: {storage: 1Gi}}}\n"
)


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    kubectl.ok("apply -f -", WEB)
    kubectl.ok("rollout status sts/web --timeout=40s")
    return kubectl


def test_a_command_runs_prints_and_ends_with_its_code(web: Kubectl):
    """TR-31, TR-32, TR-34"""
    assert web.ok("exec web-0 -- hostname") == "web-0\n"
    assert web.ok("exec web-0 -- sh -c 'echo $(hostname) | cat > /tmp/who; cat /tmp/who'") == "web-0\n"
    said = web("exec web-0 -- sh -c 'echo out; echo err >&2; exit 3'")
    assert said.out == "out\n"
    assert said.err == "err\ncommand terminated with exit code 3\n"
    assert said.code == 3
    said = web("exec web-0 -- foo")
    assert said.err.startswith("OCI runtime exec failed: exec failed: unable to start container process: ")
    assert said.code == 127
    assert web("exec web-0 -- sh -c foo").err.startswith("sh: 1: foo: not found\n")


def test_a_command_may_be_as_long_as_a_shell_allows(web: Kubectl):
    word = "a" * 100_000
    assert web.ok(f"exec web-0 -- echo {word}") == word + "\n"


def test_names_and_pages_of_others_are_reached(web: Kubectl):
    """DNS-1, TR-34"""
    address = web.json("get pod web-1")["status"]["podIP"]
    assert f"Address 1: {address}" in web.ok("exec web-0 -- nslookup web-1.nginx")
    web.ok("exec web-1 -- sh -c 'echo hello from $(hostname) > " + PAGE + "'")
    assert web.ok("exec web-0 -- wget -qO- web-1.nginx") == "hello from web-1\n"
    assert web.ok("exec web-0 -- curl -s http://web-1.nginx/index.html") == "hello from web-1\n"
    said = web("exec web-0 -- nslookup web-7.nginx")
    assert (said.code, "nslookup: can't resolve 'web-7.nginx'" in said.err) == (1, True)


def test_what_is_written_into_a_volume_is_there_for_the_next_pod_and_probes_see_it(kubectl: Kubectl):
    """TR-34, 7.7; ST e2e breakHTTPProbe and restoreHTTPProbe"""
    kubectl.ok("apply -f -", CLAIMS)
    kubectl.ok("wait --for=jsonpath={.status.phase}=Running pod/web-0 --timeout=30s")
    assert "statuscode: 404" in kubectl.ok("describe pod web-0")
    kubectl.ok(f"exec web-0 -- sh -c 'echo hello > {PAGE}'")
    kubectl.ok("wait --for=condition=Ready pod/web-0 --timeout=30s")
    kubectl.ok(f"exec web-0 -- mv {PAGE} /tmp/")
    kubectl.ok("wait --for=condition=Ready=false pod/web-0 --timeout=30s")
    kubectl.ok(f"exec web-0 -- mv /tmp/index.html {PAGE}")
    kubectl.ok("wait --for=condition=Ready pod/web-0 --timeout=30s")
    kubectl.ok("exec web-0 -- touch /tmp/mine")
    kubectl.ok("delete pod web-0")
    kubectl.ok("wait --for=condition=Ready pod/web-0 --timeout=30s")
    assert kubectl.ok(f"exec web-0 -- cat {PAGE}") == "hello\n"
    assert kubectl("exec web-0 -- ls /tmp").out == ""


def test_a_shell_takes_lines(web: Kubectl):
    said = web("exec -i web-0 -- sh", "cd /tmp\npwd\nfor i in 1 2\ndo echo $i\ndone\nexit 4\n")
    assert (said.out, said.code) == ("/tmp\n1\n2\n", 4)
    assert web.ok("exec -i web-0 -- sh -c 'cat > /tmp/in; wc -l < /tmp/in'", "a\nb\n") == "2\n"
    assert web.ok("exec -i web-0 -- hostname", "") == "web-0\n"


def test_files_are_copied_both_ways(web: Kubectl, tmp_path: Path):
    """TR-36"""
    (tmp_path / "there").write_text("content\n")
    web.ok(f"cp {tmp_path}/there web-0:/tmp/f")
    assert web.ok("exec web-0 -- cat /tmp/f") == "content\n"
    web(f"cp web-0:/tmp/f {tmp_path}/back")
    assert (tmp_path / "back").read_text() == "content\n"


def test_logs(web: Kubectl):
    """API-S3"""
    assert web.ok("logs web-0").endswith("[notice] 1#1: start worker processes\n")
    assert len(web.ok("logs web-0 --tail=2").splitlines()) == 2
    web.ok("run speaker --image=busybox --restart=Never -- sh -c 'echo one; sleep 20; echo two; sleep 1'")
    assert web("logs -f speaker --pod-running-timeout=20s").out == "one\ntwo\n"
    assert 'previous terminated container "nginx" in pod "web-0" not found' in web("logs web-0 -p").err


def test_a_pod_to_talk_to_ends_when_its_shell_does(web: Kubectl):
    """TR-35: kubectl run -i --rm"""
    line = "run test -i --rm --image=busybox:1.28 --restart=Never --pod-running-timeout=30s"
    said = web(line, "nslookup web-0.nginx\nexit\n")
    assert "Name:      web-0.nginx" in said.out
    assert 'pod "test" deleted' in said.out


def test_what_cannot_be_done_is_said(web: Kubectl):
    """API-S6, TR-33, TR-37"""
    assert "stsviz does not forward ports" in web("port-forward web-0 0:80").err
    assert web("exec web-9 -- ls").err == 'Error from server (NotFound): pods "web-9" not found\n'
    assert "container nope is not valid for pod web-0" in web("exec web-0 -c nope -- ls").err
