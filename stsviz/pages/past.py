"""A cluster as it was: the page at a revision, and the fragments that scrubbing shows."""

from __future__ import annotations

import threading
from collections import OrderedDict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import escape
from django.views.decorators.http import require_safe

from core.apimachinery.errors import ApiError, NotFound
from core.apimachinery.meta import Ref
from core.diagram import graph, layout, patch
from core.diagram import render as drawing
from core.diagram.cards import Scene
from core.diagram.resting import Memory
from core.files import read_in
from core.journal import Entry, entry_of
from stsviz.driver import Driver
from stsviz.pages import commands, panel, status, timebar, timeline, twin, views
from stsviz.pages.percluster import PerCluster
from stsviz.pages.stage import MANY, Snapshot, Stage, drawn_parts, out_of_band, picture_changes, stage_at

KEPT = 12  # drawn moments of a cluster


class Looks:
    """The moments of one cluster that somebody has looked at, drawn."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._lock = threading.Lock()
        self._memory = Memory()
        self._drawn: OrderedDict[tuple[int, frozenset[str]], Snapshot] = OrderedDict()

    def at(self, revision: int, expanded: frozenset[str]) -> Snapshot:
        """Return what the page shows of *revision*. Raises: Gone, BadRequest."""
        with self._lock:
            key = revision, expanded
            found = self._drawn.get(key)
            if found is None:
                found = self._drawn[key] = self._draw(revision, expanded)
                while len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return found

    def known(self, revision: int, expanded: frozenset[str]) -> Snapshot | None:
        """Return what :meth:`at` returned of late, else None."""
        return self._drawn.get((revision, expanded))

    def _draw(self, revision: int, expanded: frozenset[str]) -> Snapshot:
        cluster = self.driver.cluster
        moment = cluster.past.at(revision)
        scene = Scene(moment.view, moment.tombstones, moment.now, moment.notes, self._memory)
        drawn = graph.build(scene, None, expanded)
        last = next(reversed(self._drawn.values())) if self._drawn else None
        frame = layout.place(drawn, last.frame if last else None)
        small = {
            "left-out": f'<p id="left-out">{escape(drawn.left_out)}</p>',
            "rollout": f'<p id="rollout">{escape(status.rollout(moment.view))}</p>',
            "next": '<p id="next">This is the past: what came next stands further on in the time bar.</p>',
        }
        entries = timeline.told(cluster, revision)
        tables = twin.read(moment.view, moment.now)
        return Snapshot(revision, expanded, frame, drawn.left_out, tables, entries, small)


_looks = PerCluster(Looks)


# -- pages and fragments ---------------------------------------------------------------------------------


@require_safe
def page(request: HttpRequest, name: str, revision: int) -> HttpResponse:
    """Show the page of a cluster as it was at *revision*: an address that can be passed on."""
    on = stage_at(name)
    try:
        shown = _looks.of(on.driver).at(revision, on.expanded)
    except ApiError as error:
        return render(request, "refusal.html", {"text": f"{error.message}."}, status=error.code)
    parts = drawn_parts(shown, float(on.driver.cluster.started))
    return views.whole_page(request, on, at=revision, banner=_banner(on.driver, revision), **parts)


@require_safe
def scrub(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the fragments that turn the page into that of `revision`, or of before the last act at
    `before`; `from` (a revision) or `live` (a cursor) says what it shows, `selected` what its panel is."""
    on = stage_at(name)
    driver = on.driver
    try:
        revision = _wanted(request, driver)
        if revision is None:
            text = "Nobody has done anything before this: there is nothing to go back to."
            return refused(request, text, 404)
        shown = _looks.of(driver).at(revision, on.expanded)
    except ApiError as error:
        return refused(request, f"{error.message}.", error.code)
    before = number(request.GET.get("from", ""))
    old = _looks.of(driver).known(before, on.expanded) if before else on.shown(request.GET.get("live", ""))
    started = float(driver.cluster.started)
    parts = _moved(old, shown) if old is not None else _whole(shown)
    parts.append(out_of_band(timeline.section(shown.entries, started), "outerHTML"))
    parts += [out_of_band(html) for html in shown.small.values()]
    parts.append(out_of_band(_banner(driver, revision), "outerHTML"))
    if selected := request.GET.get("selected", "")[:400]:
        parts.append(out_of_band(_panel(on, revision, selected)))
    response = HttpResponse("".join(parts))
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(request: HttpRequest, text: str, code: int) -> HttpResponse:
    return render(request, "parts/said.html", {"text": text, "refused": True}, status=code)


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _wanted(request: HttpRequest, driver: Driver) -> int | None:
    past = driver.cluster.past
    if "before" in request.GET:
        act = past.last_act(number(request.GET["before"]) or past.last)
        return max(act[0].revision - 1, past.first) if act else None
    place = number(request.GET.get("place", ""))
    if place is not None:
        places = past.told()
        return places[min(place, len(places) - 1)].revision if places else None
    return number(request.GET.get("revision", "")) or past.last


