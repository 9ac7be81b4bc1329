"""A manifest: YAML or JSON text into documents that know on which line each field stands.

Scalars are resolved as kubectl's YAML library does (YAML 1.1: ``yes`` and ``on`` are booleans), but only
to what JSON has: no dates, no bytes. Hostile text (deep nesting, alias bombs, binary) ends in a Problem.
Source: sigs.k8s.io/yaml and its goyaml.v2; cli-runtime/pkg/resource/visitor.go (v1.36).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import yaml

from core.apimachinery.decode import Finding, Path, path_text, strict_decode
from core.apimachinery.meta import Obj
from core.apimachinery.yamltree import MAX_DEPTH, Refused, Tree, read_tree, resolve

MAX_BYTES = 3_000_000
MAX_DOCUMENTS = 5_000
MAX_NODES = 200_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_NOTHING_YET = re.compile(r"\s*(?:[#%].*)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document is refused. *column* 0: unknown. *field* "": not about one field."""

    line: int
    column: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a manifest; *obj* is ``{}`` when it could not be read.

    *line*: where it begins, from 1. *lines*: path -> line, for the fields written out in the text.
    """

    index: int
    line: int
    obj: Obj
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: str | Path) -> int:
        """Return the line of *path* (``spec.containers[0].image`` or a tuple), or of its nearest parent."""
        steps = parse_path(path) if isinstance(path, str) else path
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, self.line)


def parse_path(text: str) -> Path:
    """Return the steps of a field error's path.

    >>> parse_path("spec.containers[0].resources.requests[cpu]")
    ('spec', 'containers', 0, 'resources', 'requests', 'cpu')
    """
    steps: list[str | int] = []
    for name, key in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", text):
        steps.append(name or (int(key) if key.isdecimal() and len(key) < 10 else key))
    return tuple(steps)


def read(
    text: str | bytes,
    served: Collection[tuple[str, str]] = (),
    max_bytes: int = MAX_BYTES,
) -> list[Document]:
    """Return the documents of *text* in order; a ``kind: List`` is replaced by its items.

    *served*: the (apiVersion, kind) pairs that the cluster has; none given: any pair.
    Raises: nothing; what is wrong stands in ``problems``.
    """
    try:
        decoded = _decoded(text, max_bytes)
    except Refused as exc:
        return [_refused(0, exc)]
    out: list[Document] = []
    nodes = MAX_NODES
    for first_line, chunk in _chunks(decoded):
        if len(out) >= MAX_DOCUMENTS:
            out.append(_refused(len(out), Refused(first_line, 0, f"more than {MAX_DOCUMENTS} documents")))
            break
        try:
            for tree in _trees(chunk, first_line, nodes):
                nodes -= tree.nodes
                for part in _expanded(tree):
                    out.append(_document(len(out), part, served))
        except Refused as exc:
            out.append(_refused(len(out), exc))
            if exc.final:
                break
    return out


def read_tree_of(text: str | bytes, max_bytes: int, max_nodes: int) -> Tree:
    """Return the one YAML document of *text*, which need not be an object of Kubernetes. Raises: Refused."""
    chunks = _chunks(_decoded(text, max_bytes))
    trees = [tree for first, chunk in islice(chunks, 2) for tree in _trees(chunk, first, max_nodes)]
    if not trees:
        raise Refused(1, 0, "there is nothing in it")
    if len(trees) > 1:
        raise Refused(trees[1].line, 0, "one document is expected, and a second begins here")
    return trees[0]


def _refused(index: int, exc: Refused) -> Document:
    return Document(
        index, exc.line, {}, {}, (Problem(exc.line, exc.column, path_text(exc.path), exc.message),)
    )


# -- text ------------------------------------------------------------------------------------------


def _decoded(text: str | bytes, max_bytes: int) -> str:
    # a text of fewer characters than a quarter of the limit cannot have too many bytes
    if len(text) > max_bytes or (isinstance(text, str) and len(text.encode("utf-8", "replace")) > max_bytes):
        raise Refused(1, 0, f"larger than {max_bytes} bytes", final=True)
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            line = exc.object.count(b"\n", 0, exc.start) + 1
            raise Refused(line, 0, "not text: a byte that is not UTF-8", final=True) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise Refused(line, column, f"not text: control character U+{ord(found.group()):04X}", final=True)
    return text


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """Split at lines ``---``, as kubectl does before it parses: an error stays in its document."""
    lines: list[str] = []
    first, started = 1, False
    for number, line in enumerate(text.split("\n"), 1):
        separator = line.startswith("---") and (len(line) == 3 or line[3].isspace())
        if separator and started:
            yield first, "\n".join(lines)
            lines, first, started = [], number, False
        if separator:
            started = started or not _NOTHING_YET.fullmatch(line[3:])
        elif not started and not _NOTHING_YET.fullmatch(line):
            started = True
        lines.append(line)
    if started:
        yield first, "\n".join(lines)


def _trees(chunk: str, first_line: int, nodes: int) -> Iterator[Tree]:
    try:
        yield from read_tree(chunk, first_line, nodes)
    except yaml.YAMLError as exc:
        tree = _as_json(chunk, first_line)
        if tree is None:
            raise _yaml_refused(exc, chunk, first_line) from None
        yield tree


def _as_json(chunk: str, first_line: int) -> Tree | None:
    """JSON that is not YAML (an escaped surrogate pair), without lines; None when it is not JSON either."""
    if chunk.lstrip()[:1] != "{" or _too_deep(chunk):
        return None
    problems: list[Finding] = []

    def mapping(pairs: list[tuple[str, Any]]) -> Obj:
        found = dict(pairs)
        if len(found) < len(pairs):
            problems.extend(Finding((), f'key "{key}" already set in map') for key in _twice(pairs))
        return found

    try:
        orjson.loads(chunk)  # refuses what JSON has not: NaN, half of a surrogate pair, endless numbers
        value = json.loads(chunk, object_pairs_hook=mapping, parse_int=resolve)
    except (ValueError, RecursionError):
        return None
    return Tree(first_line, value, {}, problems, chunk.count(",") + 1)


def _twice(pairs: list[tuple[str, Any]]) -> list[str]:
    seen = Counter(key for key, _ in pairs)
    return [key for key, times in seen.items() if times > 1]


def _too_deep(chunk: str) -> bool:
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", chunk):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _yaml_refused(exc: yaml.YAMLError, chunk: str, first_line: int) -> Refused:
    mark = getattr(exc, "problem_mark", None)
    problem = getattr(exc, "problem", None) or getattr(exc, "reason", None) or "not YAML"
    at = mark.line if mark else 0
    source = chunk.split("\n")[at : at + 1]
    if source and source[0][: len(source[0]) - len(source[0].lstrip())].count("\t"):
        problem = f"a tab indents this line, YAML wants blanks ({problem})"
    return Refused(
        first_line + at, mark.column + 1 if mark else 0, f"error converting YAML to JSON: {problem}"
    )


# -- documents -------------------------------------------------------------------------------------


def _expanded(tree: Tree) -> Iterator[Tree]:
    """A List becomes its items; an empty document nothing."""
    value = tree.value
    if value is None:
        return
    items = value.get("items") if isinstance(value, dict) else None
    if not (isinstance(items, list) and str(value.get("kind", "")).endswith("List")):
        yield tree
        return
    by_item: dict[Any, dict[Path, int]] = {}
    for path, line in tree.lines.items():
        if len(path) >= 2 and path[0] == "items":
            by_item.setdefault(path[1], {})[path[2:]] = line
    for at, item in enumerate(items):
        lines = by_item.get(at, {})
        problems = [p for p in tree.problems if p.path[:2] == ("items", at)]
        yield Tree(lines.get((), tree.line), item, lines, [p._replace(path=p.path[2:]) for p in problems])


def _document(index: int, tree: Tree, served: Collection[tuple[str, str]]) -> Document:
    value = tree.value
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else "a single value"
        return _refused(index, Refused(tree.line, 0, f"an object is expected here, not {found}"))
    findings = [*tree.problems, *_identity(value, served)]
    if not findings or all(f.path not in (("kind",), ("apiVersion",)) for f in findings):
        findings += strict_decode(value, value["kind"])
    document = Document(index, tree.line, value, tree.lines)
    problems = [Problem(document.line_of(f.path), 0, path_text(f.path), f.message) for f in findings]
    return Document(index, tree.line, value, tree.lines, tuple(problems))


def _identity(value: Obj, served: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """What is wrong with apiVersion and kind."""
    api_version, kind = value.get("apiVersion"), value.get("kind")
    for key, given in (("apiVersion", api_version), ("kind", kind)):
        if given is None or given == "":
            yield Finding((key,), f"{key} not set")
        elif not isinstance(given, str):
            yield Finding((key,), f"{key} must be a string")
    if not (isinstance(api_version, str) and isinstance(kind, str)):
        return
    if api_version and kind and served and (api_version, kind) not in served:
        yield Finding(("kind",), f'no matches for kind "{kind}" in version "{api_version}"')
