"""The pages and commands of the dashboard: thin, all decisions are elsewhere."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.meta import Ref
from core.cluster import Cluster
from core.diagram import render as drawing
from core.diagram.layout import Frame
from core.past import Moment
from stsviz.driver import Driver
from stsviz.kubeapi.kubeconfig import kubeconfig as kubeconfig_of
from stsviz.pages import commands, jobs, panel, side, status, twin
from stsviz.pages.examples import EXAMPLES
from stsviz.pages.reasons import as_yaml
from stsviz.pages.scenarios import language_of, manifests_of
from stsviz.pages.stage import Stage, page_parts, stage_at
from stsviz.runtime import LAB, runtime
from stsviz.scenarios import library
from stsviz.story import Story
from stsviz.tls import certificate_path

QUICK = 0.4  # seconds an upload may take before the form shows its progress instead
MEDIA = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "dot": "text/vnd.graphviz; charset=utf-8",
}


def _driver(name: str) -> Driver:
    try:
        return runtime.fresh(name)
    except KeyError:
        raise Http404(f"there is no cluster {name}") from None


def _said(request: HttpRequest, line: str, text: str, *, code: int = 200, **more: Any) -> HttpResponse:
    """Answer a command: its kubectl line, and what kubectl would print."""
    context = {"line": line, "text": text, "refused": code >= 400, **more}
    return render(request, "parts/said.html", context, status=code)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a command that did not come from a page of ours."""
    return _said(
        request, "", "This command did not come from an open page of this site: load it again.", code=403
    )


# -- pages ---------------------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponseRedirect:
    return redirect("page", name=LAB)


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    return whole_page(request, stage_at(name))


