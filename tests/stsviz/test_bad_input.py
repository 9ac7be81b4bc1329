"""The attacker: whatever comes in, a clear refusal goes out, nothing changes, nothing fails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from daphne.http_protocol import WebRequest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.pages import jobs, stage
from stsviz.pages.consumers import Viewer
from stsviz.pages.examples import EXAMPLES
from stsviz.runtime import LAB, runtime
from stsviz.server import Server

pytestmark = pytest.mark.django_db(transaction=True)

WEB = EXAMPLES["web"].text
NINES = "9" * 100
SCRIPT = "</script><svg onload=alert(1)>"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80, targetPort: %s}]}"
CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: x}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "%s"}}}"""
JSON = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "annotations": {"a": %s}}}'


@pytest.fixture
def lab() -> Iterator[Cluster]:
    runtime.create(LAB)
    yield runtime.cluster(LAB)
    runtime.destroy(LAB)
    stage._stages.clear()
    jobs._jobs.clear()


def service(metadata: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {{ports: [{{port: 80}}]}}"


def said(answer: Any) -> str:
    """Return what a person reads; nothing that was sent may have become an element."""
    html = answer.content.decode()
    assert "<svg onload" not in html
    assert "<script>alert" not in html
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))).strip()


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}], k{i}: 1}}\n" for i in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # no YAML, or too much of it
        pytest.param("{{{", "a key must be a single value", id="no YAML"),
        pytest.param("kind: Pod\nmetadata:\n\tname: x", "a tab indents this line", id="tabs"),
        pytest.param("a: 'x", "found unexpected end of stream", id="a quote left open"),
        pytest.param("a: b\x01", "control character U+0001", id="a control character"),
        pytest.param("# nothing\n---\n---\n", "no objects passed to apply", id="comments alone"),
        pytest.param("[" * 5000, "nested deeper than 100 levels", id="deep brackets"),
        pytest.param("- " * 5000, "nested deeper than 100 levels", id="deep dashes"),
        pytest.param(BOMB, "more than 200000 values, aliases counted", id="a billion laughs"),
        pytest.param(MERGES, "more than 200000 values, aliases counted", id="a billion merges"),
        pytest.param("a: &a [*a]", "value contains itself", id="an alias of itself"),
        pytest.param("a: " + "x" * 3_100_000, "larger than 3000000 bytes", id="3 MB"),
        pytest.param('a: !!python/object/apply:os.system ["id"]', "is not supported", id="a tag that runs"),
        # no object, or none that is served
        pytest.param("5", "an object is expected here", id="a number"),
        pytest.param("apiVersion: v1\nmetadata: {name: x}", "kind not set", id="no kind"),
        pytest.param("apiVersion: v1\nkind: [Pod]", "kind must be a string", id="kind is a list"),
        pytest.param("apiVersion: {a: b}\nkind: {a: b}", "apiVersion must be a string", id="kind is a map"),
        pytest.param("apiVersion: v1\nkind: Zork\nmetadata: [x]", 'no matches for kind "Zork"', id="unknown"),
        pytest.param("apiVersion: v1\nkind: Service", "name or generateName is required", id="no metadata"),
        pytest.param(service(""), "name or generateName is required", id="metadata is null"),
        pytest.param(
            service("[x]"), "cannot unmarshal array into Go struct field Service.metadata", id="list"
        ),
        pytest.param(service("{generateName: x-}"), "cannot use generate name with apply", id="generateName"),
        pytest.param(service("{name: x, name: y}"), 'key "name" already set in map', id="a key twice"),
        pytest.param(service("{name: x, zork: 1}"), 'unknown field "metadata.zork"', id="an unknown field"),
        # names and values
        pytest.param(service(f'{{name: "{SCRIPT}"}}'), f'Invalid value: "{SCRIPT}"', id="a script as name"),
        pytest.param(service(f"{{name: {'n' * 300}}}"), "must be no more than 63", id="a long name"),
        pytest.param(service('{name: "x\\0y"}'), 'Invalid value: "x\\x00y"', id="NUL in a name"),
        pytest.param(service(f"{{name: x, generation: {NINES}}}"), "cannot unmarshal number 1e+100", id="9…"),
        pytest.param(
            service('{name: x, creationTimestamp: "0001-01-01T00:00:00+23:59"}'), "year", id="year 0"
        ),
        pytest.param(SERVICE % NINES, "into Go value of type int32", id="a port of 100 digits"),
        pytest.param(SERVICE % f"0x{'f' * 100}", "targetPort", id="a port of 100 hex digits"),
        pytest.param(CLAIM % "1e999999999", "unable to parse quantity's suffix", id="an endless quantity"),
        # JSON that is no YAML
        pytest.param(JSON % '"\\ud83d"', "invalid Unicode character", id="half a character"),
        pytest.param(
            JSON % '"\\ud83d\\ude00", "a": ""', 'key "a" already set in map', id="JSON: a key twice"
        ),
        pytest.param(JSON % '"\\ud83d\\ude00", "b": NaN', "invalid Unicode character", id="JSON: NaN"),
    ],
)
def test_a_text_is_refused_with_line_and_reason(client: Client, lab: Cluster, text: str, says: str) -> None:
    before = lab.revision
    answer = client.post("/c/lab/apply", {"text": text})
    assert answer.status_code < 500
    assert says in said(answer)
    assert "The site failed" not in said(answer)
    assert lab.revision == before


