"""A scenario that is being told on a cluster, beat by beat.

No sleeps and no script of times: a beat ends when the cluster's objects say so, so the story tells itself
right at every pace, in lesson mode and in a terminal. A question holds it until somebody answers; what a
visitor changes while it holds still ends the telling, not the cluster.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from stsviz.scenarios.conditions import Condition, Moment
from stsviz.scenarios.format import Beat, Scenario
from stsviz.scenarios.words import NOTHING, Words

READING = 22.0  # characters a second that a listener reads, at pace 1
LEAST_READING = 2.0  # seconds for the shortest sentence
MOST_STEPS = 4000  # decisions of a beat: a cluster that is not there by then went another way
MOST_SECONDS = 7200.0  # simulated, of a beat that is waited for: no condition asks for more than half of it

_SKIPPED = -1


class Phase(Enum):
    """Where a beat stands: not begun, its question is open, begun, and over."""

    FRESH = "fresh"
    ASKING = "asking"
    BEGUN = "begun"
    OVER = "over"


class Story:
    """A run of a scenario on one cluster."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        at: int = 0,
        reading: float = 1.0,
        asks: bool = True,
        on_beat: Callable[[int], None] = lambda number: None,
    ) -> None:
        """*at*: the beat (from 0) to hurry to; *reading*: times the usual time to read a sentence.

        *asks*: whether questions are asked; *on_beat* hears of each beat before it is done.
        """
        self.scenario = scenario
        self.beats = scenario.beats
        self.at = 0
        self.phase = Phase.FRESH
        self.running = True
        self.plays = True  # goes on by itself when a beat is over
        self.left = False
        self.failed = ""  # why it cannot go on
        self.refusals: tuple[str, ...] = ()  # of this beat's actions, where they were expected
        self.chosen = _SKIPPED  # the answer that was taken
        self.verdict: int | None = None  # the one that came true, once the beat is over
        self._asks, self._reading, self._on_beat = asks, reading, on_beat
        self._goal = min(at, len(self.beats) - 1)
        self._pressed = 0  # times that somebody wanted to go on while it was on its way
        self._hurries = self._goal > 0
        self._answered = False
        self._steps = 0
        self._reads_until = -math.inf  # wall seconds
        self._began = 0.0  # simulated epoch seconds
        self._uids: dict[Ref, str] = {}
        self._stood_at = -1  # the cluster's revision while the story holds it

    # -- what is shown ---------------------------------------------------------------------------------

    @property
    def beat(self) -> Beat:
        return self.beats[self.at]

    @property
    def sentence(self) -> Words:
        """What stands above the picture."""
        if self.failed:
            return Words(f"The scenario stops here: {self.failed}", f"剧本在此停下：{self.failed}")
        if self.phase is Phase.FRESH:
            return NOTHING
        return self.beat.ask.say if self.phase is Phase.ASKING and self.beat.ask else self.beat.say

    @property
    def is_asking(self) -> bool:
        return self.running and self.phase is Phase.ASKING

    @property
    def is_over(self) -> bool:
        """Whether the last beat has been told to its end."""
        return not self.running and not self.left and not self.failed

    @property
    def lines(self) -> tuple[str, ...]:
        """The kubectl lines of this beat; "" for a fault."""
        return tuple(action.line for action in self.beat.do)

    @property
    def position(self) -> str:
        return f"{self.at + 1} of {len(self.beats)}"

    @property
    def state(self) -> tuple[object, ...]:
        """All that a picture of the story depends on."""
        hurries = self.hurries
        return self.at, self.phase, self.running, self.plays, self.left, self.failed, self.chosen, hurries

    def _judged(self, cluster: Cluster) -> int | None:
        """Return the number of the answer that came true, None when it is not exactly one."""
        found = [n for n, holds in enumerate(self._answers()) if self._hold(cluster, holds)]
        return found[0] if len(found) == 1 else None

    # -- what a listener does --------------------------------------------------------------------------

    def answer(self, number: int) -> None:
        """Take a guess; a number that no answer has skips the question."""
        if self.is_asking and self.beat.ask is not None:
            self.chosen = number if 0 <= number < len(self.beat.ask.answers) else _SKIPPED
            self.phase, self._answered = Phase.FRESH, True
            self._stood_at, self._reads_until = -1, -math.inf

    def next(self) -> None:
        """Go to the next beat, at once: what is missing to the end of this one happens without waiting."""
        if not self.running:
            return
        if self._hurries:  # each press counts, as if it had come later
            self._pressed += 1
        elif self.phase is Phase.ASKING:
            self.answer(_SKIPPED)
        elif self.at + 1 < len(self.beats):
            self.go_to(self.at + 1)
        else:
            self._hurries, self._goal = True, len(self.beats)
        self._reads_until = -math.inf

    def go_to(self, number: int) -> None:
        """Hurry to the beginning of a later beat."""
        self._goal = min(max(number, self.at), len(self.beats) - 1)
        self._hurries = self._goal > self.at
        self._steps = 0
        self._reads_until = -math.inf

    def play(self, on: bool) -> None:
        """Go on by itself from beat to beat, or wait after each."""
        self.plays = on

    def leave(self) -> None:
        """Leave the cluster as it is; the story can be taken up again from its seed."""
        if self.running:
            self.running, self.left, self._hurries = False, True, False

    # -- telling ---------------------------------------------------------------------------------------

    @property
    def hurries(self) -> bool:
        return self.running and self._hurries

    def is_being_read(self, wall: float) -> bool:
        """Whether the sentence is so new that the cluster should hold still: what it says must be seen."""
        return self.running and not self._hurries and wall < self._reads_until

    def holds(self, cluster: Cluster, wall: float) -> bool:
        """Whether the cluster should stand still: for a reader, for an answer, or until somebody goes on.

        Who changes the cluster meanwhile wants to try something: then the story is left, and it lives on.
        """
        stands = self.phase is Phase.ASKING or (self.phase is Phase.OVER and not self._goes_on)
        if not self.running or self._hurries or not stands:
            self._stood_at = -1
            return cluster.mode == "lesson" and self.is_being_read(wall)
        if self._stood_at not in (-1, cluster.revision):
            self.leave()
            return False
        self._stood_at = cluster.revision
        return True

    @property
    def _goes_on(self) -> bool:
        """Whether the next beat may begin by itself: not after an answer, whose outcome is to be read."""
        return self._hurries or (self.plays and self.chosen == _SKIPPED)

    def advance(self, cluster: Cluster, wall: float) -> bool:
        """Go on as far as the cluster's state allows; True when there is something new to show."""
        if not self.running or self.is_being_read(wall):
            return False
        if self.phase is Phase.FRESH:
            return self._open(cluster, wall)
        if self.phase is Phase.BEGUN:
            if not self._hold(cluster, self.beat.until):
                return False
            self.phase, self.verdict = Phase.OVER, self._judged(cluster)
            if not self._goes_on:
                return True
        return self.phase is Phase.OVER and self._goes_on and self._turn_the_page(cluster, wall)

    def _turn_the_page(self, cluster: Cluster, wall: float) -> bool:
        if self.at + 1 >= len(self.beats):
            self.running = False
            return True
        self.at += 1
        self.phase, self.chosen, self.verdict, self.refusals = Phase.FRESH, _SKIPPED, None, ()
        self._answered, self._steps = False, 0
        if self.at >= self._goal:
            self._hurries = False
        self._open(cluster, wall)
        if self._pressed and not self._hurries:
            self._pressed -= 1
            self.next()
        return True

    def _open(self, cluster: Cluster, wall: float) -> bool:
        """Ask the beat's question, or begin it."""
        if self.beat.ask is not None and self._asks and not self._answered and not self._hurries:
            self.phase = Phase.ASKING
            return True
        self._on_beat(self.at)
        self._began, self._steps = cluster.now, 0
        conditions = [*self.beat.until, *(c for a in self._answers() for c in a)]
        view = cluster.view
        found = {ref: view.get(*ref) for condition in conditions for ref in condition.about}
        self._uids = {ref: obj["metadata"]["uid"] for ref, obj in found.items() if obj is not None}
        try:
            told = [action.perform(cluster) for action in self.beat.do]
        except ApiError as error:
            self.running, self.failed = False, error.message
            return True
        self.refusals = tuple(filter(None, told))
        self.phase = Phase.BEGUN
        letters = len(self.beat.say.en)
        self._reads_until = wall + self._reading * max(LEAST_READING, letters / READING) / max(
            1.0, cluster.pace
        )
        return True

    def _answers(self) -> list[tuple[Condition, ...]]:
        return [answer.holds for answer in self.beat.ask.answers] if self.beat.ask else []

    def _hold(self, cluster: Cluster, conditions: tuple[Condition, ...]) -> bool:
        with cluster.reading() as view:
            moment = Moment(view, cluster.settings, cluster.now, self._began, self._uids)
            return all(condition.holds(moment) for condition in conditions)

    def hurry(self, cluster: Cluster, wall: float) -> None:
        """Bring the cluster one decision nearer to the end of this beat."""
        if self.advance(cluster, wall) or not self.running or not self._hurries:
            return
        if not self.go_on(cluster):
            self.running, self.failed = False, f"waits for {self.missing(cluster)}"

    def go_on(self, cluster: Cluster) -> bool:
        """Let the cluster carry out one decision; False when it will not get to the end of this beat."""
        self._steps += 1
        lost = self._steps > MOST_STEPS or cluster.now > self._began + MOST_SECONDS
        return not lost and cluster.step()

    def missing(self, cluster: Cluster) -> str:
        """Return the conditions that this beat still waits for."""
        return "; ".join(c.text for c in self.beat.until if not self._hold(cluster, (c,)))
