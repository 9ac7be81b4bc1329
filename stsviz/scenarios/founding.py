"""The cluster of a scenario: made from its seed, so that it is the same each time."""

from __future__ import annotations

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.scenarios.format import Scenario, settings_of

START = 1_760_000_000.0  # epoch seconds of its clock


def found(scenario: Scenario, name: str = "") -> Cluster:
    """Make the cluster that *scenario* runs in. Raises: AlreadyExists, BadRequest."""
    world = scenario.world
    cluster = Cluster.new(
        name or scenario.key, start=START, seed=world.seed, nodes=world.nodes, settings=settings_of(world)
    )
    for node, labels in world.labels.items():
        cluster.patch(Ref("Node", "", node), {"metadata": {"labels": dict(labels)}}, "merge", "kubeadm")
    cluster.settle(quiet=1.0)
    return cluster
