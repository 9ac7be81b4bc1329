"""Scenarios on the page: the menu, the strip's buttons, links that open one, and files of one's own."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.cluster import Cluster
from stsviz.driver import Driver
from stsviz.runtime import runtime
from stsviz.scenarios import founding, library
from stsviz.scenarios.format import MAX_BYTES, Faulty, Scenario
from stsviz.scenarios.words import LANGUAGES, preferred
from stsviz.story import Story

LANGUAGE_COOKIE = "stsviz-words"


class Full(Exception):
    """There are as many clusters as may be."""


def language_of(request: HttpRequest) -> str:
    """Return in which language this viewer reads: what was chosen, else what the browser asks for."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("Accept-Language", ""))


def manifests_of(driver: Driver) -> str:
    """Return what the scenario of this cluster applies, as one text for the form; "" when there is none."""
    story, name = driver.story, driver.cluster.name
    scenario = story.scenario if story is not None else library.shipped().get(name)
    if scenario is None or scenario.key != name:
        return ""
    return "---\n".join(f"# {title}.yaml\n{text}" for title, text in scenario.manifests.items())


def _find(key: str) -> Scenario:
    try:
        return library.find(key)
    except KeyError:
        raise Http404(f"There is no scenario {key[:60]}.") from None


def begin(scenario: Scenario, beat: int = 0) -> Driver:
    """Make the scenario's cluster anew and tell it there from *beat* (from 0). Raises: Full, ApiError."""
    names = runtime.names()
    if scenario.key not in names and len(names) >= settings.MAX_CLUSTERS:
        raise Full(f"There are {len(names)} clusters, as many as may be: delete one first.")
    pace = runtime.cluster(scenario.key).pace if scenario.key in names else settings.PACE

    def make() -> Cluster:
        cluster = founding.found(scenario)
        cluster.set_pace(0.0, "lesson")  # no time may pass before the story holds it
        return cluster

    driver = runtime.renew(scenario.key, make)
    driver.lead()
    driver.story = Story(scenario, at=beat)
    driver.cluster.set_pace(pace or 1.0, "lesson")
    driver.tell(force=True)
    runtime.wake()
    return driver


