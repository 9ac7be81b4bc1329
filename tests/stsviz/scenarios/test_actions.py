"""Actions: each verb has its kubectl line, or says that it is a fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.scenarios.actions import VERBS, Action
from stsviz.scenarios.format import read
from tests.stsviz.scenarios.cast import SMALL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_760_000_000.0)
    yield cluster
    cluster.destroy()


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("apply: claim", "kubectl apply -f claim.yaml"),
        ("delete: pod/web-0", "kubectl delete pod web-0"),
        (
            "delete: {object: pod/web-0, force: true}",
            "kubectl delete pod web-0 --grace-period=0 --force",
        ),
        (
            "delete: {object: sts/web, cascade: orphan}",
            "kubectl delete statefulset web --cascade=orphan",
        ),
        ("delete: {kind: pod, selector: app=x}", "kubectl delete pod -l app=x"),
        ("scale: {object: sts/web, replicas: 3}", "kubectl scale statefulset web --replicas=3"),
        (
            "patch: {object: pv/pv-1, type: merge, with: {spec: {claimRef: null}}}",
            """kubectl patch pv pv-1 --type=merge -p '{"spec": {"claimRef": null}}'""",
        ),
        ("image: {object: sts/web, image: 'nginx:2'}", "kubectl set image statefulset/web '*=nginx:2'"),
        (
            "label: {object: node/node-1, labels: {disk: fast, old: null}}",
            "kubectl label node node-1 --overwrite disk=fast old-",
        ),
        (
            "write: {object: pod/web-0, path: /data/a, text: hello}",
            "kubectl exec web-0 -- sh -c 'echo hello > /data/a'",
        ),
        (
            "read: {object: pod/web-0, path: /data/a, expect: hello}",
            "kubectl exec web-0 -- cat /data/a",
        ),
        (
            "exec: {object: pod/web-0, command: [getent, hosts, db]}",
            "kubectl exec web-0 -- getent hosts db",
        ),
        ("cordon: node-1", "kubectl cordon node-1"),
        ("uncordon: node-1", "kubectl uncordon node-1"),
        ("drain: node-1", "kubectl drain node-1 --ignore-daemonsets --delete-emptydir-data"),
        ("restart: sts/web", "kubectl rollout restart statefulset/web"),
        ("node-down: node-1", ""),
        ("node-up: node/node-1", ""),
        ("crash: web-0", ""),
        ("break-readiness: web-0", ""),
        ("mend-readiness: pod/web-0", ""),
        ("fail-attach: pv-1", ""),
        ("mend-attach: pv-1", ""),
        ("stop-provisioner: local-path", ""),
        ("slow-provisioner: sc/local-path", ""),
        ("start-provisioner: storageclass/local-path", ""),
        ("flags: {event-ttl: 5m}", ""),
    ],
)
def test_an_action_has_the_line_that_a_person_would_type(written: str, line: str) -> None:
    text = SMALL.replace("- delete: pvc/data", f"- {written}")
    action = read(text, "x").beats[1].do[0]
    assert action.line == line
    if not line:
        assert action.fault


def test_every_verb_of_the_vocabulary_is_told_above() -> None:
    mark = test_an_action_has_the_line_that_a_person_would_type.pytestmark[0]  # type: ignore[attr-defined]
    assert {written.partition(":")[0] for written, _ in mark.args[1]} == set(VERBS)


def test_a_refusal_that_is_expected_is_told_word_for_word(cluster: Cluster) -> None:
    action = Action("scale", Ref("StatefulSet", "default", "web"), {"replicas": 1}, "not found")
    assert action.perform(cluster) == 'statefulsets.apps "web" not found'


def test_a_refusal_that_does_not_come_is_a_fault(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match="was not refused"):
        Action("cordon", Ref("Node", "", "node-1"), refused="forbidden").perform(cluster)


def test_a_nodes_power_is_cut_and_comes_back(cluster: Cluster) -> None:
    node = Ref("Node", "", "node-1")
    Action("node-down", node).perform(cluster)
    assert cluster.get(node)["metadata"]["annotations"]["stsviz.dev/power"] == "off"
    Action("node-up", node).perform(cluster)
    assert "stsviz.dev/power" not in cluster.get(node)["metadata"].get("annotations", {})
