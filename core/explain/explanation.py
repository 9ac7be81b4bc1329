"""What an explanation is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.apimachinery.meta import Obj, Ref, ref_of
from core.client.cache import View
from core.sim.settings import Settings

MOST = 50  # candidates that are listed


class Asked(NamedTuple):
    """What is asked about, and where. *obj* None: a seat without a Pod. *now*: simulated epoch seconds."""

    view: View
    settings: Settings
    now: float
    ref: Ref
    obj: Obj | None

    @property
    def found(self) -> Obj:
        assert self.obj is not None
        return self.obj


class Culprit(NamedTuple):
    """The field that is responsible: of the thing itself or of another. *path*: ``spec.volumes[0]``."""

    ref: Ref
    path: str
    words: str = ""


class Candidate(NamedTuple):
    """One volume or node that was looked at. *tests*: the names of those that it failed; none: it would do.

    *words*: why, as predicates of the candidate.
    """

    ref: Ref
    tests: tuple[str, ...] = ()
    words: str = ""


class Remedy(NamedTuple):
    """What would change it. *line* "": no kubectl line does. *words*: what comes of it."""

    line: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """*sentence*: a clause whose subject is the thing, "" when a component has said it already.

    *component*: who decides. *related*: what to look at next. *heading*: of the candidates;
    *left_out*: how many more there are.
    """

    sentence: str = ""
    component: str = ""
    culprits: tuple[Culprit, ...] = ()
    heading: str = ""
    candidates: tuple[Candidate, ...] = ()
    left_out: int = 0
    remedies: tuple[Remedy, ...] = ()
    related: tuple[Ref, ...] = ()
    blocked: bool = False
    """Nobody will do anything about it until somebody acts."""


NOTHING = Explanation()


def own(obj: Obj, path: str, words: str = "") -> Culprit:
    """Return a field of *obj* as the culprit."""
    return Culprit(ref_of(obj), path, words)
