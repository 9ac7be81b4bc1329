"""Two clusters in one window: their pictures, one clock, what is done to both, what survived in each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, controller_of, is_terminating, name_of, namespace_of, ref_of
from core.client.cache import View
from core.cluster import Cluster
from core.diagram.survival import compare as compared
from stsviz.driver import Driver
from stsviz.pages import commands, panel, status
from stsviz.pages.apart import HALVES, apart
from stsviz.pages.entries import entries_of, line_of
from stsviz.pages.stage import page_parts, stage_at
from stsviz.pairs import labels, make, pairs
from stsviz.runtime import LAB, runtime
from stsviz.tie import Tie, tie

MOST_THINGS = 60
MOST_SEATS = 12
KINDS = ("StatefulSet", "Deployment", "PersistentVolumeClaim", "Node", "Service")
SETS = ("StatefulSet", "Deployment")
PARTS = ("half", "side_tables")


class Thing(NamedTuple):
    """What is in both, as it is in either. Of two sets, Pods of the same number belong together, whatever
    their names."""

    key: str
    objects: tuple[Obj, Obj]

    @property
    def title(self) -> str:
        first, second = map(ref_of, self.objects)
        kind = first.kind if first.kind == second.kind else "set"
        return f"{kind} {first.name}" + (f" and {second.name}" if first.name != second.name else "")


def _said(request: HttpRequest, text: str, code: int) -> HttpResponse:
    return render(request, "parts/said.html", {"text": text, "refused": True}, status=code)


def _drivers(a: str, b: str) -> tuple[Driver, Driver]:
    """Return both. Raises: Http404 when there is no such cluster, they are one, or one is a stored run."""
    if a == b:
        raise Http404(f"{a} stands beside another cluster, not beside itself")
    drivers = stage_at(a).driver, stage_at(b).driver
    for driver in drivers:
        if driver.cluster.sealed:
            raise Http404("No time passes in a stored run: go on from it, and put that cluster beside.")
    return drivers


# -- the page --------------------------------------------------------------------------------------------


@require_safe
def side(request: HttpRequest, a: str, b: str) -> HttpResponse:
    """Show two clusters, and let their clocks go together from now on."""
    drivers = _drivers(a, b)
    if request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        tie(*drivers)
    named = labels()
    halves = []
    for half, name in zip(HALVES, (a, b), strict=True):
        stage = stage_at(name)
        shown, cursor = stage.current()
        parts = page_parts(shown, float(stage.driver.cluster.started))
        context: dict[str, Any] = {
            "name": name,
            "label": named.get(name, name),
            "half": half,
            "cursor": cursor,
            **parts,
        }
        html, low = (apart(render_to_string(f"parts/{part}.html", context), half) for part in PARTS)
        halves.append({**context, "html": html, "low": low})
    controls = apart(page_parts(stage_at(a).current()[0], 0.0)["controls"], "a")
    page: dict[str, Any] = {
        "a": a,
        "b": b,
        "halves": halves,
        "controls": controls,
        "slider": status.slider_of_pace(drivers[0].cluster.pace),
        "both_fresh": reverse("side-both", args=(a, b)),
        "survived_fresh": reverse("side-survived", args=(a, b)),
        **menu_context(a),
    }
    response = render(request, "side.html", page)
    response.headers["Cache-Control"] = "no-store"
    return response


def menu_context(name: str) -> dict[str, object]:
    """Return what the menu of pairs shows: those that are ready made, and with whom *name* may stand."""
    names = runtime.names()
    origin = runtime.cluster(name).origin()
    beside = origin.name if origin is not None and origin.there else ""
    return {"pairs": pairs().values(), "others": [n for n in names if n != name], "origin": beside}


@require_safe
def pair_menu(request: HttpRequest, name: str) -> HttpResponse:
    """Show the menu of pairs on the page of the cluster *name*."""
    stage_at(name)
    return render(request, "parts/side_menu.html", {"name": name, **menu_context(name)})


@require_safe
def pick(request: HttpRequest) -> HttpResponse:
    """Go to two clusters that somebody picked."""
    names = [request.GET.get(key) or LAB for key in ("a", "b")]
    try:
        return redirect("side", *names)
    except NoReverseMatch:
        raise Http404("this names no cluster") from None


@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Make the two clusters of a pair anew, and show them."""
    pair = pairs().get(key)
    if pair is None:
        raise Http404(f"There is no pair {key[:60]}.")
    names = runtime.names()
    fresh = [side for side in pair.sides if side.cluster not in names]
    if len(names) + len(fresh) > settings.MAX_CLUSTERS:
        text = f"There are {len(names)} clusters, and a pair needs {len(fresh)}: delete some first."
        return _said(request, text, 409)
    drivers = [runtime.renew(side.cluster, partial(make, pair, side)) for side in pair.sides]
    for driver in drivers:
        driver.lead()
    tie(drivers[0], drivers[1]).do("play", settings.PACE or 1.0)
    runtime.wake()
    where = reverse("side", args=[side.cluster for side in pair.sides])
    if "HX-Request" not in request.headers:
        return redirect(where)
    return HttpResponse(status=204, headers={"HX-Redirect": where})


