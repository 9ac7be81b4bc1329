"""Patches of all four kinds; api.md section 2.4."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.meta import copied
from core.apimachinery.patch import json_patch, merge_patch, strategic_merge_patch, three_way


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0"}, "spec": spec}


def test_merge_patch_sets_removes_and_replaces_lists():
    """API-PA4"""
    obj = {"spec": {"a": 1, "b": 2, "list": [1, 2]}}

    assert merge_patch(obj, {"spec": {"a": None, "c": 3, "list": [9]}}) == {
        "spec": {"b": 2, "list": [9], "c": 3}
    }


def test_merge_patch_of_no_object_is_refused():
    """API-PA4"""
    with pytest.raises(BadRequest, match="cannot unmarshal array into Go value of type map"):
        merge_patch({}, [])


def test_json_patch_removes_a_path():
    """API-PA3"""
    obj = {"spec": {"claimRef": {"name": "a"}, "x": 1}}

    assert json_patch(obj, [{"op": "remove", "path": "/spec/claimRef"}]) == {"spec": {"x": 1}}


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "remove", "path": "/spec/nothing"}],
        [{"op": "test", "path": "/spec/x", "value": 2}],
        [{"op": "fly", "path": "/spec/x"}],
        [{"path": "/spec/x"}],
        [{"op": "add", "path": "spec", "value": 1}],
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_unprocessable(operations: list[Any]):
    """API-PA3"""
    with pytest.raises(ApiError) as refused:
        json_patch({"spec": {"x": 1}}, operations)

    assert refused.value.code == 422
    assert refused.value.message == "the server rejected our request due to an error in our request"


def test_json_replace_without_a_value_sets_null():
    """API-PA3"""
    assert json_patch({"x": 1}, [{"op": "replace", "path": "/x"}]) == {"x": None}


def test_strategic_merge_finds_containers_by_name():
    """API-PA6"""
    obj = pod(containers=[{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}])

    new = strategic_merge_patch(obj, {"spec": {"containers": [{"name": "b", "image": "b:2"}]}})

    assert new["spec"]["containers"] == [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]


def test_strategic_merge_deletes_elements_and_puts_new_ones_first():
    """API-PA5; kubectl patch --local orders them so"""
    obj = pod(containers=[{"name": "a"}, {"name": "b"}])
    change = [{"name": "a", "$patch": "delete"}, {"name": "c"}]

    assert strategic_merge_patch(obj, {"spec": {"containers": change}})["spec"]["containers"] == [
        {"name": "c"},
        {"name": "b"},
    ]


def test_strategic_merge_replaces_an_atomic_list():
    """API-PA7: tolerations"""
    obj = pod(tolerations=[{"key": "a"}])

    assert strategic_merge_patch(obj, {"spec": {"tolerations": [{"key": "b"}]}})["spec"] == {
        "tolerations": [{"key": "b"}]
    }


def test_strategic_merge_replaces_a_whole_object_on_demand():
    """API-PA5, API-PA6: a roll-back"""
    obj = pod(securityContext={"runAsUser": 1, "fsGroup": 2})
    patch = {"spec": {"securityContext": {"$patch": "replace", "runAsUser": 3}}}

    assert strategic_merge_patch(obj, patch)["spec"]["securityContext"] == {"runAsUser": 3}


def test_strategic_merge_orders_elements_as_asked():
    """API-PA5"""
    obj = pod(containers=[{"name": "a"}, {"name": "x"}, {"name": "b"}])
    patch = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}

    names = [c["name"] for c in strategic_merge_patch(obj, patch)["spec"]["containers"]]

    assert names == ["x", "b", "a"]


def test_strategic_merge_unites_finalizers_and_takes_some_out():
    """API-PA5"""
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}

    assert strategic_merge_patch(obj, patch)["metadata"]["finalizers"] == ["c", "b"]


def test_strategic_merge_keeps_only_the_named_keys():
    """API-PA5: $retainKeys, as a change of a Deployment's strategy sends it"""
    obj = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"strategy": {"type": "A", "rollingUpdate": {}}},
    }
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}

    assert strategic_merge_patch(obj, patch)["spec"]["strategy"] == {"type": "Recreate"}


def test_an_element_without_its_merge_key_is_refused():
    """API-PA5"""
    with pytest.raises(BadRequest, match=r"map: map\[image:x\] does not contain declared merge key: name"):
        strategic_merge_patch(pod(containers=[]), {"spec": {"containers": [{"image": "x"}]}})


def test_an_object_for_a_list_is_refused():
    """API-PA5"""
    with pytest.raises(ApiError, match="cannot restore slice from map"):
        strategic_merge_patch(pod(containers=[]), {"spec": {"containers": {"name": "x"}}})


def applied(original: Any, modified: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    return strategic_merge_patch(current, three_way(original, modified, current))


def test_apply_keeps_what_others_set_and_removes_what_it_no_longer_says():
    original = pod(nodeName="n", priority=1)
    modified = pod(nodeName="n")
    current = pod(nodeName="n", priority=1, dnsPolicy="ClusterFirst")

    assert applied(original, modified, current)["spec"] == {"nodeName": "n", "dnsPolicy": "ClusterFirst"}


def test_apply_of_the_same_is_an_empty_patch():
    obj = pod(containers=[{"name": "a", "image": "a:1"}])
    current = pod(containers=[{"name": "a", "image": "a:1", "imagePullPolicy": "Always"}])

    assert three_way(obj, obj, current) == {}


def test_apply_removes_a_container_that_it_made_and_keeps_an_injected_one():
    original = pod(containers=[{"name": "a"}, {"name": "b"}])
    modified = pod(containers=[{"name": "a"}])
    current = pod(containers=[{"name": "a"}, {"name": "b"}, {"name": "injected"}])

    names = [c["name"] for c in applied(original, modified, current)["spec"]["containers"]]

    assert names == ["a", "injected"]


def test_apply_changes_back_what_somebody_else_changed():
    obj = pod(containers=[{"name": "a", "image": "a:1"}])
    current = pod(containers=[{"name": "a", "image": "a:2"}])

    assert applied(obj, obj, current)["spec"]["containers"] == [{"name": "a", "image": "a:1"}]


def test_nothing_that_goes_in_is_changed():
    obj = pod(containers=[{"name": "a", "ports": [{"containerPort": 80}]}])
    before = copied(obj)

    strategic_merge_patch(obj, {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 81}]}]}})
    merge_patch(obj, {"spec": {"containers": None}})
    json_patch(obj, [{"op": "remove", "path": "/spec/containers/0"}])
    three_way(obj, pod(containers=[]), obj)

    assert obj == before
