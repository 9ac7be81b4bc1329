"""Claims in use and bound volumes are kept; all others are let go."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, without
from core.client.actions import NOTHING, Plan, Update
from core.client.cache import Cache
from core.controllers.pvcprotection import PVCProtectionController
from core.controllers.pvprotection import PVProtectionController
from core.sim.settings import Settings
from tests.core.controllers.cast import BORN, NOW, claim, pod, volume

CLAIM = Ref("PersistentVolumeClaim", "default", "www-web-0")
VOLUME = Ref("PersistentVolume", "", "pv-1")
GOING = {"deletionTimestamp": BORN, "deletionGracePeriodSeconds": 0}
claims = PVCProtectionController(Settings())
volumes = PVProtectionController(Settings())


def sync_claim(*objects: Obj) -> Plan:
    return claims.sync(Cache(objects), CLAIM, NOW)


@pytest.mark.parametrize(
    ("user", "kept"),
    [
        pytest.param(pod(node=""), False, id="Pending without a node"),
        pytest.param(pod(status={"phase": "Pending"}), True, id="Pending on a node"),
        pytest.param(pod(), True, id="Running"),
        pytest.param(pod(status={"phase": "Succeeded"}), True, id="finished, still there"),
        pytest.param(pod(metadata=GOING), True, id="Terminating, still there"),
        pytest.param(pod("web-1"), False, id="of another claim"),
        pytest.param(pod(metadata={"namespace": "shop"}), False, id="of another namespace"),
    ],
)
def test_a_terminating_claim_is_kept_while_a_pod_on_a_node_uses_it(user: Obj, kept: bool) -> None:
    """ST-4.10, ST-4.13, ST-4.14"""
    going = claim(**GOING)

    plan = sync_claim(going, user)

    assert plan.actions == (() if kept else (Update(without(going, "metadata.finalizers")),))


def test_says_who_keeps_the_claim() -> None:
    assert sync_claim(claim(**GOING), pod()).because == (
        "is being deleted, but is kept while Pod web-0 is still there"
    )


def test_other_finalizers_stay() -> None:
    own = claim(**GOING, finalizers=["example.com/mine", "kubernetes.io/pvc-protection"])

    assert sync_claim(own).actions == (Update(claim(**GOING, finalizers=["example.com/mine"])),)


def test_a_claim_that_lacks_protection_gets_it() -> None:
    """ST-4.1"""
    bare = without(claim(), "metadata.finalizers")

    assert sync_claim(bare).actions == (Update(claim()),)


@pytest.mark.parametrize(
    "obj", [claim(), claim(**GOING, finalizers=["example.com/mine"])], ids=["protected", "let go"]
)
def test_nothing_is_left_to_do(obj: Obj) -> None:
    assert sync_claim(obj) == NOTHING


@pytest.mark.parametrize(
    ("grace", "uid", "kept"), [(None, "uid-web-0", True), (0, "uid-web-0", False), (None, "uid-old", False)]
)
def test_an_ephemeral_claim_is_used_by_its_owner_only(grace: Any, uid: str, kept: bool) -> None:
    """ST-4.11"""
    owner = {"kind": "Pod", "name": "web-0", "uid": uid, "controller": True}
    going = claim("web-0-scratch", **GOING, ownerReferences=[owner])
    leaving = {"deletionTimestamp": BORN, "deletionGracePeriodSeconds": grace} if grace is not None else {}
    user = pod(spec={"volumes": [{"name": "scratch", "ephemeral": {}}]}, metadata=leaving)

    plan = claims.sync(Cache([going, user]), Ref("PersistentVolumeClaim", "default", "web-0-scratch"), NOW)

    assert (plan.actions == ()) is kept


def test_a_pod_wakes_only_its_terminating_claims() -> None:
    """ST-4.12"""
    seen = Cache([claim(**GOING), claim("www-web-1")])
    changed = claims.watches["Pod"]

    assert list(changed(seen, pod(), None)) == [CLAIM]
    assert list(changed(seen, pod("web-1"), None)) == []


def test_a_start_looks_at_what_is_half_done() -> None:
    seen = Cache([claim(), claim("www-web-1", **GOING), volume(), volume("Released", name="pv-2", **GOING)])

    assert list(claims.resync_keys(seen)) == [Ref("PersistentVolumeClaim", "default", "www-web-1")]
    assert list(volumes.resync_keys(seen)) == [Ref("PersistentVolume", "", "pv-2")]


@pytest.mark.parametrize(
    ("phase", "kept"),
    [("Bound", True), ("Released", False), ("Available", False), ("Failed", False), ("Pending", False)],
)
def test_a_terminating_volume_is_kept_while_it_is_bound(phase: str, kept: bool) -> None:
    """ST-4.20, ST-4.21"""
    going = volume(phase, **GOING)

    plan = volumes.sync(Cache([going]), VOLUME, NOW)

    assert plan.actions == (() if kept else (Update(without(going, "metadata.finalizers")),))


def test_says_which_claim_keeps_the_volume() -> None:
    plan = volumes.sync(Cache([volume(**GOING)]), VOLUME, NOW)

    assert plan.because == "is being deleted, but is kept while it is bound to claim default/www-web-0"


def test_a_reclaim_finalizer_stays() -> None:
    """ST-4.28"""
    both = ["kubernetes.io/pv-controller", "kubernetes.io/pv-protection"]
    going = volume("Released", **GOING, finalizers=both)

    plan = volumes.sync(Cache([going]), VOLUME, NOW)

    assert plan.actions == (Update(volume("Released", **GOING, finalizers=both[:1])),)
