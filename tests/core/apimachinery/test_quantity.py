"""Quantities: the vectors recorded from a real API server."""

from __future__ import annotations

from fractions import Fraction

import pytest

from core.apimachinery import quantity

CANONICAL = [
    ("1Gi", "1Gi"),
    ("1024Mi", "1Gi"),
    ("1500Mi", "1500Mi"),
    ("1536Mi", "1536Mi"),
    ("1.5Gi", "1536Mi"),
    ("0.1Gi", "107374182400m"),
    ("0.5Gi", "512Mi"),
    ("512Ki", "512Ki"),
    ("0.5Ki", "512"),
    ("1.3Ki", "1331200m"),
    ("0Gi", "0"),
    ("1000m", "1"),
    ("0.5", "500m"),
    ("1500m", "1500m"),
    ("1000000", "1M"),
    ("1000", "1k"),
    ("1000Ki", "1000Ki"),
    ("1000M", "1G"),
    ("1500M", "1500M"),
    ("1.5G", "1500M"),
    ("1073741824", "1073741824"),
    ("1e3", "1e3"),
    ("12e6", "12e6"),
    ("1E3", "1E3"),
    ("1000e3", "1e6"),
    ("1E", "1E"),
    ("0", "0"),
    ("0.0", "0"),
    ("100.0", "100"),
    (" 1Gi ", "1Gi"),
    ("-1.5Gi", "-1536Mi"),
    ("+5", "5"),
    ("0.1n", "1n"),
    ("9999999999999999999999", "9999999999999999999999"),
    (1073741824, "1073741824"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_prints_a_quantity_as_the_api_returns_it(text, canonical):
    """ST-1.10, VAL-Q1, VAL-Q3, ST-1.13"""
    assert quantity.canonical(text) == canonical


@pytest.mark.parametrize("text", [text for text, _ in CANONICAL])
def test_canonical_text_is_a_fixed_point_of_the_same_value(text):
    """VAL-Q3"""
    once = quantity.canonical(text)

    assert quantity.canonical(once) == once
    assert quantity.compare(once, text) == 0


def test_rounds_requests_up_to_a_milli():
    """VAL-Q3"""
    assert quantity.canonical("0.1n", milli=True) == "1m"
    assert quantity.canonical("1500u", milli=True) == "2m"


@pytest.mark.parametrize(
    "text", ["", "one gigabyte", "1kb", "1GB", "1xyz", "1 Gi", "1..5", "1e3.5", "9" * 600]
)
def test_names_the_expression_for_a_malformed_quantity(text):
    """VAL-Q2, ST-1.14"""
    assert quantity.error(text) == quantity.FORMAT_WRONG


@pytest.mark.parametrize("text", ["1K", "1ki", "1e", "--1", "1mi", "1KiKi", "1e999999999"])
def test_names_the_suffix_when_its_letters_are_allowed_but_mean_nothing(text):
    """VAL-Q2"""
    assert quantity.error(text) == "unable to parse quantity's suffix"


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [("1Gi", "1024Mi", 0), ("5G", "5Gi", -1), ("1000Mi", "1Gi", -1), ("950E", "800E", 1), ("1", "1000m", 0)],
)
def test_compares_by_value_across_families(a, b, order):
    """ST-1.12, VAL-Q4"""
    assert quantity.compare(a, b) == order


def test_is_exact_below_one():
    """ST-1.11"""
    assert quantity.parse("0.1") == Fraction(1, 10)
    assert quantity.parse("1000m") == 1
    assert isinstance(quantity.parse("1000m"), int)


def test_caps_binary_quantities_only():
    """ST-1.11"""
    assert quantity.parse("100Ei") == 2**63 - 1
    assert quantity.parse("100E") == 100 * 10**18


def test_adds_in_the_family_of_the_first():
    assert quantity.add("1Gi", "1024Mi") == "2Gi"
    assert quantity.add("0", "512Mi") == "512Mi"
    assert quantity.add("500m", "1") == "1500m"
