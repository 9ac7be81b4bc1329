"""Discovery and OpenAPI: what kubectl learns about this server before it asks for anything."""

from __future__ import annotations

import json

import pytest

from core.apiserver import discovery, openapi


def test_groups_stand_in_the_order_of_the_real_server():
    """API-D5"""
    assert list(discovery.groups())[:4] == ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]


def test_the_core_list_has_no_api_version_and_others_do():
    """API-D4"""
    assert "apiVersion" not in discovery.api_resource_list("", "v1")
    assert discovery.api_resource_list("apps", "v1")["apiVersion"] == "v1"


def test_scale_is_a_kind_of_autoscaling():
    """API-D4"""
    listed = {entry["name"]: entry for entry in discovery.api_resource_list("apps", "v1")["resources"]}
    assert listed["statefulsets"]["shortNames"] == ["sts"]
    assert listed["statefulsets/scale"] == {
        "name": "statefulsets/scale",
        "singularName": "",
        "namespaced": True,
        "group": "autoscaling",
        "version": "v1",
        "kind": "Scale",
        "verbs": ["get", "patch", "update"],
    }


def test_the_storage_version_hash_is_the_real_one():
    """API-D4: that of pods, as every cluster has it."""
    listed = {entry["name"]: entry for entry in discovery.api_resource_list("", "v1")["resources"]}
    assert listed["pods"]["storageVersionHash"] == "xPOwRZ+Yhw8="


def test_namespaces_are_not_deleted_by_the_collection():
    """API-D5"""
    assert "deletecollection" not in discovery.resources()["", "v1", "namespaces"].verbs


def test_the_aggregated_form_says_the_same_as_the_legacy_one():
    """API-D2"""
    both = [*discovery.aggregated(core=True)["items"], *discovery.aggregated(core=False)["items"]]
    aggregated = {
        (item["metadata"].get("name", ""), resource["resource"])
        for item in both
        for version in item["versions"]
        for resource in version["resources"]
    }
    assert aggregated == {(group, plural) for group, _, plural in discovery.resources()}


# -- OpenAPI ---------------------------------------------------------------------------------------


def test_v2_is_thirty_bytes_of_protobuf():
    """API-O3"""
    assert openapi.V2_PROTOBUF.hex().startswith("0a03322e3012150a0a4b756265726e657465731207")
    assert len(openapi.V2_PROTOBUF) == 30


def test_every_group_version_is_in_the_index_with_the_hash_of_its_document():
    """API-O4"""
    paths = openapi.index()["paths"]
    assert set(paths) >= {"api/v1", "apis/apps/v1", "apis/storage.k8s.io/v1"}
    digest = openapi.document("apps", "v1")[1]
    assert paths["apis/apps/v1"]["serverRelativeURL"] == f"/openapi/v3/apis/apps/v1?hash={digest}"


@pytest.mark.parametrize("group", [group for group in discovery.groups() if "auth" not in group])
def test_every_kind_has_a_patch_operation_that_knows_field_validation(group: str):
    """API-O5"""
    document = json.loads(openapi.document(group, "v1")[0])
    found = {
        item["patch"]["x-kubernetes-group-version-kind"]["kind"]
        for item in document["paths"].values()
        if "patch" in item
        and "requestBody" not in item["patch"]  # API-O6
        and any(parameter["name"] == "fieldValidation" for parameter in item["patch"]["parameters"])
    }
    assert found == {resource.kind for resource in discovery.of_group(group, "v1")}


@pytest.mark.parametrize("group", list(discovery.groups()))
def test_every_reference_leads_to_a_schema(group: str):
    """API-O7"""
    text = openapi.document(group, "v1")[0].decode()
    schemas = json.loads(text)["components"]["schemas"]
    prefix = '"#/components/schemas/'
    named = {part.split('"')[0] for part in text.split(prefix)[1:]}
    assert named <= set(schemas)
    assert '"null"' not in text
