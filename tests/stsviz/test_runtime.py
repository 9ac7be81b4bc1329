"""The driver turns wall time into simulated time, in slices, and tells what changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.driver import HEARTBEAT, Driver
from stsviz.pages.examples import EXAMPLES
from stsviz.scenarios.conditions import is_ready

pytestmark = pytest.mark.django_db(transaction=True)
START = 1_760_000_000.0
ENOUGH = 20_000  # turns
WEB_0 = Ref("Pod", "default", "web-0")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.new("test", start=START)
    yield cluster
    cluster.destroy()


@pytest.fixture
def told() -> list[int]:
    return []


@pytest.fixture
def driver(cluster: Cluster, told: list[int]) -> Driver:
    return Driver(cluster, lambda name, revision: told.append(revision))


def apply(cluster: Cluster, example: str) -> None:
    assert {outcome.verb for outcome in cluster.apply(EXAMPLES[example].text)} == {"created"}


def test_a_paused_cluster_stands_still(driver: Driver, cluster: Cluster) -> None:
    driver.turn()
    cluster.set_pace(0.0)
    before = cluster.now, cluster.revision
    assert driver.turn() <= HEARTBEAT
    assert (cluster.now, cluster.revision) == before


@pytest.mark.parametrize("pace", [0.1, 1.0, 100.0])
def test_simulated_time_runs_at_its_pace_even_when_the_driver_slept(
    driver: Driver, cluster: Cluster, pace: float
) -> None:
    driver.turn()
    cluster.set_pace(pace)
    before = cluster.now
    driver._before -= HEARTBEAT  # as if the last turn were so long ago
    for _ in range(200):
        driver.turn()
    assert cluster.now - before == pytest.approx(HEARTBEAT * pace, rel=0.5)


@pytest.mark.parametrize(("pace", "passed"), [(1.0, 0.5), (0.5, 0.25), (0.0, 0.0)])
def test_who_writes_between_two_turns_writes_at_the_time_that_it_is(
    driver: Driver, cluster: Cluster, pace: float, passed: float
) -> None:
    driver.turn()
    cluster.advance(cluster.now + 1.0)  # nothing but heartbeats is due from now on
    cluster.set_pace(pace)
    before = cluster.now
    driver._before -= 0.5  # as if the last turn were so long ago

    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late"}})

    assert cluster.now - before == pytest.approx(passed, abs=0.1)


def test_what_was_due_before_a_write_comes_before_it(driver: Driver, cluster: Cluster) -> None:
    driver.turn()
    cluster.advance(cluster.now + 1.0)
    cluster.set_pace(1.0)
    web = """{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web,
        selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},
        spec: {containers: [{name: a, image: b}]}}}}"""
    list(cluster.apply(web))
    driver._before -= 0.5  # time enough for its controller

    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late"}})

    kinds = [change.ref.kind for change in cluster.changes_since(0)]
    assert "Pod" in kinds
    assert kinds.index("Pod") < len(kinds) - kinds[::-1].index("Namespace")


def test_settling_ends_and_everything_is_ready(driver: Driver, cluster: Cluster) -> None:
    apply(cluster, "web")
    driver.settle()
    for _ in range(ENOUGH):
        driver.turn()
        if not driver.settling:
            break
    assert not driver.settling
    assert is_ready(cluster.get(WEB_0))
    assert is_ready(cluster.get(Ref("Pod", "default", "web-1")))


def test_only_the_holder_of_the_lease_steps_the_cluster(driver: Driver, cluster: Cluster) -> None:
    driver.turn()
    other = Driver(Cluster.open("test"), lambda name, revision: None)
    apply(cluster, "web")
    other.settle()
    other.turn()
    assert cluster.view.get("Pod", "default", "web-0") is None
    driver.release()
    for _ in range(ENOUGH):
        if not other.settling:
            break
        other.turn()
    with cluster.store.transaction():  # as any verb does, this takes in what others wrote
        assert is_ready(cluster.view.get(*WEB_0))


def test_news_is_told_when_something_changed(driver: Driver, cluster: Cluster, told: list[int]) -> None:
    driver.turn()
    apply(cluster, "web")
    driver.tell(force=True)
    assert told[-1] == cluster.revision
    count = len(told)
    driver.tell()
    assert len(told) == count


def test_a_driver_that_rests_takes_no_turn(driver: Driver) -> None:
    before = driver.cluster.now
    driver.rest(60.0)

    assert driver.turn() > 50
    assert driver.cluster.now == before
