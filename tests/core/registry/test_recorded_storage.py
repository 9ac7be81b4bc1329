"""Manifests that a real v1.36 cluster was given, and what it stored."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from tests.core.registry.cast import RECORDED, created


def without_system_fields(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key != "status"}


@pytest.mark.parametrize("pair", RECORDED, ids=lambda p: f"{p['from'][:2]}-{p['manifest']['kind']}")
def test_stores_what_the_real_api_server_stored(pair: Any) -> None:
    """ST-1.3, ST-1.5, ST-1.6, ST-1.7, NET-S2, ST-4.1"""
    assert without_system_fields(created(pair["manifest"])) == pair["stored"]


@pytest.mark.parametrize("pair", RECORDED, ids=lambda p: f"{p['from'][:2]}-{p['manifest']['kind']}")
def test_defaulting_what_is_stored_changes_nothing(pair: Any) -> None:
    assert without_system_fields(created(pair["stored"])) == pair["stored"]
