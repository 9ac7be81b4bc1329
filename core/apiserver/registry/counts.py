"""Validation of numbers that the workload kinds share: int-or-percent fields and status counters.

Source: pkg/apis/apps/validation/validation.go, ValidatePositiveIntOrPercent, IsNotMoreThan100Percent
(v1.36).
"""

from __future__ import annotations

import re
from typing import Any

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import invalid, non_negative

_PERCENT = re.compile("[0-9]+%")
_PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%'"
    " (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)


def positive_int_or_percent(path: str, value: Any) -> list[FieldError]:
    """Refuse what is neither an int of at least 0 nor a text like ``25%``."""
    if isinstance(value, str):
        return [] if _PERCENT.fullmatch(value) else [invalid(path, value, _PERCENT_TEXT)]
    return non_negative(path, value)


def not_more_than_100_percent(path: str, value: Any) -> list[FieldError]:
    if isinstance(value, str) and int_or_percent(value) > 100:
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def int_or_percent(value: Any) -> int:
    """Return the number in *value*, 0 for a text that is no percentage."""
    if isinstance(value, str):
        return int(value[:-1]) if _PERCENT.fullmatch(value) else 0
    return int(value)


def counters(status: Obj, names: tuple[str, ...]) -> list[FieldError]:
    """Refuse negative counters of *status*."""
    return [error for name in names for error in non_negative(f"status.{name}", status.get(name))]


def not_greater(status: Obj, name: str, bound: str, detail: str) -> list[FieldError]:
    """Refuse a counter *name* of *status* above its counter *bound*."""
    value = status.get(name) or 0
    return [invalid(f"status.{name}", value, detail)] if value > (status.get(bound) or 0) else []
