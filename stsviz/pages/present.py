"""The page as a speaker shows it: the picture and one sentence; what its keys do is in present.js."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from stsviz.pages.stage import stage_at
from stsviz.pages.views import whole_page


@require_safe
def present(request: HttpRequest, name: str) -> HttpResponse:
    """Show a cluster to an audience."""
    return whole_page(request, stage_at(name), presenting=True)
