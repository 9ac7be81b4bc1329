"""A write in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import ref_of
from core.apiserver.store import Change
from core.journal import entry_of


def obj(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "x"}, "spec": {}, **more}


def said(old: dict[str, Any] | None, new: dict[str, Any], what: str = "MODIFIED") -> str:
    return entry_of(Change(1, what, ref_of(new), new, old, "kubelet", "", 0.0)).text


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
NOT_READY = {"conditions": [{"type": "Ready", "status": "False"}]}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (obj("Pod"), obj("Pod", spec={"nodeName": "node-1"}), "Pod x scheduled to node-1"),
        (obj("Pod", status=NOT_READY), obj("Pod", status=READY), "Pod x is Ready"),
        (obj("Pod", status=READY), obj("Pod", status=NOT_READY), "Pod x is no longer Ready"),
        (obj("Pod"), obj("Pod", status=NOT_READY), "Pod x reports its status"),
        (obj("Pod"), obj("Pod", metadata={"name": "x", "deletionTimestamp": "t"}), "Pod x is being deleted"),
        (
            obj("PersistentVolume", spec={"claimRef": {"name": "www"}}),
            obj("PersistentVolume"),
            "PersistentVolume x no longer remembers a claim",
        ),
        (
            obj("PersistentVolumeClaim"),
            obj("PersistentVolumeClaim", spec={"volumeName": "pv-1"}),
            "PersistentVolumeClaim x bound to volume pv-1",
        ),
        (obj("StatefulSet"), obj("StatefulSet", spec={"replicas": 3}), "StatefulSet x scaled to 3"),
        (None, obj("Pod"), "Pod x changed"),
    ],
)
def test_names_what_a_reader_looks_for(old: dict[str, Any] | None, new: dict[str, Any], text: str):
    assert said(old, new) == text


def test_a_file_is_named_by_its_path():
    file = obj("VolumeFile", path="/index.html", bytes=1)

    assert said(None, file, "ADDED") == "file /index.html written, 1 byte"
    assert said(file, file, "DELETED") == "file /index.html removed"
