"""A claim that grows gets an Event and nothing else, once for each change of its request."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj, Ref, replaced
from core.client.actions import NOTHING, RecordEvent
from core.client.cache import Cache
from core.controllers.expand import ExpandController
from core.sim.settings import Settings
from tests.core.controllers.cast import NOW, claim

KEY = Ref("PersistentVolumeClaim", "default", "www-web-0")
controller = ExpandController(Settings())


def of(size: str, obj: Obj | None = None) -> Obj:
    return replaced(obj or claim(), "spec.resources.requests.storage", size)


def test_waits_for_an_external_controller() -> None:
    """ST-6.1, ST-6.2 step 2, ST-6.5"""
    grown = of("2Gi")

    plan = controller.sync(Cache([grown]), KEY, NOW)

    text = "waiting for an external controller to expand this PVC"
    assert plan.actions == (RecordEvent(grown, "Normal", "ExternalExpanding", text),)
    assert plan.because == "asks for 2Gi and has 1Gi: waits for an external controller to expand its volume"


@pytest.mark.parametrize(
    "obj",
    [claim(), of("1024Mi"), of("2Gi", claim(status={"phase": "Pending"}))],
    ids=["the same", "the same by value", "not bound"],
)
def test_has_nothing_to_say_about(obj: Obj) -> None:
    assert controller.sync(Cache([obj]), KEY, NOW) == NOTHING


@pytest.mark.parametrize(
    ("old", "new", "woken"),
    [
        pytest.param(claim(), of("2Gi"), True, id="grows"),
        pytest.param(of("2Gi"), of("3Gi"), True, id="grows again"),
        pytest.param(of("3Gi"), of("2Gi"), False, id="shrinks"),
        pytest.param(of("2Gi"), replaced(of("2Gi"), "metadata.labels", {"a": "b"}), False, id="is labelled"),
        pytest.param(None, of("2Gi"), False, id="appears"),
        pytest.param(of("2Gi", claim(status={"phase": "Pending"})), of("2Gi"), True, id="is bound to 1Gi"),
    ],
)
def test_is_woken_once_for_each_growth_of_the_request_or_of_what_there_is(
    old: Obj | None, new: Obj, woken: bool
) -> None:
    """ST-6.5"""
    keys = controller.watches["PersistentVolumeClaim"](Cache([new]), old, new)

    assert list(keys) == ([KEY] if woken else [])
