"""The scenarios there are: those that come with stsviz, and those that somebody put into DATA/scenarios."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings

from core.apimachinery.manifest import Problem
from stsviz.scenarios.format import MAX_BYTES, Faulty, Scenario, read
from stsviz.scenarios.words import Words

SHIPPED = Path(__file__).parent
OWN = "own-"  # begins the keys, and cluster names, of scenarios that did not come with stsviz
MOST_OWN = 100  # files in DATA/scenarios
_KEY = re.compile(r"[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?")
DEMO = "01-web-0-returns"


@cache
def shipped() -> dict[str, Scenario]:
    """Return the scenarios of stsviz by key, in their order."""
    return {path.stem: read(path.read_bytes(), path.stem) for path in sorted(SHIPPED.glob("*.yaml"))}


def folder() -> Path:
    return Path(settings.DATA) / "scenarios"


def own() -> list[str]:
    """Return the keys of the scenarios in DATA/scenarios."""
    found = sorted(path.stem for path in folder().glob("*.yaml") if _KEY.fullmatch(path.stem))
    return [OWN + stem for stem in found[:MOST_OWN]]


def find(key: str) -> Scenario:
    """Return a scenario. Raises: KeyError when there is none, Faulty when its file is no scenario."""
    if not key.startswith(OWN):
        return shipped()[key]
    stem = key.removeprefix(OWN)
    if not _KEY.fullmatch(stem):
        raise KeyError(key)
    path = folder() / f"{stem}.yaml"
    try:
        stat = path.stat()
    except OSError:
        raise KeyError(key) from None
    return _read(path, key, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, key: str, changed: int, size: int) -> Scenario:
    if size > MAX_BYTES:
        raise Faulty([Problem(1, 0, "", f"larger than {MAX_BYTES} bytes")])
    return read(path.read_bytes(), key)


def keep(filename: str, data: bytes) -> Scenario:
    """Check an uploaded file and keep it in DATA/scenarios. Raises: Faulty, and nothing is kept."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(filename).stem.lower()).strip("-")[:50].strip("-")
    if not _KEY.fullmatch(stem):
        raise Faulty([Problem(1, 0, "", "the file's name has no letter from a to z and no digit")])
    key = OWN + stem
    scenario = read(data, key)
    path = folder() / f"{stem}.yaml"
    folder().mkdir(parents=True, exist_ok=True)
    if not path.exists() and len(own()) >= MOST_OWN:
        raise Faulty(
            [Problem(1, 0, "", f"there are {MOST_OWN} scenarios already: take one out of {folder().name}")]
        )
    draft = path.with_suffix(".draft")
    draft.write_bytes(data)
    draft.replace(path)  # whole or not at all
    return scenario


@dataclass(frozen=True, slots=True)
class Belief:
    """What newcomers believe, and the beat (from 1) that shows otherwise."""

    said: Words
    beat: int


def beliefs(scenario: Scenario) -> list[Belief]:
    return [Belief(beat.refutes, at) for at, beat in enumerate(scenario.beats, 1) if beat.refutes]


def listed() -> list[dict[str, object]]:
    """Return stsviz's scenarios as a menu shows them."""
    return [
        {"key": key, "number": at, "scenario": scenario, "beliefs": beliefs(scenario)}
        for at, (key, scenario) in enumerate(shipped().items(), 1)
    ]


def demo() -> Scenario:
    """Return the chapter's demo."""
    return shipped()[DEMO]


def after(key: str) -> Scenario | None:
    """Return the scenario that follows *key* among those of stsviz."""
    keys = list(shipped())
    return shipped()[keys[keys.index(key) + 1]] if key in keys[:-1] else None