@require_safe
def selected(request: HttpRequest, name: str, half: str) -> HttpResponse:
    """Show the panel of one thing in one half of the page."""
    stage = stage_at(name)
    what = request.GET.get("what", "")[:400]
    html = panel.render(stage.driver.cluster, what, stage.resolve(what), stage.folded(what))
    return HttpResponse(apart(html, half))


def clock(request: HttpRequest, common: Tie) -> HttpResponse:
    """Do to both clocks what was asked of one."""
    what = request.POST.get("do", "")
    try:
        pace = status.pace_of_slider(float(request.POST.get("pace", "0")))
        text = common.do(what, pace)
    except ValueError:
        return _said(request, "a pace is a number", 400)
    except ApiError as error:
        return _said(request, error.message, error.code)
    for driver in common.both:
        driver.tell(force=True)
    runtime.wake()
    return _said(request, text, 200) if text else HttpResponse(status=204)


# -- what is done to both --------------------------------------------------------------------------------


def things(clusters: Iterable[Cluster]) -> list[Thing]:
    """Return what is in both, Pods first. One is read after the other: nobody holds two stores at once."""
    known = []
    for cluster in clusters:
        with cluster.reading() as view:
            known.append(_by_key(view))
    first, second = known
    return [Thing(key, (obj, second[key])) for key, obj in first.items() if key in second][:MOST_THINGS]


def _by_key(view: View) -> dict[str, Obj]:
    found: dict[str, Obj] = {}
    count: dict[str, int] = {}
    pods = [pod for pod in view.list("Pod") if not is_terminating(pod) and controller_of(pod)]
    for pod in sorted(pods, key=_age):
        owner, number = _set_of(view, pod), name_of(pod).rpartition("-")[2]
        if (controller_of(pod) or {})["kind"] != "StatefulSet":
            number = str(count.get(owner, 0))
            count[owner] = count.get(owner, 0) + 1
        found[f"Pod/{namespace_of(pod)}/{owner}/{number}"] = pod
    found = dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))
    for kind in KINDS:
        for obj in view.list(kind):
            word = "set" if kind in SETS else kind
            found[f"{word}/{obj['metadata'].get('namespace', '')}/{name_of(obj)}"] = obj
    return found


