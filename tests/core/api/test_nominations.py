"""What a nominated Pod waits for, read from what it was told."""

from __future__ import annotations

import pytest

from core.api.nominations import awaits_victims

FIT = "0/2 nodes are available: 2 Insufficient cpu."


@pytest.mark.parametrize(
    ("message", "awaits"),
    [
        pytest.param(FIT, True, id="it preempted"),
        pytest.param(
            f"{FIT} no new claims to deallocate, preemption: not eligible due to a terminating pod on the"
            " nominated node.",
            True,
            id="its victims are going",
        ),
        pytest.param("", False, id="its volumes are being bound"),
        pytest.param(
            f"{FIT} preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
            False,
            id="it failed once, then found a node",
        ),
        pytest.param(
            '0/2 nodes are available: persistentvolumeclaim "a" not found. not found',
            False,
            id="it had no claim once",
        ),
        pytest.param("no nodes available to schedule pods", False, id="there were no nodes once"),
        pytest.param('running PreBind plugin "VolumeBinding": x.', False, id="binding failed once"),
    ],
)
def test_tells_a_preemptor_from_a_pod_whose_volumes_are_bound(message: str, awaits: bool):
    """ST-5.32, ST-5.35"""
    conditions = [{"type": "PodScheduled", "message": message}] if message else []
    pod = {"spec": {}, "status": {"nominatedNodeName": "node-1", "conditions": conditions}}

    assert awaits_victims(pod) is awaits
    assert not awaits_victims({**pod, "spec": {"nodeName": "node-1"}})
    assert not awaits_victims({"spec": {}, "status": {"conditions": conditions}})
