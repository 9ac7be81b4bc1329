"""Refusals as a client sees them: their envelope, and what is checked before an object's own rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, Ref, replaced
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
    " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
    " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must"
    " start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.new("refusals", start=1_800_000_000.0, nodes=0)


def web(name: str = "web", **spec: object) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
            },
            **spec,
        },
    }


def claim(name: str = "www", **spec: object) -> Obj:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {**asked, **spec},
    }


def refusal(verb: Callable[..., object], *arguments: object) -> ApiError:
    with pytest.raises(ApiError) as refused:
        verb(*arguments)
    return refused.value


def test_one_mistake_is_told_in_a_line(cluster: Cluster) -> None:
    """STS-V2, STS-V4, STS-V12, VAL-N7, ST-1.25, ST-1.26"""
    found = refusal(cluster.create, web(replicas=-1))
    assert (found.code, found.reason) == (422, "Invalid")
    assert found.message == (
        'StatefulSet.apps "web" is invalid: spec.replicas: Invalid value: -1:'
        " must be greater than or equal to 0"
    )
    named = refusal(cluster.create, web("Bad_Name"))
    assert named.message == (
        f'StatefulSet.apps "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": {LABEL}'
    )


def test_several_mistakes_are_told_in_brackets_with_their_causes(cluster: Cluster) -> None:
    """VAL-K3, STS-V2, ST-1.25, ST-1.26, ST-1.31, ST-1.34"""
    sts = refusal(cluster.create, web(replicas=-1, minReadySeconds=-1))
    assert sts.message.startswith(
        'StatefulSet.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be'
    )
    assert sts.message.endswith("]")
    assert [(cause["reason"], cause["field"]) for cause in sts.details["causes"]] == [
        ("FieldValueInvalid", "spec.replicas"),
        ("FieldValueInvalid", "spec.minReadySeconds"),
    ]
    assert (sts.details["kind"], sts.details["group"]) == ("StatefulSet", "apps")
    empty = refusal(cluster.create, claim(accessModes=[], resources={}))
    assert empty.message == (
        'PersistentVolumeClaim "www" is invalid: [spec.accessModes: Required value: at least 1 access mode is'
        " required, spec.resources[storage]: Required value]"
    )


def test_a_claims_name_is_a_subdomain_and_a_sets_a_label(cluster: Cluster) -> None:
    """ST-1.30, VAL-N5, STS-V5"""
    assert refusal(cluster.create, claim("Bad_Name")).message == (
        f'PersistentVolumeClaim "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": {SUBDOMAIN}'
    )
    assert cluster.create(claim("a.b"))["metadata"]["name"] == "a.b"
    assert "must be no more than 63" in refusal(cluster.create, web("w" * 64)).message
    assert refusal(cluster.create, web("a.b")).message.endswith("must not contain dots")
    assert cluster.create(web("w" * 63))["metadata"]["name"] == "w" * 63


@pytest.mark.parametrize(
    ("make", "resource"), [(web, "statefulsets.apps"), (claim, "persistentvolumeclaims")]
)
def test_a_name_that_is_taken(cluster: Cluster, make: Callable[[], Obj], resource: str) -> None:
    """STS-V21, ST-1.29, API-C10"""
    made = cluster.create(make())
    found = refusal(cluster.create, make())
    assert (found.code, found.message) == (409, f'{resource} "{made["metadata"]["name"]}" already exists')


def test_what_is_not_there_is_told_by_its_plural(cluster: Cluster) -> None:
    """ST-1.28, API-X8"""
    for verb in (cluster.get, cluster.delete):
        found = refusal(verb, Ref("PersistentVolumeClaim", "default", "nobody"))
        assert (found.code, found.message) == (404, 'persistentvolumeclaims "nobody" not found')


def test_what_is_forbidden_is_told_by_its_plural(cluster: Cluster) -> None:
    """ST-1.27, ST-6.1, L33"""
    made = cluster.create(claim(storageClassName="fixed"))
    cluster.registry.update_status(
        {**made, "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}, "you"
    )
    grown = replaced(
        cluster.get(Ref("PersistentVolumeClaim", "default", "www")), "spec.resources.requests.storage", "2Gi"
    )
    found = refusal(cluster.update, grown)
    assert found.code == 403
    assert found.message.startswith('persistentvolumeclaims "www" is forbidden: only dynamically provisioned')


def test_a_stale_update_is_a_conflict(cluster: Cluster) -> None:
    """STS-U6, API-U2"""
    first = cluster.create(web())
    cluster.scale(Ref("StatefulSet", "default", "web"), 2)
    found = refusal(cluster.update, replaced(first, "spec.replicas", 3))
    assert (found.code, found.message) == (
        409,
        'Operation cannot be fulfilled on statefulsets.apps "web": the object has been modified; please apply'
        " your changes to the latest version and try again",
    )


@pytest.mark.parametrize("name", ["replicas", "minReadySeconds"])
def test_a_wrong_type_is_refused_before_anything_else(cluster: Cluster, name: str) -> None:
    """STS-V23"""
    manifest = f'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: web}}\nspec: {{{name}: "two"}}\n'
    (outcome,) = cluster.apply(manifest)
    assert outcome.verb == "refused"
    type_ = f"StatefulSetSpec.spec.{name} of type int32"
    assert outcome.message.endswith(f"cannot unmarshal string into Go struct field {type_}")