def _age(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("creationTimestamp", ""), name_of(obj)


def _set_of(view: View, pod: Obj) -> str:
    """Return the name of the set or Deployment that a Pod is of."""
    owner = controller_of(pod) or {}
    parent = view.get(owner["kind"], namespace_of(pod), owner["name"])
    above = controller_of(parent) if parent else None
    return str((above or owner)["name"])


def _answer(request: HttpRequest, a: str, b: str, name: str, context: Mapping[str, Any]) -> HttpResponse:
    """Answer with the part *name* of the page, and with nothing to who has it."""
    html = render_to_string(f"parts/side_{name}.html", {"a": a, "b": b, **context})
    digest = hashlib.blake2s(html.encode(), digest_size=8).hexdigest()
    if request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    query = {key: request.GET[key] for key in ("thing",) if key in request.GET}
    fresh = f"{reverse(f'side-{name}', args=(a, b))}?{urlencode({**query, 'seen': digest})}"
    response = render(request, "parts/side_fresh.html", {"id": name, "fresh": fresh, "html": html})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def both(request: HttpRequest, a: str, b: str) -> HttpResponse:
    """Show what can be done to `thing` in both clusters."""
    found = things(driver.cluster for driver in _drivers(a, b))
    wanted = request.GET.get("thing", "")
    chosen = next((t for t in found if t.key == wanted), found[0] if found else None)
    rows = _rows(chosen) if chosen else []
    return _answer(request, a, b, "both", {"things": found, "chosen": chosen, "rows": rows})


def _rows(thing: Thing) -> list[dict[str, Any]]:
    """Return what can be done to a thing in both, with the kubectl line of each."""
    offered = {entry.key: entry for entry in entries_of(thing.objects[1])}
    rows = []
    for entry in entries_of(thing.objects[0]):
        other = offered.get(entry.key)
        if other is None or entry.key == "exec":
            continue
        entries = tuple(zip((entry, other), thing.objects, strict=True))
        starts = [each.asks.start(obj) if each.asks else "" for each, obj in entries]
        lines = [line_of(each, obj, start) for (each, obj), start in zip(entries, starts, strict=True)]
        rows.append(
            {
                "entry": entry,
                "start": starts[0],
                "lines": list(dict.fromkeys(filter(None, lines))),
                "danger": entry.loses is not None,
            }
        )
    return rows


@require_POST
def do(request: HttpRequest, a: str, b: str, verb: str) -> HttpResponse:
    """Do one thing to both clusters, at the same simulated time."""
    drivers = _drivers(a, b)
    found = things(driver.cluster for driver in drivers)
    thing = next((t for t in found if t.key == request.POST.get("thing")), None)
    if thing is None:
        return _said(request, "This is not in both clusters any more.", 409)
    refs = {driver.cluster.name: ref_of(obj) for driver, obj in zip(drivers, thing.objects, strict=True)}

    def perform(driver: Driver) -> tuple[str, str, str, bool]:
        ref = refs[driver.cluster.name]
        values = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
        if "answer" in request.POST:
            values["answer"] = request.POST["answer"]
        try:
            return driver.cluster.name, *commands.perform(driver.cluster, verb, values), False
        except ApiError as error:
            return driver.cluster.name, "", commands.as_kubectl_says(error), True

    done = tie(*drivers).act(perform)
    for driver in drivers:
        driver.tell(force=True)
    runtime.wake()
    context = {"done": done, "lines": dict.fromkeys(line for _, line, _, _ in done if line)}
    code = 409 if all(refused for _, _, _, refused in done) else 200
    return render(request, "parts/side_said.html", context, status=code)


# -- what survived ---------------------------------------------------------------------------------------


@require_safe
def survived(request: HttpRequest, a: str, b: str) -> HttpResponse:
    """Show for each cluster what survived since before the last thing that a person did there."""
    named = labels()
    found = [
        {"name": driver.cluster.name, "label": named.get(driver.cluster.name, driver.cluster.name)}
        | _survived(driver.cluster)
        for driver in _drivers(a, b)
    ]
    return _answer(request, a, b, "survived", {"found": found})


def _survived(cluster: Cluster) -> dict[str, Any]:
    past = cluster.past
    last = past.last
    act = past.last_act(last)
    since = max(past.first, act[0].revision - 1) if act else past.first
    comparison = compared(past.at(since), past.at(last))
    return {
        "since": since,
        "found": comparison,
        "seats": comparison.seats[:MOST_SEATS],
        "more": max(0, len(comparison.seats) - MOST_SEATS),
    }