@pytest.mark.parametrize(
    "text", [JSON % '"\\ud83d\\ude00"', service("{name: x, annotations: {a: }}"), CLAIM % ("9" * 390)]
)
def test_what_is_only_odd_is_taken(client: Client, lab: Cluster, text: str) -> None:
    text = text.replace('"metadata"', '"spec": {"ports": [{"port": 80}]}, "metadata"')
    assert said(client.post("/c/lab/apply", {"text": text})).endswith("/x created")


def test_an_annotation_that_kubectl_did_not_write_harms_nothing(client: Client, lab: Cluster) -> None:
    note = "kubectl.kubernetes.io/last-applied-configuration"
    ref = Ref("Service", "default", "x")
    for recorded in ("no JSON", "[]", "{}", '{"metadata": 5}'):
        client.post("/c/lab/apply", {"text": service("{name: x}")})
        lab.patch(ref, {"metadata": {"annotations": {note: recorded}}})
        assert "The site failed" not in said(client.post("/c/lab/apply", {"text": service("{name: x}")}))
        lab.patch(ref, {"metadata": {"annotations": {note: recorded}}})
        answer = client.post("/c/lab/do/delete", {"kind": "Service", "namespace": "default", "name": "x"})
        assert answer.status_code == 200
        assert "name: x" in answer.context["manifest"]


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", f"{SCRIPT}.yaml", 'a"b\\c', "a\nb", "\u202elmay.x", "%00"]
)
def test_the_name_of_a_file_means_nothing(client: Client, lab: Cluster, name: str) -> None:
    answer = client.post("/c/lab/apply", {"file": SimpleUploadedFile(name, b"kind: Zork")})
    assert answer.status_code < 500
    assert "apiVersion not set" in said(answer) or "nothing to apply" in said(answer)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"text=x", "application/x-www-form-urlencoded; charset=utf-16", 400),
        (b"text=x", "multipart/form-data", 400),
        (b"text=x", "multipart/form-data; boundary=" + "x" * 300, 400),
        (b"&".join(b"a%d=1" % i for i in range(5000)), "application/x-www-form-urlencoded", 400),
        (b"text=" + b"%22" * 400_000, "application/x-www-form-urlencoded", 413),
        (b'--B\r\nContent-Disposition: form-data; name="file"; filename="' + b"x" * 5000, "", 400),
        (b"\xff\xfe", "\xff;;;=", 400),
        (b"text=%ED%A0%80", "application/x-www-form-urlencoded", 200),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    lab: Cluster, body: bytes, content_type: str, status: int
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/c/lab/")
    token = client.cookies["csrftoken"].value
    content_type = content_type or "multipart/form-data; boundary=B"
    answer = client.post("/c/lab/apply", body, content_type=content_type, headers={"X-CSRFToken": token})
    assert answer.status_code == status
    assert said(answer)


