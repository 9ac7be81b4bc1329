"""Find a thing by a part of its name, and show it in the picture however much is folded.

A number is an ordinal: ``4711`` finds the seats of that number. Names that match whole come first, then
those that end in the number, those that begin so, and the rest in the order of KINDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from core.api.kinds import BY_KIND
from core.apimachinery.meta import Ref, namespace_of
from core.client.cache import View
from core.diagram import facts
from core.diagram.facts import EMPTY, State
from core.diagram.seating import seats_named
from stsviz.pages.stage import stage_at

KINDS = (
    *("Pod", "PersistentVolumeClaim", "PersistentVolume", "Node", "StatefulSet", "Deployment"),
    *("Service", "StorageClass", "DaemonSet", "ReplicaSet", "Job"),
)
WORDS = {"PersistentVolumeClaim": "claim", "PersistentVolume": "volume"}  # as the picture calls them
MOST = 10  # suggestions
LONGEST = 253  # characters of a name


class Found(NamedTuple):
    """A suggestion. *what*: ``Kind/namespace/name``."""

    what: str
    kind: str
    name: str
    namespace: str
    state: State


def find(view: View, asked: str) -> tuple[list[Found], int]:
    """Return the best matches of *asked*, and how many more there are."""
    asked = asked.strip().lower()[:LONGEST]
    kind, _, name = asked.rpartition("/")
    if not name:
        return [], 0
    kinds = [k for k in KINDS if not kind or kind in _words_of(k)]
    known = set(_matching(view, kinds, name))
    if "Pod" in kinds:
        known.update(seats_named(view, name))
    best = nsmallest(MOST, known, key=lambda ref: _rank(ref, name))
    return [_found(view, ref) for ref in best], len(known) - len(best)


def _words_of(kind: str) -> tuple[str, ...]:
    resource = BY_KIND[kind]
    return kind.lower(), resource.singular, resource.plural, *resource.short_names


def _matching(view: View, kinds: Iterable[str], name: str) -> Iterator[Ref]:
    number = name.isdecimal()
    for kind in kinds:
        if number and kind == "PersistentVolume":
            continue  # the digits of a uid are no ordinal
        for obj in view.list(kind):
            known: str = obj["metadata"]["name"]
            if name in known and (not number or known.rpartition("-")[2].startswith(name)):
                yield Ref(kind, namespace_of(obj), known)


def _rank(ref: Ref, name: str) -> tuple[object, ...]:
    fits = 0 if ref.name == name else 1 if ref.name.endswith(f"-{name}") else 2
    fits = 3 if fits == 2 and not ref.name.startswith(name) else fits
    stem, _, number = ref.name.rpartition("-")
    ordinal = int(number) if number.isdecimal() and number.isascii() and len(number) < 10 else -1
    return fits, KINDS.index(ref.kind), stem, ordinal, ref.name, ref.namespace


def _found(view: View, ref: Ref) -> Found:
    obj = view.get(*ref)
    state = State(EMPTY, "empty seat" if ref.kind == "Pod" else "")
    if obj is not None:
        if ref.kind == "Pod":
            state = facts.pod_state(obj, 0.0, ())
        elif ref.kind == "PersistentVolumeClaim":
            state = facts.claim_state(obj, view)
        elif ref.kind == "PersistentVolume":
            state = facts.volume_state(obj)
        elif ref.kind == "Node":
            state = facts.machine_state(obj)
    word = WORDS.get(ref.kind, BY_KIND[ref.kind].singular)
    return Found("/".join(ref), word, ref.name, ref.namespace, state)


@require_safe
def search(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with suggestions for what somebody has typed so far."""
    asked = request.GET.get("q", "")
    with stage_at(name).driver.cluster.reading() as view:
        found, more = find(view, asked)
    return render(request, "parts/found.html", {"found": found, "more": more, "asked": asked.strip()})


@require_POST
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Unfold what hides a thing, for everybody; answer with its id in the picture, "" where it has none."""
    what = request.POST.get("what", "")[:400]
    if what.count("/") != 2:
        return HttpResponse("this names no object", status=400, content_type="text/plain; charset=utf-8")
    stage = stage_at(name)
    element = stage.reveal(Ref(*what.split("/")))
    stage.driver.tell(force=True)
    return HttpResponse(element, content_type="text/plain; charset=utf-8")
