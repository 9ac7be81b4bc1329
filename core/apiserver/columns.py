"""The columns of a Table, and the cells that many kinds have.

Source: pkg/printers/internalversion/printers.go; pkg/printers/tablegenerator.go (v1.36).
"""

from __future__ import annotations

from typing import NamedTuple

from core.apimachinery.duration import age
from core.apimachinery.meta import Obj

Cell = str | int | bool
_TYPED = ("(integer)", "(boolean)")


class Column(NamedTuple):
    """*priority* 1: only with ``-o wide``."""

    name: str
    priority: int = 0
    type: str = "string"
    format: str = ""


def columns(text: str) -> tuple[Column, ...]:
    """``Name, Ready, IP:1, Desired(integer)`` -> columns; the one called Name has format name."""
    out = []
    for part in text.split(", "):
        name, _, priority = part.partition(":")
        name, _, kind = (
            name.removesuffix(")").partition("(") if name.endswith(_TYPED) else (name, "", "string")
        )
        out.append(Column(name, int(priority or 0), kind, "name" if name == "Name" else ""))
    return tuple(out)


def created(obj: Obj, now: float) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)
