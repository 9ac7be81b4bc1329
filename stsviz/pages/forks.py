"""Acting in the past: whoever does something to a cluster as it was does it in a fork.

Every request of a page says at which revision its viewer is, in a header that htmx sends, or a link in its
query. A command then
makes a fork of that revision first and is carried out there; a question is answered as of then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_POST, require_safe

from core.apimachinery.errors import ApiError
from stsviz.pages.menu import as_of_then
from stsviz.pages.past import number, page, picture, read_file, refused, selected, tables
from stsviz.pages.stage import stage_at
from stsviz.runtime import runtime

HEADER = "X-Stsviz-At"
AS_OF_THEN: dict[str, Callable[..., HttpResponse]] = {
    "object": selected,
    "file": read_file,
    "menu": as_of_then,
    "page": page,
    "picture": picture,
    "tables": tables,
}
NOT_FORKED = frozenset({"clock", "unfold", "show", "demo", "reset", "destroy", "fork", "apply-stop", "share"})
"""Names of the addresses that are about the cluster as it is, whoever looks at what."""

MOVING = frozenset({"clock", "demo", "reset"})
"""Names of those that let time pass: not in a stored run."""

View = Callable[..., HttpResponse]


def looked_at(request: HttpRequest) -> int | None:
    """Return the revision at which the viewer of a page is, None for now; a link says it as `at`."""
    return number(request.headers.get(HEADER, "") or request.GET.get("at", ""))


@require_POST
def fork(request: HttpRequest, name: str) -> HttpResponse:
    """Make a cluster that goes on from a revision, and send the browser to it."""
    on = stage_at(name)
    revision = number(request.POST.get("revision", "")) or on.driver.cluster.past.last
    try:
        made = runtime.fork(name, revision)
    except ApiError as error:
        return refused(request, error.message, error.code)
    return _go(made.name)


def _go(name: str) -> HttpResponse:
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("page", kwargs={"name": name})})


def forking(pattern: URLPattern) -> URLPattern:
    """Let *pattern* mind the past: its command forks first, its question is about then."""
    name = pattern.name or ""
    if name in MOVING:
        pattern.callback = _kept_as_it_is(pattern.callback)
    if name not in NOT_FORKED:
        pattern.callback = _minding_the_past(pattern.callback, AS_OF_THEN.get(name))
    return pattern


def end_of_run(name: str) -> int | None:
    """Return the last revision of a stored run, None for a cluster that goes on: a run is always the past."""
    try:
        cluster = runtime.cluster(name)
    except KeyError:
        return None
    return cluster.past.last if cluster.sealed else None


def _kept_as_it_is(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, *arguments: Any, **values: Any) -> HttpResponse:
        if end_of_run(values.get("name", "")) is not None:
            text = "A stored run stays as it is. Go on from here, and you have a cluster of your own."
            return refused(request, text, 403)
        return view(request, *arguments, **values)

    return inner


def _minding_the_past(view: View, then: View | None) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, *arguments: Any, **values: Any) -> HttpResponse:
        revision, name = looked_at(request), values.get("name")
        if revision is None and name is not None:
            revision = end_of_run(name)
        try:
            if revision is None or name is None:
                return view(request, *arguments, **values)
            if request.method == "POST":
                stage_at(name)
                return _in_a_fork(name, revision, lambda fork: view(request, **{**values, "name": fork}))
            return then(request, revision=revision, **values) if then else view(request, *arguments, **values)
        except ApiError as error:
            return refused(request, error.message, error.code)

    return inner


def _in_a_fork(name: str, revision: int, act: Callable[[str], HttpResponse]) -> HttpResponse:
    """Carry out *act* in a fork, and go there; of what is refused nothing stays. Raises: ApiError."""
    fork = runtime.fork(name, revision).name
    try:
        answer = act(fork)
    except BaseException:
        runtime.destroy(fork)
        raise
    if answer.status_code >= 400 or not _did_something(fork, revision, answer):
        runtime.destroy(fork)
        return answer
    runtime.driver(fork).greeting = answer.content.decode()
    return _go(fork)


def _did_something(name: str, since: int, answer: HttpResponse) -> bool:
    """Whether a form that lists what it did has done any of it, or is still at it."""
    if b'id="outcome"' not in answer.content or b"<progress" in answer.content:
        return True
    past = runtime.cluster(name).past
    return any(past.is_person(line.actor) for line in past.lines(since))


@require_safe
def undo(request: HttpRequest, name: str) -> HttpResponse:
    """Go to the moment before the last thing that a person did: for a browser without scripts, and links."""
    driver = stage_at(name).driver
    act = driver.cluster.past.last_act(driver.cluster.past.last)
    if not act:
        return redirect("page", name=name)
    return redirect("past", name=name, revision=max(act[0].revision - 1, driver.cluster.past.first))
