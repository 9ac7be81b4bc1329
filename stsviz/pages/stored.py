"""Stored runs: the history of a cluster up to a moment, kept for good under a link of its own.

A stored run is a cluster that nobody drives and nobody can write to. Its pages are those of the past, so
whoever acts in one gets a cluster of their own that goes on from there.
"""

from __future__ import annotations

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.apimachinery.errors import ApiError
from stsviz.pages import past, player
from stsviz.pages.forks import end_of_run, looked_at
from stsviz.pages.stage import stage_at
from stsviz.runtime import runtime

PREFIX = "run-"  # of the name of a run among clusters
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is mistaken for another
LONG = 10  # of these: too many to guess


def name_of(run: str) -> str:
    """Return the name of the cluster that the stored run *run* is. Raises: Http404."""
    name = PREFIX + run
    if end_of_run(name) is None:
        raise Http404(f"There is no stored run {run[:60]} here: its link was cut, or it was deleted.")
    return name


@require_POST
def store(request: HttpRequest, name: str) -> HttpResponse:
    """Store the run up to the moment that the page shows, and answer with its link."""
    cluster = stage_at(name).driver.cluster
    run = "".join(secrets.choice(LETTERS) for _ in range(LONG))
    try:
        runtime.store_run(name, looked_at(request) or cluster.past.last, PREFIX + run)
    except ApiError as error:
        return past.refused(request, error.message, error.code)
    link = request.build_absolute_uri(reverse("stored", kwargs={"run": run}))
    return render(request, "parts/stored.html", {"link": link, "run": run})


@require_safe
def show(request: HttpRequest, run: str) -> HttpResponse:
    """Show a stored run at its end, or `at` a revision with `what` selected."""
    name = name_of(run)
    revision = looked_at(request) or end_of_run(name)
    assert revision is not None
    return past.page(request, name=name, revision=revision)


@require_safe
def embed(request: HttpRequest, run: str) -> HttpResponse:
    """Show a stored run in another page."""
    return player.embedded(request, name_of(run), reverse("stored", kwargs={"run": run}))
