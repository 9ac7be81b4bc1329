"""YAML text into plain JSON data and the line of every field, within limits.

It is built from libyaml's events, not from its nodes: so that depth and size are known before memory is
spent. An alias shares what it names, and counts as much as a copy would.
Source: sigs.k8s.io/yaml/goyaml.v2 decode.go, resolve.go.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from core.apimachinery.decode import Finding, Path

MAX_DEPTH = 100

_BOOLEANS = {
    word: value
    for value, words in ((True, ("y", "yes", "on", "true")), (False, ("n", "no", "off", "false")))
    for lower in words
    for word in (lower, lower.capitalize(), lower.upper())
}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_NUMERIC = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = (
    (re.compile(r"0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"0[oO]?[0-7]+"), 8),
    (re.compile(r"0[bB][01]+"), 2),
)
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"
_LEAST, _MOST = -(2**63), 2**64 - 1


class Refused(Exception):
    """The text is given up at this place. *final*: and so is all that follows."""

    def __init__(self, line: int, column: int, message: str, *, path: Path = (), final: bool = False) -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.path, self.final = line, column, message, path, final


class Tree(NamedTuple):
    line: int
    value: Any
    lines: dict[Path, int]
    problems: list[Finding]
    nodes: int = 0


class _Frame:
    """A mapping or a sequence that is being filled."""

    __slots__ = ("anchor", "height", "is_map", "key", "merged", "merging", "path", "start", "value")

    def __init__(self, is_map: bool, path: Path, anchor: str | None, start: int) -> None:
        self.value: Any = {} if is_map else []
        self.is_map, self.path, self.anchor, self.start = is_map, path, anchor, start
        self.height = 1
        self.key: str | None = None
        self.merging = False
        self.merged: list[Any] = []


def read_tree(text: str, first_line: int, max_nodes: int) -> Iterator[Tree]:
    """Yield the documents of *text*, whose first line is *first_line*.

    Raises: Refused, yaml.YAMLError.
    """
    builder: _Builder | None = None
    used = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            builder = _Builder(first_line, max_nodes - used)
        elif isinstance(event, yaml.DocumentEndEvent) and builder:
            used += builder.nodes
            yield Tree(builder.line, builder.root, builder.lines, builder.problems, builder.nodes)
            builder = None
        elif builder:
            builder.take(event)


class _Builder:
    def __init__(self, first_line: int, max_nodes: int) -> None:
        self.first_line, self.max_nodes = first_line, max_nodes
        self.line, self.nodes = 0, 0
        self.root: Any = None
        self.lines: dict[Path, int] = {}
        self.problems: list[Finding] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}  # value, nodes, height
        self.open: set[str] = set()

    def take(self, event: Any) -> None:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
            return
        line = self.first_line + event.start_mark.line
        self._count(1, line, event.start_mark.column)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line)
        else:
            self._open(event, line)

    def _count(self, nodes: int, line: int, column: int) -> None:
        self.line = self.line or line
        self.nodes += nodes
        if self.nodes > self.max_nodes:
            raise Refused(line, column + 1, f"more than {self.max_nodes} values, aliases counted", final=True)

    def _refuse(self, line: int, message: str) -> Refused:
        return Refused(line, 0, message, path=self._path())

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        if not top.is_map:
            return (*top.path, len(top.value))
        return top.path if top.key is None else (*top.path, top.key)

    def _open(self, event: Any, line: int) -> None:
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", _TAG + ("map" if is_map else "seq")):
            raise self._refuse(line, f"tag {event.tag} is not supported")
        if self.stack and self.stack[-1].is_map and self.stack[-1].key is None:
            raise self._refuse(line, "a key must be a single value")
        if len(self.stack) >= MAX_DEPTH:
            raise Refused(line, event.start_mark.column + 1, f"nested deeper than {MAX_DEPTH} levels")
        path = self._path()
        self.lines.setdefault(path, line)
        self.stack.append(_Frame(is_map, path, event.anchor, self.nodes))
        if event.anchor:
            self.open.add(event.anchor)

    def _close(self) -> None:
        frame = self.stack.pop()
        for source in frame.merged:
            frame.value = {**source, **frame.value}
        if frame.anchor:
            self.open.discard(frame.anchor)
            self.anchors[frame.anchor] = (frame.value, self.nodes - frame.start + 1, frame.height)
        self._put(frame.value, 0, frame.height)

    def _alias(self, name: str, line: int) -> None:
        if name in self.open:
            raise self._refuse(line, f"anchor '{name}' value contains itself")
        if name not in self.anchors:
            raise self._refuse(line, f"unknown anchor '{name}' referenced")
        value, nodes, height = self.anchors[name]
        self._count(nodes, line, 0)
        if len(self.stack) + height > MAX_DEPTH:
            raise self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")
        self._put(value, line, height)

    def _scalar(self, event: Any, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        value = self._resolved(event, line)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1, 0)
        if top is None or not top.is_map or top.key is not None:
            self._put(value, line)
        elif event.value == "<<" and event.implicit[0]:
            top.key, top.merging = "<<", True
        else:
            self._key(top, _key_text(value, event.value), line)

    def _key(self, top: _Frame, key: str, line: int) -> None:
        path = (*top.path, key)
        if key in top.value:
            self.problems.append(Finding(path, f'key "{key}" already set in map'))
        self.lines[path] = line
        top.key = key

    def _put(self, value: Any, line: int, height: int = 0) -> None:
        """Set *value* where the text stands. *line* 0: its start is known already."""
        if not self.stack:
            self.root = value
            if line:
                self.lines.setdefault((), line)
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if not top.is_map:
            if line:
                self.lines[(*top.path, len(top.value))] = line
            top.value.append(value)
        elif top.key is None:
            if height:
                raise self._refuse(line, "a key must be a single value")
            self._key(top, _key_text(value, str(value)), line)
        elif top.merging:
            self._merge(top, value, line)
        else:
            top.value[top.key] = value
            top.key = None

    def _merge(self, top: _Frame, value: Any, line: int) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._refuse(line or self.line, "map merge requires map or sequence of maps as the value")
        top.merged += sources
        top.key, top.merging = None, False

    def _resolved(self, event: Any, line: int) -> Any:
        text, tag = event.value, event.tag
        if tag is None or tag == "!":
            if not event.implicit[0] or tag == "!":
                return text
            if _NOT_JSON.fullmatch(text):
                raise self._refuse(line, f"{text} is not a number that JSON has")
            return resolve(text)
        kind = tag.removeprefix(_TAG)
        if kind in ("str", "timestamp"):
            return text
        if kind == "binary":
            try:
                return base64.b64decode(text, validate=False).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise self._refuse(line, "!!binary value contains invalid base64 text") from None
        value = resolve(text)
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        wanted = {"int": int, "bool": bool, "null": type(None), "float": float}.get(kind)
        if wanted is None or type(value) is not wanted:
            raise self._refuse(line, f"cannot decode {text!r} as {tag.replace(_TAG, '!!')}")
        return value


def _key_text(value: Any, written: str) -> str:
    """Keys are text in JSON: numbers as written, ``yes`` as true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else written


def resolve(text: str) -> Any:
    """Return what a plain scalar means in YAML 1.1, in JSON's types.

    >>> resolve("yes"), resolve("0644"), resolve("1.5"), resolve("2001-01-01"), resolve("~")
    (True, 420, 1.5, '2001-01-01', None)
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _NUMERIC or len(text) > 400:
        return text
    plain = text.replace("_", "")
    if _DECIMAL.fullmatch(plain):
        return _number(text, int(plain))
    sign, digits = (plain[0], plain[1:]) if plain[:1] in ("+", "-") else ("", plain)
    for pattern, base in _BASES:
        if pattern.fullmatch(digits):
            whole = int(sign + (digits.lower().replace("0o", "0") if base == 8 else digits), base)
            return whole if _LEAST <= whole <= _MOST else text
    return _number(text, float(plain)) if _FLOAT.fullmatch(plain) else text


def _number(text: str, value: int | float) -> Any:
    """Return the number in Go's types: an integer of 64 bits, else a float, else it stays text."""
    try:
        if _LEAST <= value <= _MOST:
            return int(value) if isinstance(value, int) or value.is_integer() else value
        value = float(value)
    except OverflowError:
        return text
    return value if math.isfinite(value) else text
