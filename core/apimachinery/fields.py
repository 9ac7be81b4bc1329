"""Field selectors: ``kubectl get --field-selector``, and which fields each kind offers to them.

Source: staging/src/k8s.io/apimachinery/pkg/fields/selector.go; pkg/apis/core/v1/conversion.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.apimachinery.meta import Obj, field

_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
SUPPORTED: dict[str, frozenset[str]] = {
    "Pod": frozenset(
        (
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        )
    ),
    "Event": frozenset(
        (*(f"involvedObject.{name}" for name in _INVOLVED), "reason", "reportingComponent", "source", "type")
    ),
    "Node": frozenset(("spec.unschedulable",)),
    "Namespace": frozenset(("status.phase",)),
    "ReplicationController": frozenset(("status.replicas",)),
    "Secret": frozenset(("type",)),
    "Service": frozenset(("spec.clusterIP", "spec.type")),
}


class FieldSelectorError(ValueError):
    """Not a field selector, or not one for this kind; its text is the API server's."""


@dataclass(frozen=True, slots=True)
class Term:
    path: str
    equal: bool
    value: str


def parse(text: str) -> tuple[Term, ...]:
    r"""Return the terms of *text*: ``f=v``, ``f==v``, ``f!=v``, joined with commas; ``\`` escapes ``,=\``.

    Raises: FieldSelectorError.
    """
    return tuple(_term(part, text) for part in _split(text) if part)


def _split(text: str) -> Iterator[str]:
    start = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == ",":
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def _term(part: str, text: str) -> Term:
    at = 0
    while at < len(part):
        if part[at] == "\\":
            at += 1
        for operator in ("!=", "==", "="):
            if part.startswith(operator, at):
                return Term(part[:at], operator != "!=", _unescaped(part[at + len(operator) :]))
        at += 1
    raise FieldSelectorError(f"invalid selector: '{text}'; can't understand '{part}'")


def _unescaped(value: str) -> str:
    out, at = [], 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
            escaped = value[at : at + 1]
            if escaped not in (",", "=", "\\"):
                raise FieldSelectorError(f"invalid field selector: invalid escape sequence: \\{escaped}")
        elif value[at] == "=":
            raise FieldSelectorError(f"invalid field selector: unhandled character: {value[at]}")
        out.append(value[at])
        at += 1
    return "".join(out)


def check_supported(terms: Iterable[Term], kind: str, *, namespaced: bool) -> None:
    """Raise FieldSelectorError for the first field that *kind* does not offer."""
    own = SUPPORTED.get(kind)
    for term in terms:
        if term.path == "metadata.name" or (own and term.path in own):
            continue
        if term.path == "metadata.namespace" and (namespaced or own is None):
            continue
        if own is not None:
            raise FieldSelectorError(f"field label not supported: {term.path}")
        raise FieldSelectorError(
            f'"{term.path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )


def _value(obj: Obj, path: str) -> str:
    if path == "source" and obj["kind"] == "Event":
        return str(field(obj, "source.component") or obj.get("reportingComponent") or "")
    if path == "status.podIPs":
        return ",".join(entry.get("ip", "") for entry in field(obj, path, []))
    value = field(obj, path)
    if path in ("spec.unschedulable", "spec.hostNetwork"):
        return "true" if value else "false"
    return "" if value is None else str(value)


def matches(terms: Iterable[Term], obj: Obj) -> bool:
    """Return whether every term holds; a missing field counts as ``""``."""
    return all((_value(obj, term.path) == term.value) == term.equal for term in terms)
