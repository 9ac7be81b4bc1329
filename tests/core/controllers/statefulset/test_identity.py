import pytest

from core.controllers.statefulset.identity import (
    PodMould,
    identity_matches,
    parent_and_ordinal,
    repaired,
    storage_matches,
)

from .cast import OLD, OLD_NAME, SET_OWNER, claim_template, pod, sts, template


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-0", ("web", 0)),
        ("web-db-0", ("web-db", 0)),
        ("web-01", ("web", 1)),
        ("web-2147483647", ("web", 2147483647)),
        ("web-2147483648", ("", -1)),
        ("web-", ("", -1)),
        ("web-x", ("", -1)),
        ("web", ("", -1)),
        ("web-٣", ("", -1)),
    ],
)
def test_parses_parent_and_ordinal(name, expected):
    """STS-I3"""
    assert parent_and_ordinal(name) == expected


def test_makes_the_pod_of_an_ordinal():
    """STS-I1 STS-I4 STS-I6 STS-I7 STS-I8"""
    made = PodMould(sts(), OLD, OLD_NAME).pod(1)

    assert made["metadata"] == {
        "name": "web-1",
        "generateName": "web-",
        "namespace": "default",
        "labels": {
            "app": "nginx",
            "apps.kubernetes.io/pod-index": "1",
            "controller-revision-hash": OLD_NAME,
            "statefulset.kubernetes.io/pod-name": "web-1",
        },
        "ownerReferences": [SET_OWNER],
    }
    assert made["spec"]["hostname"] == "web-1"
    assert made["spec"]["subdomain"] == "nginx"
    assert made["spec"]["volumes"] == [{"name": "www", "persistentVolumeClaim": {"claimName": "www-web-1"}}]


def test_takes_annotations_and_finalizers_from_the_template_and_nothing_from_the_set():
    """STS-I5"""
    tpl = {**OLD, "metadata": {**OLD["metadata"], "annotations": {"a": "b"}, "finalizers": ["x/y"]}}

    made = PodMould(sts(meta={"labels": {"set": "only"}, "annotations": {"set": "only"}}), tpl, "r").pod(0)

    assert made["metadata"]["annotations"] == {"a": "b"}
    assert made["metadata"]["finalizers"] == ["x/y"]
    assert "set" not in made["metadata"]["labels"]


def test_a_claim_volume_replaces_the_templates_of_that_name_and_goes_first():
    """STS-I8"""
    tpl = template()
    tpl["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}, {"name": "www", "emptyDir": {}}]
    the_set = sts(volumeClaimTemplates=[claim_template("www"), claim_template("log")])

    volumes = PodMould(the_set, tpl, "r").pod(0)["spec"]["volumes"]

    assert [v["name"] for v in volumes] == ["www", "log", "tmp"]
    assert "persistentVolumeClaim" in volumes[0]


def test_a_set_without_claims_and_service_leaves_volumes_and_subdomain_out():
    """STS-I7 STS-I8"""
    spec = PodMould(sts(volumeClaimTemplates=[], serviceName=""), OLD, "r").pod(0)["spec"]

    assert "volumes" not in spec
    assert "subdomain" not in spec


def test_pods_of_a_mould_share_nothing_that_depends_on_the_ordinal():
    mould = PodMould(sts(), OLD, "r")
    one, two = mould.pod(0), mould.pod(1)

    assert one["metadata"]["labels"] is not two["metadata"]["labels"]
    assert one["spec"]["containers"] is two["spec"]["containers"]


def test_a_missing_index_label_alone_is_no_broken_identity():
    """STS-I11"""
    labels = {"app": "nginx", "statefulset.kubernetes.io/pod-name": "web-0"}

    assert identity_matches(pod(0, labels=labels))
    assert not identity_matches(pod(0, labels={"app": "nginx"}))


def test_repairs_labels_and_volumes_and_leaves_a_whole_pod_alone():
    """STS-I11 STS-P12"""
    broken = pod(0, labels={"app": "nginx"})
    broken["spec"] = {**broken["spec"], "volumes": [{"name": "token"}]}

    fixed = repaired(sts(), broken, 0)

    assert fixed["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "web-0"
    assert fixed["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
    assert [v["name"] for v in fixed["spec"]["volumes"]] == ["www", "token"]
    assert repaired(sts(), fixed, 0) is fixed
    assert storage_matches(sts(), fixed, 0)
    assert not storage_matches(sts(), broken, 0)
