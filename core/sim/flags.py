"""The components' flags as they are written on a command line: ``--pvclaimbinder-sync-period=2s``.

What Kubernetes has no flag for, and could not have, begins with ``stsviz-``: ``--stsviz-watch-lag=2s``.

Source: staging/src/k8s.io/component-base/cli/flag and Go's time.ParseDuration (v1.36).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from core.sim.settings import GATES, PROCESSES, RACES, Settings

FEATURE_GATES: Final = "feature-gates"
OURS: Final = "stsviz-"
"""Begins a flag that no component of Kubernetes could have."""

LONGEST_NUMBER: Final = 9  # digits: more than thirty years of seconds
LEAST_PERIOD: Final = 0.1  # seconds
_PERIODS = ("pvclaimbinder_sync_period", "node_monitor_period")
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(?:\d+(?:\.\d*)?(?:ms|us|ns|h|m|s))+")


def names() -> dict[str, str]:
    """Return flag -> field of :class:`Settings`: ``{"max-pods": "max_pods", ...}``; gates stand apart."""
    gated = GATES.values()
    return {
        (OURS if one.metadata["of"] == RACES else "") + one.name.replace("_", "-"): one.name
        for one in fields(Settings)
        if one.name not in gated
    }


def parse(given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return field of :class:`Settings` -> value for flags as they were *given*, each once or more.

    Of a flag that was given twice the last counts; feature gates add up. Raises: ValueError, in words.
    """
    out: dict[str, Any] = {}
    for flag, texts in given.items():
        if flag == FEATURE_GATES:
            for text in texts:
                out |= gates(text)
        elif texts:
            out[names()[flag]] = value(flag, texts[-1])
    return out


def gates(text: str) -> dict[str, bool]:
    """Return what ``MaxUnavailableStatefulSet=true`` says. Raises: ValueError, in words.

    Source: staging/src/k8s.io/component-base/featuregate/feature_gate.go.
    """
    out: dict[str, bool] = {}
    for pair in filter(None, text.split(",")):
        name, equals, word = (part.strip() for part in pair.partition("="))
        if not equals:
            raise ValueError(f"--{FEATURE_GATES}: missing bool value for {name}")
        if name not in GATES:
            raise ValueError(
                f"--{FEATURE_GATES}: unrecognized feature gate: {name} (here: {', '.join(GATES)})"
            )
        out[GATES[name]] = _bool(FEATURE_GATES, word)
    return out


def value(flag: str, text: str) -> Any:
    """Return what *text* means for *flag*. Raises: ValueError, in words."""
    found = _read(flag, text)
    try:
        check(names()[flag], found)
    except ValueError as error:
        raise ValueError(f"--{flag}: {error}") from None
    return found


def _read(flag: str, text: str) -> Any:
    default = getattr(Settings(), names()[flag])
    if isinstance(default, bool):
        return _bool(flag, text)
    if isinstance(default, float):
        return _number(flag, text) if field_of(flag).metadata["rate"] else _seconds(flag, text)
    if isinstance(default, int):
        if not text.isdecimal() or len(text) > LONGEST_NUMBER:
            raise ValueError(f"--{flag}: {text[:40]!r} is no whole number of {LONGEST_NUMBER} digits at most")
        return int(text)
    return text


def check(name: str, value: Any) -> None:
    """Refuse what the field *name* of :class:`Settings` cannot be. Raises: KeyError, ValueError, in words."""
    one = {one.name: one for one in fields(Settings)}[name]
    plain: Any = one.default
    if type(value) is not type(plain):
        raise ValueError(f"{str(value)[:40]!r} is of another type than {plain!r}")
    if isinstance(value, int | float) and not 0 <= value < 10**LONGEST_NUMBER:
        raise ValueError(f"{str(value)[:40]} is not from 0 to {10**LONGEST_NUMBER}")
    if name in _PERIODS and 0 < value < LEAST_PERIOD:
        raise ValueError(f"more often than every {LEAST_PERIOD * 1000:g}ms nothing else could happen")
    choices = one.metadata.get("choices")
    if choices and value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    if name in _TEXTS:
        _TEXTS[name](value)


def _domain(text: str) -> None:
    if len(text) > 200 or not _DOMAIN.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no domain")


def told(flag: str) -> str:
    """Return what *flag* is for, and its default."""
    if flag == FEATURE_GATES:
        return ", ".join(f"{gate}=true|false" for gate in GATES)
    setting = field_of(flag)
    default = shown(setting)
    return f"{setting.metadata['what']}" + (f" (default {default})" if default else "")


def field_of(flag: str) -> Field[Any]:
    return next(one for one in fields(Settings) if one.name == names()[flag])


def shown(setting: Field[Any]) -> str:
    """Return the default of *setting* as one writes it on a command line: ``1m30s``, ``true``, ``110``."""
    default: Any = setting.default
    if isinstance(default, bool):
        return str(default).lower()
    if not isinstance(default, float) or setting.metadata["rate"]:
        return str(default)
    if default < 1:
        return f"{default * 1000:g}ms" if default else "0"
    hours, rest = divmod(default, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number:g}{unit}" for number, unit in parts if number)


def _number(flag: str, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d*)?", text):
        raise ValueError(f"--{flag}: {text!r} is no number")
    return float(text)


def _bool(flag: str, text: str) -> bool:
    """As strconv.ParseBool reads it."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise ValueError(f"--{flag}: {text!r} is neither true nor false")


def lags(text: str) -> dict[str, float]:
    """Return process -> seconds of ``kube-scheduler=2s,kubelet=0``. Raises: ValueError, in words."""
    out = {}
    for pair in filter(None, text.split(",")):
        process, _, lag = (part.strip() for part in pair.partition("="))
        if process not in PROCESSES:
            raise ValueError(f"{process!r} is no process: {', '.join(PROCESSES)}")
        out[process] = duration(lag)
    return out


_TEXTS: Final[Mapping[str, Callable[[str], object]]] = {
    "watch_lag_of": lags,
    "service_cidr": IPv4Network,
    "cluster_dns": IPv4Address,
    "cluster_domain": _domain,
}
"""Field -> what refuses a text that it cannot be, with a ValueError."""


def _seconds(flag: str, text: str) -> float:
    try:
        return duration(text)
    except ValueError as error:
        raise ValueError(f"--{flag}: {error}") from None


def duration(text: str) -> float:
    """Return the seconds that Go's durations stand for: ``1m30s``. Raises: ValueError, in words."""
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError(f'{text!r} is no duration: write "15s", "1m30s" or "500ms"')
    parts = re.findall(r"([\d.]+)(ms|us|ns|h|m|s)", text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