@pytest.mark.parametrize("verb", ["delete", "force", "orphan", "scale", "write", "zork"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "Zork", "name": "x"},
        {"kind": "VolumeFile", "name": "x"},
        {"kind": SCRIPT, "namespace": SCRIPT, "name": SCRIPT, "path": SCRIPT, "replicas": SCRIPT},
        {"kind": "Pod", "namespace": SCRIPT, "name": SCRIPT, "path": "/x", "replicas": "1"},
        {"kind": "Pod", "namespace": "\0", "name": "\ufffe", "path": "/x", "replicas": "9" * 5000},
        {"kind": "PersistentVolume", "name": "../..", "path": "../../etc/passwd", "replicas": "1"},
    ],
    ids=["nothing", "no kind", "no form's kind", "scripts", "script as name", "NUL", "paths"],
)
def test_a_command_about_nothing_is_refused(
    client: Client, lab: Cluster, verb: str, form: dict[str, str]
) -> None:
    before = lab.revision
    answer = client.post(f"/c/lab/do/{verb}", form)
    assert answer.status_code in (400, 404)
    assert said(answer).startswith("Error from server (")
    assert lab.revision == before


@pytest.mark.parametrize("what", ["", "kind=Zork&name=x&path=x", "kind=%ff", "kind=Pod&name=x&path=%00"])
def test_a_file_of_nothing_is_refused(client: Client, lab: Cluster, what: str) -> None:
    assert client.get(f"/c/lab/file?{what}").status_code in (400, 404)


