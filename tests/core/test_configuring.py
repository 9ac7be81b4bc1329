"""A cluster takes flags while it is there, and keeps them."""

from __future__ import annotations

import pytest

from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.sim.settings import Settings

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_800_000_000.0
NODE_1, NODE_2 = (Ref("Node", "", f"node-{number}") for number in (1, 2))


def room(cluster: Cluster, node: Ref) -> tuple[str, str]:
    status = cluster.get(node)["status"]
    return status["capacity"]["pods"], status["allocatable"]["pods"]


def test_kubelets_that_start_with_another_flag_say_so_on_their_nodes():
    cluster = Cluster.new("lab", start=START)
    assert room(cluster, NODE_1) == ("110", "110")

    cluster.configure(max_pods=3)

    assert room(cluster, NODE_1) == ("3", "3")
    assert Cluster.open("lab").settings == Settings(max_pods=3)


def test_a_node_that_was_given_another_size_by_hand_keeps_it():
    cluster = Cluster.new("lab", start=START)
    node = cluster.get(NODE_2)
    small = {**node["status"], "capacity": {**node["status"]["capacity"], "pods": "1"}}
    cluster.registry.update_status({**node, "status": small}, "you")

    cluster.configure(max_pods=3)

    assert (room(cluster, NODE_1)[0], room(cluster, NODE_2)[0]) == ("3", "1")


def test_a_flag_that_was_not_named_stays_as_it_was():
    cluster = Cluster.new("lab", start=START)
    cluster.configure(event_ttl=60.0)
    cluster.configure(max_pods=3)

    assert cluster.settings == Settings(event_ttl=60.0, max_pods=3)
