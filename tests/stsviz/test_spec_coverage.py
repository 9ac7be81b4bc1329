"""``manage.py spec_coverage``: which rules have a test, and that no rule loses its own."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from stsviz.management.commands.spec_coverage import RULES, Coverage, numbers, read_rules

ROOT = Path(__file__).resolve().parents[2]

LIST = """\
Words before the first paper are a preface.

# one.md

## Birth
STS-D1 replicas
PL5a three writes

## Rows
M01 14-8-1
"""
TESTS = '''\
"""A preface that names PL5a proves nothing."""

ROWS = [("14-8-1", 2)]


@mark("STS-D1: by default")
def test_something(x):
    """PL99 does not exist."""
'''


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return Coverage(ROOT)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name, text in {
        RULES: LIST,
        "tests/test_a.py": TESTS,
        "docs/not-modelled.md": "| M01 | never |",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""STS-P1, ST-2.69a: the end."""', ["STS-P1", "ST-2.69a"]),
        ("API-PA1, API-U7 (PL5a)", ["API-PA1", "API-U7", "PL5a"]),
        ("TR-01 TR-32b", ["TR-1", "TR-32b"]),
        ('("1-10", "14-8-1")', ["1-10", "14-8-1"]),
        ("2026-01-01T00:00, v1-2, 10.96.0.1, ST-1.2.3, a-P1", []),
    ],
)
def test_numbers_are_found_in_text(text: str, found: list[str]) -> None:
    assert numbers(text) == found


def test_the_list_is_read_with_its_papers_and_areas() -> None:
    assert read_rules(LIST) == [
        ("STS-D1", "replicas", "one.md", "Birth"),
        ("PL5a", "three writes", "one.md", "Birth"),
        ("M01", "", "one.md", "Rows"),
        ("14-8-1", "", "one.md", "Rows"),
    ]


def test_a_rule_is_tested_where_a_test_or_a_table_names_it(copy: Path) -> None:
    found = Coverage(copy)
    assert {rule.number: found.state(rule) for rule in found.rules} == {
        "STS-D1": "tested",
        "PL5a": "neither",
        "M01": "not modelled",
        "14-8-1": "tested",
    }
    assert found.tests["STS-D1"] == ["tests/test_a.py:6 test_something"]
    assert found.tests["14-8-1"] == ["tests/test_a.py:3 ROWS"]
    assert [one.number for one in found.unknown] == ["PL99"]


def test_the_command_counts_lists_and_fails_while_a_rule_is_missing(copy: Path, settings: object) -> None:
    settings.BASE_DIR = copy  # type: ignore[attr-defined]
    out = StringIO()
    with pytest.raises(CommandError, match="1 rules are neither"):
        call_command("spec_coverage", "--missing", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["one.md", "2", "1", "1"] in lines
    assert ["Birth", "1", "0", "1"] in lines
    assert lines[-1] == ["PL5a", "one.md,", "Birth:", "three", "writes"]


def test_the_command_shows_the_tests_of_one_rule(copy: Path, settings: object) -> None:
    settings.BASE_DIR = copy  # type: ignore[attr-defined]
    out = StringIO()
    call_command("spec_coverage", "--rule", "STS-D1", stdout=out)
    assert out.getvalue().splitlines() == [
        "STS-D1 replicas (one.md, Birth): tested",
        "  tests/test_a.py:6 test_something",
    ]
    with pytest.raises(CommandError, match="no rule STS-D99"):
        call_command("spec_coverage", "--rule", "STS-D99")


def test_the_command_says_which_numbers_of_the_papers_are_not_in_the_list(
    copy: Path, settings: object, tmp_path: Path
) -> None:
    settings.BASE_DIR = copy  # type: ignore[attr-defined]
    (tmp_path / "one.md").write_text(
        "- **STS-D1** old\n- **STS-D2** new\n| **PL5a** | row |\n", encoding="utf-8"
    )
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("spec_coverage", "--spec", str(tmp_path), stdout=out)
    assert out.getvalue().splitlines()[0] == "one.md: 3 rules, not in the list: STS-D2"


def test_every_number_is_listed_once(coverage: Coverage) -> None:
    assert len({rule.number for rule in coverage.rules}) == len(coverage.rules) > 1000


def test_no_test_names_a_rule_that_does_not_exist(coverage: Coverage) -> None:
    assert coverage.unknown == []


def test_every_rule_has_a_test_or_is_said_not_to_be_modelled(coverage: Coverage) -> None:
    """A new rule comes with its test, or with a line in docs/not-modelled.md."""
    assert [rule.number for rule in coverage.missing()] == []
