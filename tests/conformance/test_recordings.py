"""A cluster here does what a real control plane did, scenario by scenario.

golden/*.json was recorded from Kubernetes v1.36.3: the real kube-apiserver, controller-manager and
scheduler, two real kubelets over a fake container runtime. Each scenario ran there several times; what
its runs did not agree on is not compared. Only ``--pvclaimbinder-sync-period=2s`` was not the default.

Not compared here: ``order``, pairs of happenings of different objects, some of which are habits of two
independent loops; and what kubectl prints (``commands``, ``shows``), which takes a real kubectl: test_wire.py
does that for three scenarios, ``make conformance`` for all.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.conformance.comparing import differences
from tests.conformance.recording import HERE, Recording, record

SCENARIOS = sorted(path.stem for path in (HERE / "scenarios").glob("*.yaml"))
AREAS = ("lives", "events", "state", "codes")


def _cases() -> list[Any]:
    return [pytest.param(scenario, area, id=f"{scenario}-{area}") for scenario in SCENARIOS for area in AREAS]


@pytest.fixture(scope="module")
def recorded(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> tuple[dict[str, Any], Recording]:
    """What the real cluster did and what ours does; all areas share one run."""
    golden = json.loads((HERE / "golden" / f"{request.param}.json").read_text(encoding="utf-8"))
    with django_db_blocker.unblock():
        return golden, record(request.param)


def test_every_scenario_has_its_recording() -> None:
    assert sorted(path.stem for path in (HERE / "golden").glob("*.json")) == SCENARIOS


@pytest.mark.django_db  # so that there is a database when the recordings are made
@pytest.mark.parametrize(("recorded", "area"), _cases(), indirect=["recorded"], scope="module")
def test_all_is_as_on_a_real_cluster(recorded: tuple[dict[str, Any], Recording], area: str) -> None:
    golden, recording = recorded
    assert differences(area, golden, recording) == []
