"""What answers look like whatever they are about: paths, order of refusals, tables, no empty fields."""

from __future__ import annotations

import re

import pytest

from tests.clients.server import Server
from tests.stsviz.kubeapi.test_verbs import JSON, Space, space

__all__ = ["space"]

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
V2BETA1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


def test_who_offers_the_old_discovery_only_gets_the_legacy_form(server: Server) -> None:
    """API-D3"""
    assert server.get("/apis", Accept=f"{V2BETA1},application/json").json["kind"] == "APIGroupList"
    assert server.get("/apis", Accept=V2BETA1).code == 406


def test_there_are_no_custom_resources_and_no_groups_but_ours(server: Server) -> None:
    """API-D8, API-H11"""
    assert server.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").json["items"] == []
    answer = server.get("/apis/example.com/v1/webs")
    assert (answer.code, answer.body) == (404, b"404 page not found\n")


def test_a_refusal_is_a_status_even_for_who_wants_tables(space: Space) -> None:
    """API-N5"""
    answer = space.server.get(f"{space.core}/pods/nope", Accept=TABLE)
    assert (answer.code, answer.json["kind"], answer.json["reason"]) == (404, "Status", "NotFound")


def test_a_row_has_cells_of_their_type_and_the_metadata_that_kubectl_needs(space: Space) -> None:
    """API-T3, API-T4, API-T5"""
    space.pod("a", labels={"x": "y"})
    table = space.server.get(f"{space.core}/pods", Accept=TABLE).json
    (row,) = table["rows"]
    assert len(row["cells"]) == len(table["columnDefinitions"]) == 9
    assert all(isinstance(cell, str | int) for cell in row["cells"])
    meta = row["object"]["metadata"]
    assert (meta["namespace"], meta["name"], meta["labels"]) == (space.name, "a", {"x": "y"})


def test_a_pod_that_has_ended_is_marked_in_its_row(space: Space) -> None:
    """API-T7"""
    space.pod("a")
    path = f"{space.core}/pods/a"
    space.server.patch(f"{path}/status", {"status": {"phase": "Failed"}})
    (row,) = space.server.get(path, Accept=TABLE).json["rows"]
    assert row["conditions"] == [
        {"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."}
    ]


def test_a_creation_is_answered_by_a_table_when_asked_so(space: Space) -> None:
    """API-T9"""
    body = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
    made = space.server.call("POST", f"{space.core}/services", body, Accept=TABLE, **JSON)
    assert (made.code, made.json["kind"], made.json["rows"][0]["cells"][0]) == (201, "Table", "a")


def test_a_path_across_namespaces_can_only_be_read(space: Space) -> None:
    """API-P1, API-P2"""
    space.service("a")
    everywhere = space.server.get("/api/v1/services").json["items"]
    assert (space.name, "a") in {
        (item["metadata"]["namespace"], item["metadata"]["name"]) for item in everywhere
    }
    assert space.server.call("POST", "/api/v1/services", {}, **JSON).code == 405
    assert space.server.call("PUT", f"{space.core}/services", {}, **JSON).code == 405
    assert space.server.call("POST", f"{space.core}/services/a", {}, **JSON).code == 405


def test_a_namespace_that_is_not_there_is_empty(server: Server) -> None:
    """API-P3"""
    found = server.get("/api/v1/namespaces/nowhere/pods")
    assert (found.code, found.json["items"]) == (200, [])
    assert server.get("/api/v1/namespaces/nowhere/pods/a").message == 'pods "a" not found'


def test_nothing_empty_is_sent(space: Space) -> None:
    """API-P4"""
    space.pod("a")
    listed = space.server.get(f"{space.core}/pods").json
    (item,) = listed["items"]
    assert listed["kind"] == "PodList"
    assert item.keys() == {"metadata", "spec", "status"}
    assert "creationTimestamp" in item["metadata"]
    assert "null" not in re.sub(
        r'"(lastProbeTime|lastTransitionTime)":null', "", space.server.get(f"{space.core}/pods").body.decode()
    )


def test_a_body_with_another_uid_is_a_conflict(space: Space) -> None:
    """API-U4"""
    made = space.service("a").json
    other = "00000000-0000-4000-8000-000000000000"
    body = {**made, "metadata": {**made["metadata"], "uid": other}}
    answer = space.server.call("PUT", f"{space.core}/services/a", body, **JSON)
    assert answer.code == 409
    assert f"UID in precondition: {other}, UID in object meta: {made['metadata']['uid']}" in answer.message


@pytest.mark.parametrize(
    ("path", "body", "headers", "code"),
    [
        pytest.param("services", b"{", {"Content_Type": "text/csv"}, 415, id="media type before body"),
        pytest.param("services?dryRun=x", b"{", JSON, 422, id="options before body"),
        pytest.param("services", b"{", JSON, 400, id="body before namespace"),
        pytest.param("services", b"{}", JSON, 404, id="namespace before the object's own rules"),
    ],
)
def test_what_is_wrong_is_told_in_the_order_of_checks(
    server: Server, path: str, body: bytes, headers: dict[str, str], code: int
) -> None:
    """API-C1"""
    assert server.call("POST", f"/api/v1/namespaces/nowhere/{path}", body, **headers).code == code


@pytest.mark.parametrize(("mode", "code"), [("Strict", 400), ("Warn", 201), ("Ignore", 201), ("Foo", 422)])
def test_unknown_fields_are_refused_warned_of_or_ignored(space: Space, mode: str, code: int) -> None:
    """API-F1"""
    body = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}], "foo": 1}}
    answer = space.server.call("POST", f"{space.core}/services?fieldValidation={mode}", body, **JSON)
    assert answer.code == code
    assert ("warning" in answer.headers) == (mode == "Warn")
