from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.storage.topology import (
    check_volume_node_affinity,
    hostname_of,
    match_node_selector_terms,
    match_topology_selector_terms,
)
from tests.core.storage.cast import pinned, volume

LABELS = {"zone": "a", "size": "5"}


@pytest.mark.parametrize(
    ("key", "operator", "values", "holds"),
    [
        ("zone", "In", ["a", "b"], True),
        ("zone", "In", ["b"], False),
        ("none", "In", [""], False),
        ("zone", "NotIn", ["b"], True),
        ("zone", "NotIn", ["a"], False),
        ("none", "NotIn", ["a"], True),
        ("zone", "Exists", [], True),
        ("none", "Exists", [], False),
        ("none", "DoesNotExist", [], True),
        ("zone", "DoesNotExist", [], False),
        ("size", "Gt", ["4"], True),
        ("size", "Gt", ["5"], False),
        ("size", "Lt", ["6"], True),
        ("none", "Lt", ["6"], False),
        ("zone", "Gt", ["4"], False),
    ],
)
def test_a_requirement_compares_one_label(key: str, operator: str, values: list[str], holds: bool):
    term = {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}

    assert match_node_selector_terms([term], LABELS) is holds


def expressions(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"matchExpressions": [{"key": k, "operator": "In", "values": [v]} for k, v in pairs]}


def test_terms_are_alternatives_and_their_expressions_are_not():
    wrong_zone, both = expressions(("zone", "b")), expressions(("zone", "a"), ("size", "5"))

    assert match_node_selector_terms([wrong_zone, both], LABELS)
    assert not match_node_selector_terms([expressions(("zone", "a"), ("size", "6"))], LABELS)


@pytest.mark.parametrize("terms", [[], [{}], [{"matchExpressions": []}]])
def test_terms_that_ask_for_nothing_match_nothing(terms: list[Obj]):
    assert not match_node_selector_terms(terms, LABELS)


def test_match_fields_compare_the_name_of_the_node():
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-a1"]}]}

    assert match_node_selector_terms([term], {}, "node-a1")
    assert not match_node_selector_terms([term], {}, "node-b1")


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


def test_only_one_hostname_pins_a_volume_to_a_node():
    assert hostname_of(volume(nodeAffinity=pinned("kubernetes.io/hostname", "node-a1"))) == "node-a1"
    assert hostname_of(volume(nodeAffinity=pinned("kubernetes.io/hostname", "a", "b"))) == ""
    assert hostname_of(volume(nodeAffinity=pinned("zone", "a"))) == ""
    assert hostname_of(volume()) == ""
