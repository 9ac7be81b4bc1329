"""Server-side apply: who owns what, what conflicts, what is taken away."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.errors import Conflict
from core.apimachinery.schema import type_of
from core.apiserver.fieldmanager import APPLY, Entry, apply, updates
from core.apiserver.fieldset import from_fields, leaves, path_text, to_fields


def config(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": spec,
    }


def containers(**fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "nginx", **fields}]}}}


def entry(manager: str) -> Entry:
    return Entry(manager, APPLY, "apps/v1", "", "2026-01-01T00:00:00Z", frozenset())


def applied(live: Any, wanted: Any, manager: str = "me", *, force: bool = False) -> dict[str, Any]:
    """Apply as the registry does: the object, then its managedFields."""
    new, manage = apply(live, wanted, entry(manager), force=force)
    new = {**new, "metadata": dict(new["metadata"])}
    manage(new, live)
    return new


def updated(live: Any, new: Any, manager: str = "kubectl", subresource: str = "") -> dict[str, Any]:
    new = {**new, "metadata": dict(new["metadata"])}
    updates(manager, subresource, 0.0)(new, live)
    return new


def owners(obj: dict[str, Any]) -> dict[str, set[str]]:
    return {
        item["manager"]: {path_text(path) for path in from_fields(item["fieldsV1"])}
        for item in obj["metadata"].get("managedFields", [])
    }


def test_the_applied_fields_are_owned_and_the_identity_is_not():
    """API-A2, API-A7"""
    obj = applied(None, config(replicas=2, **containers(image="nginx:1")))
    assert obj["metadata"]["managedFields"] == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "apps/v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:spec": {
                    "f:replicas": {},
                    "f:template": {
                        "f:spec": {
                            "f:containers": {
                                'k:{"name":"nginx"}': {".": {}, "f:image": {}, "f:name": {}},
                            }
                        }
                    },
                }
            },
        }
    ]


def test_applying_the_same_again_changes_nothing():
    """API-A8"""
    first = applied(None, config(replicas=2))
    new, manage = apply(first, config(replicas=2), entry("me"), force=False)
    manage(new, first)
    assert new == first


def test_a_field_that_another_manager_set_otherwise_is_a_conflict():
    """API-A3, API-A4"""
    live = updated(None, config(replicas=3), "kubectl-client-side-apply")
    with pytest.raises(Conflict) as refused:
        applied(live, config(replicas=2))
    why = 'conflict with "kubectl-client-side-apply" using apps/v1'
    assert refused.value.message == f"Apply failed with 1 conflict: {why}: .spec.replicas"
    assert refused.value.status()["details"] == {
        "causes": [{"reason": "FieldManagerConflict", "message": why, "field": ".spec.replicas"}]
    }


def test_conflicts_are_grouped_by_manager_with_the_leaves_first():
    """API-A4"""
    live = applied(None, config(replicas=3, **containers(image="a", args=["x"])), "m1")
    live = updated(live, {**live, "spec": {**live["spec"], "minReadySeconds": 5}}, "upd")
    with pytest.raises(Conflict) as refused:
        applied(live, config(replicas=2, minReadySeconds=6, **containers(image="b", args=["y"])))
    assert refused.value.message == (
        'Apply failed with 4 conflicts: conflicts with "m1":\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="nginx"].args\n'
        '- .spec.template.spec.containers[name="nginx"].image\n'
        'conflicts with "upd" using apps/v1:\n'
        "- .spec.minReadySeconds"
    )


def test_equal_values_never_conflict_and_are_owned_by_both():
    """API-A3"""
    live = applied(None, config(replicas=2), "other")
    obj = applied(live, config(replicas=2))
    assert owners(obj) == {"me": {".spec.replicas"}, "other": {".spec.replicas"}}


def test_force_takes_the_field_from_the_other():
    """API-A5"""
    live = applied(None, config(replicas=3), "other")
    obj = applied(live, config(replicas=2), force=True)
    assert obj["spec"]["replicas"] == 2
    assert owners(obj) == {"me": {".spec.replicas"}}


def test_what_is_no_longer_applied_goes_unless_another_owns_it():
    """API-A6"""
    live = applied(None, config(replicas=2, minReadySeconds=5))
    live = applied(live, config(minReadySeconds=5), "other")
    obj = applied(live, config(serviceName="nginx"))
    assert obj["spec"] == {"minReadySeconds": 5, "serviceName": "nginx"}
    assert owners(obj)["me"] == {".spec.serviceName"}


def test_an_element_that_is_no_longer_applied_leaves_the_list():
    """API-A6, API-PA7"""
    both = [{"name": "a", "image": "x"}, {"name": "b", "image": "x"}]
    live = applied(None, config(template={"spec": {"containers": both}}))
    obj = applied(live, config(template={"spec": {"containers": both[1:]}}))
    assert obj["spec"]["template"]["spec"]["containers"] == both[1:]


@pytest.mark.parametrize(
    ("subresource", "owned"), [("", {".spec.replicas"}), ("status", {".status.replicas"})]
)
def test_what_a_subresource_does_not_write_is_not_owned_there(subresource: str, owned: set[str]) -> None:
    """GetResetFields: who applies a status beside the spec owns neither the one nor the other by mistake."""
    both = {**config(replicas=2), "status": {"replicas": 1}}
    me = Entry("me", APPLY, "apps/v1", subresource, "2026-01-01T00:00:00Z", frozenset())
    new, manage = apply(None, both, me, force=False)
    manage(new, None)

    found = owners(new)["me"]
    assert {path for path in found if path in (".spec.replicas", ".status.replicas")} == owned


def test_a_list_with_keys_is_merged_and_an_atomic_one_replaced():
    """API-PA7"""
    live = config(**containers(image="x", env=[{"name": "A", "value": "1"}], args=["a", "b"]))
    wanted = config(**containers(env=[{"name": "B", "value": "2"}], args=["c"]))
    (made,) = applied(live, wanted)["spec"]["template"]["spec"]["containers"]
    assert made == {
        "name": "nginx",
        "image": "x",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "args": ["c"],
    }


def test_a_port_without_a_protocol_is_the_tcp_one():
    """API-PA7"""
    live = config(**containers(ports=[{"containerPort": 80, "protocol": "TCP"}]))
    (made,) = applied(live, config(**containers(ports=[{"containerPort": 80, "name": "web"}])))["spec"][
        "template"
    ]["spec"]["containers"]
    assert made["ports"] == [{"containerPort": 80, "protocol": "TCP", "name": "web"}]


def test_a_write_that_is_no_apply_owns_what_it_changed_and_takes_it_from_all():
    """API-A8"""
    live = applied(None, config(replicas=2, minReadySeconds=5))
    obj = updated(live, {**live, "spec": {"replicas": 3, "minReadySeconds": 5}}, "kubectl-edit")
    assert owners(obj) == {"me": {".spec.minReadySeconds"}, "kubectl-edit": {".spec.replicas"}}


def test_a_write_through_scale_has_no_time():
    """API-A7"""
    live = applied(None, config(replicas=2))
    obj = updated(live, {**live, "spec": {"replicas": 3}}, "kubectl", "scale")
    (found,) = obj["metadata"]["managedFields"]
    assert (found["subresource"], "time" in found) == ("scale", False)


def test_an_update_owns_the_maps_that_it_made():
    """API-A7"""
    labelled = config(replicas=1)
    labelled["metadata"]["labels"] = {"q": "1"}
    obj = updated(None, labelled)
    fields = obj["metadata"]["managedFields"][0]["fieldsV1"]
    assert fields["f:metadata"] == {"f:labels": {".": {}, "f:q": {}}}


def test_fields_written_and_read_are_the_same_set():
    obj = config(replicas=2, **containers(image="x", ports=[{"containerPort": 80}]))
    paths = set(leaves(obj, type_of("StatefulSet", "apps/v1"), containers=True))
    assert from_fields(to_fields(paths)) == paths


def test_who_owned_maps_as_a_whole_and_applies_a_part_keeps_what_it_applies():
    """API-A9: kubectl hands what its updates owned, maps and lists with their "." too, to apply"""
    whole = {**containers(image="nginx:1"), "replicas": 2}
    whole["template"]["metadata"] = {"labels": {"app": "nginx"}}
    live = updated(None, config(**whole))
    (entry_,) = live["metadata"]["managedFields"]
    assert "." in entry_["fieldsV1"]["f:spec"]["f:template"]["f:metadata"]["f:labels"]
    live["metadata"]["managedFields"] = [{**entry_, "manager": "me", "operation": "Apply"}]
    del whole["replicas"]

    again = applied(live, config(**whole))

    assert again["spec"] == whole
    assert ".spec.replicas" not in owners(again)["me"]
