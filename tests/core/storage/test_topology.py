from __future__ import annotations

from core.storage.topology import (
    check_volume_node_affinity,
    hostname_of,
    match_topology_selector_terms,
)
from tests.core.storage.cast import pinned, volume

LABELS = {"zone": "a", "size": "5"}


def test_a_volume_without_affinity_is_reached_from_everywhere():
    assert check_volume_node_affinity(volume(), {})
    assert check_volume_node_affinity(volume(nodeAffinity={}), {})
    assert not check_volume_node_affinity(volume(nodeAffinity=pinned("zone", "b")), LABELS)


def test_a_class_without_topologies_makes_volumes_everywhere():
    """ST-3.9"""
    zone_a = {"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}
    zone_b_or_none = {"matchLabelExpressions": [{"key": "zone", "values": ["b"]}]}

    assert match_topology_selector_terms(None, LABELS)
    assert match_topology_selector_terms([zone_b_or_none, zone_a], LABELS)
    assert not match_topology_selector_terms([zone_b_or_none], LABELS)
    assert not match_topology_selector_terms([{}], LABELS)


def test_only_one_hostname_pins_a_volume_to_a_node():
    assert hostname_of(volume(nodeAffinity=pinned("kubernetes.io/hostname", "node-a1"))) == "node-a1"
    assert hostname_of(volume(nodeAffinity=pinned("kubernetes.io/hostname", "a", "b"))) == ""
    assert hostname_of(volume(nodeAffinity=pinned("zone", "a"))) == ""
    assert hostname_of(volume()) == ""
