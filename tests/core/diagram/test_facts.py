"""States and their words: the decision tables."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, replaced
from core.client.cache import Cache
from core.diagram import facts
from core.diagram.facts import State
from core.diagram.text import width
from tests.core.diagram.cast import NOW, claim, file_in, node, pod, storage_class, volume

UNSCHEDULABLE = [
    {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/2 nodes are available",
    }
]
GATED = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "gated"}]


def waiting(reason: str) -> Obj:
    return {"containerStatuses": [{"state": {"waiting": {"reason": reason}}}]}


@pytest.mark.parametrize(
    ("status", "spec", "cls", "word"),
    [
        ({}, {}, "ready", "Ready"),
        ({"conditions": []}, {}, "pending-expected", "not Ready"),
        ({"phase": "Pending", "conditions": []}, {}, "pending-expected", "starting"),
        ({"phase": "Pending", "conditions": []}, {"nodeName": ""}, "pending-expected", "Pending"),
        (
            {"phase": "Pending", "conditions": UNSCHEDULABLE},
            {"nodeName": ""},
            "pending-blocked",
            "Unschedulable",
        ),
        ({"phase": "Pending", "conditions": GATED}, {"nodeName": ""}, "pending-blocked", "gated"),
        ({"phase": "Failed", "reason": "Evicted"}, {}, "failed", "Evicted"),
        ({"phase": "Failed"}, {}, "failed", "Failed"),
        ({"phase": "Succeeded"}, {}, "empty", "Completed"),
        ({"conditions": [], **waiting("CrashLoopBackOff")}, {}, "failed", "CrashLoopBackOff"),
        ({"conditions": [], **waiting("ImagePullBackOff")}, {}, "failed", "ImagePullBackOff"),
        (
            {"phase": "Pending", "conditions": [], **waiting("ContainerCreating")},
            {},
            "pending-expected",
            "starting",
        ),
        ({"containerStatuses": [{"state": {"terminated": {"exitCode": 1}}}]}, {}, "failed", "Error"),
        ({"containerStatuses": [{"state": {"terminated": {"exitCode": 0}}}]}, {}, "ready", "Ready"),
    ],
)
def test_says_how_a_pod_is(status: Obj, spec: Obj, cls: str, word: str) -> None:
    web_0 = pod("web-0")
    web_0 = {**web_0, "status": {**web_0["status"], **status}, "spec": {**web_0["spec"], **spec}}
    assert facts.pod_state(web_0, NOW, ())[:2] == (cls, word)


UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NO_NODE = "2 node(s) didn't find available persistent volumes to bind"


@pytest.mark.parametrize(
    ("message", "claims", "cls"),
    [
        (UNBOUND, [State("pending-expected", "Pending")], "pending-expected"),
        (
            UNBOUND,
            [State("pending-expected", "Pending"), State("pending-blocked", "Pending")],
            "pending-blocked",
        ),
        (UNBOUND, [State("lost", "Lost")], "pending-blocked"),
        ('persistentvolumeclaim "c" not found', [State("empty", "no claim")], "pending-expected"),
        (NO_NODE, [State("pending-expected", "Pending")], "pending-blocked"),
        ("2 Insufficient cpu", [], "pending-blocked"),
    ],
)
def test_an_unschedulable_pod_is_blocked_unless_its_claim_is_about_to_be_bound(
    message: str, claims: list[State], cls: str
) -> None:
    web_0 = replaced(pod("web-0"), "spec.nodeName", "")
    conditions = [{**UNSCHEDULABLE[0], "message": f"0/2 nodes are available: {message}"}]
    web_0 = {**web_0, "status": {"phase": "Pending", "conditions": conditions}}
    assert facts.pod_state(web_0, NOW, claims).cls == cls


def test_a_terminating_pod_says_when_its_grace_period_is_over() -> None:
    meta = {"deletionTimestamp": "2027-01-15T08:00:30Z", "deletionGracePeriodSeconds": 30}
    web_0 = pod("web-0", **meta)
    assert facts.pod_state(web_0, NOW, ()) == ("terminating", "Terminating", "asked to stop within 30 s")
    assert facts.pod_state(web_0, NOW + 31, ()).note == "its grace period is over"


SELECTED = {"annotations": {"volume.kubernetes.io/selected-node": "node-1"}}
BETA = {"annotations": {"volume.beta.kubernetes.io/storage-class": "fast"}}
NO_PROVISIONER = storage_class("static", provisioner="kubernetes.io/no-provisioner")
PENDING_POD = replaced(pod("web-0", claims=("c",)), "spec.nodeName", "")


@pytest.mark.parametrize(
    ("obj", "others", "cls", "note"),
    [
        (claim("c", "pv"), [], "ready", ""),
        (claim("c", "pv", phase="Lost"), [], "lost", "its volume is gone"),
        (claim("c", "pv", phase="Pending"), [], "pending-blocked", "no volume pv"),
        (claim("c", "pv", phase="Pending"), [volume("pv")], "pending-expected", "waits for pv"),
        (
            claim("c", storage_class="", phase="Pending"),
            [],
            "pending-blocked",
            "no class, no volume",
        ),
        (claim("c", storage_class="x", phase="Pending"), [], "pending-blocked", "there is no class x"),
        (claim("c", phase="Pending", **BETA), [], "pending-blocked", "there is no class fast"),
        (claim("c", phase="Pending"), [storage_class()], "pending-expected", "a volume is being made"),
        (
            claim("c", storage_class="static", phase="Pending"),
            [NO_PROVISIONER],
            "pending-blocked",
            "no volume fits it",
        ),
        (
            claim("c", phase="Pending"),
            [storage_class(binding="WaitForFirstConsumer")],
            "pending-expected",
            "waits for a first Pod",
        ),
        (
            claim("c", phase="Pending"),
            [storage_class(binding="WaitForFirstConsumer"), PENDING_POD],
            "pending-expected",
            "waits for web-0's node",
        ),
        (
            claim("c", phase="Pending"),
            [storage_class(binding="WaitForFirstConsumer"), pod("web-0", claims=("c",))],
            "pending-blocked",
            "its Pod names its node",
        ),
        (
            claim("c", phase="Pending", **SELECTED),
            [storage_class(binding="WaitForFirstConsumer")],
            "pending-expected",
            "a volume is being made",
        ),
        (claim("c", deletionTimestamp="2027-01-15T08:00:00Z"), [], "terminating", ""),
        (
            claim("c", deletionTimestamp="2027-01-15T08:00:00Z", finalizers=["kubernetes.io/pvc-protection"]),
            [],
            "terminating",
            "held while in use",
        ),
    ],
)
def test_says_how_a_claim_is_and_which_pending_it_is(
    obj: Obj, others: list[Obj], cls: str, note: str
) -> None:
    state = facts.claim_state(obj, Cache([obj, *others]))
    assert (state.cls, state.note) == (cls, note)
    assert width(note, 10.5, mono=False) <= 140, "does not fit on its card"


@pytest.mark.parametrize(
    ("phase", "cls"),
    [
        ("Bound", "ready"),
        ("Available", "ready"),
        ("Released", "released"),
        ("Failed", "failed"),
        ("Pending", "pending-expected"),
    ],
)
def test_says_how_a_volume_is(phase: str, cls: str) -> None:
    assert facts.volume_state(volume("pv", phase=phase))[:2] == (cls, phase)


def test_says_that_a_node_is_dark_or_cordoned() -> None:
    assert facts.machine_state(node("n")).cls == "ready"
    assert facts.machine_state(node("n", ready=False)).word == "NotReady"
    assert facts.machine_state(replaced(node("n"), "spec.unschedulable", True)).word == "cordoned"


def files(*contents: tuple[str, Any]) -> list[Obj]:
    return [file_in(volume("pv"), path, content) for path, content in contents]


def test_names_the_first_file_by_the_hash_of_its_bytes_and_counts_the_rest() -> None:
    assert facts.files_text([]) == ""
    assert facts.files_text(files(("/index.html", "hello"))) == "index.html 2cf24dba"
    assert facts.files_text(files(("/z", ""), ("/a", "hello"))) == "a 2cf24dba +1"
    binary = {**files(("/b", "aGVsbG8="))[0], "binary": True}
    assert facts.files_text([binary]) == "b 2cf24dba"
    assert facts.files_text([{**binary, "content": "no base64"}]) == "b ?"
