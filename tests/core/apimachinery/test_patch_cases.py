"""Patches, case by case: every operation, directive and refusal."""

from __future__ import annotations

import copy

import pytest

from core.apimachinery.errors import BadRequest, Invalid
from core.apimachinery.patch import Unprocessable, json_patch, merge_patch, strategic_merge_patch, three_way


def pod(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0"}, "spec": spec}


def containers(*names, **more):
    return [{"name": name, "image": "nginx", **more} for name in names]


NGINX = pod(containers=containers("a", "b", "c"), nodeName="n")


def strategic(obj, **spec):
    return strategic_merge_patch(obj, {"spec": spec})["spec"]


def names(spec):
    return [container["name"] for container in spec["containers"]]


# -- JSON patch ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ({"op": "add", "path": "/c", "value": 3}, {"a": {"b": 1}, "c": 3}),
        ({"op": "remove", "path": "/a/b"}, {"a": {}}),
        ({"op": "replace", "path": "/a/b", "value": 2}, {"a": {"b": 2}}),
        ({"op": "replace", "path": "/a/b"}, {"a": {"b": None}}),
        ({"op": "move", "from": "/a", "path": "/c"}, {"c": {"b": 1}}),
        ({"op": "copy", "from": "/a/b", "path": "/c"}, {"a": {"b": 1}, "c": 1}),
        ({"op": "test", "path": "/a/b", "value": 1}, {"a": {"b": 1}}),
    ],
)
def test_applies_a_json_patch_operation(operation, after):
    """API-PA3"""
    before = {"a": {"b": 1}}

    assert json_patch(before, [operation]) == after
    assert before == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "jump", "path": "/a"},
        {"path": "/a"},
        {"op": "add", "path": "a", "value": 1},
        {"op": "remove", "path": "/gone"},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "add", "path": 5, "value": 1},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "replace", "path": "", "value": 1},
        {"op": "move", "path": "/x"},
    ],
)
def test_rejects_a_json_patch_that_does_not_apply(operation):
    """API-PA3"""
    with pytest.raises(Unprocessable) as rejected:
        json_patch({"a": 1}, [operation])

    status = rejected.value.status()
    assert (status["code"], status["reason"], status["details"]) == (422, "Invalid", {})


def test_rejects_a_json_patch_that_doubles_the_object_again_and_again():
    operations = [{"op": "copy", "from": "/a", "path": f"/a/{n}"} for n in range(40)]

    with pytest.raises(Unprocessable):
        json_patch({"a": {}}, operations)


def test_says_what_is_no_json_patch():
    """API-PA3"""
    with pytest.raises(BadRequest, match=r"object into Go value of type \[\]handlers"):
        json_patch({}, {"op": "add"})


# -- merge patch -----------------------------------------------------------------------------------


def test_applies_a_merge_patch_and_shares_what_it_leaves():
    """API-PA4"""
    before = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}

    after = merge_patch(before, {"a": {"b": None, "c": [3], "new": {"x": None, "y": 1}}})

    assert after == {"a": {"c": [3], "new": {"y": 1}}, "d": {"e": 1}}
    assert after["d"] is before["d"]
    assert before == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (None, "Invalid JSON Patch"),
        (
            [],
            "error decoding patch: json: cannot unmarshal array into Go value of type "
            "map[string]interface {}",
        ),
    ],
)
def test_says_what_is_no_merge_patch(patch, message):
    """API-PA4"""
    with pytest.raises(BadRequest) as refused:
        merge_patch({}, patch)

    assert refused.value.message == message


def test_refuses_a_patch_of_endless_depth():
    patch: dict = {}
    for _ in range(500):
        patch = {"a": patch}

    with pytest.raises(BadRequest, match="nested deeper"):
        merge_patch({}, patch)


# -- strategic merge patch -------------------------------------------------------------------------


def test_merges_containers_by_name():
    """API-PA5, API-PA6"""
    spec = strategic(NGINX, containers=[{"name": "b", "image": "nginx:2"}])

    assert spec["containers"][1] == {"name": "b", "image": "nginx:2"}
    assert names(spec) == ["a", "b", "c"]
    assert NGINX["spec"]["containers"][1]["image"] == "nginx"


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ({"containers": [{"name": "d"}]}, ["d", "a", "b", "c"]),
        ({"containers": [{"name": "b", "$patch": "delete"}]}, ["a", "c"]),
        ({"containers": [{"name": "x"}, {"$patch": "replace"}]}, ["x"]),
        ({"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]}, ["b", "c", "a"]),
        (
            {"$setElementOrder/containers": [{"name": "d"}, {"name": "a"}], "containers": [{"name": "d"}]},
            ["d", "a", "b", "c"],
        ),
    ],
)
def test_follows_the_directives_of_a_list(patch, after):
    """API-PA5; the orders are those of kubectl patch --local"""
    assert names(strategic(NGINX, **patch)) == after


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ({"nodeName": None}, {"containers": NGINX["spec"]["containers"]}),
        ({"$patch": "replace", "nodeName": "m"}, {"nodeName": "m"}),
        ({"tolerations": [{"key": "x"}]}, {**NGINX["spec"], "tolerations": [{"key": "x"}]}),
    ],
)
def test_follows_the_directives_of_an_object(patch, after):
    """API-PA5"""
    assert strategic(NGINX, **patch) == after


