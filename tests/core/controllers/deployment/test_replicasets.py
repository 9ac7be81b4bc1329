import pytest

from core.controllers.deployment.replicasets import (
    REVISION_HISTORY,
    annotations_for,
    find_active_or_latest,
    find_new_replica_set,
    max_surge,
    max_unavailable,
    new_replica_set,
    new_rs_new_replicas,
    pod_template_hash,
)

from .cast import DESIRED, MAXIMUM, RECREATE, REVISION, deployment, rolling, rs, template


@pytest.mark.parametrize(
    ("replicas", "limits", "expected"),
    [
        (2, rolling("25%", "25%"), (1, 0)),
        (3, rolling("25%", "25%"), (1, 0)),
        (4, rolling("25%", "25%"), (1, 1)),
        (10, rolling("25%", "25%"), (3, 2)),
        (4, rolling(0, 0), (0, 1)),
        (1, rolling(0, "25%"), (0, 1)),
        (2, rolling(0, 5), (0, 2)),
        (0, rolling(1, 1), (1, 0)),
        (4, RECREATE, (0, 0)),
    ],
)
def test_surge_rounds_up_and_unavailable_rounds_down(replicas, limits, expected):
    """DP2"""
    found = deployment(replicas, **limits)

    assert (max_surge(found), max_unavailable(found)) == expected


def test_a_new_replica_set_carries_the_hash_everywhere():
    """DP3 DP4"""
    made = new_replica_set(deployment(2), 2, 1)
    digest = pod_template_hash(deployment(2))

    assert made["metadata"]["name"] == f"front-{digest}"
    assert made["metadata"]["labels"] == {"app": "front", "pod-template-hash": digest}
    assert made["spec"]["selector"] == {"matchLabels": {"app": "front", "pod-template-hash": digest}}
    assert made["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] == digest
    assert made["metadata"]["annotations"] == {REVISION: "1", DESIRED: "2", MAXIMUM: "3"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid-front"
    assert set(made["spec"]) == {"replicas", "selector", "template"}


def test_equal_templates_give_equal_hashes_and_a_collision_another():
    """DP3"""
    assert pod_template_hash(deployment(1)) == pod_template_hash(deployment(9))
    assert pod_template_hash(deployment(1)) != pod_template_hash(deployment(1, "b"))
    assert pod_template_hash(deployment(1)) != pod_template_hash(deployment(1, status={"collisionCount": 1}))


def test_finds_the_replica_set_of_the_template_but_for_the_hash_label():
    """DP5"""
    a, b = rs("a", 1), rs("b", 1, revision=2)

    assert find_new_replica_set(deployment(2, "b"), [a, b]) is b
    assert find_new_replica_set(deployment(2, template=template("c")), [a, b]) is None


def test_a_reused_replica_set_remembers_its_revisions():
    """DP4 DP5"""
    again = annotations_for(deployment(), {REVISION: "1"}, 3)
    twice = annotations_for(deployment(), again, 5)

    assert (again[REVISION], again[REVISION_HISTORY]) == ("3", "1")
    assert (twice[REVISION], twice[REVISION_HISTORY]) == ("5", "1,3")
    assert annotations_for(deployment(), twice, 4) == twice


def test_copies_the_deployments_annotations_but_not_the_applied_configuration():
    """DP4"""
    meta = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "x"}}

    assert annotations_for(deployment(meta=meta), {}, 1) == {"team": "x", REVISION: "1"}


@pytest.mark.parametrize(
    ("old", "present", "expected"),
    [(0, 0, 2), (2, 0, 1), (2, 1, 1), (1, 1, 2), (3, 0, 0), (5, 1, 1)],
)
def test_the_new_grows_until_the_sum_reaches_the_surge(old, present, expected):
    """DP7"""
    assert new_rs_new_replicas(deployment(2), [rs("a", old)], present) == expected


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [(2, [0], "new"), (0, [2], "old"), (0, [0], "new"), (1, [1], None), (None, [0, 0], "latest")],
)
def test_scales_the_only_active_one_or_the_latest(new, old, expected):
    """DP9"""
    olds = [rs(f"old{n}", size, revision=n) for n, size in enumerate(old)]
    newest = rs("new", new, revision=9) if new is not None else None
    named = {"new": newest, "old": olds[0], "latest": olds[-1], None: None}

    assert find_active_or_latest(newest, olds) is named[expected]
