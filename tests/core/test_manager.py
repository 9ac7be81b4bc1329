"""The manager performs plans, retries what was refused, and can be stopped at any instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from core import models
from core.apimachinery.meta import Ref, ref_of
from core.apiserver.registry.generic import Registry
from core.apiserver.store import Store
from core.client.actions import NOTHING, Create, Patch, Plan, RecordEvent
from core.client.cache import View
from core.manager import Manager
from core.sim.settings import Settings

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0
SPACE = Ref("Namespace", "", "default")


def namespace(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


class Probe:
    """A component whose decision is a function."""

    name = "probe"
    process = "kube-controller-manager"
    latency = 0.1
    resync_period: float | None = None

    def __init__(self, decide: Callable[[View, Ref, float], Plan]) -> None:
        self.decide = decide
        self.seen: list[tuple[Ref, float]] = []
        self.watches = {"Namespace": lambda view, old, new: [ref_of(new or old)]}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [ref_of(space) for space in view.list("Namespace")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        self.seen.append((key, round(now - START, 6)))
        return self.decide(view, key, now)


@pytest.fixture
def registry() -> Registry:
    row = models.Cluster.objects.create(name="test", started=START, now=START)
    return Registry(Store(row), Settings())


def run(manager: Manager, until: float) -> None:
    while (at := manager.next_at()) is not None and at <= START + until:
        with manager.store.transaction():
            manager.run_one()


def test_a_write_wakes_those_who_watch_it_after_their_latency(registry: Registry):
    probe = Probe(lambda view, key, now: NOTHING)
    manager = Manager(registry, [probe])

    registry.create(namespace("default"), "you")
    run(manager, until=10)

    assert probe.seen == [(SPACE, 0.1)]


def test_every_key_is_synced_at_start(registry: Registry):
    registry.create(namespace("default"), "you")
    probe = Probe(lambda view, key, now: NOTHING)

    run(Manager(registry, [probe]), until=10)

    assert probe.seen == [(SPACE, 0.1)]


def test_a_plan_that_asks_to_be_called_again_is_called_again(registry: Registry):
    registry.create(namespace("default"), "you")
    probe = Probe(lambda view, key, now: Plan(requeue_after=5) if now < START + 1 else NOTHING)

    run(Manager(registry, [probe]), until=10)

    assert [at for _, at in probe.seen] == [0.1, 5.1]


def test_a_refused_action_ends_its_plan_and_is_retried_with_growing_delay(registry: Registry):
    """STS-S4"""
    registry.create(namespace("default"), "you")
    taken, other = Create(namespace("default")), Create(namespace("other"))
    probe = Probe(lambda view, key, now: Plan((taken, other)) if key == SPACE else NOTHING)

    run(Manager(registry, [probe]), until=0.2)

    assert [at for _, at in probe.seen] == [0.1, 0.105, 0.115, 0.135, 0.175]
    assert registry.store.get(Ref("Namespace", "", "other")) is None


def test_what_a_refusal_says_becomes_an_event(registry: Registry):
    registry.create(namespace("default"), "you")
    default = registry.get(SPACE)
    event = RecordEvent(default, "Warning", "FailedCreate", "create failed error: {error}")
    probe = Probe(lambda view, key, now: Plan((Create(namespace("default"), on_error=event),)))

    run(Manager(registry, [probe]), until=0.1)

    [found] = registry.store.view.list("Event")
    assert found["message"] == 'create failed error: namespaces "default" already exists'
    assert found["source"] == {"component": "probe"}


def test_notes_are_replaced_by_those_of_the_next_sync(registry: Registry):
    registry.create(namespace("default"), "you")
    seat = Ref("Pod", "default", "web-1")

    def decide(view: View, key: Ref, now: float) -> Plan:
        if now < START + 1:
            return Plan(because="waits", notes={seat: "waits for web-0"}, requeue_after=5)
        return Plan(because="is done")

    manager = Manager(registry, [Probe(decide)])
    run(manager, until=1)
    assert manager.notes == {SPACE: "waits", seat: "waits for web-0"}

    run(manager, until=10)
    assert manager.notes == {SPACE: "is done"}


def test_a_lagging_process_acts_on_what_it_has_seen(registry: Registry):
    registry.settings = Settings(watch_lag=2.0)
    known: list[bool] = []
    probe = Probe(lambda view, key, now: known.append(view.get(*key) is not None) or NOTHING)
    manager = Manager(registry, [probe])

    registry.create(namespace("default"), "you")
    run(manager, until=10)

    assert probe.seen == [(SPACE, 2.1)]
    assert known == [True]


def test_others_are_let_in_between_two_writes_of_a_plan(registry: Registry):
    """SIM1: every write of a sync is a revision that others may act on before the next."""
    registry.settings = Settings(api_latency=0.5)
    registry.create(namespace("default"), "you")
    plan = Plan(tuple(Create(namespace(f"n{number}")) for number in range(3)))
    slow = Probe(lambda view, key, now: plan if key == SPACE else NOTHING)
    seen: list[tuple[float, int]] = []
    watcher = Probe(lambda view, key, now: seen.append((now, len(view.list("Namespace")))) or NOTHING)

    run(Manager(registry, [slow, watcher]), until=5)

    assert [(round(at - START, 6), count) for at, count in seen] == [(0.1, 2), (0.2, 2), (0.7, 3), (1.2, 4)]


def test_news_during_a_plan_brings_another_sync_after_it(registry: Registry):
    registry.settings = Settings(api_latency=0.5)
    registry.create(namespace("default"), "you")
    plan = Plan((Create(namespace("a")), Create(namespace("b"))))
    probe = Probe(lambda view, key, now: plan if key == SPACE and now < START + 0.3 else NOTHING)
    manager = Manager(registry, [probe])
    run(manager, until=0.2)

    registry.patch(SPACE, {"metadata": {"labels": {"x": "y"}}}, "you")
    run(manager, until=5)

    assert [at for ref, at in probe.seen if ref == SPACE] == [0.1, 0.7]


def test_what_closes_a_plan_is_done_even_after_a_refusal(registry: Registry):
    registry.create(namespace("default"), "you")
    actions = (Create(namespace("default")), Create(namespace("skipped")), Create(namespace("last")))
    probe = Probe(lambda view, key, now: Plan(actions, closing=1) if key == SPACE else NOTHING)

    run(Manager(registry, [probe]), until=0.104)

    names = [space["metadata"]["name"] for space in registry.store.view.list("Namespace")]
    assert names == ["default", "last"]


def test_after_a_refusal_what_tells_of_it_is_written_instead_of_the_rest(registry: Registry):
    default = registry.create(namespace("default"), "you")
    told = {"type": "Refused", "message": "no: {error}"}
    reported = {**default, "status": {"phase": "Active", "conditions": [told]}}
    actions = (Create(namespace("default")), Create(namespace("closing")))
    plan = Plan(actions, closing=1, refused=reported)
    probe = Probe(lambda view, key, now: plan if key == SPACE else NOTHING)

    run(Manager(registry, [probe]), until=0.104)

    (space,) = registry.store.view.list("Namespace")
    assert space["status"]["conditions"] == [
        {"type": "Refused", "message": 'no: namespaces "default" already exists'}
    ]


def test_own_words_outrank_what_another_says_in_passing(registry: Registry):
    registry.create(namespace("default"), "you")
    registry.create(namespace("other"), "you")
    other = Ref("Namespace", "", "other")

    def decide(view: View, key: Ref, now: float) -> Plan:
        return Plan(because="knows") if key == other else Plan(notes={other: "guesses"})

    manager = Manager(registry, [Probe(decide)])
    run(manager, until=1)

    assert manager.notes[other] == "knows"


def test_a_component_that_is_held_takes_its_keys_one_round_trip_after_the_other(registry: Registry):
    for name in ("a", "b", "c"):
        registry.create(namespace(name), "you")
    refuse = Plan((RecordEvent(namespace("a"), "Warning", "No", "no"),), holds=True)
    probe = Probe(lambda view, key, now: NOTHING if key.name == "b" else refuse)

    run(Manager(registry, [probe]), until=0.2)

    assert [(key.name, at) for key, at in probe.seen] == [("a", 0.1), ("b", 0.104), ("c", 0.104)]


def test_others_go_on_while_a_component_is_held(registry: Registry):
    registry.create(namespace("default"), "you")
    held = Probe(lambda v, k, n: Plan((RecordEvent(namespace("a"), "Warning", "No", "no"),), holds=True))
    other = Probe(lambda view, key, now: NOTHING)

    run(Manager(registry, [held, other]), until=0.1)

    assert other.seen == [(SPACE, 0.1)]


def test_a_component_that_ranks_its_keys_takes_the_first_in_rank_when_it_was_held(registry: Registry):
    class Choosy(Probe):
        def rank(self, view: View, key: Ref) -> int:
            return -len(key.name)

    probe = Choosy(lambda view, key, now: Plan((Create(namespace(f"x-{key.name}")),), holds=True))
    probe.watches = {}
    for name in ("a", "bb", "ccc"):
        registry.create(namespace(name), "you")

    run(Manager(registry, [probe]), until=10)

    assert [key.name for key, _ in probe.seen] == ["a", "ccc", "bb"]


class Fleet:
    """Plans that make namespaces, some of which are there already, with an Event after each."""

    def __init__(self, registry: Registry, *there: str) -> None:
        self.registry = registry
        self.default = registry.create(namespace("default"), "you")
        for name in there:
            registry.create(namespace(name), "you")

    def made(self, name: str) -> tuple[Create, RecordEvent]:
        told = [RecordEvent(self.default, "Normal", reason, name) for reason in ("Refused", "Made")]
        return Create(namespace(name), on_error=told[0]), told[1]

    def told(self, plan: Plan) -> list[str]:
        """Perform *plan* once and return what it told."""
        plans = iter((plan,))
        probe = Probe(lambda view, key, now: next(plans, NOTHING) if key == SPACE else NOTHING)
        run(Manager(self.registry, [probe]), until=10)
        events = self.registry.store.view.list("Event")
        return sorted(f"{event['reason']} {event['message']}" for event in events)


def test_of_a_refused_write_at_the_end_of_a_plan_no_success_is_told(registry: Registry):
    """STS-I10, STS-A9: a refusal that is foreseen comes last, after the status"""
    fleet = Fleet(registry, "there")
    plan = Plan((*fleet.made("first"), *fleet.made("there"), *fleet.made("last")), closing=4, failed=True)

    assert fleet.told(plan) == ["Made first", "Made last", "Refused there"]


def test_a_refusal_ends_a_plan_after_what_went_out_side_by_side_with_it(registry: Registry):
    """STS-S12: the batch a, b, c; then d"""
    fleet = Fleet(registry, "a", "c")
    batch = [action for name in ("a", "b", "c", "d") for action in fleet.made(name)]
    plan = Plan(tuple(batch), together=frozenset({2, 4}))

    assert fleet.told(plan) == ["Made b", "Refused a", "Refused c"]


def test_what_is_done_in_spite_of_a_refusal_is_done_before_it_is_told(registry: Registry):
    """STS-K2: a claim gets its owner though its Pod is refused"""
    fleet = Fleet(registry, "there")
    owned = Patch(SPACE, {"metadata": {"labels": {"owner": "set"}}})
    create = replace(fleet.made("there")[0], when_refused=(owned,))

    assert fleet.told(Plan((create,))) == ["Refused there"]
    assert registry.store.get(SPACE)["metadata"]["labels"]["owner"] == "set"


def test_of_a_name_that_is_taken_nothing_more_is_done(registry: Registry):
    """STS-E10"""
    fleet = Fleet(registry, "there")
    owned = Patch(SPACE, {"metadata": {"labels": {"owner": "set"}}})
    create = replace(fleet.made("there")[0], when_refused=(owned,), silent_exists=True)

    assert fleet.told(Plan((create,))) == []
    assert "owner" not in registry.store.get(SPACE)["metadata"]["labels"]