def test_replaces_lists_without_a_merge_key():
    """API-PA7"""
    before = pod(tolerations=[{"key": "a"}])

    assert strategic(before, tolerations=[{"key": "b"}])["tolerations"] == [{"key": "b"}]
    assert strategic(before, tolerations=[])["tolerations"] == []


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ({"finalizers": ["b", "c"]}, ["a", "b", "c"]),
        ({"$deleteFromPrimitiveList/finalizers": ["a"]}, ["b"]),
        ({"$setElementOrder/finalizers": ["b", "a"]}, ["b", "a"]),
    ],
)
def test_unites_finalizers(patch, after):
    """API-PA7"""
    before = {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": ["a", "b"]}}

    assert strategic_merge_patch(before, {"metadata": patch})["metadata"]["finalizers"] == after


def test_retains_only_the_keys_asked_for():
    """API-PA5"""
    before = pod(volumes=[{"name": "v", "emptyDir": {}}])
    patch = [{"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}]

    assert strategic(before, volumes=patch)["volumes"] == [{"name": "v", "hostPath": {"path": "/x"}}]


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ([{"image": "x"}], "map: map[image:x] does not contain declared merge key: name"),
        ([{"$patch": "foo", "name": "a"}], "unknown patch type: foo in map: map[$patch:foo name:a]"),
    ],
)
def test_refuses_a_malformed_strategic_patch(patch, message):
    """API-PA5"""
    with pytest.raises(BadRequest) as refused:
        strategic(NGINX, containers=patch)

    assert refused.value.message == message


def test_refuses_an_object_for_a_list():
    """API-PA5"""
    with pytest.raises(Invalid) as refused:
        strategic(NGINX, containers={"a": 1})

    assert refused.value.message == (
        ' "" is invalid: patch: Invalid value: "map[spec:map[containers:map[a:1]]]": '
        "cannot restore slice from map"
    )


# -- three-way -------------------------------------------------------------------------------------


def applied(original, modified, current):
    """The patch, and what it makes of *current*; none of the three may change."""
    before = copy.deepcopy((original, modified, current))
    patch = three_way(original, modified, current)
    after = strategic_merge_patch(current, patch)

    assert (original, modified, current) == before
    return patch, after


def test_computes_what_kubectl_apply_sends_for_a_new_image():
    """API-PA6"""
    original = pod(containers=[{"name": "nginx", "image": "nginx:1"}])
    modified = pod(containers=[{"name": "nginx", "image": "nginx:2"}])
    current = pod(
        containers=[{"name": "nginx", "image": "nginx:1", "imagePullPolicy": "Always"}], nodeName="n"
    )

    patch, after = applied(original, modified, current)

    assert patch == {
        "spec": {
            "$setElementOrder/containers": [{"name": "nginx"}],
            "containers": [{"image": "nginx:2", "name": "nginx"}],
        }
    }
    assert after["spec"]["containers"] == [{"name": "nginx", "image": "nginx:2", "imagePullPolicy": "Always"}]
    assert after["spec"]["nodeName"] == "n"


def test_has_nothing_to_send_when_nothing_changed():
    assert three_way(NGINX, NGINX, {**NGINX, "status": {"phase": "Running"}}) == {}


def test_deletes_only_what_was_applied_before():
    original = pod(containers=containers("a", "b"), hostname="h", tolerations=[{"key": "x"}])
    modified = pod(containers=containers("a"))
    current = pod(containers=containers("a", "b", "injected"), hostname="h", nodeName="n", tolerations=[])

    _, after = applied(original, modified, current)

    assert names(after["spec"]) == ["a", "injected"]
    assert after["spec"] == {"containers": containers("a", "injected"), "nodeName": "n"}


def test_leaves_the_replicas_of_an_autoscaler_alone():
    original = {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"serviceName": "nginx"}}
    current = {**original, "spec": {"serviceName": "nginx", "replicas": 7}}

    assert three_way(original, original, current) == {}
    assert three_way({**original, "spec": {"replicas": 3}}, original, current) == {"spec": {"replicas": None}}


def test_puts_elements_in_the_order_given():
    patch, after = applied(NGINX, pod(containers=containers("c", "b", "a"), nodeName="n"), NGINX)

    assert list(patch["spec"]) == ["$setElementOrder/containers"]
    assert names(after["spec"]) == ["c", "b", "a"]


def test_swaps_the_source_of_a_volume():
    original = pod(volumes=[{"name": "v", "emptyDir": {}}])
    modified = pod(volumes=[{"name": "v", "hostPath": {"path": "/x"}}])

    _, after = applied(original, modified, original)

    assert after["spec"]["volumes"] == modified["spec"]["volumes"]


def test_takes_away_a_finalizer_that_was_applied():
    def with_finalizers(*names):
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": list(names)}}

    _, after = applied(with_finalizers("a", "b"), with_finalizers("b"), with_finalizers("a", "b", "server"))

    assert after["metadata"]["finalizers"] == ["b", "server"]
