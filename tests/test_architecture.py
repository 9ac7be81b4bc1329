"""The house rules that no linter knows: sizes, names, docstrings, and what core must not do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
MOST_PARAMETERS = 5
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc"}

# What may be larger than the rules allow, and why.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_MODULES: dict[str, str] = {}
MANY_PARAMETERS = {
    "core/apiserver/registry/generic.py:Registry.patch": "all that a request says; by name",
}

MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("core", "stsviz", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
NAMED = [name for name in MODULES if (ROOT / name).stat().st_size]


@cache
def source(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(source(name))


def functions(name: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions of a module, each with the name that the tables above give it."""

    def within(node: ast.AST, path: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            inner = path
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{path}.{child.name}" if path else child.name
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{inner}", child
            yield from within(child, inner)

    return within(tree(name), "")


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count all parameters but self."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def test_no_function_is_too_long() -> None:
    long = {
        where: length
        for name in MODULES
        for where, function in functions(name)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long.keys() == LONG_FUNCTIONS.keys(), long


def test_no_module_is_too_long() -> None:
    long = {name: length for name in MODULES if (length := len(source(name).splitlines())) > LONGEST_MODULE}
    assert long.keys() == LONG_MODULES.keys(), long


def test_no_function_wants_too_much() -> None:
    greedy = {
        where: count
        for name in MODULES
        for where, function in functions(name)
        if (count := parameters(function)) > MOST_PARAMETERS
    }
    assert greedy.keys() == MANY_PARAMETERS.keys(), greedy


def test_every_exception_has_its_reason() -> None:
    assert all({**LONG_FUNCTIONS, **LONG_MODULES, **MANY_PARAMETERS}.values())


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name for name in MODULES if Path(name).stem in VAGUE] == []


@pytest.mark.parametrize("name", NAMED)
def test_a_module_says_what_it_is(name: str) -> None:
    docstring = ast.get_docstring(tree(name))
    assert docstring
    first = docstring.splitlines()[0]
    assert first.endswith((".", ":", "?", ";", ",")) or len(first) > 60, first


def test_core_catches_nothing_blindly() -> None:
    for name in MODULES:
        if not name.startswith("core/"):
            continue
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else ""
                undoes = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                assert caught not in ("", "Exception", "BaseException") or undoes, f"{name}:{node.lineno}"


def test_every_room_is_in_the_design() -> None:
    design = source("docs/design.md")
    rooms = [path.name for path in (ROOT / "core").iterdir() if (path / "__init__.py").exists()]
    loose = [path.stem for path in (ROOT / "core").glob("*.py") if path.stem not in ("__init__", "apps")]
    for room in [*rooms, *loose]:
        if room != "migrations":
            assert re.search(rf"\bcore\.{room}\b|(?<= )\.{room}\b|core/{room}\b", design), room


def test_decisions_copy_nothing_deep() -> None:
    """What is stored or cached is never changed, so that nothing needs a copy but what the registry owns."""
    deciders = ("core/controllers/", "core/scheduler/", "core/kubelet/", "core/storage/")
    assert [n for n in MODULES if n.startswith(deciders) and "deepcopy" in source(n)] == []
