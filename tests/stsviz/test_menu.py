"""The menu of a thing: every entry has its line or says that it is a fault; what it takes is said before."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from core.apimachinery.meta import Ref, condition_of
from core.cluster import Cluster
from stsviz.pages import stage
from stsviz.pages.entries import ENTRIES, entries_of, line_of
from stsviz.pages.examples import EXAMPLES
from stsviz.runtime import LAB, runtime
from stsviz.scenarios.actions import VERBS

pytestmark = pytest.mark.django_db(transaction=True)
WEB_0 = Ref("Pod", "default", "web-0")
WEB = Ref("StatefulSet", "default", "web")
NODE = Ref("Node", "", "node-1")


@pytest.fixture
def lab() -> Iterator[Cluster]:
    runtime.create(LAB)
    cluster = runtime.cluster(LAB)
    list(cluster.apply(EXAMPLES["web"].text))
    cluster.settle()
    yield cluster
    runtime.destroy(LAB)
    stage._stages.clear()


def menu(client: Client, ref: Ref, **more: str) -> str:
    return unescape(client.get("/c/lab/menu", {"what": "/".join(ref), **more}).content.decode())


def do(client: Client, ref: Ref, entry: str, **more: str) -> Any:
    values = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, **more}
    return client.post(f"/c/lab/do/{entry}", values)


def test_every_entry_has_its_line_or_says_that_it_is_a_fault(lab: Cluster) -> None:
    kinds = {
        "Pod",
        "StatefulSet",
        "Service",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StorageClass",
        "Node",
    }
    for kind in kinds:
        obj = lab.view.list(kind)[0]
        for entry in ENTRIES[kind]:
            assert line_of(entry, obj).startswith("kubectl ") or entry.fault, (kind, entry.key)


def test_the_menus_verbs_are_those_of_scenarios(lab: Cluster) -> None:
    for kind, entries in ENTRIES.items():
        for obj in lab.view.list(kind)[:1]:
            for entry in entries:
                answers = {"scale": "1", "partition": "0", "retention": "Retain/Retain"}
                assert entry.build(obj, answers.get(entry.key, "a")).verb in VERBS


def test_a_menu_offers_what_can_be_done_now(client: Client, lab: Cluster) -> None:
    assert "Cordon" in menu(client, NODE)
    assert do(client, NODE, "cordon").status_code == 200
    keys = [entry.key for entry in entries_of(lab.get(NODE))]
    assert "uncordon" in keys
    assert "cordon" not in keys


@pytest.mark.parametrize(
    ("ref", "entry", "answer", "says", "prints"),
    [
        (WEB, "scale", "3", "kubectl scale statefulset web --replicas=3", "statefulset.apps/web scaled"),
        (WEB, "image", "nginx:2", "kubectl set image statefulset/web nginx=nginx:2", "image updated"),
        (WEB, "partition", "1", '"partition": 1', "statefulset.apps/web patched"),
        (WEB, "retention", "Delete/Retain", '"whenDeleted": "Delete"', "statefulset.apps/web patched"),
        (WEB, "restart", "", "kubectl rollout restart statefulset/web", "statefulset.apps/web restarted"),
        (WEB, "on-delete", "", '"type": "OnDelete"', "statefulset.apps/web patched"),
        (NODE, "zone", "a", "topology.kubernetes.io/zone=a", "node/node-1 labeled"),
        (NODE, "drain", "", "kubectl drain node-1", "node/node-1 drained"),
        (WEB_0, "exec", "hostname", "kubectl exec web-0 -- sh -c hostname", "web-0"),
        (
            Ref("Service", "default", "nginx"),
            "publish",
            "",
            "publishNotReadyAddresses",
            "service/nginx patched",
        ),
        (WEB_0, "crash", "", "A fault: its program ends with exit code 1", "pod/web-0: crash its container"),
        (NODE, "node-down", "", "A fault", "node/node-1: cut its power"),
    ],
)
def test_an_entry_says_its_line_and_what_kubectl_prints(
    client: Client, lab: Cluster, ref: Ref, entry: str, answer: str, says: str, prints: str
) -> None:
    response = do(client, ref, entry, answer=answer)
    assert response.status_code == 200
    text = unescape(response.content.decode())
    assert says in text
    assert prints in text


def test_a_preview_follows_the_answer_and_does_nothing(client: Client, lab: Cluster) -> None:
    before = lab.revision
    assert "Pod web-1" not in menu(client, WEB, entry="scale", answer="2")
    text = menu(client, WEB, entry="scale", answer="1")
    assert "Pod web-1" in text
    assert "--replicas=1" in text
    assert "is not a number from 0 to 5000" in menu(client, WEB, entry="scale", answer="-1")
    assert lab.revision == before


@pytest.mark.parametrize(
    ("entry", "answer"),
    [("scale", "many"), ("image", ""), ("partition", "x"), ("nonsense", ""), ("crash", "")],
)
def test_a_wrong_answer_is_refused_in_words_and_changes_nothing(
    client: Client, lab: Cluster, entry: str, answer: str
) -> None:
    before = lab.revision
    assert do(client, WEB, entry, answer=answer).status_code == 400
    assert lab.revision == before


def test_a_menu_that_is_too_old_touches_nothing(client: Client, lab: Cluster) -> None:
    assert do(client, WEB_0, "delete", uid="another").status_code == 409
    assert "deletionTimestamp" not in lab.get(WEB_0)["metadata"]


@pytest.mark.parametrize("what", ["", "Pod/default/none", "Nonsense/a/b", "seat-default-none-0", "a" * 900])
def test_what_is_not_there_has_no_menu(client: Client, lab: Cluster, what: str) -> None:
    answer = client.get("/c/lab/menu", {"what": what})
    assert answer.status_code == 200
    assert "It is not there any more." in answer.content.decode()


def test_hostile_words_are_shown_as_words(client: Client, lab: Cluster) -> None:
    evil = '"><script>evil()</script>'
    text = client.get(
        "/c/lab/menu", {"what": "/".join(WEB), "entry": "image", "answer": evil}
    ).content.decode()
    assert "<script>" not in text
    text = client.get(
        "/c/lab/menu", {"what": "/".join(WEB), "entry": "scale", "answer": evil}
    ).content.decode()
    assert "<script>" not in text


def test_readiness_is_broken_and_mended_from_the_menu(client: Client, lab: Cluster) -> None:
    assert "Mend readiness" not in menu(client, WEB_0)
    do(client, WEB_0, "break-readiness")
    lab.settle()
    assert (condition_of(lab.get(WEB_0), "Ready") or {})["status"] == "False"
    assert "Mend readiness" in menu(client, WEB_0)
    do(client, WEB_0, "mend-readiness")
    lab.settle()
    assert (condition_of(lab.get(WEB_0), "Ready") or {})["status"] == "True"


def test_the_menu_of_a_moment_is_of_then(client: Client, lab: Cluster) -> None:
    revision = lab.revision
    do(client, NODE, "cordon")
    then = client.get("/c/lab/menu", {"what": "/".join(NODE)}, headers={"X-Stsviz-At": str(revision)})
    assert ">Cordon<" in then.content.decode()
    assert ">Uncordon<" in menu(client, NODE)
