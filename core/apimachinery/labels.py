"""Label selectors: what a metav1.LabelSelector selects, and the text form of ``kubectl -l``.

Source: staging/src/k8s.io/apimachinery/pkg/labels/selector.go and apis/meta/v1/helpers.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.apimachinery.errors import FieldError
from core.apimachinery.validation import check, invalid, label_value, qualified_name

Labels = Mapping[str, str]


class SelectorError(ValueError):
    """Not a selector; its text is the API server's."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term. *operator*: In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        return holds(self.key, self.operator, self.values, labels)

    def __str__(self) -> str:
        return _text(self.key, self.operator, self.values)


def holds(key: str, operator: str, values: Iterable[str], labels: Labels) -> bool:
    """Return whether *labels* meet one requirement of a label or node selector.

    A label that is no number, or a bound that is none, is neither greater nor less.
    """
    value = labels.get(key)
    if operator == "In":
        return value is not None and value in values
    if operator == "NotIn":
        return value is None or value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    bound = next(iter(values), "")
    if value is None or not _is_integer(value) or not _is_integer(bound):
        return False
    return int(value) > int(bound) if operator == "Gt" else int(value) < int(bound)


def matches(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Return whether a metav1.LabelSelector selects *labels*: none selects nothing, ``{}`` everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or ():
        if not holds(term["key"], term["operator"], term.get("values") or (), labels):
            return False
    return True


def matches_all(requirements: Iterable[Requirement], labels: Labels) -> bool:
    return all(requirement.matches(labels) for requirement in requirements)


# -- text out --------------------------------------------------------------------------------------


def _text(key: str, operator: str, values: Iterable[str]) -> str:
    if operator == "Exists":
        return key
    if operator == "DoesNotExist":
        return f"!{key}"
    if operator in ("Gt", "Lt"):
        return f"{key}{'>' if operator == 'Gt' else '<'}{''.join(values)}"
    return f"{key} {'in' if operator == 'In' else 'notin'} ({','.join(sorted(values))})"


def format_labels(labels: Labels | None) -> str:
    """Return ``k=v,k2=v2`` sorted by key, or ``<none>``."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """Return a metav1.LabelSelector as kubectl prints it (FormatLabelSelector).

    >>> format_selector({"matchLabels": {"app": "nginx"}})
    'app=nginx'
    """
    selector = selector or {}
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for term in selector.get("matchExpressions") or ():
        terms.append((term["key"], _text(term["key"], term["operator"], term.get("values") or ())))
    return ",".join(text for _, text in sorted(terms)) or "<none>"


# -- text in ---------------------------------------------------------------------------------------

_SPECIAL = frozenset("=!(),><")
_SYMBOLS = frozenset(("=", "==", "!=", "!", "(", ")", ",", ">", "<"))
_WORDS = {"in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text)
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        start = at
        if text[at] in _SPECIAL:
            while at < end and text[start : at + 1] in _SYMBOLS:
                at += 1
        else:
            while at < end and text[at] not in _SPECIAL and not text[at].isspace():
                at += 1
        yield text[start:at]


class _Parser:
    """A recursive-descent parser, one method a rule; "" is the end of the text."""

    def __init__(self, text: str) -> None:
        self.rest = list(_tokens(text))[::-1]

    def peek(self) -> str:
        return self.rest[-1] if self.rest else ""

    def take(self) -> str:
        return self.rest.pop() if self.rest else ""

    def selector(self) -> Iterator[Requirement]:
        while token := self.peek():
            if not (_is_identifier(token) or token == "!"):
                raise SelectorError(f"found '{token}', expected: !, identifier, or 'end of string'")
            try:
                yield self.requirement()
            except SelectorError as exc:
                raise SelectorError(f"unable to parse requirement: {exc}") from None
            token = self.take()
            if token not in ("", ","):
                raise SelectorError(f"found '{token}', expected: ',' or 'end of string'")
            after = self.peek()
            if token and not (_is_identifier(after) or after == "!"):
                raise SelectorError(f"found '{after}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        absent = self.peek() == "!"
        if absent:
            self.take()
        key = self.take()
        if not _is_identifier(key):
            raise SelectorError(f"found '{key}', expected: identifier")
        _refuse(check("<nil>", key, qualified_name))
        if absent or self.peek() in ("", ","):
            return Requirement(key, "DoesNotExist" if absent else "Exists")
        word = self.take()
        if word not in _WORDS:
            raise SelectorError(f"found '{word}', expected: in, notin, =, ==, !=, gt, lt")
        values = tuple(sorted(set(self.values()))) if word in ("in", "notin") else (self.value(),)
        return _checked(Requirement(key, _WORDS[word], values))

    def value(self) -> str:
        if self.peek() in ("", ","):
            return ""
        token = self.take()
        if not _is_identifier(token):
            raise SelectorError(f"found '{token}', expected: identifier")
        return token

    def values(self) -> Iterator[str]:
        token = self.take()
        if token != "(":
            raise SelectorError(f"found '{token}' expected: '('")
        while True:
            value = "" if self.peek() in (",", ")") else self.take()
            if value and not _is_identifier(value):
                raise SelectorError(f"found '{value}', expected: ',', ')' or identifier")
            yield value
            token = self.take()
            if token == ")":
                return
            if token != ",":
                raise SelectorError(f"found '{token}', expected: ',' or ')'")


def _is_identifier(token: str) -> bool:
    return bool(token) and token[0] not in _SPECIAL


def _is_integer(text: str) -> bool:
    return len(text) < 20 and text.isascii() and text[text[:1] in ("+", "-") :].isdigit()


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        texts = [str(error) for error in errors]
        raise SelectorError(texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]")


def _checked(requirement: Requirement) -> Requirement:
    errors: list[FieldError] = []
    for at, value in enumerate(requirement.values):
        if requirement.operator in ("Gt", "Lt") and not _is_integer(value):
            detail = "for 'Gt', 'Lt' operators, the value must be an integer"
            errors.append(invalid(f"values[{at}]", value, detail))
        errors += check(f"values[{at}][{requirement.key}]", value, label_value)
    _refuse(errors)
    return requirement


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of a selector's text: ``app=nginx,tier in (a,b),!canary``; none select all.

    Raises: SelectorError with the API server's words.
    """
    return tuple(_Parser(text).selector())
