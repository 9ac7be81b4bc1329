"""Say which rules of the specification have a test: ``manage.py spec_coverage --missing``.

The rules' numbers stand in tests/spec/rules.txt. A rule is *tested* when a test names its number: in its
docstring, its parameters, a table, a comment, or the name of a transcript. It is *not modelled* when
docs/not-modelled.md names it.
"""

from __future__ import annotations

import ast
import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

RULES = Path("tests/spec/rules.txt")
LISTED = Path("docs/not-modelled.md")
SUFFIXES = {".py", ".txt", ".yaml"}
OURS = Path("tests/stsviz/test_spec_coverage.py")  # names numbers to try this command
# STS-D11a, ST-2.30, API-PA1, PL5a, M01; and the rows 14-8-1 of test data. Dates and versions hold none.
_ONE = r"(?:[A-Z]+-?[A-Z]*\d+(?:\.\d+)?[a-z]?|TAB-[A-Z])"
NUMBER = re.compile(rf"(?<![\w.#/-])({_ONE}|\d{{1,2}}(?:-\d{{1,2}}){{1,2}})(?![\w-]|\.\d)")
STATES = ("tested", "not modelled", "neither")


class Rule(NamedTuple):
    number: str
    title: str
    paper: str
    area: str


class Citation(NamedTuple):
    """Where a number is named: ``tests/core/test_x.py:12 test_something_is_true``."""

    number: str
    where: str


def plain(number: str) -> str:
    """Return a number without padding: transcripts are called TR-01, the rule is TR-1."""
    return re.sub(r"^TR-0+", "TR-", number)


def numbers(text: str) -> list[str]:
    return [plain(found) for found in NUMBER.findall(text)]


def read_rules(text: str) -> list[Rule]:
    """Read the list: ``# paper``, ``## area``, then ``NUMBER title`` or a line of numbers only."""
    rules: list[Rule] = []
    paper = area = ""
    for line in text.splitlines():
        if line.startswith("## "):
            area = line[3:]
        elif line.startswith("# "):
            paper = line[2:]
        elif line and paper:
            number, *words = line.split()
            if all(NUMBER.fullmatch(word) for word in words) and words:
                rules += [Rule(one, "", paper, area) for one in (number, *words)]
            else:
                rules.append(Rule(number, " ".join(words), paper, area))
    return rules


def owners(text: str) -> dict[int, str]:
    """Return for each line of a module the function or table that it belongs to, decorators included.

    The innermost function wins. Lines of the module's docstring, and between definitions, belong to nobody.
    """
    found: dict[int, str] = {}

    def enter(node: ast.AST, outer: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = child.name
            elif isinstance(child, ast.Assign | ast.AnnAssign) and not outer:
                target = child.targets[0] if isinstance(child, ast.Assign) else child.target
                name = ast.unparse(target)
            if name != outer:
                lines = [child, *getattr(child, "decorator_list", [])]
                first = min(part.lineno for part in lines)
                found.update(
                    dict.fromkeys(range(first, (getattr(child, "end_lineno", None) or first) + 1), name)
                )
            enter(child, name)

    enter(ast.parse(text), "")
    return found


def citations(root: Path) -> Iterator[Citation]:
    """Yield every number that a test names, with its place."""
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix not in SUFFIXES or path in (root / RULES, root / OURS):
            continue
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        within = owners(text) if path.suffix == ".py" else None
        for number in numbers(path.stem):
            yield Citation(number, name)
        for at, line in enumerate(text.splitlines(), 1):
            owner = within.get(at, "") if within is not None else path.stem
            for number in numbers(line) if owner else ():
                yield Citation(number, f"{name}:{at} {owner}")


class Coverage:
    """What the tests of a working copy say about the rules."""

    def __init__(self, root: Path) -> None:
        self.rules = read_rules((root / RULES).read_text(encoding="utf-8"))
        self.tests: dict[str, list[str]] = {rule.number: [] for rule in self.rules}
        self.unknown: list[Citation] = []
        families = {re.sub(r"[\d.]+[a-z]?$", "", number) for number in self.tests}
        for found in citations(root):
            if found.number in self.tests:
                self.tests[found.number].append(found.where)
            elif re.sub(r"[\d.]+[a-z]?$", "", found.number) in {one for one in families if len(one) > 1}:
                self.unknown.append(found)
        self.listed = set(numbers((root / LISTED).read_text(encoding="utf-8"))) & self.tests.keys()

    def state(self, rule: Rule) -> str:
        if self.tests[rule.number]:
            return "tested"
        return "not modelled" if rule.number in self.listed else "neither"

    def missing(self) -> list[Rule]:
        """Return the rules that are neither tested nor listed."""
        return [rule for rule in self.rules if self.state(rule) == "neither"]

    def table(self) -> Iterator[str]:
        """Yield a line for each area and one for each paper: how many rules are in each state."""
        yield f"{'':44}" + "".join(f"{state:>14}" for state in STATES)
        for paper in dict.fromkeys(rule.paper for rule in self.rules):
            rules = [rule for rule in self.rules if rule.paper == paper]
            yield self._row(paper, rules)
            for area in dict.fromkeys(rule.area for rule in rules):
                yield self._row(f"  {area}", [rule for rule in rules if rule.area == area])

    def _row(self, name: str, rules: Iterable[Rule]) -> str:
        count = Counter(map(self.state, rules))
        return f"{name:44}" + "".join(f"{count[state]:14}" for state in STATES)


class Command(BaseCommand):
    help = "Print which rules of the specification have a test; fail when one has none and is not listed."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--missing", action="store_true", help="list the rules that are neither")
        parser.add_argument("--rule", default="", help="show the tests of one rule: STS-R5")
        parser.add_argument(
            "--spec", type=Path, help="the specification's folder: compare its numbers with the list"
        )

    def handle(self, *args: Any, missing: bool, rule: str, spec: Path | None, **options: Any) -> None:
        coverage = Coverage(settings.BASE_DIR)
        if rule:
            return self.show(coverage, plain(rule))
        if spec:
            self.compare(coverage, spec)
        for line in coverage.table():
            self.stdout.write(line)
        without = coverage.missing()
        for one in without if missing else ():
            self.stdout.write(f"{one.number:12} {one.paper}, {one.area}: {one.title}".rstrip(": "))
        if without:
            raise CommandError(f"{len(without)} rules are neither tested nor listed in {LISTED}")

    def show(self, coverage: Coverage, number: str) -> None:
        found = next((one for one in coverage.rules if one.number == number), None)
        if found is None:
            raise CommandError(f"{RULES} has no rule {number}")
        self.stdout.write(f"{number} {found.title} ({found.paper}, {found.area}): {coverage.state(found)}")
        for where in coverage.tests[number]:
            self.stdout.write(f"  {where}")

    def compare(self, coverage: Coverage, spec: Path) -> None:
        """Print the numbers that begin a rule or a row in the papers and are not in the list."""
        for paper in dict.fromkeys(one.paper for one in coverage.rules):
            text = (spec / paper).read_text(encoding="utf-8")
            begun = re.findall(rf"^(?:- \*\*|\| \*\*|\| (?=SC|SW))({_ONE})\b", text, re.MULTILINE)
            self.stdout.write(f"{paper}: {len(begun)} rules, not in the list: ", ending="")
            self.stdout.write(", ".join(sorted(set(begun) - coverage.tests.keys())) or "none")
