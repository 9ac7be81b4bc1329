"""Routes, methods, media types, hosts, limits: what holds before any object is looked at."""

from __future__ import annotations

import pytest

from tests.clients.server import Server

PODS = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata"
NO_ROUTE = "the server could not find the requested resource"


@pytest.mark.parametrize("path", ["/version", "/version/", "/version?timeout=32s"])
def test_the_version_is_the_release_the_nodes_run(server: Server, path: str):
    """API-H5, API-H14"""
    answer = server.get(path)
    assert (answer.code, answer.json["minor"]) == (200, "36")
    assert answer.body.startswith(b'{\n  "major": "1"')


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2",
        "/api/v2/pods",
        "/apis/apps/v9",
        "/api/v1/nope",
        "/api/v1/pods/x",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/..%2f/pods/%00",
        f"{PODS}/p/nope",
        f"{PODS}//log",
        f"{PODS}/a/b/c",
    ],
)
def test_an_unknown_route_is_a_status_with_empty_details(server: Server, path: str):
    """API-H11"""
    answer = server.get(path)
    assert (answer.code, answer.message, answer.json["details"]) == (404, NO_ROUTE, {})


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_one_trailing_slash_is_forgiven(server: Server, path: str):
    """API-H5"""
    assert server.get(path).json["kind"] == "APIResourceList"


@pytest.mark.parametrize("path", ["/apis/nope", "/apis/nope/v1/x", "/openapi/v4", "/clusters/nope/api"])
def test_an_unknown_group_is_a_plain_404(server: Server, path: str):
    """API-H11"""
    answer = server.get(path)
    assert (answer.code, answer.body) == (404, b"404 page not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/pods"),
        ("PUT", PODS),
        ("HEAD", PODS),
        ("OPTIONS", PODS),
        ("BREW", PODS),
        ("DELETE", "/api/v1/namespaces"),
        ("GET", "/api/v1/namespaces/default/finalize"),
        ("GET", "/apis/authentication.k8s.io/v1/selfsubjectreviews"),
    ],
)
def test_a_method_that_is_not_served_is_refused(server: Server, method: str, path: str):
    """API-H12"""
    answer = server.call(method, path)
    assert answer.code == 405
    if method != "HEAD":
        assert answer.message == "the server does not allow this method on the requested resource"
        assert answer.json["details"] == {}


def test_health(server: Server):
    """API-H13"""
    assert server.get("/healthz").body == b"ok"
    assert server.get("/livez?verbose").body.endswith(b"livez check passed\n")
    assert server.get("/readyz/nope").code == 404


def test_another_site_may_not_use_a_browser_against_us(server: Server):
    """API-H4"""
    for header, value in (
        ("Host", "evil.example"),
        ("Origin", "http://evil.example"),
        ("Sec_Fetch_Site", "cross-site"),
    ):
        answer = server.call("POST", PODS, {"metadata": {"name": "x"}}, **{header: value})
        assert (answer.code, answer.json["reason"]) == (403, "Forbidden")
    assert server.get(PODS, Origin=server.url).code == 200


def test_a_body_beyond_three_mebibytes_is_too_large(server: Server):
    """API-H10"""
    answer = server.call("POST", PODS, b"x" * (3 * 1024 * 1024 + 1))
    assert (answer.code, answer.message) == (413, "Request entity too large: limit is 3145728")


def test_only_people_get_indented_json(server: Server):
    """API-H8"""
    assert server.get("/apis", User_Agent="kubectl/v1.36").body.count(b"\n") == 1
    assert server.get("/apis", User_Agent="curl/8").body.count(b"\n") > 9
    assert server.get("/apis?pretty=false", User_Agent="curl/8").body.count(b"\n") == 1


def test_every_cluster_has_an_address_of_its_own(server: Server):
    """API-H1"""
    assert server.get("/clusters/lab/api/v1/nodes").json["items"]


# -- negotiation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "code", "kind"),
    [
        ("", 200, "PodList"),
        ("*/*", 200, "PodList"),
        ("application/*", 406, "Status"),
        ("text/html", 406, "Status"),
        ("application/json;as=Foo;v=v1;g=meta.k8s.io", 406, "Status"),
        ("application/json;as=Foo;v=v1;g=meta.k8s.io,application/json", 200, "PodList"),
        ("application/vnd.kubernetes.protobuf,application/json", 200, "PodList"),
        ("application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io", 200, "Table"),
        (
            f"{METADATA}List;g=meta.k8s.io;v=v1",
            200,
            "PartialObjectMetadataList",
        ),
        (f"{METADATA};g=meta.k8s.io;v=v1", 406, "Status"),
    ],
)
def test_the_best_clause_that_can_be_served_wins(server: Server, accept: str, code: int, kind: str):
    """API-N1, API-N2, API-N3, API-N4, API-N6"""
    answer = server.get(PODS, Accept=accept)
    assert (answer.code, answer.json["kind"]) == (code, kind)


def test_a_table_has_every_column_and_the_object_as_asked(server: Server):
    """API-T1, API-T2, API-T3"""
    table = server.get("/api/v1/nodes", Accept=TABLE).json
    assert set(table["columnDefinitions"][0]) == {"name", "type", "format", "description", "priority"}
    assert len(table["rows"][0]["cells"]) == len(table["columnDefinitions"])
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    bare = server.get("/api/v1/nodes?includeObject=None", Accept=TABLE).json
    assert bare["rows"][0]["object"] is None
    refused = server.get("/api/v1/nodes?includeObject=x", Accept=TABLE)
    assert (refused.code, "must be 'Metadata', 'Object', 'None', or empty" in refused.message) == (400, True)


def test_yaml_is_answered_to_who_asks(server: Server):
    """API-N1"""
    answer = server.get("/api/v1/nodes/node-1", Accept="application/yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert b"\nkind: Node\n" in b"\n" + answer.body


def test_a_watch_in_yaml_is_refused_in_yaml(server: Server):
    """API-N2"""
    answer = server.get("/api/v1/nodes?watch=true", Accept="application/yaml")
    assert (answer.code, answer.headers["content-type"]) == (406, "application/yaml")
    assert b"reason: NotAcceptable\n" in answer.body


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain"])
def test_a_patch_of_an_unknown_type_is_refused_before_the_object_is_looked_up(
    server: Server, content_type: str
):
    """API-N9"""
    answer = server.call("PATCH", f"{PODS}/nope", b"{}", Content_Type=content_type)
    assert (answer.code, answer.message, answer.json["details"]) == (415, "415: Unsupported Media Type", {})


def test_openapi_is_what_kubectl_needs(server: Server):
    """API-O4"""
    index = server.get("/openapi/v3").json["paths"]
    document = server.get(index["apis/apps/v1"]["serverRelativeURL"])
    assert (document.code, document.json["openapi"]) == (200, "3.0.0")
    assert "immutable" in document.headers["cache-control"]
    assert server.get("/openapi/v3/apis/apps/v1?hash=old").code == 301
    assert server.get("/openapi/v3/apis/nope/v1").code == 404


def test_the_reviews_allow_everything(server: Server):
    """API-Z1, API-Z2"""
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    assert server.call("POST", reviews, asked, Content_Type="application/json").json["status"] == {
        "allowed": True
    }
    assert server.call("POST", reviews, {"spec": {}}, Content_Type="application/json").code == 422
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    assert server.call("POST", reviews, asked, Content_Type="application/json", Accept=table).code == 406