def _beat(text: str, scenario: Scenario) -> int:
    """Return the number of a beat from 0; of nonsense the first, of too much the last."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), len(scenario.beats)) - 1


def _go(key: str) -> HttpResponse:
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("page", kwargs={"name": key})})


def _said(request: HttpRequest, text: str, code: int) -> HttpResponse:
    return render(request, "parts/said.html", {"text": text, "refused": True}, status=code)


# -- the menu ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def scenarios(request: HttpRequest) -> HttpResponse:
    """List the scenarios, or take in a file with one."""
    if request.method == "POST":
        return _upload(request)
    own: list[dict[str, object]] = []
    for key in library.own():
        try:
            own.append({"key": key, "scenario": library.find(key)})
        except Faulty as error:
            own.append({"key": key, "problems": error.problems})
        except KeyError:
            continue  # taken away meanwhile
    context = {"listed": library.listed(), "own": own, "of": request.GET.get("of", "")[:63]}
    return render(request, "parts/scenarios.html", context)


def _upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        return _said(request, "Choose the file of a scenario first.", 400)
    if (file.size or 0) > MAX_BYTES:
        text = f"{file.name} is too large: {file.size} bytes, and {MAX_BYTES} is the most."
        return _said(request, text, 413)
    try:
        scenario = library.keep(file.name or "", file.read())
        begin(scenario)
    except Faulty as error:
        context = {"file": file.name, "problems": error.problems}
        return render(request, "parts/scenario_faults.html", context)
    except Full as error:
        return _said(request, str(error), 409)
    return _go(scenario.key)


# -- links ---------------------------------------------------------------------------------------------


@require_GET
def load(request: HttpRequest) -> HttpResponse:
    """Open a file of DATA/scenarios by its name: ``/scenario?load=my-story``. No address, no path."""
    name = request.GET.get("load", "").removesuffix(".yaml")
    if library.OWN + name not in library.own():
        raise Http404(f"There is no file {name[:60]}.yaml in the folder scenarios of this site's data.")
    return redirect(_address(library.OWN + name, request.GET.get("beat", "")))


def _address(key: str, beat: str) -> str:
    address = reverse("scenario", kwargs={"key": key})
    return f"{address}?beat={int(beat)}" if beat.isascii() and beat.isdecimal() and len(beat) < 6 else address


@require_GET
def scenario(request: HttpRequest, key: str) -> HttpResponse:
    """Open a scenario at a beat. Its cluster is made if there is none; one that is there is not touched."""
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return render(request, "refusal.html", {"text": "A scenario is opened as a page."}, status=400)
    try:
        found = _find(key)
        beat = _beat(request.GET.get("beat", "1"), found)
        if key not in runtime.names():
            begin(found, beat)
        elif "beat" in request.GET:
            context = {"scenario": found, "beat": beat + 1, "language": language_of(request)}
            return render(request, "scenario_again.html", context)
    except Faulty as error:
        context = {"file": f"{key}.yaml", "problems": error.problems, "language": language_of(request)}
        return render(request, "scenario_faulty.html", context, status=422)
    except Full as error:
        return render(request, "refusal.html", {"text": str(error)}, status=409)
    return redirect("page", name=key)


@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Make a scenario's cluster anew, at a beat."""
    try:
        found = _find(key)
        begin(found, _beat(request.POST.get("beat", "1"), found))
    except Faulty as error:
        context = {"file": f"{key}.yaml", "problems": error.problems}
        return render(request, "parts/scenario_faults.html", context, status=422)
    except Full as error:
        return _said(request, str(error), 409)
    return redirect("page", name=key) if "HX-Request" not in request.headers else _go(key)


# -- the strip's buttons -------------------------------------------------------------------------------


@require_POST
def tell(request: HttpRequest, key: str) -> HttpResponse:
    """Turn the pages of the scenario that runs in its cluster."""
    try:
        driver = runtime.fresh(key)
    except KeyError:
        raise Http404(f"There is no cluster {key[:60]}.") from None
    story, what = driver.story, request.POST.get("do", "")
    if story is None:
        return _said(request, "This scenario is not being told any more: start it again.", 409)
    if what in ("back", "again") and story.scenario.key != key:
        return _said(request, "The demo cannot go back: open the scenario.", 409)
    if what == "back" or (what == "go" and not _is_ahead(story, request)) or what == "again":
        number = story.at - (what == "back")
        return _restart(request, story, _beat(request.POST.get("beat", str(number + 1)), story.scenario))
    driver.lead()
    if what == "next":
        story.next()
    elif what == "go":
        story.go_to(_beat(request.POST.get("beat", ""), story.scenario))
    elif what == "answer":
        text = request.POST.get("answer", "")
        story.answer(int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else -1)
    elif what in ("play", "wait"):
        story.play(what == "play")
    elif what == "leave":
        story.leave()
    elif what == "close":
        driver.story = None
    else:
        return _said(
            request, "A scenario goes on, back, to a beat; it plays, waits, is answered or left.", 400
        )
    driver.tell(force=True)
    runtime.wake()
    return HttpResponse(status=204)


def _is_ahead(story: Story, request: HttpRequest) -> bool:
    return story.running and _beat(request.POST.get("beat", ""), story.scenario) > story.at


def _restart(request: HttpRequest, story: Story, beat: int) -> HttpResponse:
    """Go back: the cluster is made from its seed and played to the beat, which takes no simulated waiting."""
    try:
        begin(story.scenario, max(beat, 0)).story.plays = story.plays  # type: ignore[union-attr]
    except Full as error:
        return _said(request, str(error), 409)
    return HttpResponse(status=204)
