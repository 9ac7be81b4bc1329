"""The tables of `kubectl get` as HTML tables, on a page of their own.

On the cluster's page they are lines of text, which a browser draws quicker; here a screen reader says of
each cell in which row and column it stands.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.api.kinds import BY_KIND
from core.apiserver import printers
from core.client.cache import View
from core.cluster import Cluster
from core.past import Moment
from stsviz.pages.forks import looked_at
from stsviz.pages.stage import stage_at
from stsviz.pages.timeline import clock
from stsviz.pages.twin import KINDS

MOST = 2000  # rows of a table; all of them stand in tables.txt


@require_safe
def tables(request: HttpRequest, name: str) -> HttpResponse:
    """Show the tables as they are now, or were at the revision that the link names. Raises: ApiError."""
    cluster, at = stage_at(name).driver.cluster, looked_at(request)
    moment: Cluster | Moment = cluster.past.at(at) if at else cluster
    with moment.reading() as view:
        shown = [_table(kind, view, moment.now) for kind in KINDS if view.list(kind)]
        context = {"name": name, "tables": shown, "at": at, "revision": at or cluster.revision}
    context["clock"] = clock(moment.now - cluster.started)
    return render(request, "tables.html", context)


def _table(kind: str, view: View, now: float) -> dict[str, object]:
    """Return one table: its caption, columns and rows of text."""
    objects = sorted(
        view.list(kind), key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"])
    )
    spaced = BY_KIND[kind].namespaced
    table = printers.table(kind, objects[:MOST], now)
    narrow = [at for at, column in enumerate(table.columns) if not column.priority]
    columns = [table.columns[at].name for at in narrow]
    rows = [[printers.cell_text(row[at]) for at in narrow] for row in table.rows]
    if spaced:
        columns.insert(1, "Namespace")
        for row, obj in zip(rows, objects, strict=False):
            row.insert(1, obj["metadata"].get("namespace", ""))
    more = max(0, len(objects) - MOST)
    return {"caption": BY_KIND[kind].plural, "columns": columns, "rows": rows, "more": more}
