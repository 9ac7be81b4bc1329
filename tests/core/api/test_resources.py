"""What a Pod asks of a node."""

from __future__ import annotations

from typing import Any

import pytest

from core.api.resources import Usage, node_allocatable, pod_requests


def asks(cpu: str = "", memory: str = "", **more: Any) -> dict[str, Any]:
    requests = {name: amount for name, amount in (("cpu", cpu), ("memory", memory)) if amount}
    return {"resources": {"requests": requests}, **more}


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        pytest.param({"containers": [{}]}, Usage(1), id="nothing"),
        pytest.param(
            {"containers": [asks("250m", "64Mi"), asks("1", "1Gi")]},
            Usage(1, 1250, 1088 * 1024**2),
            id="the sum of the containers",
        ),
        pytest.param(
            {"containers": [asks("1")], "initContainers": [asks("3"), asks("2")]},
            Usage(1, 3000),
            id="or the largest init container",
        ),
        pytest.param(
            {"containers": [asks("1")], "initContainers": [asks("2", restartPolicy="Always"), asks("2")]},
            Usage(1, 4000),
            id="a sidecar runs beside",
        ),
        pytest.param(
            {"containers": [asks("100u")], "overhead": {"cpu": "1"}}, Usage(1, 1001), id="rounds up"
        ),
    ],
)
def test_requests_of_a_pod(spec, usage):
    """ST-5.4"""
    assert pod_requests({"spec": spec}) == usage


def test_what_a_node_has():
    node = {"status": {"allocatable": {"cpu": "1500m", "memory": "1Ki", "pods": "110"}}}

    assert node_allocatable(node) == Usage(110, 1500, 1024)
    assert node_allocatable({}) == Usage(0, 0, 0)
