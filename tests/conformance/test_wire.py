"""The real kubectl prints here what it prints of a real cluster, and sees the same happen.

Three quick scenarios, side by side; `make conformance` plays all of them (docs/fidelity.md).
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.clients import kubectl_binary
from tests.conformance.__main__ import ADVICE, AREAS
from tests.conformance.comparing import differences
from tests.conformance.recording import HERE, Recording
from tests.conformance.wire import record

QUICK = ("13-volume-protection", "17-refused", "21-endpoints")


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    try:
        binary = kubectl_binary.find()
    except kubectl_binary.Unavailable as exc:
        pytest.skip(str(exc))
    with ThreadPoolExecutor(len(QUICK)) as pool:
        return dict(zip(QUICK, pool.map(lambda name: record(name, binary), QUICK), strict=True))


@pytest.mark.parametrize("area", [area for area in AREAS if area != ADVICE])
@pytest.mark.parametrize("scenario", QUICK)
def test_kubectl_finds_a_real_cluster(recordings: dict[str, Recording], scenario: str, area: str) -> None:
    golden: dict[str, Any] = json.loads((HERE / "golden" / f"{scenario}.json").read_text(encoding="utf-8"))
    assert differences(area, golden, recordings[scenario]) == []
