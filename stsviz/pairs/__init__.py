"""The pairs that come with stsviz: two worlds that differ in one thing, made from the same seed.

Each is a file of this folder: a title, the cluster as in a scenario (docs/scenarios.md), a manifest for both
and one for each side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.apimachinery.manifest import read_tree_of
from core.cluster import Cluster
from stsviz.scenarios.format import MAX_BYTES, MAX_VALUES, Scenario, World
from stsviz.scenarios.founding import found
from stsviz.scenarios.words import NOTHING, Words

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: the name of its cluster, what it is called, what is applied to it."""

    cluster: str
    label: str
    manifest: str


@dataclass(frozen=True, slots=True)
class Pair:
    key: str
    title: Words
    world: World
    sides: tuple[Side, Side]


@cache
def pairs() -> dict[str, Pair]:
    """Return the pairs by key, in their order. Raises: KeyError, ValueError when a file is no pair."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.yaml"))}


def _read(path: Path) -> Pair:
    given: Mapping[str, Any] = read_tree_of(path.read_bytes(), MAX_BYTES, MAX_VALUES).value
    first, second = (
        Side(side["cluster"], side["label"], f"{given['both']}---\n{side['apply']}")
        for side in given["sides"]
    )
    return Pair(path.stem, Words(**given["title"]), World(**given["cluster"]), (first, second))


def labels() -> dict[str, str]:
    """Return what the clusters of all pairs are called: cluster -> label."""
    return {side.cluster: side.label for pair in pairs().values() for side in pair.sides}


def make(pair: Pair, side: Side) -> Cluster:
    """Make the cluster of one side, its manifest applied and its clock stopped. Raises: AlreadyExists."""
    cluster = found(Scenario(side.cluster, pair.title, NOTHING, pair.world, ()))
    cluster.set_pace(0.0)
    for outcome in cluster.apply(side.manifest):
        if outcome.verb == "refused":
            raise ValueError(f"{pair.key}: {outcome}")
    return cluster
