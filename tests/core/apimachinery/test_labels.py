"""Label selectors, in both spellings."""

from __future__ import annotations

import pytest

from core.apimachinery import labels

WEB = {"app": "web", "tier": "front", "n": "5"}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        (expression("app", "In", "web", "db"), True),
        (expression("gone", "In", "web"), False),
        (expression("app", "NotIn", "web"), False),
        (expression("gone", "NotIn", "web"), True),
        (expression("app", "Exists"), True),
        (expression("gone", "Exists"), False),
        (expression("app", "DoesNotExist"), False),
        ({"matchLabels": {"app": "web"}, **expression("tier", "NotIn", "front")}, False),
    ],
)
def test_a_label_selector_selects_what_all_its_terms_hold_for(selector, selected):
    assert labels.matches(selector, WEB) is selected


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=front", True),
        (" app = web , tier in ( front , back ) ", True),
        ("app!=web", False),
        ("gone!=web", True),
        ("gone notin (web)", True),
        ("app notin (web)", False),
        ("app", True),
        ("!app", False),
        ("!gone", True),
        ("n>4", True),
        ("n>5", False),
        ("n<6", True),
        ("app>1", False),
        ("app in ()", False),
        ("app=", False),
        ("in=x", False),
        ("in in (in)", False),
    ],
)
def test_a_text_selector_selects(text, selected):
    """API-L2"""
    assert labels.matches_all(labels.parse_selector(text), WEB) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("=b", "found '=', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        (
            "a>x",
            'unable to parse requirement: values[0]: Invalid value: "x": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "/a",
            'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
        ),
    ],
)
def test_refuses_a_text_selector_in_the_servers_words(text, message):
    """API-L2"""
    with pytest.raises(labels.SelectorError) as refused:
        labels.parse_selector(text)

    assert str(refused.value) == message


def test_names_the_value_that_no_label_can_have():
    """API-L2"""
    with pytest.raises(labels.SelectorError, match=r'values\[0\]\[a\]: Invalid value: "-": a valid label'):
        labels.parse_selector("a=-")


def test_prints_a_selector_sorted_by_key():
    """TAB-S"""
    selector = {"matchLabels": {"z": "1"}, **expression("a", "NotIn", "y", "x")}

    assert labels.format_selector(selector) == "a notin (x,y),z=1"
    assert labels.format_selector(expression("a", "DoesNotExist")) == "!a"
    assert labels.format_selector(None) == "<none>"
    assert labels.format_labels({"b": "2", "a": "1"}) == "a=1,b=2"
