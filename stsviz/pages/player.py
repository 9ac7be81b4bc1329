"""A run to be played: as one HTML file that needs nobody, and as the data of an embedded picture.

The file holds the first picture and what each step changes, its script and its style, and a policy that
lets it load nothing. A long run is thinned out: the file says how many writes it shows at once.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from core.apimachinery.errors import ApiError
from core.cluster import Cluster
from core.diagram import graph, layout
from core.diagram import render as drawing
from core.diagram.cards import Scene
from core.diagram.layout import Frame
from core.diagram.reel import Reel
from core.diagram.resting import Memory
from core.journal import Entry, entry_of
from core.past import Line, Past
from stsviz.pages.past import number
from stsviz.pages.stage import stage_at
from stsviz.pages.timeline import clock

FORMAT = 1
MOST, LEAST = 400, 60  # steps of a small run, and of one whose pictures are large
ROOM = 100_000  # elements to look at while a run is made: about six seconds
KEPT = 6  # runs as they were made last
STATIC = settings.BASE_DIR / "static"

_made: OrderedDict[tuple[str, int], tuple[Past, bytes]] = OrderedDict()
_making = threading.Lock()  # one at a time: it is seconds of work


@dataclass(frozen=True, slots=True)
class Cut:
    """Which writes of a run are shown: their lines, oldest first, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int

    @property
    def left_out(self) -> str:
        """What is not shown, as a sentence; "" when everything is."""
        if len(self.lines) == self.total:
            return ""
        return (
            f"{len(self.lines)} of {self.total} writes have a step of their own; the others go with the next."
        )


def cut(past: Past, upto: int) -> Cut:
    """Return the writes up to the revision *upto* that get a step: all, or evenly many and every act."""
    told = past.told(upto)
    view = past.at(upto).view
    large = 20 + 2 * sum(
        len(view.list(kind)) for kind in ("Pod", "PersistentVolumeClaim", "PersistentVolume")
    )
    most = min(MOST, max(LEAST, ROOM // large))
    if len(told) <= most:
        return Cut(tuple(told), len(told))
    acts = [at for at, line in enumerate(told) if past.is_person(line.actor)][-most // 2 :]
    even = most - len(acts)
    kept = {*acts, *(len(told) - 1 - at * len(told) // even for at in range(even))}
    return Cut(tuple(told[at] for at in sorted(kept)), len(told))


def run_of(cluster: Cluster, upto: int) -> bytes:
    """Return the run up to the revision *upto* as JSON; made once. Raises: Gone, BadRequest, DrawingError."""
    past, key = cluster.past, (cluster.name, upto)
    with _making:
        found = _made.get(key)
        if found is None or found[0] is not past:
            found = _made[key] = past, orjson.dumps(_run(cluster, cut(past, upto)))
            while len(_made) > KEPT:
                _made.popitem(last=False)
        _made.move_to_end(key)
        return found[1]


def _run(cluster: Cluster, shown: Cut) -> dict[str, object]:
    past, started = cluster.past, float(cluster.started)
    reel, memory, last = Reel(), Memory(), None
    for line in shown.lines:
        last = _frame(past, line.revision, memory, last)
        reel.add(last)
    entries = {change.revision: entry_of(change) for change in past.changes(shown.lines)}
    steps = [
        {
            "revision": line.revision,
            "clock": clock(line.at - started),
            "said": said(entries.get(line.revision)),
            "size": step.size,
            "put": step.put,
            "gone": step.gone,
        }
        for line, step in zip(shown.lines, reel.steps, strict=True)
    ]
    return {
        "format": FORMAT,
        "name": cluster.name,
        "left": shown.left_out,
        "drawings": reel.drawings,
        "steps": steps,
    }


def _frame(past: Past, revision: int, memory: Memory, last: Frame | None) -> Frame:
    moment = past.at(revision)
    scene = Scene(moment.view, moment.tombstones, moment.now, moment.notes, memory)
    return layout.place(graph.build(scene, None, frozenset()), last)


def said(entry: Entry | None) -> tuple[str, str, str]:
    """Return who did what because of what."""
    return (entry.actor, entry.text, entry.because) if entry is not None else ("", "", "")


# -- the file ------------------------------------------------------------------------------------------


def page_of(cluster: Cluster, upto: int) -> tuple[str, str]:
    """Return the file with the run up to the revision *upto*, and the policy that its answer carries."""
    script, style = _text("player.js"), "\n".join(map(_text, ("picture.css", "player.css")))
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}"
    run = base64.b64encode(gzip.compress(run_of(cluster, upto), 9, mtime=0)).decode()
    context = {
        "name": cluster.name,
        "upto": upto,
        "policy": policy,
        "script": mark_safe(script),
        "style": mark_safe(style),
        "run": run,
    }
    return render_to_string("player.html", context), policy


def _text(name: str) -> str:
    return Path(STATIC / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _upto(request: HttpRequest, past: Past) -> int:
    return number(request.GET.get("at", "") or request.GET.get("upto", "")) or past.last


@require_safe
def run_file(request: HttpRequest, name: str, revision: int | None = None) -> HttpResponse:
    """Hand out the run as one HTML file, up to `at` or to now."""
    cluster = stage_at(name).driver.cluster
    upto = revision or _upto(request, cluster.past)
    try:
        page, policy = page_of(cluster, upto)
    except ApiError as error:
        return render(request, "refusal.html", {"text": f"{error.message}."}, status=error.code)
    response = HttpResponse(page)
    response.headers["Content-Disposition"] = f'inline; filename="{name}-run-{upto}.html"'
    response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'; sandbox allow-scripts"
    return response


@require_safe
def run_data(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the run up to `upto`, for the player of an embedded picture."""
    cluster = stage_at(name).driver.cluster
    try:
        return HttpResponse(run_of(cluster, _upto(request, cluster.past)), content_type="application/json")
    except ApiError as error:
        return HttpResponse(f"{error.message}.", status=error.code, content_type="text/plain; charset=utf-8")


# -- embedded ------------------------------------------------------------------------------------------


def embedded(request: HttpRequest, name: str, address: str) -> HttpResponse:
    """Show the picture of a cluster for another page: nothing can be done from it but to play it.

    *address*: of the cluster's own page.
    """
    cluster = stage_at(name).driver.cluster
    past = cluster.past
    upto = _upto(request, past)
    try:
        shown = cut(past, upto)
        frame = _frame(past, upto, Memory(), None)
    except ApiError as error:
        return render(request, "refusal.html", {"text": f"{error.message}."}, status=error.code)
    last: Sequence[Line] = shown.lines[-1:]
    entry = next((entry_of(change) for change in past.changes(last)), None)
    context = {
        "name": name,
        "upto": upto,
        "picture": mark_safe(drawing.svg(frame)),
        "entry": entry,
        "clock": clock(last[0].at - cluster.started) if last else "",
        "newest": max(0, len(shown.lines) - 1),
        "left": shown.left_out,
        "address": address,
    }
    response = render(request, "embed.html", context)
    policy = settings.CONTENT_SECURITY_POLICY.replace("form-action 'self'", "form-action 'none'")
    policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {settings.EMBED_ANCESTORS}")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    response.xframe_options_exempt = True  # the policy says who may frame it
    return response


@require_safe
def embed(request: HttpRequest, name: str) -> HttpResponse:
    return embedded(request, name, f"/c/{name}/")
