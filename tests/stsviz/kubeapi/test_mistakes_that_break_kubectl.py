"""The mistakes of a server that break kubectl outright (BLD-2), one by one on the wire.

| mistake | what kubectl does | the test below | and with the real kubectl |
|---|---|---|---|
| an object without its defaults | panics | `comes_back_with_the_defaults` | `describe_does_not_panic` |
| sendInitialEvents ignored | hangs | `ends_its_beginning_with_a_bookmark` | `delete_waits_until` |
| no /openapi/v2, or as JSON | refuses Lists | `openapi_v2_is_there` | `a_list_is_applied` |
| 415 for protobuf | fails | `in_protobuf_is_taken` | `protobuf_bodies_are_taken` |
| watch events kept back | hangs | `flushed_at_its_start` | `delete_waits_until` |
| aggregated discovery as JSON | knows nothing | `says_so_in_its_content_type` | `what_kubectl_asks_for` |
| Invalid without causes | says nothing | `refused_with_all_causes` | `refused_with_every_cause` |
| a Status for a deleted claim | fails | `a_deleted_claim_is_the_claim` | |
| watch=True unread | hangs | `asked_for_in_any_case` | |
| a new revision for nothing | "configured" | `changes_nothing_is_not_made` | `the_same_service_again` |
| a watch that ends early | get -w exits | `lasts_half_an_hour` | |
| kind for resource in details | names other things | `details_name_the_resource` | |
| MicroTime without six digits | reads no Events | `a_micro_time_has_six_digits` | `describe_does_not_panic` |
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.apiserver.discovery import resources
from core.apiserver.handlers import Target
from core.apiserver.options import ListOptions
from stsviz.kubeapi import watch
from stsviz.kubeapi.hub import Look, Piece
from stsviz.kubeapi.negotiation import Form
from tests.clients.server import Server
from tests.stsviz.kubeapi.test_verbs import JSON, POD_SPEC, Space

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
STREAMING_LIST = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
PROTOBUF = {"Content_Type": "application/vnd.kubernetes.protobuf"}


@pytest.fixture
def space(server: Server, namespace: str) -> Space:
    return Space(server, namespace)


def test_an_object_comes_back_with_the_defaults_that_describe_reads(space: Space):
    """BLD-2, API-C11"""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": POD_SPEC["containers"]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    made = {}
    for plural in ("statefulsets", "deployments", "replicasets"):
        body = {"metadata": {"name": "bare"}, "spec": {**spec, "replicas": None}}
        made[plural] = space.server.call("POST", f"{space.apps}/{plural}", body, **JSON).json["spec"]
    assert [one["replicas"] for one in made.values()] == [1, 1, 1]
    assert made["statefulsets"]["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 0},
    }
    assert made["deployments"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert made["deployments"]["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    service = space.service("bare").json["spec"]
    assert (service["type"], service["sessionAffinity"], service["ports"][0]["targetPort"]) == (
        "ClusterIP",
        "None",
        80,
    )


def test_a_streaming_list_ends_its_beginning_with_a_bookmark(space: Space):
    """BLD-2, API-W7: kubectl delete, wait and rollout status wait for it."""
    with space.server.watch(f"{space.core}/pods?{STREAMING_LIST}") as stream:
        (bookmark,) = stream.take(1)
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        space.pod("a")
        (event,) = stream.take(1)
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")


def test_openapi_v2_is_there_and_is_protobuf(server: Server):
    """BLD-2, API-O2, API-O3: field 1 of the document is its version, a text of three bytes."""
    asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    answer = server.get("/openapi/v2", Accept=asked)
    assert answer.code == 200
    assert answer.headers["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert answer.body.startswith(b"\x0a\x032.0")


def test_a_body_in_protobuf_is_taken(server: Server, namespace: str):
    """BLD-2, API-PB1: kubectl does not try JSON after a 415."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    name = f"{namespace}-protobuf"
    metadata = field(1, name.encode())
    unknown = field(1, field(1, b"v1") + field(2, b"Namespace")) + field(2, field(1, metadata))
    answer = server.call("POST", "/api/v1/namespaces", b"k8s\0" + unknown, **PROTOBUF)
    assert (answer.code, answer.json["metadata"]["name"]) == (201, name)


