"""Unmodified kubectl 1.36: the chapter's commands, and the mistakes of a server that break it outright."""

from __future__ import annotations

import pytest

from tests.clients.kubectl import Kubectl

WEB = """
apiVersion: v1
kind: Service
metadata: {name: nginx, labels: {app: nginx}}
spec: {clusterIP: None, ports: [{port: 80, name: web}], selector: {app: nginx}}
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
      terminationGracePeriodSeconds: 1
      containers:
      - {name: nginx, image: "nginx:1.27", ports: [{containerPort: 80, name: web}]}
"""


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    kubectl.ok("apply -f -", WEB)
    kubectl.ok("rollout status sts/web --timeout=40s")
    return kubectl


def test_a_set_is_applied_rolls_out_and_is_listed_with_the_real_columns(kubectl: Kubectl):
    """BLD-1, API-H2, API-O1, API-T1, API-W7: rollout status follows a streaming list."""
    assert kubectl.ok("apply -f -", WEB) == "service/nginx created\nstatefulset.apps/web created\n"
    assert kubectl.ok("rollout status sts/web --timeout=40s").endswith("new pods have been updated...\n")
    rows = kubectl("get pods").rows
    assert rows[0] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[:3] for row in rows[1:]] == [["web-0", "1/1", "Running"], ["web-1", "1/1", "Running"]]
    assert kubectl("get pods -o wide").rows[0][-4:] == ["NOMINATED", "NODE", "READINESS", "GATES"]


def test_applying_the_same_service_again_changes_nothing(kubectl: Kubectl):
    """API-U7"""
    kubectl.ok("apply -f -", WEB)
    assert "service/nginx unchanged" in kubectl.ok("apply -f -", WEB)


def test_delete_waits_until_the_pod_is_gone_and_returns(web: Kubectl):
    """BLD-2: sendInitialEvents; a delete that waits hangs without it."""
    uid = web.json("get pod web-0")["metadata"]["uid"]
    assert web.ok("delete pod web-0", timeout=30).startswith('pod "web-0" deleted')
    web.ok("wait --for=condition=Ready pod/web-0 --timeout=30s")
    assert web.json("get pod web-0")["metadata"]["uid"] != uid


def test_scale_label_patch_and_set_image(web: Kubectl):
    """BLD-1 (4)"""
    assert web.ok("scale sts web --replicas=3") == "statefulset.apps/web scaled\n"
    assert web.ok("label pod web-0 x=y") == "pod/web-0 labeled\n"
    assert web.ok("label pod web-0 x=y") == "pod/web-0 not labeled\n"
    nothing = '\'{"spec":{"replicas":3}}\''
    assert web.ok(f"patch sts web -p {nothing}") == "statefulset.apps/web patched (no change)\n"
    assert web.ok("set image sts/web nginx=nginx:1.28") == "statefulset.apps/web image updated\n"
    web.ok("rollout status sts/web --timeout=60s")
    assert web("rollout undo sts/web").out == "statefulset.apps/web rolled back\n"


def test_describe_does_not_panic(web: Kubectl):
    """BLD-2: missing defaults end in a Go panic (API-C11)."""
    for what in ("sts web", "pod web-0", "service nginx", "node node-1", f"namespace {web.namespace}"):
        assert "Name:" in web.ok(f"describe {what}")
    assert "SuccessfulCreate" in web.ok("describe sts web")


def test_a_list_is_applied_although_it_is_checked_through_v2_only(web: Kubectl):
    """API-O2: BLD-2, /openapi/v2 must be there."""
    listed = web.ok("get sts,svc -o yaml")
    assert "kind: List" in listed
    assert web("replace -f -", listed).code == 0


def test_an_invalid_object_is_refused_with_every_cause(kubectl: Kubectl):
    """API-E4: kubectl prints the causes, not the message."""
    said = kubectl(
        "apply -f -", WEB.replace("replicas: 2", "replicas: -1").replace("name: web}\n", "name: W}\n")
    )
    assert said.code == 1
    assert 'The StatefulSet "W" is invalid:' in said.err
    assert "* spec.replicas: Invalid value: -1: must be greater than or equal to 0" in said.err


