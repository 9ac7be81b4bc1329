"""duration.HumanDuration: an age in at most two units, as every AGE column has it.

Source: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.timestamps import seconds

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def human_duration(d: float) -> str:
    """Return *d* seconds in whole units, truncated.

    >>> human_duration(119), human_duration(250), human_duration(10800)
    ('119s', '4m10s', '3h')
    """
    s = int(d)
    if s < -1:
        return "<invalid>"
    if s < 2 * _MINUTE:
        return f"{max(s, 0)}s"
    if s < 10 * _MINUTE:
        return _two(s, _MINUTE, "m", 1, "s")
    if s < 3 * _HOUR:
        return f"{s // _MINUTE}m"
    if s < 8 * _HOUR:
        return _two(s, _HOUR, "h", _MINUTE, "m")
    if s < 2 * _DAY:
        return f"{s // _HOUR}h"
    if s < 8 * _DAY:
        return _two(s, _DAY, "d", _HOUR, "h")
    if s < 2 * _YEAR:
        return f"{s // _DAY}d"
    if s < 8 * _YEAR:
        return _two(s, _YEAR, "y", _DAY, "d")
    return f"{s // _YEAR}y"


def _two(s: int, unit: int, letter: str, part: int, part_letter: str) -> str:
    whole, rest = s // unit, s % unit // part
    return f"{whole}{letter}{rest}{part_letter}" if rest else f"{whole}{letter}"


def age(stamp: str | None, now: float) -> str:
    """Return the age of an RFC 3339 *stamp* at *now*, or ``<unknown>``."""
    return human_duration(now - seconds(stamp)) if stamp else "<unknown>"
