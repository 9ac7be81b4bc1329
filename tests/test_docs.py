"""What the papers say is so: examples work, commands exist, every source names its release."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from core.cluster import Cluster
from core.sim import flags
from core.sim.settings import GATES, Settings
from stsviz.pages.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[1]
START = 1_760_000_000.0
MODULES = [path for folder in ("core", "stsviz") for path in sorted((ROOT / folder).rglob("*.py"))]


def paragraphs(path: Path) -> dict[str, str]:
    """Return the marked paragraphs of a module's docstring: ``Source:``, ``Differs:``, ``Not modelled:``."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    parts = re.split(r"^(Source|Differs|Not modelled): ", docstring, flags=re.MULTILINE)
    return {parts[at]: parts[at + 1].split("\n\n")[0] for at in range(1, len(parts), 2)}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", EXAMPLES)
def test_an_example_applies_and_settles_without_a_refusal(key: str) -> None:
    cluster = Cluster.new("example", start=START)
    outcomes = list(cluster.apply(EXAMPLES[key].text))
    assert outcomes
    assert {outcome.verb for outcome in outcomes} == {"created"}, outcomes
    cluster.settle()
    warnings = [event["message"] for event in cluster.view.list("Event") if event["type"] == "Warning"]
    assert [warning for warning in warnings if "FailedCreate" in warning or "is invalid" in warning] == []


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"^    make ([a-z]+)|`make ([a-z]+)`", text("README.md"), re.MULTILINE))
    wanted = {one or other for one, other in named}
    assert wanted
    assert wanted <= targets


def test_every_word_of_make_run_that_the_readme_names_exists() -> None:
    known = set(re.findall(r"^([A-Z_]+) [?:]?=", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", text("README.md"), re.MULTILINE)) <= known


def test_the_table_of_flags_is_the_one_that_the_components_have() -> None:
    """SW1, SW2, SW3, SW4, SW5, SW6"""
    gates = {name: f"feature-gates={gate}" for gate, name in GATES.items()}
    named = {name: flag for flag, name in flags.names().items()} | gates
    rows = [
        f"| `--{named[one.name]}` | `{flags.shown(one)}` | {one.metadata['of']}: {one.metadata['what']} |"
        for one in fields(Settings)
    ]
    paper = text("docs/settings.md")
    assert re.findall(r"^\| `--.*", paper.split("## Switches")[0], re.MULTILINE) == rows

    examples = re.findall(r"`--([a-z-]+)=([^`]+)`", paper.split("## Switches")[1])
    assert len(examples) == 6
    for flag, value in examples:
        ((name, asked),) = flags.parse({flag: [value]}).items()
        assert asked != getattr(Settings(), name)


def test_every_link_of_the_papers_leads_somewhere() -> None:
    for paper in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", paper.read_text(encoding="utf-8")):
            assert (paper.parent / target).exists(), f"{paper.name}: {target}"


def test_every_source_in_kubernetes_names_its_release() -> None:
    sources = {path.relative_to(ROOT).as_posix(): paragraphs(path).get("Source", "") for path in MODULES}
    upstream = {name: said for name, said in sources.items() if re.search(r"\b(pkg|staging|cmd)/", said)}
    assert len(upstream) > 50
    assert [name for name, said in upstream.items() if "v1.36" not in said and "v0.0." not in said] == []


def test_what_is_not_modelled_is_told_in_one_place() -> None:
    told = text("docs/not-modelled.md")
    for path in MODULES:
        found = paragraphs(path)
        if "Differs" in found or "Not modelled" in found:
            name = path.relative_to(ROOT).with_suffix("").as_posix().removeprefix("core/")
            assert f"`{name}`" in told, f"{name} differs, and docs/not-modelled.md does not say so"


def test_what_is_told_not_to_be_modelled_is_said_by_its_module() -> None:
    tables = [line for line in text("docs/not-modelled.md").splitlines() if line.count("|") == 4]
    for cell in (line.split("|")[3] for line in tables):
        for name in re.findall(r"`([a-z/_]+)`", cell):
            path = ROOT / (name if name.startswith("stsviz/") else f"core/{name}")
            assert paragraphs(path.with_suffix(".py")).keys() & {"Differs", "Not modelled"}, name


def test_every_test_that_stands_for_a_claim_of_fidelity_exists() -> None:
    rows = re.findall(r"^\|.*\|$", text("docs/fidelity.md").split("## Order")[0], re.MULTILINE)[2:]
    assert rows
    for row in rows:
        named = re.findall(r"`(tests/[^`]+)`", row)
        assert named or "the same" in row or "make conformance" in row, row
        assert [path for path in named if not (ROOT / path).exists()] == []
