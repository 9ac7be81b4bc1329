"""Which nodes the terms of a node selector name."""

from __future__ import annotations

from typing import Any

import pytest

from core.api.nodeaffinity import match_node_selector_terms
from core.apimachinery.meta import Obj

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
