"""The chapter's demo as a list of beats: a sentence, something to do, a state to wait for.

No sleeps and no script of times: a beat ends when the cluster's objects say so, so the story tells
itself right at every pace, in lesson mode and in a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.apimachinery.errors import ApiError, NotFound
from core.apimachinery.meta import Obj, Ref
from core.client.cache import View
from core.cluster import Cluster

EXAMPLES = Path(__file__).parent / "examples"
READING = 2.0  # seconds the cluster holds still for a new sentence, at pace 1

WEB_0 = Ref("Pod", "default", "web-0")
WEB_1 = Ref("Pod", "default", "web-1")
PAGE = "/usr/share/nginx/html/index.html"
GREETING = b"written by the first web-0\n"


@dataclass(frozen=True, slots=True)
class Beat:
    """*say* stands above the picture from the moment *do* is done until *until* holds."""

    say: str
    do: Callable[[Cluster, Story], None]
    until: Callable[[View, Story], bool]


class Story:
    """A run of the chapter's demo on one cluster."""

    def __init__(
        self,
        beats: tuple[Beat, ...] | None = None,
        *,
        reading: float = READING,
        on_beat: Callable[[int], None] = lambda number: None,
    ) -> None:
        """*reading*: seconds to hold still for a sentence; *on_beat* hears of each beat before it is done."""
        self._on_beat = on_beat
        self.beats = CHAPTER if beats is None else beats
        self.sentence = ""
        self.running = True
        self.first_uid = ""
        self._reading = reading
        self._at = 0
        self._begun = False
        self._begun_at = -math.inf  # wall seconds

    @property
    def position(self) -> str:
        return f"{min(self._at + 1, len(self.beats))} of {len(self.beats)}"

    def stop(self) -> None:
        self.running, self.sentence = False, ""

    def is_being_read(self, cluster: Cluster, wall: float) -> bool:
        """Whether the sentence is so new that the cluster should hold still: what it says must be seen."""
        return self.running and self._begun and wall < self._begun_at + self._reading / max(1.0, cluster.pace)

    def advance(self, cluster: Cluster, wall: float) -> bool:
        """Go on as far as the cluster's state allows; True when the sentence changed."""
        if not self.running or self.is_being_read(cluster, wall):
            return False
        beat = self.beats[self._at]
        if not self._begun:
            self._begun = True
            self._begun_at = wall
            self._on_beat(self._at)
            try:
                beat.do(cluster, self)
            except ApiError as error:
                self.running = False
                self.sentence = f"The demo stops here: {error.message}"
                return True
            self.sentence = beat.say
            return True
        if not beat.until(cluster.view, self):
            return False
        self._at += 1
        if self._at == len(self.beats):
            self._at -= 1
            self.running = False
            return True
        self._begun = False
        return self.advance(cluster, wall)


def is_ready(pod: Obj | None) -> bool:
    """Whether the Pod has the condition Ready=True and is not on its way out."""
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _uid(view: View) -> str:
    pod = view.get(*WEB_0)
    return pod["metadata"]["uid"] if pod else ""


def _nothing(cluster: Cluster, story: Story) -> None:
    return None


def _apply(cluster: Cluster, story: Story) -> None:
    for outcome in cluster.apply((EXAMPLES / "01-web.yaml").read_text()):
        if outcome.verb == "refused":
            raise ApiError(outcome.message)


def _write(cluster: Cluster, story: Story) -> None:
    story.first_uid = _uid(cluster.view)
    cluster.write_file(WEB_0, PAGE, GREETING)


def _delete(cluster: Cluster, story: Story) -> None:
    story.first_uid = _uid(cluster.view)
    cluster.delete(WEB_0, uid=story.first_uid)


def _read(cluster: Cluster, story: Story) -> None:
    if cluster.read_file(WEB_0, PAGE) != GREETING:
        raise NotFound("web-0 reads other bytes than the first web-0 wrote")


CHAPTER: tuple[Beat, ...] = (
    Beat(
        "The StatefulSet web wants two Pods. Watch the rows fill: a seat, its claim, its volume.",
        _apply,
        lambda view, story: is_ready(view.get(*WEB_0)),
    ),
    Beat(
        "web-0 is Ready, so only now comes web-1: one ordinal after the other.",
        _nothing,
        lambda view, story: is_ready(view.get(*WEB_1)),
    ),
    Beat(
        "web-0 writes a file into its volume. Look at the volume: it holds the bytes, not the Pod.",
        _write,
        lambda view, story: True,
    ),
    Beat(
        "web-0 is deleted. Look at its claim and its volume: they do not move.",
        _delete,
        lambda view, story: _uid(view) != story.first_uid,
    ),
    Beat(
        "The seat is empty and kept: name, claim and volume wait for the next web-0.",
        _nothing,
        lambda view, story: _uid(view) not in ("", story.first_uid),
    ),
    Beat(
        "A new web-0 sits down: the same name and claim; another uid, another address.",
        _nothing,
        lambda view, story: is_ready(view.get(*WEB_0)),
    ),
    Beat(
        "The new web-0 reads what the first one wrote, byte for byte. Now it is your turn: select a thing.",
        _read,
        lambda view, story: True,
    ),
)