def test_an_unknown_field_is_refused_when_strict_and_warned_of_otherwise(kubectl: Kubectl):
    """API-F3, API-F5"""
    wrong = WEB.replace("replicas: 2", "replicaz: 2")
    said = kubectl("apply -f -", wrong)
    assert 'strict decoding error: unknown field "spec.replicaz"' in said.err
    said = kubectl("apply --validate=warn -f -", wrong)
    assert (said.code, said.err) == (0, 'Warning: unknown field "spec.replicaz"\n')


def test_protobuf_bodies_are_taken(kubectl: Kubectl):
    """BLD-2, API-PB1: 415 would be the end."""
    assert kubectl.ok("create namespace made-by-protobuf") == "namespace/made-by-protobuf created\n"
    assert kubectl.ok("create deployment d --image=nginx --replicas=2") == "deployment.apps/d created\n"
    assert kubectl.json("get deployment d")["spec"]["replicas"] == 2
    assert kubectl.ok("create service clusterip s --tcp=80:8080") == "service/s created\n"
    (port,) = kubectl.json("get service s")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, 8080)
    assert kubectl.ok("auth can-i create pods") == "yes\n"
    assert "stsviz:admin" in kubectl.ok("auth whoami")
    assert "*.*" in kubectl.ok("auth can-i --list")


def test_server_side_apply_says_who_else_manages_a_field(kubectl: Kubectl):
    """API-A1…A5"""
    assert "serverside-applied" in kubectl.ok("apply --server-side -f -", WEB)
    kubectl.ok("scale sts web --replicas=3")
    said = kubectl("apply --server-side -f -", WEB)
    assert said.code == 1
    assert 'with subresource "scale" using apps/v1: .spec.replicas' in said.err
    kubectl.ok("apply --server-side --force-conflicts -f -", WEB)
    assert kubectl.json("get sts web")["spec"]["replicas"] == 2


