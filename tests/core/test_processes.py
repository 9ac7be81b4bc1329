"""Two Clusters on one database stand for two processes: each sees the other's writes, one of them steps."""

from __future__ import annotations

import pytest

from core.apimachinery.errors import AlreadyExists, NotFound
from core.apimachinery.meta import Ref
from core.apiserver import store as store_module
from core.apiserver.store import Store
from core.cluster import Cluster

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_760_000_000.0
WALL = 1_000.0
LEASE = 10.0
CLAIM = Ref("PersistentVolumeClaim", "default", "alone")
MANIFEST = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: alone}
spec: {accessModes: [ReadWriteOnce], storageClassName: nobody, resources: {requests: {storage: 1Gi}}}
"""


@pytest.fixture
def one() -> Cluster:
    return Cluster.new("test", start=START)


@pytest.fixture
def two(one: Cluster) -> Cluster:
    return Cluster.open("test")


def write(cluster: Cluster) -> None:
    assert [outcome.verb for outcome in cluster.apply(MANIFEST)] == ["created"]


# -- the mirror ----------------------------------------------------------------------------------


def test_a_write_of_the_other_is_seen_after_a_refresh_and_told_to_listeners(
    one: Cluster, two: Cluster
) -> None:
    heard: list[int] = []
    two.store.on_commit.append(heard.append)
    write(one)
    assert two.view.get(*CLAIM) is None

    assert two.store.refresh() == one.revision
    assert two.get(CLAIM) == one.get(CLAIM)
    assert heard == [one.revision]


def test_a_write_of_the_other_is_told_before_ones_own(one: Cluster, two: Cluster) -> None:
    heard: list[int] = []
    two.store.on_commit.append(heard.append)
    write(one)
    two.delete(CLAIM)
    assert heard == [two.revision]
    assert [change.ref for change in two.changes_since(one.revision - 1)][:1] == [CLAIM]


def test_who_fell_behind_history_reads_everything_anew(
    one: Cluster, two: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "HISTORY", -1000)  # keep nothing
    write(one)
    monkeypatch.undo()
    two.store.refresh()
    assert two.get(CLAIM) == one.get(CLAIM)
    assert two.revision == one.revision


def test_pace_and_mode_are_the_clusters_not_the_processs(one: Cluster, two: Cluster) -> None:
    one.set_pace(7.0, "lesson")
    two.store.refresh()
    assert (two.pace, two.mode) == (7.0, "lesson")


def test_a_destroyed_cluster_is_not_found(one: Cluster, two: Cluster) -> None:
    one.destroy()
    with pytest.raises(NotFound, match='cluster "test" not found'):
        two.store.refresh()
    with pytest.raises(NotFound):
        two.delete(CLAIM)


def test_a_name_is_given_once(one: Cluster) -> None:
    with pytest.raises(AlreadyExists, match='cluster "test" already exists'):
        Cluster.new("test", start=START)


def test_a_cluster_whose_furnishing_fails_is_not_there() -> None:
    with pytest.raises(ZeroDivisionError), Store.founding("half", START, 1, {}) as store:
        store.move_clock(1 / 0)
    assert Cluster.names() == []


# -- the lease -----------------------------------------------------------------------------------


def test_one_holds_the_lease_until_it_ends(one: Cluster, two: Cluster) -> None:
    assert one.try_lease("one", WALL, LEASE)
    assert not two.try_lease("two", WALL + LEASE - 1, LEASE)
    assert one.try_lease("one", WALL + LEASE - 1, LEASE)
    assert not two.try_lease("two", WALL + LEASE + 1, LEASE)
    assert two.try_lease("two", WALL + 2 * LEASE, LEASE)


def test_who_lost_the_lease_does_nothing_even_before_it_knows(one: Cluster, two: Cluster) -> None:
    """Fenced: the transaction itself reads who leads."""
    one.try_lease("one", WALL, LEASE)
    write(one)
    assert two.try_lease("two", WALL, LEASE, force=True)
    before = one.manager.syncs

    assert not one.advance(one.now + 10)
    assert not one.step()
    assert one.manager.syncs == before
    assert not one.leads
    assert two.step()


def test_who_is_elected_takes_up_what_the_other_left_undone(one: Cluster, two: Cluster) -> None:
    one.try_lease("one", WALL, LEASE)
    two.follow()  # has thought of everything there was
    write(one)
    two.follow()
    assert two.try_lease("two", WALL, LEASE, force=True)
    two.settle()
    assert one.store.refresh() == two.revision
    reasons = {
        event["reason"] for event in one.view.list("Event") if event["involvedObject"]["name"] == "alone"
    }
    assert reasons == {"ProvisioningFailed"}


def test_who_follows_knows_why_and_writes_nothing(one: Cluster, two: Cluster) -> None:
    one.try_lease("one", WALL, LEASE)
    two.try_lease("two", WALL, LEASE)
    write(one)
    one.settle()
    revision = one.revision

    two.follow()
    assert one.why(CLAIM)
    assert two.why(CLAIM) == one.why(CLAIM)
    assert one.store.refresh() == two.revision == revision
