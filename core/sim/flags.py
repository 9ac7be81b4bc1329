"""The components' flags as they are written on a command line: ``--pvclaimbinder-sync-period=2s``.

Source: staging/src/k8s.io/component-base/cli/flag and Go's time.ParseDuration (v1.36).
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from core.sim.settings import Settings

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(?:\d+(?:\.\d*)?(?:ms|us|ns|h|m|s))+")


def names() -> dict[str, str]:
    """Return flag -> field of :class:`Settings`: ``{"watch-lag": "watch_lag", ...}``."""
    return {field.name.replace("_", "-"): field.name for field in fields(Settings)}


def value(flag: str, text: str) -> Any:
    """Return what *text* means for *flag*. Raises: ValueError, in words."""
    default = getattr(Settings(), names()[flag])
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"--{flag}: {text!r} is neither true nor false")
        return text.lower() == "true"
    if isinstance(default, float):
        return _seconds(flag, text)
    if isinstance(default, int):
        if not text.isdecimal():
            raise ValueError(f"--{flag}: {text!r} is no whole number")
        return int(text)
    return text


def _seconds(flag: str, text: str) -> float:
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError(f'--{flag}: {text!r} is no duration: write "15s", "1m30s" or "500ms"')
    parts = re.findall(r"([\d.]+)(ms|us|ns|h|m|s)", text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
