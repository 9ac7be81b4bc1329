"""Whatever comes in over the wire, a Status says why not, in the real server's words; nothing changes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.server import Server
from tests.stsviz.kubeapi.test_verbs import JSON, Space

UNRECOGNIZED = "the object provided is unrecognized (must be of type Pod): "
NOT_JSON = UNRECOGNIZED + "couldn't get version/kind; json parse error: "
UNKNOWN_FORMAT = (
    "the body of the request was in an unknown format - accepted media types include: application/json,"
    " application/yaml, application/vnd.kubernetes.protobuf"
)
IDLE = 1000  # connections
SET = {"metadata": {"name": "web"}, "apiVersion": "apps/v1", "kind": "StatefulSet"}


@pytest.fixture
def space(server: Server, namespace: str) -> Iterator[Space]:
    """Return a namespace with a Service in it, which must be there unchanged in the end, alone."""
    space = Space(server, namespace)
    before = space.service("a").json
    yield space
    for kind in ("pods", "services"):
        items = server.get(f"{space.core}/{kind}").json["items"]
        left = [item["metadata"]["resourceVersion"] for item in items]
        assert left == ([before["metadata"]["resourceVersion"]] if kind == "services" else [])


@pytest.mark.parametrize(
    ("media", "body", "code", "message"),
    [
        ("application/json", b"", 400, f"{NOT_JSON}unexpected end of JSON input (<empty>)"),
        ("application/json", b"{", 400, f"{NOT_JSON}unexpected end of JSON input ({{)"),
        (
            "application/json; charset=utf-8",
            b'{"a":1} x',
            400,
            f"""{NOT_JSON}invalid character 'x' after top-level value ({{"a":1}} x)""",
        ),
        (
            "application/yaml",
            b"a: [",
            400,
            f"{UNRECOGNIZED}yaml: line 1: did not find expected node content (613a205b)",
        ),
        (
            "application/vnd.kubernetes.protobuf",
            b"x",
            400,
            f"{UNRECOGNIZED}provided data does not appear to be a protobuf message, expected prefix"
            " [107 56 115 0] (78)",
        ),
        ("application/json", b"[" * 100_000, 400, f"{NOT_JSON}exceeded max depth ({'5b' * 30} ...)"),
        ("application/json", b"\xff\xfe", 400, NOT_JSON),
        ("text/plain", b"{}", 415, UNKNOWN_FORMAT),
        ("application/x-www-form-urlencoded", b"a=b", 415, UNKNOWN_FORMAT),
        ("application/json", b" " * (3 * 2**20 + 1), 413, "Request entity too large: limit is 3145728"),
        ("application/yaml", b" " * (3 * 2**20 + 1), 413, "Request entity too large: limit is 3145728"),
    ],
)
def test_a_body_that_cannot_be_read(space: Space, media: str, body: bytes, code: int, message: str) -> None:
    """API-C3, API-H10, API-N8: of a POST and of a PUT."""
    for method, path in (("POST", "pods"), ("PUT", "pods/a")):
        answer = space.server.call(method, f"{space.core}/{path}", body, Content_Type=media)
        assert (answer.code, answer.message[: len(message)]) == (code, message)


def test_what_is_nested_deep_is_taken_or_refused(space: Space) -> None:
    """ControllerRevision.data is free: it reaches storage, ownership and the copy of every watcher."""
    path = f"{space.apps}/controllerrevisions"
    for depth, code in ((90, 201), (101, 400), (900, 400), (5000, 400)):
        data = b'{"a":' * depth + b"1" + b"}" * depth
        body = b'{"metadata":{"name":"d%d"},"revision":1,"data":%b}' % (depth, data)
        answer = space.server.call("POST", path, body, **JSON)
        assert answer.code == code
        assert space.server.get(path).code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "labelSelector=a%20b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        ("labelSelector=a%20in%20b", "unable to parse requirement: found 'b' expected: '('"),
        ("labelSelector=a%20in%20(b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("labelSelector=a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("labelSelector=%3Db", "found '=', expected: !, identifier, or 'end of string'"),
        ("labelSelector=a,", "found '', expected: identifier after ','"),
        (
            "labelSelector=a%3Ex",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the"
            " value must be an integer",
        ),
        (
            "labelSelector=/a",
            'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
        ),
        (
            "labelSelector=a%3D-",
            'unable to parse requirement: values[0][a]: Invalid value: "-": a valid label',
        ),
        ("fieldSelector=spec.foo%3Db", "field label not supported: spec.foo"),
        ("fieldSelector=a", "invalid selector: 'a'; can't understand 'a'"),
        ("fieldSelector=a%3D%5Cb", "invalid field selector: invalid escape sequence: \\b"),
        ("limit=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=" + "9" * 30, f'strconv.ParseInt: parsing "{"9" * 30}": value out of range'),
        ("continue=x&resourceVersion=1", "specifying resource version is not allowed when using continue"),
        ("continue=%00", "invalid continue token: continue key is not valid: "),
    ],
)
def test_a_selection_that_cannot_be(space: Space, query: str, message: str) -> None:
    """API-L2, API-L3, API-L4, API-H6: of a list, a watch, and a deletion of all that is selected."""
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "&watch=1&timeoutSeconds=1")):
        if more and "continue" in query:
            continue
        answer = space.server.call(method, f"{space.core}/pods?{query}{more}")
        assert (answer.code, answer.json["reason"], answer.message[: len(message)]) == (
            400,
            "BadRequest",
            message,
        )


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("abc", "invalid syntax"),
        ("-1", "invalid syntax"),
        ("1.5", "invalid syntax"),
        ("9" * 30, "value out of range"),
    ],
)
def test_a_revision_that_is_no_number(space: Space, word: str, fault: str) -> None:
    """API-L5: 400 of a list; of a get and a watch 500 without a reason, as the real one answers."""
    why = f'resourceVersion: Invalid value: "{word}": strconv.ParseUint: parsing "{word}": {fault}'
    listed = space.server.get(f"{space.core}/pods?resourceVersion={word}")
    assert (listed.code, listed.message) == (400, f"invalid resource version: {why}")
    for path in (
        f"services/a?resourceVersion={word}",
        f"pods?watch=1&timeoutSeconds=1&resourceVersion={word}",
    ):
        answer = space.server.get(f"{space.core}/{path}")
        assert (answer.code, answer.message, "reason" in answer.json) == (500, why, False)


@pytest.mark.parametrize("path", ["pods?resourceVersion=999999999", "services/a?resourceVersion=999999999"])
def test_a_revision_of_the_future_is_waited_for_and_refused(space: Space, path: str) -> None:
    """API-L5"""
    answer = space.server.get(f"{space.core}/{path}")
    assert answer.message.startswith("Timeout: Too large resource version: 999999999, current: ")
    assert (answer.code, answer.json["reason"], answer.headers["retry-after"]) == (504, "Timeout", "1")
    assert answer.json["details"]["retryAfterSeconds"] == 1


@pytest.mark.parametrize(
    ("kind", "patch", "code", "message"),
    [
        (
            "json-patch+json",
            b"x",
            400,
            "error decoding patch: invalid character 'x' looking for beginning of value",
        ),
        ("json-patch+json", [{"op": "nope", "path": "/a"}], 422, "the server rejected our request due to an"),
        ("json-patch+json", [{"path": "/a"}], 422, "the server rejected our request due to an error"),
        ("json-patch+json", [{"op": "add", "path": "a", "value": 1}], 422, "the server rejected our request"),
        ("json-patch+json", [{"op": "remove", "path": "/nope"}], 422, "the server rejected our request"),
        ("merge-patch+json", None, 400, "error decoding patch: "),
        ("merge-patch+json", b"null", 400, "Invalid JSON Patch"),
        ("merge-patch+json", {"kind": "Foo"}, 422, ' "" is invalid: patch: Invalid value: '),
        (
            "merge-patch+json",
            {"spec": {"ports": 99999999999999999999}},
            422,
            ' "" is invalid: patch: Invalid',
        ),
        ("apply-patch+yaml", b"a: [", 400, "error decoding YAML: "),
        (
            "apply-patch+yaml?fieldManager=",
            b"{}",
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Req',
        ),
        ("apply-patch+yaml", SET, 400, "invalid object type: apps/v1, Kind=StatefulSet"),
        ("nope", {}, 415, "415: Unsupported Media Type"),
    ],
)
def test_a_patch_that_cannot_be(space: Space, kind: str, patch: Any, code: int, message: str) -> None:
    """API-PA3, API-PA4, API-A1, API-N9"""
    kind, _, query = kind.partition("?")
    query = query or ("fieldManager=py" if kind.startswith("apply") else "")
    answer = space.server.patch(f"{space.core}/services/a?{query}", patch, kind)
    assert (answer.code, answer.message[: len(message)]) == (code, message)


@pytest.mark.parametrize(
    ("meta", "field"),
    [
        (
            {"ownerReferences": [{"kind": "Pod", "name": "p", "apiVersion": "v1"}]},
            "metadata.ownerReferences.uid",
        ),
        ({"labels": {"/a": ""}}, "metadata.labels"),
        ({"finalizers": ["x y"]}, "metadata.finalizers"),
    ],
)
def test_the_metadata_of_a_status_is_checked(space: Space, meta: dict[str, Any], field: str) -> None:
    """API-U8: it is stored, so it must be valid (ValidateObjectMetaUpdate)."""
    answer = space.server.patch(f"{space.core}/services/a/status", {"metadata": meta})
    assert (answer.code, answer.json["details"]["causes"][0]["field"]) == (422, field)


@pytest.mark.parametrize("kind", ["merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"])
def test_a_uid_is_not_patched(space: Space, kind: str) -> None:
    """API-U9"""
    patch = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "uid": "x"}}
    answer = space.server.patch(f"{space.core}/services/a?fieldManager=py", patch, kind)
    found = 'Invalid value: "x": field is immutable'
    assert (answer.code, answer.message) == (422, f'Service "a" is invalid: metadata.uid: {found}')
    cause = {"reason": "FieldValueInvalid", "message": found, "field": "metadata.uid"}
    assert answer.json["details"]["causes"] == [cause, cause]


def test_an_object_that_goes_takes_no_more_finalizers(space: Space) -> None:
    """API-U9"""
    held = {"metadata": {"name": "held", "finalizers": ["a.example/b"]}}
    space.server.call("POST", f"{space.core}/configmaps", held, **JSON)
    path = f"{space.core}/configmaps/held"
    space.server.call("DELETE", path)
    answer = space.server.patch(path, {"metadata": {"finalizers": ["a.example/b", "x.example/y"]}})
    found = "no new finalizers can be added if the object is being deleted, found new finalizers"
    assert (answer.code, answer.message.count(found)) == (422, 1)
    assert len(answer.json["details"]["causes"]) == 2
    assert space.server.patch(path, {"metadata": {"finalizers": None}}).code == 200


def test_many_warnings_are_cut_and_said_once(space: Space) -> None:
    """API-F5; filters/warning.go: 4096 characters, of each the first 256 when they are more."""
    unknown = {f"{at:03}{'x' * 300}": 1 for at in range(50)}
    answer = space.server.patch(f"{space.core}/services/a", unknown)
    assert answer.code == 200
    assert len(answer.headers["warning"]) <= len('299 - ""') + 256 + len(r"\"")
    assert [name for name, _ in answer.every].count("warning") == 16


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("..", 400, "Name parameter invalid: \"..\": may not be '..'"),
        ("%2e", 400, "Name parameter invalid: \".\": may not be '.'"),
        ("a%25b", 400, "Name parameter invalid: \"a%b\": may not contain '%'"),
        ("%00", 404, 'pods "\\x00" not found'),
        ("%22", 404, 'pods "\\"" not found'),
        ("a%2Fb", 404, "the server could not find the requested resource"),
        ("A" * 3000, 404, f'pods "{"A" * 3000}" not found'),
    ],
)
def test_a_name_that_no_object_can_have(space: Space, name: str, code: int, message: str) -> None:
    """registry/store.go, NamespaceKeyFunc; errors.NewNotFound prints %q."""
    for method in ("GET", "DELETE"):
        answer = space.server.call(method, f"{space.core}/pods/{name}")
        assert (answer.code, answer.message) == (code, message)


@pytest.mark.parametrize(
    "path", ["/api/../../etc/passwd", "/apis/../x/y", "/clusters/../api", "/clusters/%00/api"]
)
def test_a_path_that_climbs_leads_nowhere(server: Server, path: str) -> None:
    """API-H11"""
    assert server.get(path).code == 404


def test_a_query_of_many_words_is_read(space: Space) -> None:
    """API-H7"""
    assert space.server.get(f"{space.core}/pods?" + "&".join(["a"] * 4000)).code == 200


def test_an_event_about_nothing(space: Space) -> None:
    """EVT-4: only the default namespace keeps one, and all can read it."""
    body = {"metadata": {"name": "about-nothing"}, "reason": "Testing"}
    refused = space.server.call("POST", f"{space.core}/events", body, **JSON)
    assert (refused.code, refused.message) == (
        422,
        'Event "about-nothing" is invalid: involvedObject.namespace: Invalid value: "": does not match'
        " event.namespace",
    )
    events = "/api/v1/namespaces/default/events"
    assert space.server.call("POST", events, body, **JSON).code == 201
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    assert space.server.get(events, Accept=table).code == 200
    assert space.server.get("/apis/events.k8s.io/v1/events").code == 200
    assert space.server.get("/c/lab/").code == 200
    assert space.server.call("DELETE", f"{events}/about-nothing").code == 200


# -- connections -----------------------------------------------------------------------------------


def test_a_watch_of_who_has_stopped_sending_ends(space: Space) -> None:
    """A half-closed connection is a client that left, for Go's server too."""
    with socket.create_connection(("127.0.0.1", space.server.port), timeout=20) as half:
        half.sendall(f"GET {space.core}/pods?watch=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert half.recv(1 << 16).startswith(b"HTTP/1.1 200")
        half.shutdown(socket.SHUT_WR)
        while half.recv(1 << 16):
            pass
    assert space.server.get(f"{space.core}/pods").code == 200


def memory(server: Server) -> int:
    """Return the bytes that the server's process holds."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def test_a_thousand_idle_connections_stop_nobody(space: Space) -> None:
    before = memory(space.server)
    idle = [socket.create_connection(("127.0.0.1", space.server.port), timeout=20) for _ in range(IDLE)]
    try:
        for connection in idle[: IDLE // 2]:
            connection.sendall(b"GET /api/v1/pods HTTP/1.1\r\nHost: ")  # and then nothing
        assert space.server.get(f"{space.core}/pods").code == 200
        assert memory(space.server) - before < 100 * IDLE * 1024
    finally:
        for connection in idle:
            connection.close()
