"""What a controller asks the API server itself, because its cache may be late."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj, Ref, ref_of, replaced, without
from core.client.actions import Delete, Patch, Plan, UpdateStatus
from core.client.cache import Cache
from core.client.latecache import LateCache
from core.controllers.attachdetach import AttachDetachController
from core.controllers.garbagecollector import GarbageCollectorController
from core.controllers.kubernetesservice import SERVICE, KubernetesService
from core.controllers.namespace import NamespaceController
from core.controllers.persistentvolume import PersistentVolumeController
from core.controllers.podgc import PodGCController
from core.controllers.pvcprotection import PVCProtectionController
from core.controllers.replicaset import ReplicaSetController
from core.sim.settings import Settings
from tests.core.controllers.cast import NOW, claim, node, pod, volume
from tests.core.controllers.test_garbagecollector import an_object
from tests.core.controllers.test_namespace import a_namespace, a_thing
from tests.core.controllers.test_replicaset import pod as replica
from tests.core.controllers.test_replicaset import rs

GOING = {"deletionTimestamp": "2023-11-14T22:13:20Z"}
CSI = {"csi": {"driver": "csi.example.com", "volumeHandle": "v1"}}


def late(seen: list[Obj], stored: list[Obj]) -> LateCache:
    """Return a cache that shows *seen*, of an API server that holds *stored*."""
    server = Cache()
    cache = LateCache(lambda: server)
    for obj in seen:
        cache.put(obj)
    for obj in stored:
        server.put(obj)
    return cache


def sync(component: Any, view: LateCache, obj: Obj | Ref) -> Plan:
    key = obj if isinstance(obj, Ref) else ref_of(obj)
    return component(Settings()).sync(view, key, NOW)  # type: ignore[no-any-return]


def test_an_owner_that_the_cache_does_not_know_yet_is_not_absent() -> None:
    """GC5"""
    owner = an_object("StatefulSet", "web")
    member = an_object("Pod", "web-0", owner)

    assert sync(GarbageCollectorController, late([member], [owner, member]), member).actions == ()
    (delete,) = sync(GarbageCollectorController, late([owner, member], [member]), member).actions
    assert isinstance(delete, Delete)


def test_what_the_collector_deletes_still_has_the_owners_that_it_saw() -> None:
    owner = an_object("StatefulSet", "web")
    member = an_object("Pod", "web-0", owner)
    orphan = without(member, "metadata.ownerReferences")
    another = replaced(orphan, "metadata.uid", "other")

    for stored in ([orphan], [another], []):
        assert sync(GarbageCollectorController, late([member], stored), member).actions == ()


def test_a_claim_is_kept_for_a_pod_that_the_cache_does_not_know_yet() -> None:
    """ST-4.11"""
    going = claim(**GOING)

    plan = sync(PVCProtectionController, late([going], [going, pod()]), going)

    assert plan.actions == ()
    assert "Pod web-0 is still there" in plan.because


OWNED = {"claimRef": {"namespace": "default", "name": "www-web-0", "uid": "uid-www-web-0"}}


@pytest.mark.parametrize("seen", [[], [claim(uid="another")]], ids=["none", "another of its name"])
def test_a_volume_is_not_released_from_a_claim_that_only_the_api_server_knows(seen: list[Obj]) -> None:
    """ST-2.61, 4-11, 4-12"""
    bound = volume(spec=OWNED, annotations={})
    there = replaced(claim(), "spec.volumeName", "pv-1")

    assert sync(PersistentVolumeController, late([bound, *seen], [bound, there]), bound).actions == ()
    (released,) = sync(PersistentVolumeController, late([bound, *seen], [bound, *seen]), bound).actions
    assert isinstance(released, UpdateStatus)
    assert released.obj["status"]["phase"] == "Released"


def test_no_data_is_deleted_of_a_volume_that_was_offered_again_meanwhile() -> None:
    """ST-2.76"""
    spec = {**OWNED, "persistentVolumeReclaimPolicy": "Delete", "hostPath": {"path": "/tmp/x"}}
    old = volume("Released", spec=spec, uid="u", resourceVersion="1")
    offered = without(old, "spec.claimRef")

    assert sync(PersistentVolumeController, late([old], [offered]), old).actions == ()
    assert any(
        isinstance(a, Delete) for a in sync(PersistentVolumeController, late([old], [old]), old).actions
    )


def test_a_namespace_is_not_let_go_with_what_the_cache_does_not_know_yet() -> None:
    """NS4"""
    going = a_namespace()
    unseen = a_thing("ConfigMap", "late")

    plan = sync(NamespaceController, late([going], [going, unseen]), going)

    assert [a.ref for a in plan.actions if isinstance(a, Delete)] == [ref_of(unseen)]
    assert not any(isinstance(a, Patch) for a in plan.actions)


def test_pods_are_not_collected_for_a_node_that_the_cache_does_not_know_yet() -> None:
    """PG2"""
    key = Ref("Node", "", "node-1")

    assert sync(PodGCController, late([pod()], [pod(), node()]), key).actions == ()
    assert sync(PodGCController, late([pod()], [pod()]), key).actions != ()


@pytest.mark.parametrize(
    ("stored", "adopts"),
    [([rs(1)], True), ([], False), ([rs(1, meta={"uid": "another"})], False), ([rs(1, meta=GOING)], False)],
    ids=["there", "gone", "another of its name", "going"],
)
def test_adopts_only_for_a_controller_that_is_there_and_stays(stored: list[Obj], adopts: bool) -> None:
    """STS-A5, RS5"""
    orphan = replica("a", ownerReferences=[], resourceVersion="3")

    plan = sync(ReplicaSetController, late([rs(1), orphan], stored), rs(1))

    assert any(isinstance(action, Patch) for action in plan.actions) == adopts


def test_an_adoption_names_its_own_owner_only_and_a_release_the_list_it_read() -> None:
    """What somebody else wrote into the list in the meantime is not lost."""
    orphan = replica("a", ownerReferences=[], resourceVersion="3")
    stray = replica("b", labels={}, resourceVersion="4")
    view = late([rs(1), orphan, stray], [rs(1), orphan, stray])

    patches = [a for a in sync(ReplicaSetController, view, rs(1)).actions if isinstance(a, Patch)]

    released, adopted = sorted(patches, key=lambda patch: patch.strategic)
    assert (released.ref.name, released.patch["metadata"]["resourceVersion"]) == ("b", "4")
    assert [owner["name"] for owner in adopted.patch["metadata"]["ownerReferences"]] == ["front-5d4f"]
    assert "resourceVersion" not in adopted.patch["metadata"]


def test_a_volume_is_attached_in_whatever_order_the_news_come() -> None:
    """PL29"""
    controller = AttachDetachController(Settings())
    waiting, there = ref_of(pod()), volume(spec=CSI)
    view = Cache([pod(), claim(), there, node()])

    assert list(controller.watches["PersistentVolume"](view, None, there)) == [waiting]
    assert list(controller.watches["Node"](view, None, node())) == [waiting]
    assert list(controller.watches["PersistentVolume"](view, there, there)) == []
    assert list(controller.watches["Node"](view, node(), node())) == []
    assert waiting in list(controller.resync_keys(view)), "a restart forgets no Pod that waits"


def test_the_api_servers_own_service_comes_when_its_namespace_is_seen_late() -> None:
    assert sync(KubernetesService, late([], []), SERVICE).requeue_after == 10.0


def test_nothing_is_read_past_a_cache_that_is_the_api_servers() -> None:
    view = Cache([pod()])

    assert view.live is view


def test_an_own_write_is_known_at_once_and_older_news_do_not_undo_it() -> None:
    cache = late([], [])
    versions = [replaced(pod(), "metadata.resourceVersion", str(number)) for number in (7, 8, 9)]

    cache.hear(versions[1], deleted=False)
    cache.hear(versions[0], deleted=False)
    assert cache.get(*ref_of(pod())) is versions[1]

    cache.hear(versions[0], deleted=True)
    assert cache.get(*ref_of(pod())) is versions[1], "the end of an older Pod of that name"

    cache.hear(versions[2], deleted=True)
    assert cache.get(*ref_of(pod())) is None