def test_an_object_applied_by_the_client_moves_over_to_the_server(kubectl: Kubectl):
    """API-A9"""
    service = WEB.partition("---")[0]
    kubectl.ok("apply -f -", service)
    kubectl.ok("apply --server-side -f -", service)
    managers = {
        (item["manager"], item["operation"])
        for item in kubectl.json("get service nginx --show-managed-fields")["metadata"]["managedFields"]
    }
    assert managers == {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")}


def test_a_dry_run_on_the_server_changes_nothing(kubectl: Kubectl):
    """API-DR1"""
    assert "created (server dry run)" in kubectl.ok("apply --dry-run=server -f -", WEB)
    assert kubectl("get sts web").err == 'Error from server (NotFound): statefulsets.apps "web" not found\n'
    kubectl.ok("apply -f -", WEB)
    assert kubectl("diff -f -", WEB.replace("replicas: 2", "replicas: 5")).code == 1
    assert kubectl.json("get sts web")["spec"]["replicas"] == 2


def test_explain_prints_the_official_words(kubectl: Kubectl):
    """API-O7"""
    assert "FIELD: serviceName <string>" in kubectl.ok("explain sts.spec.serviceName")
    assert "<[]Container>" in kubectl.ok("explain pod.spec --recursive=false")


def test_what_kubectl_asks_for_in_general(kubectl: Kubectl):
    """API-H14, API-D2, API-L3"""
    assert "Server Version: v1.36" in kubectl("version").out  # older ones warn of the skew
    assert ["pods", "po", "v1", "true", "Pod"] in kubectl("api-resources").rows
    said = kubectl("get foo")
    assert said.err == 'error: the server doesn\'t have a resource type "foo"\n'
    said = kubectl("get pods --field-selector spec.foo=bar")
    assert said.err.endswith("field label not supported: spec.foo\n")
    assert kubectl("get pods").err == f"No resources found in {kubectl.namespace} namespace.\n"


def test_drain_evicts_and_goes_on(kubectl: Kubectl):
    """API-S4"""
    kubectl.ok("run lonely --image=nginx")
    kubectl.ok("wait --for=condition=Ready pod/lonely --timeout=30s")
    node = kubectl.json("get pod lonely")["spec"]["nodeName"]
    try:
        said = kubectl(f"drain {node} --force --ignore-daemonsets --pod-selector run=lonely", timeout=60)
        assert (said.code, "pod/lonely evicted" in said.out) == (0, True)
    finally:
        kubectl.ok(f"uncordon {node}")


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb}
spec: {minAvailable: 2, selector: {matchLabels: {app: nginx}}}
"""


def test_drain_waits_for_the_budget(web: Kubectl):
    """API-S4: refused with 429, tried again every five seconds."""
    web.ok("apply -f -", BUDGET)
    web.ok("wait --for=jsonpath={.status.expectedPods}=2 pdb/pdb --timeout=10s")
    node = web.json("get pod web-0")["spec"]["nodeName"]
    drain = f"drain {node} --ignore-daemonsets --pod-selector statefulset.kubernetes.io/pod-name=web-0"
    try:
        said = web(f"{drain} --timeout=4s", timeout=60)
        assert said.code == 1
        assert (
            f'error when evicting pods/"web-0" -n "{web.namespace}" (will retry after 5s):'
            " Cannot evict pod as it would violate the pod's disruption budget.\n" in said.err
        )
        assert web("get pdb").rows[1][:4] == ["pdb", "2", "N/A", "0"]
        web.ok('patch pdb pdb -p \'{"spec":{"minAvailable":1}}\'')
        web.ok("wait --for=jsonpath={.status.disruptionsAllowed}=1 pdb/pdb --timeout=10s")
        assert "pod/web-0 evicted" in web.ok(f"{drain} --timeout=40s", timeout=60)
    finally:
        web.ok(f"uncordon {node}")


def test_the_small_kinds_are_listed_and_described(web: Kubectl):
    """TAB-10, TAB-15, TAB-17, TAB-19; protobuf bodies of create (API-PB1, API-PB2)"""
    assert web.ok("create configmap app --from-literal=a=1") == "configmap/app created\n"
    assert web.json("get cm app")["data"] == {"a": "1"}
    assert web.ok("create pdb none --selector=app=nginx --max-unavailable=0") == (
        "poddisruptionbudget.policy/none created\n"
    )
    assert web.json("get pdb none")["spec"]["maxUnavailable"] == 0
    assert {row[0] for row in web("get cm").rows} == {"NAME", "app", "kube-root-ca.crt"}
    assert web("get ep nginx").rows[0] == ["NAME", "ENDPOINTS", "AGE"]
    assert "NotReadyAddresses:  <none>" in web("describe ep nginx").out
    assert "Max unavailable:  0" in web.ok("describe pdb none")
    assert "a:\n----\n1\n" in web.ok("describe cm app")
    assert "minAvailable" in web.ok("explain pdb.spec")
    assert "holderIdentity" in web.ok("explain lease.spec")
    assert "data" in web.ok("explain configmap")
    assert "subsets" in web.ok("explain ep")
    assert web("delete cm,pdb,ep --all").code == 0


def test_a_secret_is_created_listed_and_described(kubectl: Kubectl):
    assert kubectl.ok("create secret generic login --from-literal=password=s3cr3t") == (
        "secret/login created\n"
    )
    assert kubectl.json("get secret login")["data"] == {"password": "czNjcjN0"}
    listed = kubectl("get secret --field-selector type=Opaque").rows
    assert [row[:3] for row in listed] == [["NAME", "TYPE", "DATA"], ["login", "Opaque", "1"]]
    assert "password:  6 bytes\n" in kubectl.ok("describe secret login")
    assert kubectl("delete secret login").code == 0


REPLICATION_CONTROLLER = """
apiVersion: v1
kind: ReplicationController
metadata: {name: front}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: front}}
    spec:
      containers: [{name: nginx, image: nginx}]
