"""What every viewer of one cluster sees, kept as parts; each advance yields one message, the same for all.

A viewer holds a cursor: the number of the last message it took in. Who comes back asks for the
messages after its cursor; when they are no longer kept (a long sleep, a restarted server) it gets the
whole page once more, and htmx morphs it: what did not change is not touched.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from django.db import connection
from django.http import Http404
from django.utils.html import escape

from core.apimachinery.errors import Gone
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.diagram import graph, layout, patch, render, seating
from core.diagram.cards import Scene
from core.diagram.folding import CHUNK
from core.diagram.layout import Frame
from core.diagram.resting import Memory
from stsviz.driver import Driver
from stsviz.pages import status, timeline, twin
from stsviz.pages.percluster import PerCluster
from stsviz.runtime import runtime

KEPT = 512  # messages a viewer may be behind before it gets everything again
KEPT_SIZE = 4 * 2**20  # characters of these: who misses more is better off with the page
AGED = 10  # rows whose age is brought up to date each second
LONG_LOOK = 0.02  # seconds: nobody should wait for a look that takes longer
FRESH = 4  # times as long as it took to make, what is shown counts as new
MANY = 100  # elements: more are drawn at once only for somebody who sees them
MANY_WRITES = 5000  # since the last look: everything is looked at anew
MAX_EXPANDED = 50  # folded ranges open at once


@dataclass(slots=True)
class Snapshot:
    """All that the page shows of one moment."""

    revision: int
    expanded: frozenset[str]
    frame: Frame
    left_out: str
    tables: dict[str, twin.Table]
    entries: list[timeline.Entry]
    small: dict[str, str]  # element id -> its whole HTML
    parts: dict[str, str] | None = None  # of a whole page, once somebody has asked for one


class Stage:
    """The shared view of one cluster."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._started = float(driver.cluster.started)
        self.expanded: frozenset[str] = frozenset()
        self._boot = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._version = 0
        self._messages: deque[tuple[int, str]] = deque()
        self._size = 0  # characters of the messages
        self._shown: Snapshot | None = None
        self._memory = Memory()
        self._state: tuple[object, ...] = ()  # what the last look depended on
        self._looked_at = 0.0
        self.cost = 0.0  # seconds the last look took, with all of the page
        self._aged_at = time.monotonic()
        self._published: tuple[Snapshot, str] | None = None

    @property
    def cursor(self) -> str:
        return f"{self._boot}-{self._version}"

    def current(self) -> tuple[Snapshot, str]:
        """Return what is shown and the cursor that belongs to it; the socket brings what is newer.

        Under load nobody waits for a new look: one that is younger than a few looks take is good enough,
        and where looking takes long it is done behind the answer.
        """
        published = self._published
        if published is not None:
            if time.monotonic() - self._looked_at < FRESH * self.cost:
                return published
            if self.cost > LONG_LOOK:
                if not self._lock.locked():  # else one is under way
                    threading.Thread(target=self._look_behind, name="look", daemon=True).start()
                return published
        if not self._lock.acquire(blocking=published is None):
            assert published is not None
            return published
        try:
            self._advance(whole=True)
            assert self._published is not None
            return self._published
        finally:
            self._lock.release()

    def _look_behind(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._advance(whole=True)
            finally:
                self._lock.release()
                connection.close()

    def since(self, cursor: str) -> tuple[str, list[str]]:
        """Return the newest cursor, and the messages that lead there from *cursor*."""
        with self._lock:
            self._advance()
            seen = self._seen(cursor)
            if seen == self._version:
                return self.cursor, []
            return self.cursor, self._kept(seen) or [self._whole()]

    def _seen(self, cursor: str) -> int:
        """Return the number of the last message that *cursor* stands for, -1 when it is not one of ours."""
        boot, _, number = cursor.partition("-")
        return int(number) if boot == self._boot and number.isdecimal() else -1

    def _kept(self, seen: int) -> list[str]:
        """Return the messages after the one that was *seen*; none if they are no longer kept."""
        if not self._messages or not self._messages[0][0] <= seen + 1 <= self._version:
            return []
        return [text for version, text in self._messages if version > seen]

    def kept_since(self, cursor: str) -> tuple[str, list[str]]:
        """As :meth:`since`, of what is drawn already: for the event loop, which may not wait for a look.

        With no messages the cursor stays as it was: there may be news that only :meth:`since` can tell.
        """
        if not self._lock.acquire(blocking=False):
            return cursor, []
        try:
            messages = self._kept(self._seen(cursor))
            return (self.cursor, messages) if messages else (cursor, [])
        finally:
            self._lock.release()

    def look(self) -> None:
        """Draw what has changed since the last look."""
        with self._lock:
            self._advance()

    def shown(self, cursor: str) -> Snapshot | None:
        """Return what a page shows that has taken in all up to *cursor*, if that is still the newest."""
        with self._lock:
            return self._shown if cursor == self.cursor else None

    def small(self) -> dict[str, str]:
        """Return the small parts of the page as they are now: element id -> its whole HTML."""
        with self._lock:
            self._advance()
            return self._shown.small if self._shown is not None else {}

    def resolve(self, what: str) -> Ref | None:
        """Return the object that an element id (or `Kind/namespace/name`) stands for."""
        if what.count("/") == 2:
            return Ref(*what.split("/"))
        shown, _ = self.current()
        return shown.frame.refs.get(what)

    def folded(self, element: str) -> str:
        """Return what a folded range holds, as a sentence; "" when *element* is no range."""
        shown, _ = self.current()
        return shown.frame.labels.get(element, "") if element not in shown.frame.refs else ""

    def reveal(self, ref: Ref) -> str:
        """Unfold the range that hides *ref*, for every viewer; return its element id, "" if it has none."""
        shown, _ = self.current()
        known = next((id_ for id_, other in shown.frame.refs.items() if other == ref), "")
        if known:
            return known
        with self.driver.cluster.reading() as view:
            seat = seating.seat_of(ref, view)
        if seat is None:
            return ""
        sts, ordinal = seat
        self._open(graph.range_id(sts, ordinal // CHUNK * CHUNK))
        self.look()
        frame = self._shown.frame if self._shown is not None else shown.frame
        return next((id_ for id_, other in frame.refs.items() if other == ref), "")

    def expand(self, element: str) -> None:
        """Open a folded range of ordinals, for every viewer, or close it; when many are open, one closes."""
        if element in self.expanded:
            self.expanded -= {element}
        elif self.folded(element):
            self._open(element)

    def _open(self, element: str) -> None:
        self.expanded = frozenset([*sorted(self.expanded - {element})[-MAX_EXPANDED + 1 :], element])

    def fold(self) -> None:
        """Close every range."""
        self.expanded = frozenset()

    # -- advancing -------------------------------------------------------------------------------------

    def _advance(self, *, whole: bool = False) -> None:
        """Look again if anything has changed; *whole*: draw all of the page too before it is shown."""
        state = self._depends_on()
        if state == self._state:
            return
        began = time.monotonic()
        new = self._look()
        self._show(new)
        self._state = state
        if whole:
            page_parts(new, self._started)
            self.cost = time.monotonic() - began
        self._looked_at = time.monotonic()
        self._published = new, self.cursor

    def _rows_to_age(self) -> int:
        wall = time.monotonic()
        if wall < self._aged_at + 1.0:
            return 0
        self._aged_at = wall
        return AGED

    def _depends_on(self) -> tuple[object, ...]:
        """All that a look depends on; the clock is shown anew once a second."""
        driver = self.driver
        driver.refresh()
        cluster, story = driver.cluster, driver.story
        told = story.state if story is not None else None
        second = int(time.monotonic()) if cluster.pace else 0
        return cluster.revision, second, cluster.pace, cluster.mode, driver.settling, told, self.expanded

    def _show(self, new: Snapshot) -> None:
        """Keep the message that leads from what was shown to *new*."""
        old = self._shown
        if old is None:
            self._shown = new
            return
        difference = patch.diff(old.frame, new.frame)
        if len(difference) > MANY and not runtime.audience.is_there(self.driver.cluster.name):
            self._shown = new
            self._version += 1  # who comes back gets the whole page: nobody waits for all of this to be drawn
            self._messages.clear()
            self._size = 0
            return
        changes = [*picture_changes(difference, new.frame), *twin.changes(old.tables, new.tables)]
        changes += timeline.changes(old.entries, new.entries, self._started)
        changes += [out_of_band(html) for name, html in new.small.items() if old.small.get(name) != html]
        self._shown = new  # not before all of it could be drawn
        if not changes:
            return
        self._version += 1
        self._keep("".join(changes) + self._mark())

    def _keep(self, message: str) -> None:
        self._messages.append((self._version, message))
        self._size += len(message)
        while len(self._messages) > KEPT or (self._size > KEPT_SIZE and len(self._messages) > 1):
            self._size -= len(self._messages.popleft()[1])

    def _look(self) -> Snapshot:
        """Read everything at one revision, then draw with the store released."""
        driver, old = self.driver, self._shown
        cluster = driver.cluster
        drawing = None
        with cluster.reading() as view:
            revision, now, expanded = cluster.revision, cluster.now, self.expanded
            changed = _changed(cluster, old.revision) if old is not None else None
            if old is None or old.revision != revision or old.expanded != expanded:
                scene = Scene(view, cluster.tombstones, now, cluster.notes, self._memory, changed)
                drawing = graph.build(scene, None, expanded)
            tables = twin.read(view, now, old.tables if old else None, self._rows_to_age(), changed)
            small = status.parts(driver, view, drawing.left_out if drawing else old.left_out)
        # Not above: what reads the history takes its lock before the store's.
        entries = timeline.read(cluster, old.entries if old else ()) if drawing or not old else old.entries
        frame = layout.place(drawing, old.frame if old else None) if drawing else old.frame
        left_out = drawing.left_out if drawing else old.left_out
        return Snapshot(revision, expanded, frame, left_out, tables, entries, small)

    def _whole(self) -> str:
        shown = self._shown
        assert shown is not None
        parts = [
            out_of_band(render.svg(shown.frame), "outerHTML"),
            *(out_of_band(twin.section(kind, table)) for kind, table in shown.tables.items()),
            out_of_band(timeline.section(shown.entries, self._started)),
            *(out_of_band(html) for html in shown.small.values()),
        ]
        return "".join(parts) + self._mark()

    def _mark(self) -> str:
        return f'<data id="cursor" value="{escape(self.cursor)}" hx-swap-oob="outerHTML"></data>'


def _changed(cluster: Cluster, revision: int) -> set[Ref] | None:
    """Return what was written since *revision*; None where looking at everything is less work."""
    if cluster.revision - revision > MANY_WRITES:
        return None
    try:
        return {change.ref for change in cluster.changes_since(revision)}
    except Gone:
        return None


def picture_changes(difference: patch.Patch, new: Frame) -> list[str]:
    """Return the fragments that turn the old picture into the new one."""
    parts = []
    if difference.resized:  # only the root's attributes: the page's htmx-config spares its children
        parts.append(out_of_band(render.svg(replace(new, elements=()))))
    drawn = render.fragments(new, [*difference.changed, *difference.added])
    groups = [out_of_band(drawn[name]) for name in difference.changed]
    groups += [f'<g hx-swap-oob="beforeend:#picture">{drawn[name]}</g>' for name in difference.added]
    groups += [f'<g id="{name}" hx-swap-oob="delete"></g>' for name in difference.removed]
    if groups:  # a bare <svg> around them, so that they are parsed as SVG
        parts += ["<svg>", *groups, "</svg>"]
    return parts


def out_of_band(html: str, how: str = "outerMorph") -> str:
    """Mark the first element of *html* to be swapped, in this manner, for the element that has its id."""
    at = html.index(" ")
    return f'{html[:at]} hx-swap-oob="{how}"{html[at:]}'


_stages = PerCluster(Stage)


def stage_of(name: str) -> Stage:
    """Return the stage of a cluster of this process. Raises: KeyError."""
    return _stages.of(runtime.driver(name))


def stage_at(name: str) -> Stage:
    """Return the stage of a cluster, up to date with what other processes wrote. Raises: Http404."""
    try:
        runtime.fresh(name)
        return stage_of(name)
    except KeyError:
        raise Http404(f"there is no cluster {name}") from None


def look_at(name: str) -> None:
    """Draw what has changed in a cluster. Raises: KeyError."""
    stage_of(name).look()


def page_parts(snapshot: Snapshot, started: float) -> dict[str, str]:
    """Return the parts of a whole page, for its template; made once a snapshot."""
    if snapshot.parts is None:
        snapshot.parts = drawn_parts(snapshot, started)
    return snapshot.parts


def drawn_parts(snapshot: Snapshot, started: float) -> dict[str, str]:
    """Return what :func:`page_parts` does, and keep nothing: a megabyte for 300 seats."""
    return {
        "picture": render.svg(snapshot.frame),
        "twin": "".join(twin.section(kind, table) for kind, table in snapshot.tables.items()),
        "timeline": timeline.section(snapshot.entries, started),
        **{name.replace("-", "_"): html for name, html in snapshot.small.items()},
    }
