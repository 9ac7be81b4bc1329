"""Zeros as Go writes them: left out, unless a pointer or the tag of the field says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.apiserver.zeros import without_zeros


def sts(**spec: Any) -> Obj:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": spec}


def pod(**spec: Any) -> Obj:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0"}, "spec": spec}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param(sts(minReadySeconds=0, volumeClaimTemplates=[]), sts(), id="plain"),
        pytest.param(sts(replicas=0, revisionHistoryLimit=0), None, id="pointers"),
        pytest.param(sts(serviceName="", ordinals={"start": 0}), None, id="kept by their tag"),
        pytest.param(sts(template={"metadata": {}, "spec": {}}), None, id="structs"),
        pytest.param(pod(hostNetwork=False, nodeName="", nodeSelector={}, volumes=[]), pod(), id="of a Pod"),
        pytest.param(pod(automountServiceAccountToken=False, securityContext={}), None, id="of a Pod, kept"),
        pytest.param(
            pod(containers=[{"name": "", "env": [{"name": "A", "value": ""}], "tty": False}]),
            pod(containers=[{"name": "", "env": [{"name": "A"}]}]),
            id="in lists",
        ),
        pytest.param(
            pod(containers=[{"readinessProbe": {"tcpSocket": {"port": 0}, "initialDelaySeconds": 0}}]),
            pod(containers=[{"readinessProbe": {"tcpSocket": {"port": 0}}}]),
            id="int or string; inlined structs",
        ),
        pytest.param(
            pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c", "readOnly": False}}]),
            pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]),
            id="in an inlined struct",
        ),
        pytest.param(pod(nodeSelector={"a": ""}), None, id="values of a map"),
        pytest.param({"apiVersion": "x/v1", "kind": "Odd", "n": 0}, None, id="a kind of nobody's"),
    ],
)
def test_writes_what_go_would(given: Obj, left: Obj | None) -> None:
    """STS-D8, API-F6"""
    assert without_zeros(given) == (given if left is None else left)


def test_of_metadata_only_what_says_something_is_left() -> None:
    """STS-D9"""
    meta = {"name": "web", "labels": {}, "annotations": {}, "finalizers": [], "generateName": ""}
    assert without_zeros({**sts(), "metadata": meta}) == sts()