"""


def test_a_replication_controller_is_scaled_described_and_deleted_with_and_without_its_pods(
    kubectl: Kubectl,
):
    kubectl.ok("create -f -", REPLICATION_CONTROLLER)
    assert kubectl.ok("scale rc front --replicas=2") == "replicationcontroller/front scaled\n"
    kubectl.ok("wait --for=jsonpath={.status.readyReplicas}=2 rc/front --timeout=30s")
    assert kubectl("get rc -o wide").rows[1][:4] == ["front", "2", "2", "2"]
    assert "replication-controller  Created pod: front-" in kubectl.ok("describe rc front")
    refused = kubectl("rollout status rc front")
    assert "no status viewer has been implemented for ReplicationController" in refused.err

    kubectl.ok("delete rc front --cascade=orphan")
    orphans = {pod["metadata"]["name"] for pod in kubectl.json("get pods -l app=front")["items"]}
    assert len(orphans) == 2
    kubectl.ok("create -f -", REPLICATION_CONTROLLER.replace("replicas: 1", "replicas: 2"))
    kubectl.ok("wait --for=jsonpath={.status.replicas}=2 rc/front --timeout=30s")
    assert {pod["metadata"]["name"] for pod in kubectl.json("get pods -l app=front")["items"]} == orphans
    kubectl.ok("delete rc front")
    kubectl.ok("wait --for=delete pod -l app=front --timeout=60s")


DAEMON_SET = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, annotations: {kubernetes.io/change-cause: first}}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: nginx, image: "nginx:1.9.1"}]
"""


def test_a_daemon_set_rolls_out_and_back_and_stays_where_a_node_is_drained(kubectl: Kubectl):
    kubectl.ok("create -f -", DAEMON_SET)
    assert "successfully rolled out" in kubectl.ok("rollout status ds agent --timeout=30s")
    rows = kubectl("get ds -o wide").rows
    assert " ".join(rows[0]) == (
        "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE CONTAINERS IMAGES SELECTOR"
    )
    assert [*rows[1][:7], *rows[1][8:]] == ["agent", *"22222", "<none>", "nginx", "nginx:1.9.1", "app=agent"]

    kubectl.ok("set image ds/agent nginx=nginx:1.10")
    kubectl.ok("annotate ds agent kubernetes.io/change-cause=second --overwrite")
    assert "successfully rolled out" in kubectl.ok("rollout status ds agent --timeout=60s")
    history = kubectl("rollout history ds agent").rows
    assert [row[0] for row in history[2:4]] == ["1", "2"]
    assert "nginx:1.10" in kubectl.ok("rollout history ds agent --revision=2")
    kubectl.ok("rollout undo ds agent")
    assert "successfully rolled out" in kubectl.ok("rollout status ds agent --timeout=60s")
    pods = kubectl.json("get pods -l app=agent")["items"]
    assert [pod["spec"]["containers"][0]["image"] for pod in pods] == ["nginx:1.9.1"] * 2
    kubectl.ok("rollout restart ds agent")
    kubectl.ok("rollout status ds agent --timeout=60s")

    described = kubectl.ok("describe ds agent")
    assert "Desired Number of Nodes Scheduled: 2" in described
    assert "daemonset-controller  Created pod: agent-" in described
    try:
        refused = kubectl("drain node-2 --pod-selector app=agent")
        assert "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)" in refused.err
        passed = kubectl("drain node-2 --pod-selector app=agent --ignore-daemonsets")
        assert (passed.code, "node/node-2 drained" in passed.out) == (0, True), passed
        assert len(kubectl.json("get pods -l app=agent")["items"]) == 2
    finally:
        kubectl.ok("uncordon node-2")
    kubectl.ok("delete ds agent")
    kubectl.ok("wait --for=delete pod -l app=agent --timeout=60s")
