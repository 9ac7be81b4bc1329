"""A comparison that would call anything equal is worth nothing: these make it find a difference."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from core.apimachinery.meta import Obj, ref_of
from core.apiserver.rows import Change
from tests.conformance.__main__ import AREAS, report
from tests.conformance.comparing import differences
from tests.conformance.masking import Words, in_any_order
from tests.conformance.recording import HERE, Printed, Recording, Step, record

UID = "8f0c2f7e-fd66-4a41-9c7e-0123456789ab"
OTHER_UID = "11111111-2222-4333-8444-555555555555"


def pod(name: str, uid: str, **meta: Any) -> Obj:
    return {"kind": "Pod", "metadata": {"name": name, "uid": uid, **meta}}


# -- masking -----------------------------------------------------------------------------------------


def test_the_second_object_of_a_name_is_another() -> None:
    words = Words([pod("web-0", UID), pod("web-0", UID), pod("web-0", OTHER_UID)])
    assert words.title(OTHER_UID) == "Pod web-0 #2"
    assert words.text(f"pvc-{UID}") == "pvc-<uid Pod web-0 #1>"


def test_a_random_name_is_numbered_below_its_hash() -> None:
    labels = {"pod-template-hash": "7d9c8f"}
    names = ["front-7d9c8f-abcde", "front-7d9c8f-xyz12"]
    words = Words(
        pod(name, name, generateName="front-7d9c8f-", labels=labels)  # any text serves as a uid
        for name in names
    )
    assert [words.text(name) for name in names] == [
        "front-<hash 1>-<pod suffix 1>",
        "front-<hash 1>-<pod suffix 2>",
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at 2026-11-24T10:00:00Z", "at <time>"),
        ("2026-11-24T10:00:00.000001Z", "<time>"),
        (f"/tmp/hostpath_pv/{UID}", "/tmp/hostpath_pv/<uid>"),
        ("10.244.1.7:80", "<ip>:80"),
        ("assigned to node-12", "assigned to <node>"),
        ("kube-api-access-x7k2p", "kube-api-access-<suffix>"),
        (
            'Container image "a:1" already present on machine and can be accessed by the pod',
            'image "a:1" is there',
        ),
        (
            'Successfully pulled image "a:1" in 5ms (6ms including waiting). Image size: 7 bytes.',
            'image "a:1" is there',
        ),
        ("web-0 waits", "web-0 waits"),
    ],
)
def test_what_is_random_is_masked_and_nothing_else(text: str, masked: str) -> None:
    assert Words([]).text(text) == masked


def test_an_object_is_compared_without_what_only_its_store_means() -> None:
    meta = {"resourceVersion": "7", "managedFields": [], "annotations": {}, "name": "a"}
    obj = {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "status": {"containerID": "x://1"}}
    assert Words([]).object(obj) == {"metadata": {"name": "a"}, "status": {"containerID": "<containerID>"}}


# -- comparing ---------------------------------------------------------------------------------------

Golden = dict[str, Any]
Spoil = Callable[[Golden], object]


@pytest.fixture
def golden() -> Golden:
    return json.loads((HERE / "golden" / "13-volume-protection.json").read_text(encoding="utf-8"))


@pytest.fixture
def recording(db: None) -> Recording:
    return record("13-volume-protection")


@pytest.mark.parametrize(
    ("area", "spoil", "complaint"),
    [
        ("codes", lambda step: step["commands"][0].update(code=1), "exit code 0, not 1"),
        ("lives", lambda step: step["lives"].popitem(), "unexpected ["),
        (
            "lives",
            lambda step: step["lives"].update(nobody=["created"]),
            "nobody: want ['created'], got None",
        ),
        ("events", lambda step: step["events"].append(EVENT), "missing Said(type='Normal'"),
        ("state", lambda step: step["state"].popitem(), "unexpected {"),
        ("state", lambda step: step["state"].update({"Pod a": {}}), "Pod a: missing"),
        ("state", lambda step: volume(step)["spec"]["accessModes"].append("X"), ".spec.accessModes: want"),
        ("state", lambda step: volume(step)["spec"]["capacity"].update(storage="9Ti"), "storage: want '9Ti'"),
    ],
)
def test_each_area_finds_what_is_not_as_recorded(
    golden: Golden, recording: Recording, area: str, spoil: Spoil, complaint: str
) -> None:
    spoil(golden["steps"][0])
    found = differences(area, golden, recording)
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize("area", ["commands", "shows"])
@pytest.mark.parametrize(
    ("printed", "complaint"),
    [
        (Printed(0, "NAME   AGE\nweb-0  5s\n", ""), ""),
        (Printed(0, "NAME   AGE\nweb-1  5s\n", ""), "@@ -2 +2 @@\n-web-0  AGE\n+web-1  AGE"),
        (
            Printed(0, "NAME   AGE\nweb-0  5s\n", "Warning: x"),
            "$ kubectl get pods [err]\n@@ -0,0 +1 @@\n+Warning: x",
        ),
        (Printed(1, "NAME   AGE\nweb-0  5s\n", ""), "exit code 1, not 0"),
    ],
)
def test_what_kubectl_prints_is_compared_to_the_letter(area: str, printed: Printed, complaint: str) -> None:
    real = {"n": 0, "command": "get pods", "code": 0, "out": "NAME  AGE\nweb-0  AGE", "err": ""}
    step = Step("a", commands=[printed], shows=[printed])
    found = differences(area, {"steps": [{"title": "a", area: [real]}]}, Recording([], [step]))
    assert [complaint in line for line in found] == ([True] if complaint else [])


@pytest.mark.parametrize(
    ("order", "complaints"),
    [
        (["Pod a #1 created", "Pod b #1 created"], 0),
        (["Pod b #1 created", "Pod a #1 created"], 1),
        (["Pod a #1 ready", "Pod b #1 created"], 0),  # what never came is for the lives to tell
    ],
)
def test_the_order_of_two_objects_is_compared(order: list[str], complaints: int) -> None:
    pods = [pod(name, name, resourceVersion="1") for name in "ab"]
    changes = [Change(n, "ADDED", ref_of(obj), obj, None, "", "", 0.0) for n, obj in enumerate(pods)]
    recording = Recording([], [Step("a", changes=changes)])
    assert len(differences("order", {"steps": [{"title": "a", "order": [order]}]}, recording)) == complaints


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        ("NAME    AGE\nweb-0   2m5s", ["NAME  AGE", "web-0  AGE"]),
        ("  Warning  A  4s (x7 over 2m5s)  kubelet  b", ["  Warning  A  AGE  kubelet  b"]),
        ("Start: Tue, 24 Nov 2026 10:00:00 +0000", ["Start: <time>"]),
        ('  Normal  Pulling  4s  kubelet  Pulling image "a"', []),
        ("NAME   A\nb      1\na      2", ["NAME  A", "b  1", "a  2"]),
    ],
)
def test_what_is_printed_is_masked(printed: str, lines: list[str]) -> None:
    assert Words([]).printed(printed) == "\n".join(lines)


def test_rows_whose_names_are_drawn_stand_in_any_order() -> None:
    assert in_any_order("NAME  A\nf-<hash 2>  1\nf-<hash 1>  2") == "NAME  A\nf-<hash 1>  2\nf-<hash 2>  1"


def test_what_the_real_cluster_left_open_is_free(golden: Golden, recording: Recording) -> None:
    step = golden["steps"][0]
    del volume(step)["spec"]["capacity"]
    volume(step)["spec"]["accessModes"] = "<any>"
    step["unstable"] = ["PersistentVolume pv-1.spec.capacity", *(f"life of {who}" for who in step["lives"])]
    step["lives"].clear()
    step["events_sometimes"], step["events"] = copy.copy(step["events"]), []
    assert [differences(area, golden, recording) for area in ("lives", "events", "state")] == [[], [], []]


def volume(step: Golden) -> Obj:
    return step["state"]["PersistentVolume pv-1"]


EVENT = {"type": "Normal", "reason": "A", "object": "Pod/a", "field": "", "component": "b", "message": "c"}


# -- the table ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("area", "status"), [("shows", 1), ("lives", 1), ("order", 0)])
def test_the_exit_status_says_whether_more_differs_than_the_order(
    area: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {name: ["x"] if name == area else [] for name in AREAS}
    assert report({"01-a": found}) == status
    assert f"01-a [{area}] x" in capsys.readouterr().out
