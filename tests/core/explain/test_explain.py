"""Why: the field, the candidates with the test each failed, the line; and silence where nothing is sure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.explain import Asked, Explanation, explain
from stsviz.pages.examples import EXAMPLES

pytestmark = pytest.mark.django_db(transaction=True)
WEB = Ref("StatefulSet", "default", "web")
WEB_0, WEB_1 = Ref("Pod", "default", "web-0"), Ref("Pod", "default", "web-1")
NGINX = Ref("Service", "default", "nginx")
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}, MORE}
"""
VOLUME = """
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: NAME, labels: {disk: ssd}}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: SIZE}, hostPath: {path: /tmp/NAME}, MORE}
"""
CLASS = """
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: PROVISIONER
volumeBindingMode: MODE
"""
POD = """
---
apiVersion: v1
kind: Pod
metadata: {name: web-0}
spec: {SPEC, containers: [{name: nginx, image: nginx}]}
"""
USER = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"
DATA = Ref("PersistentVolumeClaim", "default", "data")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=1_760_000_000.0)
    yield cluster
    cluster.destroy()


def applied(cluster: Cluster, *texts: str) -> None:
    for text in texts:
        assert [outcome.message for outcome in cluster.apply(text) if outcome.verb == "refused"] == []
    cluster.settle()


def claim(more: str = "") -> str:
    return CLAIM.replace("MORE", more)


def volume(name: str, size: str = "10Gi", more: str = "") -> str:
    return VOLUME.replace("NAME", name).replace("SIZE", size).replace("MORE", more)


def storage_class(name: str, provisioner: str, mode: str = "Immediate") -> str:
    return CLASS.replace("NAME", name).replace("PROVISIONER", provisioner).replace("MODE", mode)


def why(cluster: Cluster, ref: Ref) -> Explanation:
    with cluster.reading() as view:
        return explain(Asked(view, cluster.settings, cluster.now, ref, view.get(*ref)))


def paths(found: Explanation) -> list[str]:
    return [culprit.path for culprit in found.culprits]


def lines(found: Explanation) -> list[str]:
    return [remedy.line for remedy in found.remedies]


def failed(found: Explanation) -> dict[str, tuple[str, ...]]:
    return {candidate.ref.name: candidate.tests for candidate in found.candidates}


# -- claims --------------------------------------------------------------------------------------------


def test_every_volume_is_named_with_the_tests_it_failed(cluster: Cluster) -> None:
    applied(
        cluster,
        claim('storageClassName: "", selector: {matchLabels: {disk: ssd}}'),
        volume("small", "1Gi"),
        volume("fast", more="storageClassName: fast"),
        volume("block", more="volumeMode: Block"),
        volume("taken", more="claimRef: {namespace: default, name: other}"),
        volume("plain").replace("disk: ssd", "disk: hdd"),
    )
    found = why(cluster, DATA)
    assert found.blocked
    assert found.component == "persistentvolume-controller"
    assert failed(found) == {
        "small": ("size",),
        "fast": ("class",),
        "block": ("volume mode",),
        "taken": ("claimRef",),
        "plain": ("selector",),
    }
    assert found.candidates[-1].ref.name == "taken"  # what belongs to another claim comes last


@pytest.mark.parametrize(
    ("asks", "offered", "path", "line"),
    [
        ("storageClassName: a", 'more="storageClassName: b"', "spec.storageClassName", "storageClassName"),
        ("storageClassName: a, volumeMode: Block", 'more="storageClassName: a"', "spec.volumeMode", ""),
    ],
)
def test_the_field_is_that_of_the_test_that_failed(
    cluster: Cluster, asks: str, offered: str, path: str, line: str
) -> None:
    applied(
        cluster,
        claim(asks),
        volume("pv", more=offered.split('"')[1]),
        storage_class("a", "kubernetes.io/no-provisioner"),
    )
    found = why(cluster, DATA)
    assert path in paths(found)
    assert [line in one for one in lines(found)] == ([True] if line else [])


def test_a_line_is_offered_only_where_one_change_of_one_volume_is_enough(cluster: Cluster) -> None:
    applied(cluster, claim("storageClassName: a"), volume("one", more="storageClassName: b"))
    assert lines(why(cluster, DATA)) == ["""kubectl patch pv one -p '{"spec": {"storageClassName": "a"}}'"""]
    applied(cluster, volume("two", more="storageClassName: b"))
    assert lines(why(cluster, DATA)) == []


