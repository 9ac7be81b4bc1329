"""`kubectl apply`, for the form: each document of a text becomes created, configured, unchanged or refused.

Source: staging/src/k8s.io/kubectl/pkg/cmd/apply (v1.36), client-side apply with the last-applied annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from core.api.kinds import BY_KIND, OTHER_VERSIONS, SERVED
from core.apimachinery.decode import decode
from core.apimachinery.errors import ApiError, BadRequest, Invalid
from core.apimachinery.manifest import Document, Problem, read
from core.apimachinery.meta import Obj, Ref, annotations_of, replaced
from core.apimachinery.patch import strategic_merge_patch, three_way
from core.apiserver import autoscalers
from core.apiserver.registry import warnings_of
from core.apiserver.registry.generic import Registry
from core.apiserver.zeros import without_zeros

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_SERVED = frozenset((resource.api_version, resource.kind) for resource in (*SERVED, *OTHER_VERSIONS))


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
    for document in read(text, _SERVED):
        if stop():
            return
        yield apply_document(registry, document, actor)


def apply_document(registry: Registry, document: Document, actor: str) -> Outcome:
    """Apply one document."""
    if document.problems:
        return _refused(document, "", None, document.problems)
    meta = document.obj.get("metadata") or {}
    obj = {**document.obj, "metadata": meta}
    resource = BY_KIND[obj["kind"]]
    name = meta.get("name") or meta.get("generateName") or ""
    title = f"{resource.singular}{'.' + resource.group if resource.group else ''}/{name}"
    namespace = meta.get("namespace") or "default" if resource.namespaced else ""
    ref = Ref(resource.kind, namespace, name)
    if not meta.get("name") and name:
        problem = Problem(
            document.line_of("metadata.generateName"),
            0,
            "",
            f"from {name}: cannot use generate name with apply",
        )
        return _refused(document, title, ref, (problem,))
    try:
        decoded = autoscalers.stored(decode(obj, resource.kind).obj)
        modified = with_last_applied(decoded, obj, namespace)
        verb, warnings = _apply(registry, ref, modified, actor)
    except Invalid as error:
        causes = tuple(
            Problem(document.line_of(cause.field), 0, cause.field, cause.message) for cause in error.errors
        )
        return _refused(document, title, ref, causes, error.message)
    except ApiError as error:
        return _refused(document, title, ref, (Problem(document.line, 0, "", error.message),), error.message)
    return Outcome(document.index, document.line, title, verb, ref, warnings=warnings)


def _refused(
    document: Document, title: str, ref: Ref | None, problems: tuple[Problem, ...], message: str = ""
) -> Outcome:
    message = message or "; ".join(problem.message for problem in problems)
    return Outcome(document.index, document.line, title, "refused", ref, message, tuple(problems))


def _apply(registry: Registry, ref: Ref, modified: Obj, actor: str) -> tuple[str, tuple[str, ...]]:
    """Return what was done, and what its author is warned of."""
    with registry.store.transaction():
        current = registry.store.get(ref)
        if current is None:
            made = registry.create(without_zeros(modified), actor)
            return "created", warnings_of(made, None)
        patch = three_way(_last_applied(current), modified, current)
        new = registry.update(without_zeros(strategic_merge_patch(current, patch)), actor)
        return ("unchanged" if new is current else "configured"), warnings_of(new, current)


def _last_applied(current: Obj) -> Obj | None:
    """Return what was applied before. Raises: BadRequest, when somebody wrote there what is no object."""
    text = annotations_of(current).get(LAST_APPLIED)
    try:
        original = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        original = text
    if original is not None and not isinstance(original, dict):
        raise BadRequest(f"the annotation {LAST_APPLIED} is not an object as JSON: remove it first")
    return original


def with_last_applied(obj: Obj, text: Obj, namespace: str) -> Obj:
    """Return *obj* with the annotation that records it: *text*, the object as it was written."""
    annotations = {k: v for k, v in annotations_of(obj).items() if k != LAST_APPLIED}
    plain = replaced(text, "metadata.annotations", annotations)
    if namespace:
        plain = replaced(plain, "metadata.namespace", namespace)
        obj = replaced(obj, "metadata.namespace", namespace)
    return replaced(obj, "metadata.annotations", {**annotations, LAST_APPLIED: _go_json(plain) + "\n"})


def _go_json(value: Obj) -> str:
    """JSON as Go's encoder writes it: sorted keys, and <, >, & escaped."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