def whole_page(request: HttpRequest, stage: Stage, **otherwise: Any) -> HttpResponse:
    """Answer with the page of a cluster; *otherwise*: parts that are to be others than those of now."""
    shown, cursor = stage.current()
    cluster = stage.driver.cluster
    name, own_text = cluster.name, manifests_of(stage.driver)
    context = {
        "name": name,
        "names": runtime.names(),
        "lab": LAB,
        "logged_in": settings.TOKEN_WANTED,
        "cursor": cursor,
        "examples": EXAMPLES.values(),
        "text": own_text or next(iter(EXAMPLES.values())).text,
        "own_text": bool(own_text),
        "slider": status.slider_of_pace(cluster.pace),
        "greeting": stage.driver.greeting,
        "language": language_of(request),
        **page_parts(shown, float(cluster.started)),
        **otherwise,
    }
    stage.driver.greeting = ""
    response = render(request, "page.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def selected(request: HttpRequest, name: str) -> HttpResponse:
    """Show the panel of one thing, by element id or `Kind/namespace/name`."""
    stage = stage_at(name)
    what = request.GET.get("what", "")[:400]
    return HttpResponse(panel.render(stage.driver.cluster, what, stage.resolve(what), stage.folded(what)))


@require_POST
def unfold(request: HttpRequest, name: str) -> HttpResponse:
    """Open a folded range of ordinals, or close them all."""
    stage = stage_at(name)
    element = request.POST.get("element", "")
    if element:
        stage.expand(element)
    else:
        stage.fold()
    stage.driver.tell(force=True)
    return HttpResponse(status=204)


@require_safe
def example(request: HttpRequest, name: str, example: str) -> HttpResponse:
    if example not in EXAMPLES:
        raise Http404
    return HttpResponse(EXAMPLES[example].text, content_type="text/plain; charset=utf-8")


@require_safe
def tables(request: HttpRequest, name: str) -> HttpResponse:
    """Print what `kubectl get` prints, all rows."""
    return as_tables(_driver(name).cluster)


def as_tables(cluster: Cluster | Moment) -> HttpResponse:
    with cluster.reading() as view:
        found = [twin.text(kind, view, cluster.now) for kind in twin.KINDS if view.list(kind)]
    return HttpResponse("\n".join(found), content_type="text/plain; charset=utf-8")


@require_safe
def kubeconfig(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out the file that points kubectl at this cluster, as the page was called."""
    _driver(name)
    path = certificate_path(settings.DATA)
    text = kubeconfig_of(
        f"{request.scheme}://{request.get_host()}",
        name,
        authority=path.read_bytes() if request.is_secure() and path.exists() else b"",
        token="" if settings.TOKEN_WANTED else None,
    )
    response = HttpResponse(text, content_type="application/yaml")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.kubeconfig.yaml"'
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def picture(request: HttpRequest, name: str, form: str) -> HttpResponse:
    shown, _ = stage_at(name).current()
    return as_file(shown.frame, name, form)


def as_file(frame: Frame, name: str, form: str) -> HttpResponse:
    """Answer with a picture as a file of the format *form*."""
    response = HttpResponse(drawing.document(frame, form, name), content_type=MEDIA[form])
    response.headers["Content-Disposition"] = f'inline; filename="{name}.{form}"'
    # As a page of its own an SVG carries its own style, and still no script.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


# -- uploads -------------------------------------------------------------------------------------------


def _text_of(request: HttpRequest) -> str:
    """Return what was uploaded, else what stands in the form. Raises: BadRequest."""
    upload = request.FILES.get("file")
    data = upload.read() if upload else request.POST.get("text", "").encode("utf-8", "surrogatepass")
    if b"\0" in data:
        raise BadRequest("this is not text: it holds NUL bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"this is not UTF-8 text: byte {error.start + 1} is 0x{data[error.start]:02x}"
        ) from None
    if not text.strip():
        raise BadRequest("there is nothing to apply")
    return text


@require_POST
def apply(request: HttpRequest, name: str) -> HttpResponse:
    driver = _driver(name)
    try:
        text = _text_of(request)
    except BadRequest as error:
        return _outcome(request, name, None, error.message, code=400)
    job = jobs.start(driver.cluster, text)
    if job is None:
        return _outcome(
            request, name, None, "Too many uploads are at work: wait for one, or stop it.", code=429
        )
    job.wait(QUICK)
    runtime.wake()
    return _outcome(request, name, job)


@require_safe
def apply_progress(request: HttpRequest, name: str, job: str) -> HttpResponse:
    found = jobs.find(job)
    if found is None:
        return _outcome(request, name, None, "This upload is not known any more.", code=404)
    runtime.wake()
    return _outcome(request, name, found)


@require_POST
def apply_stop(request: HttpRequest, name: str, job: str) -> HttpResponse:
    found = jobs.find(job)
    if found is None:
        return _outcome(request, name, None, "This upload is not known any more.", code=404)
    found.stop()
    found.wait(QUICK)
    return _outcome(request, name, found)


def _outcome(
    request: HttpRequest, name: str, job: jobs.Job | None, error: str = "", *, code: int = 200
) -> HttpResponse:
    outcomes = list(job.outcomes) if job else []
    lines = sorted({p.line for outcome in outcomes for p in outcome.problems if p.line})
    context = {
        "name": name,
        "job": job,
        "outcomes": sorted(outcomes, key=lambda outcome: outcome.verb != "refused")[:200],
        "hidden": max(0, len(outcomes) - 200),
        "error": error or (job.error if job else ""),
        "lines": " ".join(map(str, lines)),
    }
    return render(request, "parts/outcome.html", context, status=code)


# -- commands ------------------------------------------------------------------------------------------


@require_POST
def command(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    driver = _driver(name)
    values = {key: str(value) for key, value in request.POST.items()}
    before = _manifest(driver, values) if verb in ("delete", "force", "orphan") else ""
    try:
        line, text = commands.perform(driver.cluster, verb, values)
    except ApiError as error:
        return _said(request, "", commands.as_kubectl_says(error), code=error.code)
    runtime.wake()
    return _said(request, line, text, manifest=before, name=name)


def _manifest(driver: Driver, values: dict[str, str]) -> str:
    """Return what would make this thing again, for the button that undoes a deletion."""
    ref = Ref(values.get("kind", ""), values.get("namespace", ""), values.get("name", ""))
    obj = driver.cluster.view.get(*ref)
    if obj is None or (ref.kind == "Pod" and obj["metadata"].get("ownerReferences")):
        return ""  # whoever owns it makes the next one
    return as_yaml(commands.again(obj))


@require_GET
def read_file(request: HttpRequest, name: str) -> HttpResponse:
    """Show the bytes of one file, as a Pod or the volume has them."""
    driver, path = _driver(name), request.GET.get("path", "")
    try:
        ref = commands.ref_of(request.GET.dict())
        content = driver.cluster.read_file(ref, path)
    except ApiError as error:
        return _said(request, "", commands.as_kubectl_says(error), code=error.code)
    text = content.decode("utf-8", "backslashreplace")
    line = commands.cat_line(ref, path)
    return _said(request, line, text if len(text) < 10_000 else text[:10_000] + " …")


@require_POST
def clock(request: HttpRequest, name: str) -> HttpResponse:
    """Pause, go on, step, settle, or change the pace."""
    driver = _driver(name)
    if driver.tie is not None:
        return side.clock(request, driver.tie)
    cluster = driver.cluster
    what, mode = request.POST.get("do", ""), cluster.mode
    try:
        if what == "pause":
            driver.stop_settling()
            cluster.set_pace(0.0, mode)
        elif what == "play":
            cluster.set_pace(_pace(request), mode)
        elif what == "step":
            driver.stop_settling()
            cluster.set_pace(0.0, mode)
            driver.lead()
            cluster.step()
        elif what == "event":
            driver.stop_settling()
            cluster.set_pace(0.0, mode)
            driver.lead()
            if not cluster.step_to_event():
                return _said(request, "", "No Event comes within a minute: the clock stands there now.")
        elif what == "settle":
            driver.lead()
            driver.settle()
        elif what in ("lesson", "real"):
            cluster.set_pace(cluster.pace or 1.0, what)
        else:
            raise BadRequest("a clock can pause, play, step, settle, be real or a lesson")
    except ApiError as error:
        return _said(request, "", error.message, code=error.code)
    driver.tell(force=True)
    runtime.wake()
    return HttpResponse(status=204)


def _pace(request: HttpRequest) -> float:
    try:
        position = float(request.POST.get("pace", "0"))
    except ValueError:
        position = math.nan
    if not math.isfinite(position):
        raise BadRequest("a pace is a number")
    return status.pace_of_slider(position)


@require_POST
def demo(request: HttpRequest, name: str) -> HttpResponse:
    """Start the chapter's demo, or stop it."""
    driver = _driver(name)
    if request.POST.get("do") == "stop":
        driver.story = None
    else:
        driver.cluster.set_pace(driver.cluster.pace or 1.0, "lesson")
        driver.lead()
        driver.story = Story(library.demo(), asks=False)
    driver.tell(force=True)
    runtime.wake()
    return HttpResponse(status=204)


# -- clusters ------------------------------------------------------------------------------------------


def _go(name: str) -> HttpResponse:
    """Send the browser to another page, from a form that htmx posted."""
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("page", kwargs={"name": name})})


@require_POST
def create_cluster(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()
    if len(runtime.names()) >= settings.MAX_CLUSTERS:
        return _said(request, "", f"There are {settings.MAX_CLUSTERS} clusters: delete one first.", code=409)
    try:
        runtime.create(name)
    except ApiError as error:
        return _said(request, "", error.message, code=error.code)
    return _go(name)


@require_POST
def reset(request: HttpRequest, name: str) -> HttpResponse:
    _driver(name)
    try:
        runtime.reset(name)
    except KeyError:
        raise Http404(f"there is no cluster {name}") from None  # somebody else deleted it a moment ago
    return _go(name)


@require_POST
def destroy(request: HttpRequest, name: str) -> HttpResponse:
    _driver(name)
    if name == LAB:
        return _said(request, "", "lab stays: it can be reset, not deleted.", code=403)
    try:
        runtime.destroy(name)
    except KeyError:
        raise Http404(f"there is no cluster {name}") from None
    return _go(LAB)