def test_a_line_that_is_offered_binds_the_claim(cluster: Cluster) -> None:
    applied(cluster, claim("storageClassName: a"), volume("one", more="storageClassName: b"))
    assert cluster.get(DATA)["status"]["phase"] == "Pending"
    cluster.patch(Ref("PersistentVolume", "", "one"), {"spec": {"storageClassName": "a"}}, "strategic")
    cluster.settle(quiet=20)
    assert cluster.get(DATA)["status"]["phase"] == "Bound"


def test_a_claim_without_a_class_is_told_of_the_class_that_could_be_the_default(cluster: Cluster) -> None:
    applied(cluster, claim(), storage_class("std", "kubernetes.io/host-path"))
    found = why(cluster, DATA)
    assert found.culprits[0].words == "is not set, and no class is the default"
    assert lines(found)[0].startswith("kubectl patch sc std -p")
    mark = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
    cluster.patch(Ref("StorageClass", "", "std"), mark, "strategic")
    cluster.settle(quiet=20)
    assert cluster.get(DATA)["status"]["phase"] == "Bound"


def test_a_claim_that_waits_for_its_first_pod_is_as_it_should_be(cluster: Cluster) -> None:
    applied(
        cluster,
        storage_class("w", "rancher.io/local-path", "WaitForFirstConsumer"),
        claim("storageClassName: w"),
    )
    found = why(cluster, DATA)
    assert not found.blocked
    assert (found.culprits[0].ref.kind, found.culprits[0].path) == ("StorageClass", "volumeBindingMode")


def test_a_pod_with_a_node_name_never_lets_its_claim_go_on(cluster: Cluster) -> None:
    applied(
        cluster,
        storage_class("w", "rancher.io/local-path", "WaitForFirstConsumer"),
        claim("storageClassName: w"),
        POD.replace("SPEC", f"nodeName: node-1, {USER}"),
    )
    for ref in (DATA, WEB_0):
        found = why(cluster, ref)
        assert found.blocked
        assert (found.culprits[0].ref, found.culprits[0].path) == (WEB_0, "spec.nodeName")


def test_a_provisioner_that_nobody_runs_blocks(cluster: Cluster) -> None:
    applied(cluster, storage_class("ebs", "ebs.csi.aws.com"), claim("storageClassName: ebs"))
    found = why(cluster, DATA)
    assert found.blocked
    assert found.culprits[0].words == "ebs.csi.aws.com does not run here"


