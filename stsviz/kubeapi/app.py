"""The ASGI application of the Kubernetes API: whose cluster, which verb, and the answer or the refusal.

The cluster ``lab`` is served at the root of the site, every cluster below ``/clusters/<name>``. Verbs reach
the database, so they run in a few threads; streams wait in the event loop and cost no thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core.apimachinery.errors import ApiError, Forbidden, Unauthorized
from core.apimachinery.meta import Obj
from core.apiserver.body import media_type, read_options
from core.apiserver.conversion import stored_selector
from core.apiserver.handlers import Answer, Handlers, Target, Write
from core.apiserver.options import (
    ListOptions,
    delete_options,
    list_options,
    revision_of_get,
    text,
    write_options,
)
from core.apiserver.patching import APPLY_PATCH, patch_type
from core.apiserver.refusals import NotAcceptable, RevisionTooLarge, WrongMethod
from core.cluster import Cluster
from stsviz import access
from stsviz.kubeapi import documents, podlogs
from stsviz.kubeapi.exec import Remote, refuse_upgrade
from stsviz.kubeapi.http import Request, Response, plain, read_request, refusal, warned
from stsviz.kubeapi.hub import Hub
from stsviz.kubeapi.negotiation import Form, form_of, object_as, page_as, response_of
from stsviz.kubeapi.routing import NoSuchPage, target_of, verb_of, warning_of
from stsviz.kubeapi.watch import Stream
from stsviz.runtime import LAB, runtime

log = logging.getLogger(__name__)

ROOTS = frozenset(("api", "apis", "version", "openapi", "healthz", "livez", "readyz"))
_FOR_EVERYBODY = frozenset(("healthz", "livez", "readyz"))  # they say "ok"
_STREAMED = frozenset(("exec", "attach", "portforward"))
_THREADS = 8


def is_ours(path: str) -> bool:
    """Tell whether *path* belongs to the Kubernetes API and not to the pages."""
    first, _, rest = path.lstrip("/").partition("/")
    return first in ROOTS or (first == "clusters" and bool(rest))


class KubernetesApi:
    """Serves every cluster of this process. One instance an event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="kubeapi")
        self._hubs: dict[str, Hub] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        pretty = False
        try:
            _guard(scope)
            name, parts = _mount(scope["path"])
            if warning := warning_of(parts):
                send = warned(send, warning)
            request = await read_request(scope, receive, scope["path"])
            pretty = request.pretty
            response = await self._serve(request, name, parts, receive, send)
        except NoSuchPage:
            response = plain("404 page not found\n", 404)
        except ApiError as error:
            response = refusal(error, pretty=pretty)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            response = refusal(ApiError("Internal error occurred: see the log of stsviz"))
        if response is not None:
            await response.send(send, head=scope["method"] == "HEAD")

    async def websocket(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve exec and attach. A refusal is a plain 403: kubectl asks again over HTTP, and hears why."""
        await receive()  # websocket.connect
        try:
            _guard(scope)
            name, parts = _mount(scope["path"])
            cluster = await self._in_thread(_cluster, name)
            target = target_of(parts)
            if target.subresource not in ("exec", "attach"):
                raise WrongMethod
            await Remote(self._hub(cluster), target, scope, receive, send).run()
        except (NoSuchPage, ApiError):
            await send({"type": "websocket.close", "code": 4403})

    async def _serve(
        self, request: Request, name: str, parts: list[str], receive: Any, send: Any
    ) -> Response | None:
        if request.method == "GET":
            answer = documents.serve(request, parts, request.header("host"))
            if answer is not None:
                await self._in_thread(_cluster, name)  # which has to be there
                return answer
        target = target_of(parts)
        verb = verb_of(target, request.method)
        if target.subresource in _STREAMED or target.subresource == "log":
            cluster = await self._in_thread(_cluster, name)
            if target.subresource == "log":
                return await podlogs.serve(self._hub(cluster), target, request, receive, send)
            upgrade = request.header("upgrade")
            raise await self._in_thread(refuse_upgrade, cluster, target, request.query, upgrade)
        form = form_of(request, collection=not target.name, tables=bool(target.resource.stored))
        several = verb in ("list", "deletecollection")
        options = options_of(request, target) if several else ListOptions()
        if verb == "list" and options.watch:
            try:
                form = form_of(request, collection=True, watch=True)
            except NotAcceptable as error:  # said in what would do for anything but a watch (API-N2)
                return response_of(error.status(), form, request, error.code)
            cluster = await self._in_thread(_cluster, name)
            await Stream(self._hub(cluster), target, options, form, send).run(receive)
            return None

        def perform() -> Response:
            return _VERBS[verb](Call(request, target, _cluster(name), options), form)

        if verb in ("get", "list"):
            return await self._patient(name, perform)
        response: Response = await self._in_thread(perform)
        runtime.wake()
        return response

    async def _patient(self, name: str, read: Callable[[], Response]) -> Response:
        """Read; when the client knows a revision that is still to come, wait for it a while."""
        try:
            return await self._in_thread(read)
        except RevisionTooLarge as error:
            if not await self._hub(await self._in_thread(_cluster, name)).reached(error.asked):
                raise
            return await self._in_thread(read)

    def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _hub(self, cluster: Cluster) -> Hub:
        hub = self._hubs.get(cluster.name)
        if hub is None or not hub.serves(cluster):
            self._hubs = {name: kept for name, kept in self._hubs.items() if not kept.closed}
            hub = self._hubs[cluster.name] = Hub(cluster, self._pool, _is_current)
        return hub


def _cluster(name: str) -> Cluster:
    try:
        return runtime.fresh(name).cluster
    except KeyError:
        raise NoSuchPage from None


def _is_current(cluster: Cluster) -> bool:
    """Tell whether *cluster* is still the one of its name: it may have been reset or destroyed."""
    try:
        return runtime.cluster(cluster.name) is cluster
    except KeyError:
        return False


def _mount(path: str) -> tuple[str, list[str]]:
    """Return the cluster's name and the parts of the path below its mount."""
    parts = path.removeprefix("/").split("/")
    if len(parts) > 1 and not parts[-1]:
        parts.pop()  # one trailing slash
    if parts[0] == "clusters":
        return parts[1], parts[2:]
    return LAB, parts


def _guard(scope: Mapping[str, Any]) -> None:
    """Let in who may come in. Raises: Forbidden for pages of other sites, Unauthorized without the token."""
    if why := access.why_foreign(scope):
        raise Forbidden(f"forbidden: {why}")
    if not access.may_use_api(scope) and scope["path"].strip("/") not in _FOR_EVERYBODY:
        raise Unauthorized


def options_of(request: Request, target: Target) -> ListOptions:
    """Return what a request about a collection asks for. Raises: BadRequest, Invalid, Unexplained."""
    resource, query = target.resource, request.query
    selector = stored_selector(text(query, "fieldSelector"), resource)
    query = {**query, "fieldSelector": [selector]}
    return list_options(query, resource.stored, namespaced=resource.namespaced)


class Call:
    """One request about one target: its verbs, run in a thread. *options*: of a collection."""

    def __init__(self, request: Request, target: Target, cluster: Cluster, options: ListOptions) -> None:
        self.request = request
        self.options = options
        self.target = target
        self.cluster = cluster
        self.handlers = Handlers(cluster.registry)

    def list(self, form: Form) -> Response:
        page = self.handlers.list(self.target, self.options)
        return response_of(page_as(page, self.target.resource, form, self.cluster.now), form, self.request)

    def get(self, form: Form) -> Response:
        revision = revision_of_get(text(self.request.query, "resourceVersion"))
        return self._respond(Answer(self.handlers.get(self.target, revision)), form)

    def create(self, form: Form) -> Response:
        media = media_type(self.request.header("content-type"))
        return self._respond(self.handlers.create(self.target, self._write(media, "CreateOptions")), form)

    def update(self, form: Form) -> Response:
        media = media_type(self.request.header("content-type"))
        return self._respond(self.handlers.update(self.target, self._write(media, "UpdateOptions")), form)

    def patch(self, form: Form) -> Response:
        media = patch_type(self.request.header("content-type"))
        write = self._write(media, "PatchOptions")
        if media == APPLY_PATCH and self.target.subresource != "scale":
            return self._respond(self.handlers.apply(self.target, write), form)
        return self._respond(self.handlers.patch(self.target, write), form)

    def delete(self, form: Form) -> Response:
        options, dry_run = delete_options(self.request.query, self._options_body())
        answer = self.handlers.delete(self.target, options, self.request.agent, dry_run=dry_run)
        return self._respond(answer, form)

    def delete_collection(self, form: Form) -> Response:
        options, dry_run = delete_options(self.request.query, self._options_body())
        page = self.handlers.delete_collection(
            self.target, self.options, options, self.request.agent, dry_run=dry_run
        )
        return response_of(page_as(page, self.target.resource, form, self.cluster.now), form, self.request)

    def _write(self, media: str, kind: str) -> Write:
        options = write_options(self.request.query, kind, apply=media == APPLY_PATCH)
        return Write(self.request.body, media, options, self.request.agent)

    def _options_body(self) -> Obj | None:
        return read_options(self.request.body, media_type(self.request.header("content-type")))

    def _respond(self, answer: Answer, form: Form) -> Response:
        obj = answer.obj
        if obj["kind"] != "Status":  # a Status is never converted
            obj = object_as(obj, form, self.cluster.now)
        return response_of(obj, form, self.request, answer.code, answer.warnings)


_VERBS: Mapping[str, Callable[[Call, Form], Response]] = {
    "get": Call.get,
    "list": Call.list,
    "create": Call.create,
    "update": Call.update,
    "patch": Call.patch,
    "delete": Call.delete,
    "deletecollection": Call.delete_collection,
}
