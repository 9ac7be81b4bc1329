"""The store is etcd: revisions, compare-and-swap, history, all or nothing."""

from __future__ import annotations

import pytest

from core import models
from core.apimachinery.errors import AlreadyExists, Conflict, Gone, NotFound
from core.apimachinery.meta import Ref
from core.apiserver import store as store_module
from core.apiserver.store import Store

pytestmark = pytest.mark.django_db(transaction=True)

A = Ref("PersistentVolumeClaim", "default", "a")


def claim(name: str, **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
        "spec": dict(spec),
    }


@pytest.fixture
def row() -> models.Cluster:
    return models.Cluster.objects.create(name="test", started=0.0, now=0.0)


@pytest.fixture
def store(row: models.Cluster) -> Store:
    return Store(row)


def test_every_write_is_one_revision(store: Store):
    first = store.create(claim("a"), "you")
    second = store.update(claim("a", size=2), "", "you")

    assert first["metadata"]["resourceVersion"] == "1"
    assert second["metadata"]["resourceVersion"] == "2"
    assert store.revision == 2


def test_a_stale_resource_version_is_a_conflict_and_changes_nothing(store: Store):
    store.create(claim("a"), "you")
    store.update(claim("a", size=2), "1", "you")

    with pytest.raises(Conflict, match="the object has been modified"):
        store.update(claim("a", size=3), "1", "you")

    assert store.get(A)["spec"] == {"size": 2}
    assert store.revision == 2


def test_a_taken_name_is_refused(store: Store):
    store.create(claim("a"), "you")

    with pytest.raises(AlreadyExists, match='persistentvolumeclaims "a" already exists'):
        store.create(claim("a"), "you")


def test_what_is_not_there_cannot_be_deleted(store: Store):
    with pytest.raises(NotFound, match='persistentvolumeclaims "a" not found'):
        store.delete(A, "you")


def test_a_failed_transaction_undoes_all_of_it(store: Store):
    store.create(claim("a", size=1), "you")

    with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012
        store.update(claim("a", size=2), "", "you")
        store.create(claim("b"), "you")
        raise ZeroDivisionError

    assert store.get(A)["spec"] == {"size": 1}
    assert store.view.get("PersistentVolumeClaim", "default", "b") is None
    assert store.revision == 1
    assert models.Change.objects.count() == 1


def test_a_restarted_process_finds_everything(store: Store, row: models.Cluster):
    store.create(claim("a", size=1), "you")
    store.create(claim("b"), "you")
    store.delete(A, "you")

    again = Store(row)

    assert [o["metadata"]["name"] for o in again.view.list("PersistentVolumeClaim")] == ["b"]
    assert again.revision == 3


def test_another_process_sees_a_write_before_its_own(store: Store, row: models.Cluster):
    other = Store(row)
    store.create(claim("a", size=1), "you")

    with pytest.raises(AlreadyExists):
        other.create(claim("a", size=9), "they")

    assert other.update(claim("a", size=2), "1", "they")["metadata"]["resourceVersion"] == "2"


def test_history_replays_to_what_a_list_shows(store: Store):
    store.create(claim("a"), "you")
    store.create(claim("b"), "you")
    store.update(claim("b", size=2), "", "you")
    store.delete(A, "you")

    replayed: dict[str, dict] = {}
    for change in store.changes_since(0):
        replayed.pop(change.ref.name, None)
        if change.type != "DELETED":
            replayed[change.ref.name] = change.obj

    assert list(replayed.values()) == store.view.list("PersistentVolumeClaim")


def test_history_beyond_the_ring_comes_from_the_database(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_module, "RING", 2)
    for number in range(5):
        store.create(claim(f"c{number}"), "you", because=f"reason {number}")

    changes = store.changes_since(1)

    assert [change.ref.name for change in changes] == ["c1", "c2", "c3", "c4"]
    assert changes[0].because == "reason 1"


def test_compacted_history_is_gone(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_module, "HISTORY", 10)
    with store.transaction():
        for number in range(1100):
            store.create(claim(f"c{number}"), "you")

    assert store.compacted == 1090
    with pytest.raises(Gone):
        store.changes_since(5)


def test_edges_follow_the_objects(store: Store):
    store.create(claim("a", volumeName="pv-1"), "you")
    store.update(claim("a", volumeName="pv-2"), "", "you")

    edges = models.Reference.objects.values_list("relation", "target_kind", "target_name")

    assert list(edges) == [("claims", "PersistentVolume", "pv-2")]


def test_edges_go_with_their_source(store: Store):
    store.create(claim("a", volumeName="pv-1"), "you")
    store.delete(A, "you")

    assert models.Reference.objects.count() == 0


def test_a_name_deleted_and_made_again_in_one_transaction_is_the_new_object(
    store: Store, row: models.Cluster
):
    store.create(claim("a", size=1), "you")
    with store.transaction():
        store.delete(A, "you")
        store.create(claim("a", size=2), "you")

    assert Store(row).get(A)["spec"] == {"size": 2}


def test_a_listener_hears_of_a_commit_and_not_of_a_rollback(store: Store):
    heard: list[int] = []
    store.on_commit.append(heard.append)

    store.create(claim("a"), "you")
    with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012
        store.create(claim("b"), "you")
        raise ZeroDivisionError

    assert heard == [1]


def test_the_last_pod_of_a_seat_is_remembered_after_a_restart(store: Store, row: models.Cluster):
    owner = {"kind": "StatefulSet", "name": "web", "uid": "u", "apiVersion": "apps/v1", "controller": True}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", "uid": "p1", "ownerReferences": [owner]},
        "spec": {},
    }
    store.create(pod, "statefulset-controller")
    store.delete(Ref("Pod", "default", "web-0"), "kubelet")

    assert Store(row).tombstones[Ref("Pod", "default", "web-0")]["metadata"]["uid"] == "p1"


def test_a_seat_is_not_mourned_when_the_deletion_is_undone(store: Store):
    owner = {"kind": "StatefulSet", "name": "web", "uid": "u", "apiVersion": "apps/v1", "controller": True}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", "uid": "p1", "ownerReferences": [owner]},
        "spec": {},
    }
    store.create(pod, "statefulset-controller")

    with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012
        store.delete(Ref("Pod", "default", "web-0"), "kubelet")
        raise ZeroDivisionError

    assert not store.tombstones
