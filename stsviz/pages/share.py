"""Sharing: the menu that lists how, and a cluster as one text to apply elsewhere."""

from __future__ import annotations

from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from core.cluster import Cluster
from core.export import written
from stsviz.pages.carried import link_of
from stsviz.pages.forks import looked_at
from stsviz.pages.stage import stage_at


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def manifest(cluster: Cluster, at: int | None = None) -> str:
    """Return what people made of the cluster, now or *at* a revision, as a text. Raises: Gone, BadRequest."""
    if at is None:
        objects, revision = cluster.written(), cluster.revision
    else:
        objects, revision = written(cluster.past.at(at).view, cluster.past.made_by_person), at
    head = (
        f"# What people made of the cluster {cluster.name}, as of revision {revision}: apply it to another.\n"
        "# Not in it: what controllers made (Pods of sets, their claims and volumes), and volumes hold.\n"
    )
    texts = (
        yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100) for obj in objects
    )
    return head + "---\n".join(texts)


@require_safe
def cluster_yaml(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out a cluster as YAML: `kubectl apply -f` takes it. Raises: ApiError."""
    text = manifest(stage_at(name).driver.cluster, looked_at(request))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def menu(request: HttpRequest, name: str) -> HttpResponse:
    """List the ways to pass on what the page shows: `at` a revision of the past, `what` is selected."""
    cluster = stage_at(name).driver.cluster
    at, what = looked_at(request), request.GET.get("what", "")[:400]
    query = f"?at={at}" if at else ""
    moment = {"at": str(at or cluster.past.last), **({"what": what} if what else {})}
    frame = request.build_absolute_uri(reverse("embed", kwargs={"name": name})) + query
    carried, uncarried = link_of(request, cluster, at or cluster.past.last)
    context = {
        "name": name,
        "at": at,
        "carried": carried,
        "uncarried": uncarried,
        "local": request.get_host().split(":")[0] in ("127.0.0.1", "localhost"),
        "sealed": cluster.sealed,
        "last": cluster.past.last,
        "query": query,
        "moment": f"{request.build_absolute_uri(reverse('page', kwargs={'name': name}))}?{urlencode(moment)}",
        "forms": [(form, form.upper()) for form in ("svg", "png", "pdf", "dot")],
        "frame": frame,
        "iframe": f'<iframe src="{frame}" width="960" height="560" title="{name}"></iframe>',
    }
    return render(request, "parts/share.html", context)
