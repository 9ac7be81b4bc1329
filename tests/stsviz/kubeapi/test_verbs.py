"""Create, read, update, patch, delete, list, as they go over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.server import Answer, Server

JSON = {"Content_Type": "application/json"}
POD_SPEC = {"containers": [{"name": "c", "image": "nginx:1.27"}], "nodeSelector": {"nowhere": "yes"}}


class Space:
    """The collections of one namespace."""

    def __init__(self, server: Server, namespace: str) -> None:
        self.server = server
        self.name = namespace
        self.core = f"/api/v1/namespaces/{namespace}"
        self.apps = f"/apis/apps/v1/namespaces/{namespace}"

    def pod(self, name: str, query: str = "", **meta: Any) -> Answer:
        body = {"metadata": {"name": name, **meta}, "spec": POD_SPEC}
        return self.server.call("POST", f"{self.core}/pods{query}", body, **JSON)

    def service(self, name: str) -> Answer:
        """Make an object that no component writes to."""
        body = {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}
        return self.server.call("POST", f"{self.core}/services", body, **JSON)

    def set(self, name: str = "web", replicas: int = 0) -> Answer:
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": {"containers": POD_SPEC["containers"]}}
        spec = {
            "replicas": replicas,
            "serviceName": "x",
            "selector": {"matchLabels": labels},
            "template": template,
        }
        body = {"metadata": {"name": name}, "spec": spec}
        return self.server.call("POST", f"{self.apps}/statefulsets", body, **JSON)


@pytest.fixture
def space(server: Server, namespace: str) -> Space:
    return Space(server, namespace)


def test_create_answers_the_object_with_all_defaults(space: Space):
    """API-C7, API-C9, API-C11"""
    answer = space.pod("a", uid="mine", generation=9)
    assert answer.code == 201
    meta, spec = answer.json["metadata"], answer.json["spec"]
    assert meta["uid"] != "mine"
    assert meta["generation"] == 1
    assert (spec["restartPolicy"], spec["containers"][0]["imagePullPolicy"]) == ("Always", "IfNotPresent")
    assert answer.json["status"]["phase"] == "Pending"


def test_what_a_create_is_refused_for(space: Space):
    """API-C5, API-C6, API-C7, API-C10"""
    space.pod("a")
    assert space.pod("a").message == 'pods "a" already exists'
    assert space.pod("b", resourceVersion="1").json.get("reason") is None
    other = space.pod("b", namespace="default")
    assert (other.code, other.message[:40]) == (
        400,
        "the namespace of the provided object does not match"[:40],
    )
    missing = space.server.call("POST", "/api/v1/namespaces/nope/pods", {"metadata": {"name": "A"}}, **JSON)
    assert (missing.code, missing.message) == (404, 'namespaces "nope" not found')


def test_a_generated_name_is_cut_and_gets_five_characters(space: Space):
    """API-C8"""
    body = {"metadata": {"generateName": "x" * 60}, "spec": POD_SPEC}
    name = space.server.call("POST", f"{space.core}/pods", body, **JSON).json["metadata"]["name"]
    assert (len(name), name[:58]) == (63, "x" * 58)


def test_update_checks_the_name_and_the_version(space: Space):
    """API-U1, API-U2, API-U3"""
    old = space.service("a").json
    path = f"{space.core}/services/a"
    put = {**old, "metadata": {**old["metadata"], "labels": {"x": "y"}}}
    assert space.server.call("PUT", path, {**put, "metadata": {"name": "b"}}, **JSON).message == (
        "the name of the object (b) does not match the name on the URL (a)"
    )
    assert space.server.call("PUT", path, put, **JSON).code == 200
    stale = space.server.call("PUT", path, {**put, "metadata": {**put["metadata"], "labels": {}}}, **JSON)
    assert (stale.code, stale.json["reason"]) == (409, "Conflict")
    bad = space.server.call("PUT", path, {**put, "metadata": {"name": "a", "resourceVersion": "x"}}, **JSON)
    assert (bad.code, bad.message) == (500, 'strconv.ParseUint: parsing "x": invalid syntax')


@pytest.mark.parametrize(
    ("kind", "patch", "code", "message"),
    [
        (
            "json-patch+json",
            [{"op": "test", "path": "/spec/replicas", "value": 9}],
            422,
            "the server rejected our",
        ),
        (
            "json-patch+json",
            {},
            400,
            "error decoding patch: json: cannot unmarshal object",
        ),
        (
            "merge-patch+json",
            [],
            400,
            "error decoding patch: json: cannot unmarshal array",
        ),
        ("strategic-merge-patch+json", [], 400, "json: cannot unmarshal array into Go value of type map"),
        (
            "merge-patch+json",
            b"x",
            400,
            "error decoding patch: invalid character 'x' looking",
        ),
        (
            "merge-patch+json",
            {"metadata": {"name": "b"}},
            400,
            "the name of the object (b) does not match the name",
        ),
        (
            "strategic-merge-patch+json",
            {"spec": {"replicas": "5"}},
            422,
            ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:5]]": unrecognized type: int32',
        ),
    ],
)
def test_a_patch_that_cannot_be(space: Space, kind: str, patch: Any, code: int, message: str):
    """API-PA3, API-PA4, API-PA5, API-U9"""
    space.set()
    answer = space.server.patch(f"{space.apps}/statefulsets/web", patch, kind)
    assert (answer.code, answer.message[: len(message)]) == (code, message)


@pytest.mark.parametrize(
    "media", ["merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml&force=true&fieldManager=me"]
)
def test_what_is_patched_to_zero_is_not_written_as_go_does_not(space: Space, media: str):
    """STS-D8, STS-D13"""
    space.set()
    media, _, query = media.partition("&")
    for seconds, generation in ((5, 2), (0, 3), (0, 3)):
        body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "labels": {}}}
        body["spec"] = {"minReadySeconds": seconds}
        kind = {"Content_Type": f"application/{media}"}
        answer = space.server.call("PATCH", f"{space.apps}/statefulsets/web?{query}", body, **kind)
        assert answer.json["spec"].get("minReadySeconds") == (seconds or None)
        assert answer.json["metadata"]["generation"] == generation
        assert "labels" not in answer.json["metadata"]


def test_a_strict_patch_names_the_unknown_field_and_a_lax_one_warns(space: Space):
    """API-F4, API-F5"""
    space.set()
    path = f"{space.apps}/statefulsets/web"
    strict = space.server.patch(
        f"{path}?fieldValidation=Strict", {"spec": {"foo": 1}}, "strategic-merge-patch+json"
    )
    assert strict.message == (
        ' "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field'
        ' "spec.foo"'
    )
    lax = space.server.patch(path, {"spec": {"foo": 1}})
    assert (lax.code, lax.headers["warning"]) == (200, '299 - "unknown field \\"spec.foo\\""')
    assert "foo" not in lax.json["spec"]


def test_scale_reads_and_writes_the_replicas_only(space: Space):
    """API-S1"""
    space.set(replicas=2)
    path = f"{space.apps}/statefulsets/web/scale"
    scale = space.server.get(path).json
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == (
        "Scale",
        {"replicas": 2},
        "app=web",
    )
    assert space.server.patch(path, {"spec": {"replicas": 0}}).json["spec"] == {}
    refused = space.server.patch(path, {"spec": {"replicas": -1}})
    assert refused.message == (
        'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or'
        " equal to 0"
    )
    stale = {**scale, "spec": {"replicas": 1}}
    assert space.server.call("PUT", path, stale, **JSON).code == 409


def test_status_is_written_apart_from_spec(space: Space):
    """API-U8, API-S2"""
    space.pod("a")
    path = f"{space.core}/pods/a"
    changed = {"status": {"message": "here"}, "spec": {"hostname": "no"}, "metadata": {"labels": {"x": "y"}}}
    made = space.server.patch(f"{path}/status", changed).json
    assert (made["status"]["message"], made["metadata"]["labels"], made["spec"].get("hostname")) == (
        "here",
        {"x": "y"},
        None,
    )
    assert space.server.patch(path, {"status": {"message": "there"}}).json["status"]["message"] == "here"


def test_a_dry_run_runs_everything_and_keeps_nothing(space: Space):
    """API-DR1"""
    made = space.pod("a", "?dryRun=All").json
    assert ("resourceVersion" in made["metadata"], bool(made["metadata"]["uid"])) == (False, True)
    assert space.server.get(f"{space.core}/pods/a").code == 404
    space.service("a")
    stored = space.server.get(f"{space.core}/services/a").json
    would = space.server.patch(
        f"{space.core}/services/a?dryRun=All", {"metadata": {"labels": {"x": "y"}}}
    ).json
    assert would["metadata"]["labels"] == {"x": "y"}
    assert would["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
    assert space.server.call("DELETE", f"{space.core}/services/a?dryRun=All").code == 200
    assert space.server.get(f"{space.core}/services/a").json == stored


def test_a_pod_that_goes_at_once_says_that_it_had_no_time_left(space: Space):
    """API-X3, API-X4"""
    space.pod("a")
    gone = space.server.call("DELETE", f"{space.core}/pods/a", {"gracePeriodSeconds": 0}, **JSON).json
    assert (gone["kind"], gone["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)
    assert space.server.call("DELETE", f"{space.core}/pods/a").message == 'pods "a" not found'


def test_the_answer_to_a_delete_is_a_status_for_a_set(space: Space):
    """API-X3"""
    uid = space.set().json["metadata"]["uid"]
    gone = space.server.call("DELETE", f"{space.apps}/statefulsets/web").json
    assert gone == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "web", "group": "apps", "kind": "statefulsets", "uid": uid},
    }


def test_a_precondition_that_fails_names_both_sides(space: Space):
    """API-X2"""
    space.pod("a")
    answer = space.server.call("DELETE", f"{space.core}/pods/a", {"preconditions": {"uid": "x"}}, **JSON)
    assert (answer.code, answer.json["details"]) == (409, {"name": "a", "kind": "Pod"})


def test_a_collection_is_deleted_by_its_selector(space: Space):
    """API-X7"""
    space.pod("a", labels={"x": "1"})
    space.pod("b", labels={"x": "2"})
    answer = space.server.call("DELETE", f"{space.core}/pods?labelSelector=x%3D1")
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a"]
    left = space.server.get(f"{space.core}/pods").json["items"]
    assert [item["metadata"]["name"] for item in left] == ["b"]


def test_sets_are_deleted_as_a_collection_too(space: Space):
    """SC69"""
    space.set(replicas=0)
    path = f"{space.apps}/statefulsets"
    assert space.server.call("DELETE", f"{path}?labelSelector=no%3Dsuch").json["items"] == []
    answer = space.server.call("DELETE", path)
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["web"]
    assert space.server.get(path).json["items"] == []


def test_a_list_is_sorted_and_comes_in_pages_of_one_revision(space: Space):
    """API-L1, API-L4, CO3"""
    for name in "dbcae":
        space.pod(name)
    path = f"{space.core}/pods"
    first = space.server.get(f"{path}?limit=2").json
    assert first["metadata"]["remainingItemCount"] == 3
    assert "kind" not in first["items"][0]
    space.server.call("DELETE", f"{path}/c?gracePeriodSeconds=0")
    space.pod("bb")
    second = space.server.get(f"{path}?limit=9&continue={first['metadata']['continue']}").json
    names = [item["metadata"]["name"] for page in (first, second) for item in page["items"]]
    assert names == ["a", "b", "c", "d", "e"]  # as it was when the first page was read
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert [i["metadata"]["name"] for i in space.server.get(path).json["items"]] == ["a", "b", "bb", "d", "e"]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("continue=nonsense", 400, "invalid continue token: continue key is not valid: "),
        ("labelSelector=a%20b", 400, "unable to parse requirement: found 'b', expected: in, notin, ="),
        (
            "fieldSelector=metadata.name",
            400,
            "invalid selector: 'metadata.name'; can't understand",
        ),
        ("limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("resourceVersion=999999999", 504, "Timeout: Too large resource version: 999999999, current: "),
    ],
)
def test_a_list_that_cannot_be(space: Space, query: str, code: int, message: str):
    """API-L2…L5"""
    answer = space.server.get(f"{space.core}/pods?{query}")
    assert (answer.code, answer.message[: len(message)]) == (code, message)
    if code == 504:
        assert answer.headers["retry-after"] == "1"


def test_events_are_served_in_both_groups(space: Space):
    """EVT-2, API-D5, API-P5"""
    regarding = {"kind": "Pod", "namespace": space.name, "name": "a"}
    body = {
        "metadata": {"name": "a.1"},
        "regarding": regarding,
        "note": "hello",
        "reason": "Testing",
        "type": "Normal",
        "action": "Test",
        "reportingController": "test",
        "reportingInstance": "test-1",
        "eventTime": "2026-01-01T00:00:00.000000Z",
    }
    path = f"/apis/events.k8s.io/v1/namespaces/{space.name}/events"
    made = space.server.call("POST", path, body, **JSON)
    assert (made.code, made.json["note"]) == (201, "hello")
    (core,) = space.server.get(f"{space.core}/events?fieldSelector=involvedObject.name%3Da").json["items"]
    assert (core["message"], core["involvedObject"]["name"]) == ("hello", "a")
    (new,) = space.server.get(f"{path}?fieldSelector=regarding.name%3Da").json["items"]
    assert new["regarding"]["name"] == "a"


def test_an_eviction_names_the_pod_of_the_url(space: Space):
    """API-S4"""
    space.pod("a")
    path = f"{space.core}/pods/a/eviction"
    wrong = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "b"}}
    assert space.server.call("POST", path, wrong, **JSON).message == (
        "name in URL does not match name in Eviction object"
    )
    answer = space.server.call("POST", path, {**wrong, "metadata": {"name": "a"}}, **JSON)
    assert (answer.code, answer.json["status"]) == (201, "Success")


def test_a_binding_gives_the_pod_its_node_once(space: Space):
    """API-S5"""
    space.pod("a")
    path = f"{space.core}/pods/a/binding"
    target = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "node-1"}}
    assert space.server.call("POST", path, {"metadata": {"name": "a"}}, **JSON).code == 500
    assert space.server.call("POST", path, target, **JSON).code == 201
    again = space.server.call("POST", path, target, **JSON)
    assert (again.code, again.json["details"]["kind"]) == (409, "pods/binding")


def test_a_pod_without_a_node_has_no_ports_to_forward(space: Space):
    """API-S6"""
    space.pod("a")

    answer = space.server.get(f"{space.core}/pods/a/portforward")

    assert (answer.code, answer.json["message"]) == (400, "pod a does not have a host assigned")


# -- ConfigMaps, Leases, Endpoints, disruption budgets ----------------------------------------------


def test_a_lease_may_be_made_by_put_and_changed_by_who_has_seen_it(space: Space):
    """API-U3, API-U5"""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{space.name}/leases/l"
    body = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}

    made = space.server.call("PUT", path, body, **JSON)
    blind = space.server.call("PUT", path, body, **JSON)
    seen = {**body, "metadata": made.json["metadata"], "spec": {"holderIdentity": "b"}}
    changed = space.server.call("PUT", path, seen, **JSON)

    assert made.code == 201
    assert (blind.code, blind.json["details"]["kind"]) == (422, "leases")
    assert blind.message == (
        'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0:'
        " must be specified for an update"
    )
    assert (changed.code, changed.json["spec"]) == (200, {"holderIdentity": "b"})


def test_a_lease_keeps_six_digits(space: Space):
    """VAL-T1"""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{space.name}/leases"
    body = {"metadata": {"name": "l"}, "spec": {"renewTime": "2026-11-22T20:00:00.000000Z"}}

    assert space.server.call("POST", path, body, **JSON).json["spec"] == body["spec"]
    body["spec"]["renewTime"] = "2026-11-22T20:00:00Z"
    assert "parsing time" in space.server.call("POST", path, body, **JSON).message


@pytest.mark.parametrize(
    ("path", "spec", "code"),
    [
        ("/api/v1/namespaces/{}/configmaps/x", {}, 404),
        ("/apis/policy/v1/namespaces/{}/poddisruptionbudgets/x", {"spec": {}}, 404),
        ("/api/v1/namespaces/{}/endpoints/x", {}, 201),
    ],
)
def test_a_put_makes_endpoints_and_no_others(space: Space, path: str, spec: dict[str, Any], code: int):
    """API-U5"""
    answer = space.server.call("PUT", path.format(space.name), {"metadata": {"name": "x"}, **spec}, **JSON)

    assert answer.code == code


def test_a_config_map_is_written_without_having_been_seen(space: Space):
    """API-U3, API-X3: its deletion answers a Status"""
    path = f"{space.core}/configmaps"
    body = {"metadata": {"name": "app"}, "data": {"a": "1"}}
    made = space.server.call("POST", path, body, **JSON)
    changed = space.server.call("PUT", f"{path}/app", {**body, "data": {"a": "2"}}, **JSON)
    gone = space.server.call("DELETE", f"{path}/app")

    assert (made.code, "generation" in made.json["metadata"]) == (201, False)
    assert (changed.code, changed.json["data"]) == (200, {"a": "2"})
    assert (gone.json["kind"], gone.json["details"]["kind"]) == ("Status", "configmaps")


def test_every_answer_about_endpoints_warns(space: Space):
    """API-F7"""
    path = f"{space.core}/endpoints"
    body = {"metadata": {"name": "db"}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}
    warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    answers = [
        space.server.call("POST", path, body, **JSON),
        space.server.get(path),
        space.server.get(f"{path}/db"),
        space.server.get(f"{path}/nobody"),
        space.server.get("/api/v1/endpoints?watch=1&timeoutSeconds=1"),
        space.server.call("DELETE", f"{path}/db"),
    ]

    assert [answer.code for answer in answers] == [201, 200, 200, 404, 200, 200]
    assert [answer.headers.get("warning") for answer in answers] == [warning] * len(answers)
    assert "warning" not in space.server.get(f"{space.core}/services").headers


def test_a_budget_is_changed_by_who_has_seen_it(space: Space):
    """NF16, API-U6"""
    path = f"/apis/policy/v1/namespaces/{space.name}/poddisruptionbudgets"
    body = {"metadata": {"name": "pdb"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}
    made = space.server.call("POST", path, body, **JSON).json

    assert space.server.call("PUT", f"{path}/pdb", body, **JSON).code == 422
    patch = {"spec": {"minAvailable": "50%"}}
    media = {"Content_Type": "application/merge-patch+json"}
    patched = space.server.call("PATCH", f"{path}/pdb", patch, **media).json
    assert [obj["metadata"]["generation"] for obj in (made, patched)] == [1, 2]
    assert made["status"] == dict.fromkeys(made["status"], 0)
