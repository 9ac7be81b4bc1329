"""`kubectl apply`, for the form: each document of a text becomes created, configured, unchanged or refused.

Source: staging/src/k8s.io/kubectl/pkg/cmd/apply (v1.36), client-side apply with the last-applied annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from core.api.kinds import BY_KIND
from core.apimachinery.errors import ApiError, Invalid
from core.apimachinery.manifest import Document, Problem, read
from core.apimachinery.meta import Obj, Ref, annotations_of, replaced
from core.apimachinery.patch import strategic_merge_patch, three_way
from core.apimachinery.schema import strict_decode
from core.apiserver.registry.generic import Registry

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one document. ``title`` is as kubectl says it: ``statefulset.apps/web``.

    ``index`` from 0, ``line`` from 1 (where the document starts); *problems* say line, field and rule.
    """

    index: int
    line: int
    title: str
    verb: str  # created, configured, unchanged, refused
    ref: Ref | None = None
    message: str = ""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def apply_text(
    registry: Registry, text: str | bytes, actor: str, stop: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """Apply the documents of *text* one after another; a refused one changes nothing and holds no other."""
    for document in read(text):
        if stop():
            return
        yield apply_document(registry, document, actor)


def apply_document(registry: Registry, document: Document, actor: str) -> Outcome:
    """Apply one document."""
    obj = document.obj
    if document.problems or obj is None:
        return _refused(document, "", None, document.problems)
    resource = BY_KIND[obj["kind"]]
    meta = obj.get("metadata") or {}
    name = meta.get("name") or meta.get("generateName") or ""
    title = f"{resource.singular}{'.' + resource.group if resource.group else ''}/{name}"
    problems = strict_decode(obj, document)
    if problems:
        return _refused(document, title, None, problems)
    namespace = meta.get("namespace") or "default" if resource.namespaced else ""
    ref = Ref(resource.kind, namespace, name)
    try:
        verb = _apply(registry, ref, obj, actor)
    except Invalid as error:
        found = tuple(
            Problem(document.line_of(cause.field), 0, cause.field, cause.message) for cause in error.errors
        )
        return _refused(document, title, ref, found, error.message)
    except ApiError as error:
        return _refused(document, title, ref, (Problem(document.line, 0, "", error.message),), error.message)
    return Outcome(document.index, document.line, title, verb, ref)


def _refused(
    document: Document, title: str, ref: Ref | None, problems: tuple[Problem, ...], message: str = ""
) -> Outcome:
    message = message or "; ".join(problem.message for problem in problems)
    return Outcome(document.index, document.line, title, "refused", ref, message, tuple(problems))


def _apply(registry: Registry, ref: Ref, obj: Obj, actor: str) -> str:
    modified = with_last_applied(obj, ref.namespace)
    with registry.store.transaction():
        current = registry.store.get(ref)
        if current is None:
            registry.create(modified, actor)
            return "created"
        text = annotations_of(current).get(LAST_APPLIED)
        original = orjson.loads(text) if text else None
        patch = three_way(original, modified, current)
        new = registry.update(strategic_merge_patch(current, patch), actor)
        return "unchanged" if new is current else "configured"


def with_last_applied(obj: Obj, namespace: str) -> Obj:
    """Return *obj* with the annotation that records it, as kubectl writes it."""
    meta: Mapping[str, object] = obj.get("metadata") or {}
    annotations = {k: v for k, v in (obj["metadata"].get("annotations") or {}).items() if k != LAST_APPLIED}
    plain = {**obj, "metadata": {**meta, "annotations": annotations}}
    if namespace:
        plain["metadata"]["namespace"] = namespace
    text = _go_json(plain) + "\n"
    return replaced(plain, "metadata.annotations", {**annotations, LAST_APPLIED: text})


def _go_json(value: Obj) -> str:
    """JSON as Go's encoder writes it: sorted keys, and <, >, & escaped."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
