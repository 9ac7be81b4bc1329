"""Admission: what is added to an object, and what is refused, beyond the object's own rules."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import Forbidden, NotFound
from core.apimachinery.meta import Obj
from core.apiserver import admission
from tests.core.registry.cast import (
    DEFAULT_NAMESPACE,
    STAMP,
    bound_claim,
    claim,
    context,
    created,
    requests,
    storage_class,
    volume,
)

LATER = "2023-11-14T22:13:30Z"
NO_RESIZE = (
    'persistentvolumeclaims "www-web-0" is forbidden: only dynamically provisioned pvc can be resized'
    " and the storageclass that provisions the pvc must support resize"
)


def test_nothing_is_created_in_a_namespace_that_is_not_there() -> None:
    """API-C6"""
    lost = claim()
    lost["metadata"]["namespace"] = "nowhere"

    with pytest.raises(NotFound) as refused:
        created(lost)

    assert refused.value.message == 'namespaces "nowhere" not found'
    assert refused.value.details == {"name": "nowhere", "kind": "namespaces"}


def test_nothing_is_created_in_a_namespace_that_is_going() -> None:
    """API-C6"""
    going = {**DEFAULT_NAMESPACE, "metadata": {"name": "default", "deletionTimestamp": STAMP}}

    with pytest.raises(Forbidden) as refused:
        created(claim(), going)

    assert refused.value.message == (
        'persistentvolumeclaims "www-web-0" is forbidden: unable to create new content'
        " in namespace default because it is being terminated"
    )
    assert refused.value.details["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace default is being terminated",
            "field": "metadata.namespace",
        }
    ]


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_namespaces_may_not_be_deleted(name: str) -> None:
    """API-X6"""
    namespace: Obj = {**DEFAULT_NAMESPACE, "metadata": {"name": name}}

    with pytest.raises(Forbidden) as refused:
        admission.validate("DELETE", namespace, namespace, context())

    assert refused.value.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


def test_any_other_object_may_be_deleted() -> None:
    """API-X6"""
    lease = {**DEFAULT_NAMESPACE, "metadata": {"name": "kube-node-lease"}}

    admission.validate("DELETE", lease, lease, context())
    admission.validate("DELETE", claim("default"), claim("default"), context())


def test_protection_stands_after_the_finalizers_of_the_creator() -> None:
    """ST-4.1"""
    own = volume()
    own["metadata"]["finalizers"] = ["example.com/mine"]

    assert created(own)["metadata"]["finalizers"] == ["example.com/mine", "kubernetes.io/pv-protection"]
    assert created(claim())["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_a_claim_without_class_gets_the_default_one() -> None:
    """ST-1.63"""
    world = (storage_class("gold"), storage_class("standard", default=True))

    assert created(claim(), *world)["spec"]["storageClassName"] == "standard"


def test_of_several_defaults_the_newest_wins() -> None:
    """ST-1.64"""
    newest = storage_class("a", default=True, born=LATER)
    world = (storage_class("b", default=True), newest, storage_class("c", default=True))

    assert created(claim(), *world)["spec"]["storageClassName"] == "a"


@pytest.mark.parametrize("name", ["", "gold"])
def test_a_claim_that_states_a_class_keeps_it(name: str) -> None:
    """ST-1.61"""
    stored = created(claim(storageClassName=name), storage_class(default=True))

    assert stored["spec"]["storageClassName"] == name


@pytest.mark.parametrize(
    ("new", "world", "allowed"),
    [
        pytest.param(
            bound_claim(resources=requests("2Gi")), {"allowVolumeExpansion": True}, True, id="ST-1.72"
        ),
        pytest.param(bound_claim(resources=requests("2Gi")), {}, False, id="the class says nothing"),
        pytest.param(bound_claim(resources=requests("2Gi")), {"allowVolumeExpansion": False}, False, id="no"),
        pytest.param(bound_claim(), {}, True, id="ST-1.70: the same size"),
        pytest.param(bound_claim(resources=requests("1024Mi")), {}, True, id="ST-1.70: the same value"),
    ],
)
def test_the_class_decides_whether_a_claim_may_grow(new: Obj, world: Any, allowed: bool) -> None:
    """ST-1.71"""
    where = context(storage_class(**world))

    if allowed:
        admission.validate("UPDATE", new, bound_claim(), where)
        return
    with pytest.raises(Forbidden) as refused:
        admission.validate("UPDATE", new, bound_claim(), where)
    assert refused.value.message == NO_RESIZE


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_claim_of_no_known_class_does_not_grow(name: str) -> None:
    """ST-1.71"""
    old, new = (
        bound_claim(storageClassName=name),
        bound_claim(storageClassName=name, resources=requests("2Gi")),
    )

    with pytest.raises(Forbidden, match="only dynamically provisioned pvc can be resized"):
        admission.validate("UPDATE", new, old, context(storage_class(allowVolumeExpansion=True)))