def _moved(old: Snapshot, new: Snapshot) -> list[str]:
    """Return what turns the page of *old* into that of *new*; all of it where that is many parts."""
    difference, rows = patch.diff(old.frame, new.frame), twin.changes(old.tables, new.tables)
    picture = _picture(new) if len(difference) > MANY else picture_changes(difference, new.frame)
    return [*picture, *(_tables(new) if len(rows) > MANY else rows)]


def _whole(shown: Snapshot) -> list[str]:
    return [*_picture(shown), *_tables(shown)]


def _picture(shown: Snapshot) -> list[str]:
    return [out_of_band(drawing.svg(shown.frame), "outerHTML")]


def _tables(shown: Snapshot) -> list[str]:
    return [out_of_band(twin.section(kind, table), "outerHTML") for kind, table in shown.tables.items()]


def _banner(driver: Driver, revision: int) -> str:
    """Return what says where in the past the page is, and how to go on from there."""
    cluster = driver.cluster
    past, entry = cluster.past, _said_of(driver, revision)
    act, told = past.last_act(past.last), past.told()
    context = {
        "name": cluster.name,
        "at": revision,
        "sealed": cluster.sealed,
        "place": timebar.place_of(told, revision),
        "newest": len(told) - 1,
        "last": past.last,
        "clock": timeline.clock((entry.at if entry else cluster.started) - cluster.started),
        "entry": entry,
        "undone": _said_of(driver, act[0].revision) if act and act[0].revision == revision + 1 else None,
    }
    return render_to_string("parts/past.html", context)


def _said_of(driver: Driver, revision: int) -> Entry | None:
    change = driver.cluster.past.change(revision)
    return entry_of(change) if change is not None else None


def selected(request: HttpRequest, name: str, revision: int) -> HttpResponse:
    """Show the panel of one thing as it was at *revision*. Raises: ApiError."""
    return HttpResponse(_panel(stage_at(name), revision, request.GET.get("what", "")[:400]))


def _panel(on: Stage, revision: int, what: str) -> str:
    shown = _looks.of(on.driver).at(revision, on.expanded)
    ref = Ref(*what.split("/")) if what.count("/") == 2 else shown.frame.refs.get(what)
    folded = shown.frame.labels.get(what, "") if ref is None else ""
    past = on.driver.cluster.past
    return panel.render(past.at(revision), what, ref, folded, past)


def picture(request: HttpRequest, name: str, revision: int, form: str) -> HttpResponse:
    """Answer with the picture of *revision* as a file. Raises: ApiError."""
    on = stage_at(name)
    return views.as_file(_looks.of(on.driver).at(revision, on.expanded).frame, f"{name}-{revision}", form)


def tables(request: HttpRequest, name: str, revision: int) -> HttpResponse:
    """Print what `kubectl get` would have printed at *revision*. Raises: ApiError."""
    return views.as_tables(stage_at(name).driver.cluster.past.at(revision))


def read_file(request: HttpRequest, name: str, revision: int) -> HttpResponse:
    """Show the bytes that a file had at *revision*. Raises: ApiError."""
    moment = stage_at(name).driver.cluster.past.at(revision)
    ref, path = commands.ref_of(request.GET.dict()), request.GET.get("path", "")
    obj = moment.view.get(*ref)
    if obj is None:
        raise NotFound(f"{ref.kind} {ref.name} was not there at revision {revision}")
    text = read_in(moment.view, moment.now, obj, path).decode("utf-8", "backslashreplace")
    return render(request, "parts/said.html", {"line": commands.cat_line(ref, path), "text": text[:10_000]})
