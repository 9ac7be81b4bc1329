"""The API server's bootstrap of the system's priority classes."""

from __future__ import annotations

from core.apimachinery.meta import Ref
from core.client.actions import Create, Plan
from core.client.cache import Cache
from core.controllers.systempriorities import SystemPriorities
from core.sim.settings import Settings

NODE_CRITICAL = Ref("PriorityClass", "", "system-node-critical")


def test_makes_what_is_missing_when_it_starts_and_watches_nothing():
    bootstrap, cache = SystemPriorities(Settings()), Cache()

    made = [bootstrap.sync(cache, key, 0.0).actions[0] for key in bootstrap.resync_keys(cache)]

    assert all(isinstance(one, Create) for one in made)
    assert {one.obj["metadata"]["name"]: one.obj["value"] for one in made} == {
        "system-node-critical": 2_000_001_000,
        "system-cluster-critical": 2_000_000_000,
    }
    assert bootstrap.watches == {}


def test_leaves_what_is_there():
    there = {"kind": "PriorityClass", "metadata": {"name": "system-node-critical"}}

    assert SystemPriorities(Settings()).sync(Cache([there]), NODE_CRITICAL, 0.0) == Plan()
