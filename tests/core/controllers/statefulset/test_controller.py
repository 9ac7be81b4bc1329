import pytest

from core.apimachinery.meta import Ref
from core.client.cache import Cache
from core.controllers.statefulset import StatefulSetController
from core.sim.settings import Settings

from .cast import SET_OWNER, pod, sts

WEB = Ref("StatefulSet", "default", "web")
ORPHAN = pod(0, ownerReferences=[])
CONTROLLER = StatefulSetController(Settings())


def keys(old, new, *objects):
    return list(CONTROLLER.watches["Pod"](Cache(objects or [sts()]), old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, pod(0), [WEB]),
        (pod(0), pod(0, "running"), [WEB]),
        (pod(0), None, [WEB]),
        (None, ORPHAN, [WEB]),
        (ORPHAN, ORPHAN, []),
        (pod(0, ownerReferences=[], labels={"app": "other"}), ORPHAN, [WEB]),
        (pod(0), ORPHAN, [WEB]),
        (ORPHAN, pod(0), [WEB]),
        (ORPHAN, None, []),
        (None, pod(0, ownerReferences=[{**SET_OWNER, "uid": "former"}]), []),
        (None, pod(0, ownerReferences=[{**SET_OWNER, "kind": "ReplicaSet"}]), []),
        (None, pod(0, ownerReferences=[], labels={"app": "other"}), []),
    ],
)
def test_a_pod_concerns_its_set_or_the_one_that_would_adopt_it(old, new, expected):
    """SC30, STS-S1"""
    assert keys(old, new) == expected


def test_a_pod_that_changes_hands_concerns_both_sets():
    """STS-S1"""
    other = {**sts(), "metadata": {**sts()["metadata"], "name": "other", "uid": "uid-other"}}
    taken = pod(0, ownerReferences=[{**SET_OWNER, "name": "other", "uid": "uid-other"}])

    assert keys(pod(0), taken, sts(), other) == [WEB, Ref("StatefulSet", "default", "other")]


def test_claims_and_revisions_start_no_sync():
    """STS-C11"""
    assert set(CONTROLLER.watches) == {"StatefulSet", "Pod"}


def test_a_set_that_is_gone_needs_nothing():
    """STS-S5"""
    assert CONTROLLER.sync(Cache(), WEB, 0.0).actions == ()
    assert list(CONTROLLER.watches["StatefulSet"](Cache(), sts(), None)) == [WEB]
