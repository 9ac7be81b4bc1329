"""The menu of a thing: what can be done to it, and of each entry what it asks and what it would take.

It is fetched when it is opened, so that a picture of 300 seats carries none.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, uid_of
from core.cluster import Cluster
from core.losses import Losses
from core.past import Moment
from stsviz.pages.entries import Entry, entries_of, entry_named, line_of
from stsviz.pages.stage import Stage, stage_at

LONGEST = 400  # characters of what a viewer says


@require_safe
def menu(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the menu of `what`; with `entry` by what that asks and takes; `answer`: anew."""
    on = stage_at(name)
    return _answer(request, on, on.driver.cluster)


def as_of_then(request: HttpRequest, name: str, revision: int) -> HttpResponse:
    """The same for the cluster as it was at *revision*. Raises: ApiError."""
    on = stage_at(name)
    return _answer(request, on, on.driver.cluster.past.at(revision))


def _answer(request: HttpRequest, on: Stage, cluster: Cluster | Moment) -> HttpResponse:
    what = request.GET.get("what", "")[:LONGEST]
    ref = on.resolve(what)
    with cluster.reading() as view:
        obj = view.get(*ref) if ref is not None else None
    context: dict[str, Any] = {"name": on.driver.cluster.name, "what": what, "ref": ref}
    if obj is None:
        return _fresh(render(request, "parts/menu.html", context | {"gone": True}))
    entry = entry_named(obj["kind"], request.GET.get("entry", ""))
    if entry is None:
        return _fresh(
            render(request, "parts/menu.html", context | {"entries": rows(obj), "uid": uid_of(obj)})
        )
    context |= _step(cluster, entry, obj, request.GET.get("answer"))
    whole = "answer" not in request.GET
    return _fresh(render(request, "parts/step.html" if whole else "parts/losses.html", context))


def _fresh(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


def rows(obj: Obj | None) -> list[dict[str, Any]]:
    """Return the entries of *obj* for a template."""
    if obj is None:
        return []
    return [
        {
            "key": entry.key,
            "title": entry.title,
            "line": line_of(entry, obj),
            "fault": entry.fault,
            "steps": entry.asks is not None or entry.loses is not None,
            "danger": entry.loses is not None and entry.asks is None,
        }
        for entry in entries_of(obj)
    ]


def _step(cluster: Cluster | Moment, entry: Entry, obj: Obj, answer: str | None) -> dict[str, Any]:
    start = entry.asks.start(obj) if entry.asks else ""
    given = (start if answer is None else answer)[:LONGEST]
    losses, problem, line = Losses(()), "", ""
    try:
        line = line_of(entry, obj, given)
        if entry.loses is not None:
            with cluster.reading() as view:
                losses = entry.loses(view, obj, given)
    except ApiError as error:
        problem = error.message
    return {
        "entry": entry,
        "start": start,
        "line": line,
        "problem": problem,
        "losses": losses,
        "previews": entry.loses is not None,
        "uid": uid_of(obj),
    }