def test_who_holds_the_key_of_a_claim_that_will_not_die_is_named(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    www = Ref("PersistentVolumeClaim", "default", "www-web-0")
    cluster.delete(www)
    found = why(cluster, www)
    assert found.culprits[0].words == "kubernetes.io/pvc-protection: Pod web-0 holds the key"
    assert lines(found) == ["kubectl delete pod web-0"]
    uid = cluster.get(www)["metadata"]["uid"]
    cluster.delete(WEB_0)
    cluster.settle()
    assert cluster.get(www)["metadata"]["uid"] != uid  # as the words of the line say


# -- Pods ----------------------------------------------------------------------------------------------


def test_every_node_is_named_with_the_plugin_that_refused_it(cluster: Cluster) -> None:
    cluster.patch(Ref("Node", "", "node-1"), {"spec": {"unschedulable": True}})
    applied(cluster, POD.replace("SPEC", "nodeSelector: {disk: ssd}"))
    found = why(cluster, WEB_0)
    assert found.component == "default-scheduler"
    assert failed(found) == {"node-1": ("NodeUnschedulable",), "node-2": ("NodeAffinity",)}
    assert lines(found)


def test_a_pod_whose_claim_is_missing_points_at_the_claims_name(cluster: Cluster) -> None:
    applied(cluster, POD.replace("SPEC", USER))
    found = why(cluster, WEB_0)
    assert paths(found) == ["spec.volumes[0].persistentVolumeClaim.claimName"]
    assert found.related == (DATA,)


def test_an_empty_seat_waits_for_the_one_before(cluster: Cluster) -> None:
    list(cluster.apply(EXAMPLES["web"].text))
    image(cluster, "does-not-exist:1")
    found = why(cluster, WEB_1)
    assert (found.culprits[0].ref, found.culprits[0].path) == (WEB, "spec.podManagementPolicy")
    assert found.related == (WEB_0,)
    assert paths(why(cluster, WEB_0)) == ["spec.containers[0].image"]


def test_a_ready_pod_needs_no_explanation(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    for ref in (
        WEB_0,
        WEB,
        NGINX,
        Ref("Node", "", "node-1"),
        Ref("PersistentVolumeClaim", "default", "www-web-0"),
    ):
        assert why(cluster, ref) == Explanation(), ref


# -- sets, Services, volumes, nodes --------------------------------------------------------------------


def image(cluster: Cluster, name: str) -> None:
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": name}]}}}}
    cluster.patch(WEB, patch, "strategic")
    cluster.settle()


def test_the_cork_of_a_stuck_roll_out_has_its_exact_line(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    image(cluster, "does-not-exist:1")
    assert lines(why(cluster, WEB)) == []  # the template itself is broken: to delete the Pod would not help
    image(cluster, "nginx:1.28")
    found = why(cluster, WEB)
    assert lines(found) == ["kubectl delete pod web-1"]
    assert "spec.template" in paths(found)
    cluster.delete(WEB_1)
    cluster.settle()
    assert why(cluster, WEB) == Explanation()


def test_a_partition_and_on_delete_say_who_keeps_the_old_template(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    cluster.patch(WEB, {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}, "strategic")
    image(cluster, "nginx:1.28")
    found = why(cluster, WEB)
    assert paths(found) == ["spec.updateStrategy.rollingUpdate.partition"]
    assert "keeps web-0 on the old template" in found.sentence
    assert not found.blocked


def test_a_set_without_its_service_has_the_lines_that_make_it(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    cluster.delete(NGINX)
    cluster.settle()
    found = why(cluster, WEB)
    assert paths(found) == ["spec.serviceName"]
    assert lines(found)[0] == "kubectl create service clusterip nginx --clusterip=None"


def test_a_service_that_selects_nobody_says_what_would(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    cluster.patch(NGINX, {"spec": {"selector": {"app": "apache"}}})
    cluster.settle()
    found = why(cluster, NGINX)
    assert (found.sentence, paths(found)) == ("selects no Pod", ["spec.selector"])
    assert lines(found) == ["kubectl set selector service nginx app=nginx"]


def test_peers_that_are_not_ready_are_not_published(cluster: Cluster) -> None:
    applied(cluster, EXAMPLES["web"].text)
    stamp = "2025-10-09T09:00:00Z"
    cluster.patch(WEB_0, {"metadata": {"annotations": {"stsviz.dev/not-ready-since": stamp}}})
    cluster.settle()
    found = why(cluster, NGINX)
    assert found.sentence == "does not answer for web-0, which is not Ready"
    assert paths(found) == ["spec.publishNotReadyAddresses"]


def test_a_released_volume_says_whom_it_remembers(cluster: Cluster) -> None:
    applied(cluster, claim('storageClassName: ""'), volume("pv"))
    cluster.delete(DATA)
    cluster.settle()
    found = why(cluster, Ref("PersistentVolume", "", "pv"))
    assert "remembers default/data, uid " in found.culprits[0].words
    assert lines(found) == [
        """kubectl patch pv pv --type=json -p '[{"op": "remove", "path": "/spec/claimRef"}]'"""
    ]
    applied(cluster, claim('storageClassName: ""'))
    assert failed(why(cluster, DATA)) == {"pv": ("claimRef",)}


@pytest.mark.parametrize(
    ("patch", "path", "line"),
    [
        ({"spec": {"unschedulable": True}}, "spec.unschedulable", "kubectl uncordon node-1"),
        (
            {"spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}},
            "spec.taints",
            "kubectl taint nodes node-1 gpu:NoSchedule-",
        ),
        ({"metadata": {"annotations": {"stsviz.dev/power": "off"}}}, "metadata.annotations", ""),
    ],
)
def test_a_node_that_takes_no_pods_says_why(cluster: Cluster, patch: object, path: str, line: str) -> None:
    cluster.patch(Ref("Node", "", "node-1"), patch)
    found = why(cluster, Ref("Node", "", "node-1"))
    assert (paths(found), lines(found)) == ([path], [line])
