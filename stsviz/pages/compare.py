"""Compare two moments: what survived from the one to the other."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.apimachinery.errors import ApiError, BadRequest
from core.cluster import Cluster
from core.diagram.survival import compare as compared
from core.journal import entry_of
from stsviz.pages.forks import looked_at
from stsviz.pages.past import number
from stsviz.pages.stage import stage_at
from stsviz.pages.timeline import clock
from stsviz.runtime import runtime

MOST = 40  # seats shown


class Side(NamedTuple):
    """One of the two moments. ``what``: the write that made it, in words."""

    cluster: str
    revision: int
    clock: str
    what: str


@require_safe
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Show what survived from moment `a` (revision, in cluster `a_in`) to `b`; see `_defaults`."""
    cluster = stage_at(name).driver.cluster
    context: dict[str, object] = {"name": name, "names": runtime.names()}
    code = 200
    try:
        chosen = _chosen(request, cluster)
        moments = []
        for key, (where, revision) in zip("ab", chosen, strict=True):
            other = _cluster(where, cluster)
            moment = other.past.at(revision or other.past.last)
            moments.append(moment)
            context[key] = _side(other, moment.revision)
        found = compared(*moments)
        context |= {"found": found, "seats": found.seats[:MOST], "more": len(found.seats) - MOST}
    except ApiError as error:
        context["error"], code = f"{error.message}.", error.code
    template = "parts/compare.html" if "HX-Request" in request.headers else "compare.html"
    return render(request, template, context, status=200 if template.startswith("parts") else code)


def _cluster(name: str, here: Cluster) -> Cluster:
    if name == here.name:
        return here
    try:
        return runtime.fresh(name).cluster
    except KeyError:
        raise BadRequest(f"there is no cluster {name}") from None


def _chosen(request: HttpRequest, cluster: Cluster) -> list[tuple[str, int]]:
    """Return (cluster, revision) of both moments; revision 0 is now."""
    given = request.GET
    defaults = _defaults(cluster, looked_at(request))
    out = []
    for key, default in zip("ab", defaults, strict=True):
        if key not in given and f"{key}_in" not in given:
            out.append(default)
            continue
        text = given.get(key, "").strip()
        revision = number(text) if text not in ("", "now") else 0
        if revision is None:
            raise BadRequest(f'"{text[:20]}" is no revision: a number, or nothing for now')
        out.append((given.get(f"{key}_in") or cluster.name, revision))
    return out


def _defaults(cluster: Cluster, at: int | None) -> list[tuple[str, int]]:
    """From where the viewer is to now; of a fork from its origin to itself; else from before the last act."""
    now = cluster.name, 0
    if at:
        return [(cluster.name, at), now]
    origin = cluster.origin()
    if origin is not None and origin.there:
        return [(origin.name, 0), now]
    act = cluster.past.last_act(cluster.past.last)
    first = cluster.past.first
    return [(cluster.name, max(first, act[0].revision - 1) if act else first), now]


def _side(cluster: Cluster, revision: int) -> Side:
    change = cluster.past.change(revision)
    if change is None:
        return Side(cluster.name, revision, "", "")
    entry = entry_of(change)
    return Side(cluster.name, revision, clock(entry.at - cluster.started), f"{entry.actor}: {entry.text}")
