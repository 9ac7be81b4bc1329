"""Pages and commands: bad input gets a clear message each, changes nothing, and is never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages import jobs, stage
from stsviz.pages.examples import EXAMPLES
from stsviz.runtime import LAB, runtime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab() -> Iterator[Cluster]:
    """The cluster `lab`, which no thread drives: the tests step it."""
    runtime.create(LAB)
    yield runtime.cluster(LAB)
    runtime.destroy(LAB)
    stage._stages.clear()
    jobs._jobs.clear()


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=True)


def apply(client: Client, text: str) -> Any:
    return client.post("/c/lab/apply", {"text": text})


def settled(client: Client, lab: Cluster) -> None:
    apply(client, EXAMPLES["web"].text)
    lab.settle()


def test_the_first_visit_has_the_chapters_set_in_the_form_and_a_demo(client: Client, lab: Cluster) -> None:
    page = client.get("/", follow=True).content.decode()
    assert "volumeClaimTemplates" in page
    assert ">Demo</span>" in page
    assert '<svg id="picture"' in page


def test_an_upload_says_what_became_of_each_document(client: Client, lab: Cluster) -> None:
    first = apply(client, EXAMPLES["web"].text).content.decode()
    assert "statefulset.apps/web" in first
    assert first.count("<b>created</b>") == 3
    assert apply(client, EXAMPLES["web"].text).content.decode().count("<b>unchanged</b>") == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is nothing to apply"),
        ("a: [", "line"),
        ("\tkind: Pod", "line 1"),
        ("just words", "refused"),
        ("apiVersion: v1\nmetadata:\n  name: x", "kind"),
        ("apiVersion: v1\nkind: Nonsense\nmetadata:\n  name: x", "Nonsense"),
        ("kind: Pod\nkind: Pod", "refused"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]", "refused"),
    ],
)
def test_text_that_is_no_manifest_is_refused_with_a_reason(
    client: Client, lab: Cluster, text: str, says: str
) -> None:
    before = lab.revision
    answer = apply(client, text)
    assert answer.status_code < 500
    assert says in answer.content.decode()
    assert lab.revision == before


def test_binary_bytes_are_refused(client: Client, lab: Cluster) -> None:
    for data, says in ((b"\x89PNG\x00\x01", "NUL"), (b"kind: \xff\xfe", "not UTF-8")):
        answer = client.post("/c/lab/apply", {"file": SimpleUploadedFile("../../etc/passwd\n<b>", data)})
        assert answer.status_code == 400
        assert says in answer.content.decode()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client, lab: Cluster) -> None:
    answer = client.post("/c/lab/apply", {"text": "x" * (settings.MAX_BODY_BYTES + 1)})
    assert answer.status_code == 413
    assert "too large" in answer.content.decode()


def test_a_body_of_unknown_length_is_refused(client: Client, lab: Cluster) -> None:
    answer = client.post("/c/lab/apply", {"text": "x"}, headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411


def test_another_host_name_is_refused(client: Client, lab: Cluster) -> None:
    assert client.get("/c/lab/", headers={"Host": "evil.example"}).status_code == 400


def test_a_command_without_the_token_is_refused(lab: Cluster) -> None:
    answer = Client(enforce_csrf_checks=True).post("/c/lab/apply", {"text": "x"})
    assert answer.status_code == 403
    assert "load it again" in answer.content.decode()


def test_a_command_from_a_stale_page_does_not_hit_the_next_pod(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    form = {"kind": "Pod", "namespace": "default", "name": "web-0", "uid": "0-not-this-one"}
    answer = client.post("/c/lab/do/delete", form)
    assert answer.status_code == 409
    assert "Conflict" in answer.content.decode()
    assert lab.get(Ref("Pod", "default", "web-0"))["metadata"].get("deletionTimestamp") is None


def test_deleting_twice_and_deleting_what_is_not_there_are_said_as_kubectl_says_them(
    client: Client, lab: Cluster
) -> None:
    settled(client, lab)
    uid = lab.get(Ref("Pod", "default", "web-0"))["metadata"]["uid"]
    form = {"kind": "Pod", "namespace": "default", "name": "web-0", "uid": uid}
    assert "kubectl delete pod web-0" in client.post("/c/lab/do/delete", form).content.decode()
    assert client.post("/c/lab/do/delete", form).status_code == 200  # still terminating
    gone = client.post("/c/lab/do/delete", form | {"name": "web-9"})
    assert gone.status_code == 404
    assert "Error from server (NotFound): pods &quot;web-9&quot; not found" in gone.content.decode()


@pytest.mark.parametrize("replicas", ["-1", "", "many", "1e3", "99999999", "１２"])
def test_replicas_that_are_no_number_are_refused(client: Client, lab: Cluster, replicas: str) -> None:
    settled(client, lab)
    form = {"kind": "StatefulSet", "namespace": "default", "name": "web", "replicas": replicas}
    assert client.post("/c/lab/do/scale", form).status_code == 400
    assert lab.get(Ref("StatefulSet", "default", "web"))["spec"]["replicas"] == 2


def test_what_one_web_0_writes_the_next_one_reads(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    form = {"kind": "Pod", "namespace": "default", "name": "web-0"}
    path = "/usr/share/nginx/html/index.html"
    client.post("/c/lab/do/write", form | {"path": path, "content": "kept"})
    client.post("/c/lab/do/delete", form)
    lab.settle()
    assert b"kept" in client.get("/c/lab/file", form | {"path": path}).content


def test_the_panel_of_a_pod_tells_what_is_engraved_from_what_flips(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    panel = client.get("/c/lab/object", {"what": "seat-default-web-0"}).content.decode()
    for words in ("web-0.nginx", "www-web-0", "Why is web-0 Ready?", "kubectl delete pod web-0"):
        assert words in panel


@pytest.mark.parametrize(
    "what", ["", "nothing", "Pod/default/web-9", "Nonsense/x/y", "a/b/c/d", "x" * 1000, "\x00"]
)
def test_the_panel_of_what_is_not_there_is_no_error(client: Client, lab: Cluster, what: str) -> None:
    assert client.get("/c/lab/object", {"what": what}).status_code == 200


@pytest.mark.parametrize(
    "address", ["/c/none/", "/c/lab/picture.exe", "/c/lab/do/delete", "/c/lab/example/none"]
)
def test_what_does_not_exist_is_not_found_or_not_allowed(client: Client, lab: Cluster, address: str) -> None:
    assert client.get(address).status_code in (404, 405)


def test_a_deleted_service_can_be_created_again(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    form = {"kind": "Service", "namespace": "default", "name": "nginx"}
    answer = client.post("/c/lab/do/delete", form)
    assert answer.context["manifest"]
    assert "service/nginx" in apply(client, answer.context["manifest"]).content.decode()
    assert lab.get(Ref("Service", "default", "nginx"))["spec"]["clusterIP"] == "None"


def test_lab_can_be_reset_but_not_deleted_and_others_can_be_deleted(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    assert client.post("/c/lab/destroy").status_code == 403
    assert client.post("/c/lab/reset").headers["HX-Redirect"] == "/c/lab/"
    assert runtime.cluster(LAB).view.list("StatefulSet") == []
    assert client.post("/clusters", {"name": "mine"}).headers["HX-Redirect"] == "/c/mine/"
    assert client.post("/clusters", {"name": "mine"}).status_code == 409
    assert client.post("/clusters", {"name": "Not A Name/.."}).status_code == 400
    assert client.post("/c/mine/destroy").headers["HX-Redirect"] == "/c/lab/"
    assert client.get("/c/mine/").status_code == 404


@pytest.mark.parametrize(
    ("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")]
)
def test_the_picture_can_be_kept(client: Client, lab: Cluster, form: str, begins: bytes) -> None:
    answer = client.get(f"/c/lab/picture.{form}")
    assert answer.content.startswith(begins)
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_viewer_gets_what_it_missed_and_after_a_restart_everything(client: Client, lab: Cluster) -> None:
    watched = stage.stage_of(LAB)
    _, cursor = watched.current()
    settled(client, lab)
    now, messages = watched.since(cursor)
    assert len(messages) == 1
    assert 'hx-swap-oob="beforeend:#picture"' in messages[0]
    assert "seat-default-web-0" in messages[0]
    assert watched.since(now) == (now, [])
    same, whole = watched.since("another-boot-7")
    assert same == now
    assert '<svg hx-swap-oob="outerHTML" id="picture"' in whole[0]


def test_one_pods_change_sends_that_pod_and_not_the_others(client: Client, lab: Cluster) -> None:
    settled(client, lab)
    watched = stage.stage_of(LAB)
    _, cursor = watched.current()
    client.post("/c/lab/do/delete", {"kind": "Pod", "namespace": "default", "name": "web-0"})
    _, messages = watched.since(cursor)
    assert 'id="seat-default-web-0"' in messages[0]
    assert 'id="seat-default-web-1"' not in messages[0]
