"""Garbage collector against workloads.md 4."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of, replaced
from core.client.actions import Delete, Patch, Plan
from core.client.cache import Cache
from core.controllers.garbagecollector import GarbageCollectorController
from core.sim.settings import Settings

NOW = 1_700_000_000.0
STAMP = "2023-11-14T22:13:20Z"
GC = GarbageCollectorController(Settings())
KINDS = {"StatefulSet": "apps/v1", "Deployment": "apps/v1", "ReplicaSet": "apps/v1", "Pod": "v1"}


def an_object(
    kind: str, name: str, *owners: Obj, block: bool = True, finalizers: tuple[str, ...] = ()
) -> Obj:
    meta: Obj = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "7"}
    if owners:
        meta["ownerReferences"] = [reference(owner, block=block) for owner in owners]
    if finalizers:
        meta |= {"finalizers": list(finalizers), "deletionTimestamp": STAMP}
    return {"apiVersion": KINDS[kind], "kind": kind, "metadata": meta, "spec": {}, "status": {}}


def reference(owner: Obj, *, block: bool = True) -> Obj:
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": block,
    }


def sync(obj: Obj, *others: Obj) -> Plan:
    return GC.sync(Cache([obj, *others]), ref_of(obj), NOW)


def concerned(old: Obj | None, new: Obj | None, *others: Obj) -> list[str]:
    kind = (new or old or {})["kind"]
    view = Cache([*others, new] if new else others)
    return [str(key) for key in GC.watches[kind](view, old, new)]


WEB = an_object("StatefulSet", "web")
POD = an_object("Pod", "web-0", WEB)
GOING = an_object("StatefulSet", "web", finalizers=("foregroundDeletion",))


def test_leaves_what_has_an_owner_or_never_had_one() -> None:
    """GC5, GC10"""
    assert sync(POD, WEB) == Plan()
    assert sync(an_object("Pod", "bare")) == Plan()


def test_deletes_what_lost_its_only_owner_by_uid_and_with_its_own_grace() -> None:
    """GC4, GC7, GC11"""
    plan = sync(POD)
    assert plan.actions == (Delete(ref_of(POD), uid="uid-web-0", propagation="Background"),)
    assert plan.because == "goes because its owner StatefulSet web is gone"


def test_an_owner_of_the_same_name_and_another_uid_counts_as_absent() -> None:
    """GC1"""
    successor = replaced(WEB, "metadata.uid", "uid-new")
    assert [type(action) for action in sync(POD, successor).actions] == [Delete]


def test_an_owner_in_another_namespace_counts_as_absent() -> None:
    """GC1"""
    elsewhere = replaced(WEB, "metadata.namespace", "other")
    assert [type(action) for action in sync(POD, elsewhere).actions] == [Delete]


def test_what_is_terminating_already_is_not_deleted_again() -> None:
    """GC15"""
    assert sync(replaced(POD, "metadata.deletionTimestamp", STAMP)) == Plan()


def test_an_owner_of_an_unknown_kind_is_taken_to_be_there() -> None:
    owners = [{"apiVersion": "example.com/v1", "kind": "Robot", "name": "r", "uid": "u"}]
    assert sync(replaced(POD, "metadata.ownerReferences", owners)) == Plan()


@pytest.mark.parametrize("second", [None, GOING], ids=["dangling", "waiting"])
def test_a_solid_owner_keeps_it_and_the_other_reference_is_dropped(second: Obj | None) -> None:
    """SC74, GC5"""
    other = an_object("ReplicaSet", "rs")
    pod = an_object("Pod", "web-0", other, WEB)
    (action,) = sync(pod, other, *([second] if second else [])).actions
    kept = {"metadata": {"ownerReferences": [reference(other)], "resourceVersion": "7"}}
    assert action == Patch(ref_of(pod), kept, uid="uid-web-0")


def test_a_waiting_owner_has_its_leaves_deleted_in_the_background() -> None:
    """GC7, GC8"""
    (action,) = sync(POD, GOING).actions
    assert action == Delete(ref_of(POD), uid="uid-web-0", propagation="Background")


def test_a_waiting_owner_has_its_branches_deleted_in_the_foreground() -> None:
    """GC6, GC12"""
    deployment = an_object("Deployment", "d", finalizers=("foregroundDeletion",))
    rs = an_object("ReplicaSet", "rs", deployment)
    (action,) = sync(rs, deployment, an_object("Pod", "p", rs)).actions
    assert action == Delete(ref_of(rs), uid="uid-rs", propagation="Foreground")


def test_a_circle_of_waiting_objects_is_unblocked_first() -> None:
    """SC75, GC6"""
    going = an_object("StatefulSet", "web", an_object("ReplicaSet", "rs"), finalizers=("foregroundDeletion",))
    rs = an_object("ReplicaSet", "rs", going)
    patch, delete = sync(rs, going).actions
    assert isinstance(patch, Patch)
    assert patch.patch["metadata"]["ownerReferences"] == [reference(going, block=False)]
    assert delete == Delete(ref_of(rs), uid="uid-rs", propagation="Foreground")


@pytest.mark.parametrize(
    ("finalizers", "propagation"), [(["orphan"], "Orphan"), (["foregroundDeletion"], "Foreground")]
)
def test_a_policy_that_it_carries_already_rules_its_deletion(finalizers: Any, propagation: str) -> None:
    """GC7"""
    (action,) = sync(replaced(POD, "metadata.finalizers", finalizers)).actions
    assert isinstance(action, Delete)
    assert action.propagation == propagation


def test_a_foreground_owner_waits_for_its_blocking_dependents() -> None:
    """GC8: terminating is not gone"""
    terminating = replaced(POD, "metadata.deletionTimestamp", STAMP)
    plan = sync(GOING, terminating)
    assert plan.actions == ()
    assert plan.because == "waits for its dependents to be gone: Pod web-0"


@pytest.mark.parametrize("others", [(), (an_object("Pod", "web-0", WEB, block=False),)])
def test_a_foreground_owner_is_let_go_when_nothing_blocks(others: tuple[Obj, ...]) -> None:
    """GC8"""
    (action,) = sync(GOING, *others).actions
    assert action == Patch(
        ref_of(GOING), {"metadata": {"finalizers": None, "resourceVersion": "7"}}, uid="uid-web"
    )


def test_other_finalizers_are_kept() -> None:
    (action,) = sync(an_object("StatefulSet", "web", finalizers=("a/b", "foregroundDeletion"))).actions
    assert isinstance(action, Patch)
    assert action.patch["metadata"]["finalizers"] == ["a/b"]


def test_an_orphaning_owner_is_taken_out_of_its_dependents_and_then_let_go() -> None:
    """GC9"""
    owner = an_object("StatefulSet", "web", finalizers=("orphan",))
    other = an_object("ReplicaSet", "rs")
    shared = an_object("Pod", "shared", other, owner)
    plan = sync(owner, POD, shared, other)
    patches = [action for action in plan.actions if isinstance(action, Patch)]
    assert [(str(p.ref), p.patch["metadata"]) for p in patches] == [
        ("Pod default/web-0", {"ownerReferences": None, "resourceVersion": "7"}),
        ("Pod default/shared", {"ownerReferences": [reference(other)], "resourceVersion": "7"}),
        ("StatefulSet default/web", {"finalizers": None, "resourceVersion": "7"}),
    ]


# -- which keys ------------------------------------------------------------------------------------


def test_a_new_dependent_is_looked_at_and_an_ownerless_object_is_not() -> None:
    """GC11"""
    assert concerned(None, POD) == ["Pod default/web-0"]
    assert concerned(None, WEB) == []


def test_a_change_of_status_concerns_nobody() -> None:
    assert concerned(POD, replaced(POD, "status", {"phase": "Running"})) == []


def test_a_vanished_owner_concerns_its_dependents() -> None:
    """GC4"""
    assert concerned(WEB, None, POD) == ["Pod default/web-0"]


def test_a_vanished_dependent_concerns_only_an_owner_that_waits() -> None:
    """GC8"""
    assert concerned(POD, None, GOING) == ["StatefulSet default/web"]
    assert concerned(POD, None, WEB) == []


def test_the_start_of_foreground_deletion_concerns_owner_and_dependents() -> None:
    """GC8"""
    assert concerned(WEB, GOING, POD) == ["StatefulSet default/web", "Pod default/web-0"]


@pytest.mark.parametrize(
    ("before", "after"), [("foregroundDeletion", "orphan"), ("orphan", "foregroundDeletion")]
)
def test_a_second_delete_with_another_policy_concerns_owner_and_dependents(before: str, after: str) -> None:
    """GC2, GC15: the finalizer of the collector is what a second delete may change"""
    old = an_object("StatefulSet", "web", finalizers=(before,))
    new = an_object("StatefulSet", "web", finalizers=(after,))
    assert concerned(old, new, POD) == concerned(WEB, GOING, POD)


def test_a_dropped_reference_concerns_the_owner_that_waited_for_it() -> None:
    free = replaced(POD, "metadata.ownerReferences", [])
    assert concerned(POD, free, GOING) == ["Pod default/web-0", "StatefulSet default/web"]


def test_a_start_looks_at_all_dependents_and_all_held_owners() -> None:
    keys = GC.resync_keys(Cache([GOING, POD, an_object("Pod", "bare")]))
    assert set(keys) == {Ref("StatefulSet", "default", "web"), Ref("Pod", "default", "web-0")}
