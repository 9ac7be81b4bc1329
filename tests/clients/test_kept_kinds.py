"""kubectl and kinds that are only kept: a chart applies as it is, and says what nothing will come of."""

from __future__ import annotations

from tests.clients.kubectl import Kubectl

CHART = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: web.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""
OLD_AUTOSCALER = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: old}
spec:
  maxReplicas: 5
  targetCPUUtilizationPercentage: 70
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: webs.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: webs, singular: web, kind: Web}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def test_a_chart_applies_and_says_what_nothing_will_come_of(kubectl: Kubectl) -> None:
    said = kubectl("apply -f -", CHART)
    assert said.code == 0, said
    assert said.out.count("created") == 7
    warned = [line for line in said.err.splitlines() if line.startswith("Warning: stsviz keeps ")]
    assert len(warned) == len(said.err.splitlines()) == 5
    assert "Warning: stsviz keeps Ingresses and has no traffic: this one leads nowhere" in warned
    again = kubectl("apply -f -", CHART)
    assert (again.code, again.err, again.out.count("unchanged")) == (0, "", 7)

    assert kubectl("get ingress").rows[1][:4] == ["web", "nginx", "web.example", "80"]
    assert kubectl("get hpa").rows[1][1:6] == ["Deployment/web", "cpu:", "<unknown>/80%", "1", "3"]
    assert kubectl("get rolebinding -o wide").rows[1][1] == "Role/web"
    assert "horizontalpodautoscaler.autoscaling/web" in kubectl.ok("get all -o name")
    assert "Resource Names" in kubectl.ok("describe role web")
    assert "web.example" in kubectl.ok("describe ingress web")
    kubectl.ok("wait --for=condition=Available deploy/web --timeout=60s")
    kubectl.ok("delete -f -", CHART)
    assert kubectl("get ingress,netpol,hpa,role,rolebinding").out == ""


def test_a_job_is_kept_in_every_way_of_asking_for_it_and_never_runs(kubectl: Kubectl) -> None:
    said = kubectl("create job once --image=busybox -- date")
    assert (said.code, said.out) == (0, "job.batch/once created\n")
    assert (
        said.err == "Warning: stsviz keeps Jobs and runs none: this one makes no Pods and never completes\n"
    )
    assert kubectl("get jobs").rows[1][:3] == ["once", "Running", "0/1"]
    assert kubectl("create cronjob daily --image=busybox --schedule=@daily -- date").code == 0
    assert kubectl("get cj").rows[1][1:5] == ["@daily", "<none>", "False", "0"]
    waited = kubectl("wait --for=condition=complete job/once --timeout=1s")
    assert "timed out waiting for the condition on jobs/once" in waited.err
    assert kubectl("get pods -l job-name=once").out == ""
    applied = kubectl("apply --server-side -f -", OLD_AUTOSCALER)
    assert applied.code == 0, applied
    kubectl.ok("delete job once")
    kubectl.ok("delete cronjob daily")


def test_an_autoscaler_is_served_in_two_versions(kubectl: Kubectl) -> None:
    assert kubectl("apply -f -", OLD_AUTOSCALER).code == 0
    new = kubectl.json("get horizontalpodautoscalers.v2.autoscaling old")
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    old = kubectl.json("get horizontalpodautoscalers.v1.autoscaling old")
    assert (old["apiVersion"], old["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 70)
    kubectl.ok("apply -f -", OLD_AUTOSCALER.replace("70", "60"))
    new = kubectl.json("get hpa old")
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    assert len(new["spec"]["metrics"]) == 1


def test_what_the_api_server_would_have_to_obey_is_refused_in_words(kubectl: Kubectl) -> None:
    refused = kubectl("apply -f -", DEFINITION)
    assert refused.code == 1
    assert (
        "stsviz serves its own kinds only and asks nobody else: no custom resource can be defined"
        in refused.err
    )
    assert kubectl("get crd").err == "No resources found\n"
    for kind in ("apiservices", "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "csr"):
        assert (kubectl(f"get {kind}").code, kubectl(f"get {kind}").out) == (0, "")