def test_a_watch_is_flushed_at_its_start_and_after_each_event(space: Space):
    """BLD-2, API-H9: nothing follows that would push an event out."""
    connection = http.client.HTTPConnection("127.0.0.1", space.server.port, timeout=10)
    connection.request("GET", f"{space.core}/services?watch=1&resourceVersion=1&labelSelector=x")
    answer = connection.getresponse()  # the headers, of a watch that has nothing to tell
    body = {"metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {"ports": [{"port": 80}]}}
    assert space.server.call("POST", f"{space.core}/services", body, **JSON).code == 201
    assert json.loads(answer.readline())["type"] == "ADDED"
    connection.close()


def test_aggregated_discovery_says_so_in_its_content_type(server: Server):
    """API-D7, BLD-2, API-D1: with plain JSON kubectl would take it for the legacy form."""
    answer = server.get("/apis", Accept=f"{AGGREGATED},application/json")
    assert answer.headers["content-type"] == AGGREGATED
    assert server.get("/apis", Accept=AGGREGATED, If_None_Match=answer.headers["etag"]).code == 304
    assert server.get("/apis", Accept="application/json").json["kind"] == "APIGroupList"


def test_an_invalid_object_is_refused_with_all_causes(space: Space):
    """BLD-2, API-E4: kubectl prints the causes and not the message."""
    body = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "B", "image": ""}]}}
    answer = space.server.call("POST", f"{space.core}/pods", body, **JSON)
    assert answer.code == 422
    causes = answer.json["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"spec.containers[0].name", "spec.containers[0].image"}
    assert all(cause["reason"] and cause["message"] for cause in causes)


def test_the_answer_for_a_deleted_claim_is_the_claim(space: Space):
    """BLD-2, API-X3: kubectl takes the uid from it, and waits until that is gone."""
    claims = f"{space.core}/persistentvolumeclaims"
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    made = space.server.call("POST", claims, {"metadata": {"name": "a"}, "spec": spec}, **JSON).json
    gone = space.server.call("DELETE", f"{claims}/a").json
    assert (gone["kind"], gone["metadata"]["uid"]) == ("PersistentVolumeClaim", made["metadata"]["uid"])


@pytest.mark.parametrize("asked", ["watch=True", "watch=true", "watch=1", "watch", "watch=yes"])
def test_a_watch_is_asked_for_in_any_case(space: Space, asked: str):
    """BLD-2, API-H6: the Python client says True."""
    space.service("a")
    with space.server.watch(f"{space.core}/services?{asked}") as stream:
        (event,) = stream.take(1)
    assert (event["type"], event["object"]["kind"]) == ("ADDED", "Service")


def test_a_write_that_changes_nothing_is_not_made(space: Space):
    """BLD-2, API-U7"""
    before = space.service("a").json["metadata"]["resourceVersion"]
    path = f"{space.core}/services/a"
    same = {"spec": {"sessionAffinity": "None"}}
    for kind, patch in (("merge-patch+json", same), ("json-patch+json", [])):
        assert space.server.patch(path, patch, kind).json["metadata"]["resourceVersion"] == before


async def test_a_watch_without_a_timeout_lasts_half_an_hour_at_least(monkeypatch: pytest.MonkeyPatch):
    """BLD-2, API-W5: kubectl get -w exits when the stream ends."""
    spans: list[tuple[float, float]] = []

    def chosen(shortest: float, longest: float) -> float:
        spans.append((shortest, longest))
        return 0.0

    class Quiet:
        """A hub of a cluster in which nothing happens."""

        cluster: Any = None
        closed, revision = False, 1

        def follow(self, *_: object) -> None: ...
        def leave(self, *_: object) -> None: ...

        async def piece(self, look: Look, revision: int, *, columns: bool) -> Piece:
            return Piece(b"", revision)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None: ...

    monkeypatch.setattr(watch.random, "uniform", chosen)
    hub: Any = Quiet()
    target = Target(resources()["", "v1", "pods"])
    await watch.Stream(hub, target, ListOptions(watch=True, revision=1), Form(), send).run(receive)
    assert spans == [(1800, 3600)]


def test_details_name_the_resource_of_what_is_missing_and_the_kind_of_what_is_invalid(space: Space):
    """BLD-2, API-E2: swapped, kubectl speaks of another thing."""
    missing = space.server.get(f"{space.apps}/statefulsets/a").json["details"]
    assert missing == {"name": "a", "group": "apps", "kind": "statefulsets"}
    body = {"metadata": {"name": "a"}, "spec": {"replicas": -1}}
    invalid = space.server.call("POST", f"{space.apps}/statefulsets", body, **JSON).json["details"]
    assert (invalid["group"], invalid["kind"]) == ("apps", "StatefulSet")
    space.pod("b")
    assert space.pod("b").json["details"] == {"name": "b", "kind": "pods"}


def test_a_micro_time_has_six_digits(space: Space):
    """BLD-2, VAL-T1: in both directions."""
    regarding = {"kind": "Pod", "namespace": space.name, "name": "a"}
    body = {"metadata": {"name": "a.1"}, "involvedObject": regarding, "reportingComponent": "t"}
    body |= {"reportingInstance": "t-1", "action": "x", "reason": "y", "type": "Normal"}
    path = f"{space.core}/events"
    short = space.server.call("POST", path, {**body, "eventTime": "2026-01-01T00:00:00Z"}, **JSON)
    assert (short.code, 'cannot parse "Z" as ".000000"' in short.message) == (400, True)
    made = space.server.call("POST", path, {**body, "eventTime": "2026-01-01T01:00:00.000000+01:00"}, **JSON)
    assert (made.code, made.json["eventTime"]) == (201, "2026-01-01T00:00:00.000000Z")


def test_the_table_above_names_tests_that_exist():
    here = Path(__file__)
    texts = [path.read_text() for path in (here, *here.parents[2].glob("clients/test_*.py"))]
    tests = [name for text in texts for name in re.findall(r"def (test_\w+)\(", text)]
    named = re.findall(r"`(\w+)`", __doc__ or "")
    assert len(named) > 13
    assert [name for name in named if not any(name in test for test in tests)] == []