@pytest.mark.parametrize(
    "address",
    [
        "/c/../",
        "/c/%2e%2e/",
        "/c/lab%00/",
        f"/c/{'a' * 5000}/",
        "/static/../manage.py",
        "/static/..%2fmanage.py",
        "/static//etc/passwd",
        "/c/%E2%80%AE/",
        "/%ff",
        "/c/<script>alert(1)</script>/",
    ],
)
def test_an_address_of_nothing_leads_back(client: Client, lab: Cluster, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Go to the cluster lab" in said(answer)


def test_a_cluster_that_is_gone_is_named(client: Client, lab: Cluster) -> None:
    assert "there is no cluster gone" in said(client.get("/c/gone/"))


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://testserver:9", "http://[::1"])
def test_a_command_from_another_origin_is_refused_even_with_the_token(lab: Cluster, origin: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/c/lab/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value, "Origin": origin}
    answer = client.post("/c/lab/apply", {"text": service("{name: x}")}, headers=headers)
    assert answer.status_code == 403
    assert lab.view.get("Service", "default", "x") is None


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1", "a b", "127.0.0.1@evil"])
def test_another_host_is_refused(client: Client, lab: Cluster, host: str) -> None:
    assert client.get("/c/lab/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "n" * 300, SCRIPT, "\0", "é", "\ufffe"])
def test_a_cluster_cannot_have_every_name(client: Client, lab: Cluster, name: str) -> None:
    answer = client.post("/clusters", {"name": name})
    assert answer.status_code == 400
    assert "is no cluster name" in said(answer)
    assert runtime.names() == [LAB]


@pytest.mark.parametrize("name", ["\0", SCRIPT, "a/b", "../../etc/passwd", "\u202e", "a" * 300])
def test_two_clusters_that_are_none_are_not_found(client: Client, lab: Cluster, name: str) -> None:
    answer = client.get("/side", {"a": "lab", "b": name}, follow=True)
    assert answer.status_code == 404
    assert "cluster" in said(answer)


def stored_run(client: Client) -> str:
    found = re.search(r"/s/(\w+)", client.post("/c/lab/share").content.decode())
    assert found is not None
    return f"run-{found[1]}"


def test_a_stored_run_stands_beside_nobody(client: Client, lab: Cluster) -> None:
    run = stored_run(client)
    try:
        for pair in (f"lab/{run}", f"{run}/lab"):
            for answer in (
                client.get(f"/side/{pair}"),
                client.post(f"/side/{pair}/do/delete", {"thing": "x"}),
            ):
                assert answer.status_code == 404
                assert "No time passes in a stored run" in said(answer)
        assert runtime.driver(LAB).tie is None
    finally:
        runtime.destroy(run)


@pytest.mark.parametrize("at", ["0", "999999", "9" * 15])
@pytest.mark.parametrize(
    "what",
    ["", "lanes", "dns", "dns?name=nginx", "cluster.yaml", "embed", "run.json", "tables.txt", "menu?what=x"],
)
def test_a_revision_that_is_not_there_is_refused(client: Client, lab: Cluster, what: str, at: str) -> None:
    lab.apply(WEB)
    answer = client.get(f"/c/lab/{what}", headers={"X-Stsviz-At": at})
    if what not in ("embed", "run.json"):  # whose address alone says when
        assert answer.status_code in (400, 410)
        assert "no revision" in said(answer) or "no longer kept" in said(answer)
    assert client.get(f"/c/lab/{what}", {"at": at}).status_code in (200, 400, 410)


class Ordered:
    """The lock over a history: complains of who takes it with the store in hand, who others may wait for."""

    def __init__(self, store: Any) -> None:
        self.store, self.lock = store, store.looking_back

    def __enter__(self) -> None:
        assert self.lock._is_owned() or not self.store.lock._is_owned()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_no_page_can_wait_for_the_history_while_others_wait_for_its_store(
    client: Client, lab: Cluster
) -> None:
    list(lab.apply(WEB))
    lab.settle()
    lab.store.looking_back = Ordered(lab.store)  # type: ignore[assignment]
    pages = [
        "",
        "lanes",
        "compare",
        "timebar",
        "sharing",
        "run.json",
        "embed",
        "cluster.yaml",
        "scrub",
        "undo",
    ]
    pages += ["dns", "dns?name=nginx", "dns?name=web-0.nginx&type=A", "object?what=Pod/default/web-0"]
    pages += ["menu?what=StatefulSet/default/web&entry=scale", "tables.txt", "present", "search?q=web"]
    for page in pages:
        for at in ("", "40"):
            answer = client.get(f"/c/lab/{page}", headers={"X-Stsviz-At": at} if at else {})
            assert answer.status_code in (200, 302)


def test_what_fails_in_the_past_leaves_no_fork(lab: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("stsviz.pages.commands.perform", fail)
    client = Client(raise_request_exception=False)
    client.post("/c/lab/do/delete", {"kind": "Node", "name": "node-1"}, headers={"X-Stsviz-At": "3"})
    assert runtime.names() == [LAB]


def test_every_answer_forbids_scripts_of_others(client: Client, lab: Cluster) -> None:
    for address in ("/c/lab/", "/c/none/", "/c/lab/tables.txt", "/c/lab/object?what=x"):
        policy = client.get(address).headers["Content-Security-Policy"]
        assert policy == settings.CONTENT_SECURITY_POLICY
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "said", ["{", "[]", "5", "null", "[" * 100_000, r'{"selected": "\ud800"}', '{"selected": 5}']
)
def test_what_a_viewer_says_wrong_is_not_heard(said: str) -> None:
    viewer = Viewer()
    viewer.selected, viewer.news = "web-0", asyncio.Event()
    asyncio.run(viewer.receive(said))
    assert viewer.selected == "web-0"
    assert not viewer.news.is_set()


def test_of_a_body_no_more_is_kept_than_a_request_may_carry() -> None:
    request, server = Upload(), object.__new__(Server)
    server.connections = {}
    server.protocol_connected(request)
    for _ in range(10):
        request.handleContentChunk(b"x" * (1 << 20))
    assert settings.MAX_BODY_BYTES < request.content.tell() <= settings.MAX_BODY_BYTES + (1 << 20)
    assert not request._parsePOSTFormSubmission


class Upload(WebRequest):
    """A request without a connection."""

    def __init__(self) -> None:
        self.content = BytesIO()
