"""The requests of the Kubernetes API over the registry's verbs: what comes in as bytes, what goes out.

They check what belongs to a request (its path, its options, its body), decode, and leave every rule of a
kind to the registry. Nothing here knows HTTP beyond status codes.
Source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.apimachinery.errors import BadRequest, Conflict, FieldError, Invalid, NotFound
from core.apimachinery.meta import Obj, Ref, ref_of
from core.apimachinery.timestamps import timestamp
from core.apiserver import conversion, fieldmanager, reviews
from core.apiserver.body import read_applied, read_object
from core.apiserver.conversion import served_to_stored, stored_to_served
from core.apiserver.discovery import Resource
from core.apiserver.eviction import evict
from core.apiserver.fieldmanager import APPLY, Entry
from core.apiserver.listing import Page, list_objects
from core.apiserver.options import ListOptions, WriteOptions, delete_options
from core.apiserver.patching import patched
from core.apiserver.refusals import RevisionTooLarge, Unexplained
from core.apiserver.registry import warnings_of
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.apiserver.registry.preconditions import check_uid
from core.apiserver.store import modified, not_found
from core.apiserver.zeros import without_zeros

_NAMESPACE_DIFFERS = "the namespace of the provided object does not match the namespace sent on the request"
# of these a delete answers the object, of all others that it succeeded
_ANSWERED_WITH_THE_OBJECT = frozenset(
    (
        "CSIDriver", "CSINode", "Pod", "PersistentVolumeClaim", "PersistentVolume", "PodTemplate",
        "ResourceQuota", "Service", "ServiceAccount", "StorageClass", "VolumeAttachment",
    )
)  # fmt: skip
_CREATED_BY_PUT = frozenset(("Endpoints", "Event", "Lease", "Service"))
SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. *namespace*: "" for cluster-scoped resources, and for all namespaces."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(self.resource.stored, self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Write:
    """A request that carries something. *media*: the type of *body*; *actor*: who history says did it."""

    body: bytes
    media: str
    options: WriteOptions
    actor: str


@dataclass(frozen=True, slots=True)
class Answer:
    obj: Obj
    code: int = 200
    warnings: tuple[str, ...] = ()


class _Undo(Exception):
    """Takes a dry run back."""


class Handlers:
    """The requests over one cluster. All raise ApiError; then nothing has changed."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.store = registry.store

    # -- reading ---------------------------------------------------------------------------------

    def get(self, target: Target, revision: int | None = None) -> Obj:
        """Return the object; *revision*: the state must not be older than that."""
        if revision is not None and revision > self.store.revision:
            raise RevisionTooLarge(revision, self.store.revision)
        obj = self.registry.get(target.ref)
        if target.subresource == "scale":
            return conversion.scale_of(obj)
        return stored_to_served(obj, target.resource)

    def list(self, target: Target, options: ListOptions) -> Page:
        resource = target.resource
        page = list_objects(self.store, resource.stored, target.namespace or None, options)
        if conversion.differs(resource):
            return Page([stored_to_served(obj, resource) for obj in page.items], page.metadata)
        return page

    # -- creating --------------------------------------------------------------------------------

    def create(self, target: Target, write: Write) -> Answer:
        if target.subresource == "binding":
            return self._bind(target, write)
        if target.subresource == "eviction":
            return self._evict(target, write)
        obj, warnings = read_object(write.body, write.media, target.resource, write.options.validation)
        if not target.resource.stored:
            return Answer(reviews.review(obj, self.store.now), 201, tuple(warnings))
        self._place(obj, target)
        if obj["metadata"].get("resourceVersion"):
            raise Unexplained("resourceVersion should not be set on objects to be created")
        obj = served_to_stored(obj, target.resource)
        manage = self._manage(write)
        made = self._written(write, lambda: self.registry.create(obj, write.actor, manage=manage))
        return self._answer(target, made, None, 201, warnings)

    def _manage(self, write: Write, subresource: str = "") -> fieldmanager.Manage:
        manager = write.options.field_manager or write.actor
        return fieldmanager.updates(manager, subresource, self.store.now)

    def _place(self, obj: Obj, target: Target) -> None:
        """Give *obj*, just decoded, the namespace of the path."""
        meta = obj["metadata"]
        if not target.resource.namespaced:
            return
        if meta.get("namespace") not in (None, "", target.namespace):
            raise BadRequest(_NAMESPACE_DIFFERS)
        meta["namespace"] = target.namespace

    def _bind(self, target: Target, write: Write) -> Answer:
        body, warnings = read_object(
            write.body, write.media, target.resource, write.options.validation, "Binding"
        )
        node = (body.get("target") or {}).get("name")
        if not node:
            raise Unexplained("target.name: Required value")
        uid = body["metadata"].get("uid") or ""
        try:
            self._written(write, lambda: self.registry.bind(target.ref, uid, node, write.actor))
        except Conflict as error:
            message = error.message.replace(" pods ", " pods/binding ", 1)
            raise Conflict(message, name=target.name, kind="pods/binding") from None
        return Answer({**SUCCESS, "code": 201}, 201, tuple(warnings))

    def _evict(self, target: Target, write: Write) -> Answer:
        body, warnings = read_object(
            write.body, write.media, target.resource, write.options.validation, "Eviction"
        )
        if body["metadata"].get("name") != target.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        options, dry_run = delete_options({}, body.get("deleteOptions") or {})
        self._dry(
            dry_run or write.options.dry_run,
            lambda: evict(self.registry, target.ref, options, write.actor),
        )
        return Answer({**SUCCESS, "code": 201}, 201, tuple(warnings))

    # -- changing --------------------------------------------------------------------------------

    def update(self, target: Target, write: Write) -> Answer:
        resource = target.resource
        kind = "Scale" if target.subresource == "scale" else ""
        obj, warnings = read_object(write.body, write.media, resource, write.options.validation, kind)
        self._check_name(obj, target)
        self._place(obj, target)
        obj = served_to_stored(obj, resource)
        version = obj["metadata"].get("resourceVersion") or ""
        if version and not version.isdecimal():
            raise Unexplained(f'strconv.ParseUint: parsing "{version}": invalid syntax')
        old = self.store.get(target.ref)
        if old is None and resource.stored in _CREATED_BY_PUT and not target.subresource:
            manage = self._manage(write)
            made = self._written(write, lambda: self.registry.create(obj, write.actor, manage=manage))
            return self._answer(target, made, None, 201, warnings)
        made = self._written(write, lambda: self._replace(target, obj, write))
        return self._answer(target, made, old, 200, warnings)

    def _check_name(self, obj: Obj, target: Target) -> None:
        name = obj["metadata"].get("name") or ""
        if not name:
            why = "was undeterminable: name must be provided"
            raise BadRequest(f"the name of the object ({target.name} based on URL) {why}")
        if name != target.name:
            raise BadRequest(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )

    def _replace(self, target: Target, obj: Obj, write: Write) -> Obj:
        actor, manage = write.actor, self._manage(write, target.subresource)
        if target.subresource == "status":
            return self.registry.update_status(obj, actor, manage=manage)
        if target.subresource == "scale":
            return self._scale(target, obj, actor, manage)
        if target.subresource == "finalize":
            old = self.registry.get(target.ref)
            finalizers = (obj.get("spec") or {}).get("finalizers") or []
            spec = {**(old.get("spec") or {}), "finalizers": finalizers}
            return self.registry.finalize({**old, "spec": spec}, actor)
        return self.registry.update(obj, actor, manage=manage)

    def _scale(self, target: Target, scale: Obj, actor: str, manage: fieldmanager.Manage) -> Obj:
        replicas = (scale.get("spec") or {}).get("replicas") or 0
        if replicas < 0:
            message = f"Invalid value: {replicas}: must be greater than or equal to 0"
            error = FieldError("spec.replicas", "FieldValueInvalid", message)
            details = {"name": target.name, "group": "autoscaling", "kind": "Scale"}
            raise Invalid("Scale.autoscaling", target.name, [error], **details)
        old = self.registry.get(target.ref)
        given = scale["metadata"]
        identity = {key: given[key] for key in ("resourceVersion", "uid") if given.get(key)}
        meta = {key: value for key, value in old["metadata"].items() if key != "resourceVersion"}
        spec = {**old["spec"], "replicas": replicas}
        new = {**old, "metadata": {**meta, **identity}, "spec": spec}
        return self.registry.update(new, actor, manage=manage)

    def patch(self, target: Target, write: Write) -> Answer:
        """Change the object by a patch; *write.media* says which kind of patch."""
        warnings: list[str] = []
        old: Obj | None = None

        def change() -> Obj:
            nonlocal old
            old = self.registry.get(target.ref)
            served = conversion.scale_of(old) if target.subresource == "scale" else old
            served = stored_to_served(served, target.resource)
            obj = patched(served, write.body, write.media, write.options.validation, warnings)
            self._check_name(obj, target)
            if obj["metadata"].get("namespace", "") != target.namespace:
                raise BadRequest(_NAMESPACE_DIFFERS)
            check_uid(obj, old)
            return self._replace(target, served_to_stored(obj, target.resource), write)

        made = self._written(write, change)
        return self._answer(target, made, old, 200, warnings)

    def apply(self, target: Target, write: Write) -> Answer:
        """Server-side apply: create the object, or lay what is applied over it."""
        resource = target.resource
        config = read_applied(write.body, resource, target.name, target.namespace)
        config = served_to_stored(config, resource)
        uid = config["metadata"].get("uid")
        manager = write.options.field_manager
        stamp = timestamp(self.store.now)
        me = Entry(manager, APPLY, config["apiVersion"], target.subresource, stamp, frozenset())
        old = self.store.get(target.ref)
        if old is None and uid:
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise modified(target.ref, why)
        if old is None and target.subresource:
            raise not_found(target.ref)

        def change() -> Obj:
            live = self.store.get(target.ref)
            new, manage = fieldmanager.apply(live, config, me, force=write.options.force)
            new = without_zeros(new)
            if live is None:
                return self.registry.create(new, write.actor, manage=manage)
            check_uid(new, live)
            if target.subresource:
                return self.registry.update_status(new, write.actor, manage=manage)
            return self.registry.update(new, write.actor, manage=manage)

        made = self._written(write, change)
        return self._answer(target, made, old, 201 if old is None else 200, [])

    def _written(self, write: Write, verb: Callable[[], Obj]) -> Obj:
        return self._dry(write.options.dry_run, verb)

    def _dry(self, dry_run: bool, verb: Callable[[], Obj]) -> Obj:
        """Run *verb* in one transaction; of a dry run take everything back."""
        made: Obj = {}
        try:
            with self.store.transaction():
                made = verb()
                if dry_run:
                    made = self._as_dry_run(made)
                    raise _Undo
        except _Undo:
            pass
        return made

    def _as_dry_run(self, made: Obj) -> Obj:
        """What a dry run answers: no resourceVersion for what would be new, else the stored one."""
        ref = ref_of(made)
        for change in self.store.uncommitted_since(self.store.revision):
            if change.ref == ref:
                meta = {k: v for k, v in made["metadata"].items() if k != "resourceVersion"}
                if change.old is not None:
                    meta["resourceVersion"] = change.old["metadata"]["resourceVersion"]
                return {**made, "metadata": meta}
        return made

    def _answer(
        self, target: Target, obj: Obj, old: Obj | None, code: int, warnings: Sequence[str]
    ) -> Answer:
        said = [*warnings, *(() if target.subresource else warnings_of(obj, old))]
        if target.subresource == "scale":
            return Answer(conversion.scale_of(obj), code, tuple(said))
        return Answer(stored_to_served(obj, target.resource), code, tuple(said))

    # -- deleting --------------------------------------------------------------------------------

    def delete(self, target: Target, options: DeleteOptions, actor: str, *, dry_run: bool = False) -> Answer:
        if (options.grace_period_seconds or 0) < 0 and target.resource.stored != "Pod":
            options = DeleteOptions(None, options.propagation, options.uid, options.resource_version)
        gone = False

        def remove() -> Obj:
            nonlocal gone
            last = self.registry.delete(target.ref, options, actor)
            gone = self.store.get(target.ref) is None
            return last

        last = self._dry(dry_run, remove)
        if gone and target.resource.stored not in _ANSWERED_WITH_THE_OBJECT:
            return Answer({**SUCCESS, "details": _details(target, last)})
        if gone and target.resource.stored == "Pod":
            last = _gone_pod(last)
        return Answer(stored_to_served(last, target.resource))

    def delete_collection(
        self, target: Target, selected: ListOptions, options: DeleteOptions, actor: str, *, dry_run: bool
    ) -> Page:
        """Delete what *selected* selects, one by one; return it as it was before."""
        page = self.list(target, selected)
        for obj in page.items:
            meta = obj["metadata"]
            one = Target(target.resource, meta.get("namespace", ""), meta["name"])
            try:
                self.delete(one, options, actor, dry_run=dry_run)
            except NotFound:
                continue  # somebody was faster
        return page


def _details(target: Target, obj: Obj) -> dict[str, Any]:
    resource = target.resource
    details = {"name": target.name, "group": resource.group, "kind": resource.plural}
    return {k: v for k, v in {**details, "uid": obj["metadata"].get("uid")}.items() if v}


def _gone_pod(pod: Obj) -> Obj:
    """A Pod that was removed at once says that it had no time left."""
    meta = pod["metadata"]
    stamp = meta.get("deletionTimestamp") or meta["creationTimestamp"]
    return {**pod, "metadata": {**meta, "deletionTimestamp": stamp, "deletionGracePeriodSeconds": 0}}
