"""The verbs and the one write path: default, admit, prepare, validate, store.

The form, kubectl, every component and the tests go through here. Refused means unchanged: nothing is
written before everything has been checked.

Source: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go,
pkg/registry/rest/{create,update,delete}.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from core.api.kinds import BY_KIND
from core.apimachinery import validation
from core.apimachinery.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    FieldError,
    Invalid,
    MethodNotAllowed,
)
from core.apimachinery.meta import Obj, Ref, copied, ref_of
from core.apimachinery.patch import json_patch, merge_patch, strategic_merge_patch
from core.apimachinery.quantity import QuantityError
from core.apimachinery.timestamps import timestamp
from core.apiserver import admission
from core.apiserver.registry import STRATEGIES
from core.apiserver.registry.context import Context
from core.apiserver.registry.deletion import DeleteOptions, before_delete, is_done
from core.apiserver.registry.preconditions import uid_differs, unconditional
from core.apiserver.store import Store, modified, not_found
from core.client.actions import RecordEvent
from core.client.recorder import record
from core.sim.settings import Settings

SYSTEM_METADATA = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
)

_QUOTA_WRITER = "kube-apiserver"

Manage = Callable[[Obj, Obj | None], None]
"""Sets managedFields: called with the new object (a private copy), as its author and admission made it and
before its strategy completes it, and with the old one."""


class Registry:
    """All verbs for all kinds over one store.

    *actor* names who asks (a component, "kubectl", "you"); *because* is kept in history beside the write.
    All raise :class:`core.apimachinery.errors.ApiError`; then nothing has changed.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def context(self) -> Context:
        return Context(self.store.now, self.store.view, self.settings, self.store.ids)

    # -- read ------------------------------------------------------------------------------------

    def get(self, ref: Ref) -> Obj:
        obj = self.store.get(ref)
        if obj is None:
            raise not_found(ref)
        return obj

    # -- create ----------------------------------------------------------------------------------

    def create(
        self, obj: Obj, actor: str, because: str = "", *, dry_run: bool = False, manage: Manage | None = None
    ) -> Obj:
        """Create *obj* and return it as stored. *manage*: see :data:`Manage`."""
        with self.store.transaction():
            context = self.context()
            obj = copied(obj)
            resource = BY_KIND[obj["kind"]]
            strategy = STRATEGIES[obj["kind"]]
            meta = obj["metadata"]
            if resource.namespaced:
                meta.setdefault("namespace", "default")
            else:
                meta.pop("namespace", None)
            meta.pop("resourceVersion", None)
            for name in SYSTEM_METADATA:
                meta.pop(name, None)
            _default(strategy, obj)
            if "name" not in meta and meta.get("generateName"):
                meta["name"] = self._generated_name(obj, context)
            admission.admit("CREATE", obj, None, context)
            if manage is not None:
                manage(obj, None)
            meta["uid"] = context.uid()
            meta["creationTimestamp"] = timestamp(context.now)
            strategy.prepare_for_create(obj, context)
            errors = validation.validate_object_meta(
                meta,
                "metadata",
                resource.namespaced,
                getattr(strategy, "name_check", validation.path_segment_name),
            )
            errors += _findings(strategy, obj, None, context)
            if errors:
                raise _invalid(obj, errors)
            charged = admission.validate("CREATE", obj, None, context)
            _canonicalize(strategy, obj)
            if dry_run or charged:
                self._refuse_taken_name(obj)
            if dry_run:
                return obj
            self._charge(charged, obj)
            return self.store.create(obj, actor, because)

    def _generated_name(self, obj: Obj, context: Context) -> str:
        """Return generateName and five characters, tried eight times (names/generate.go)."""
        meta = obj["metadata"]
        for _ in range(8):
            name = str(meta["generateName"])[:58] + context.random_name_suffix()
            if self.store.get(Ref(obj["kind"], meta.get("namespace", ""), name)) is None:
                return name
        resource = BY_KIND[obj["kind"]]
        raise AlreadyExists(
            f'{resource.group_resource} "{name}" already exists, the server was not able to generate a unique'
            " name for the object",
            name=name, group=resource.group, kind=resource.plural, retryAfterSeconds=1,
        )  # fmt: skip

    def _charge(self, quotas: list[Obj], obj: Obj) -> None:
        for quota in quotas:
            why = f"counts {obj['kind']} {obj['metadata']['name']}"
            self.store.update(quota, "", _QUOTA_WRITER, why)

    def _refuse_taken_name(self, obj: Obj) -> None:
        if self.store.get(ref_of(obj)) is not None:
            self.store.create(obj, "", "")  # raises AlreadyExists, writes nothing

    # -- update ----------------------------------------------------------------------------------

    def update(
        self, obj: Obj, actor: str, because: str = "", *, dry_run: bool = False, manage: Manage | None = None
    ) -> Obj:
        """Replace metadata and spec of the object that *obj* names; return it as stored."""
        with self.store.transaction():
            ref, old = self._precondition(obj)
            context = self.context()
            new = copied(obj)
            meta, old_meta = new["metadata"], old["metadata"]
            _keep_system_metadata(meta, old_meta)
            strategy = STRATEGIES[ref.kind]
            _default(strategy, new)
            admission.admit("UPDATE", new, old, context)
            if manage is not None:
                manage(new, old)
            strategy.prepare_for_update(new, old, context)
            errors = validation.validate_object_meta_update(meta, old_meta, "metadata")
            errors += _findings(strategy, new, old, context)
            if errors:
                raise _invalid(new, errors)
            charged = admission.validate("UPDATE", new, old, context)
            _canonicalize(strategy, new)
            if not dry_run:
                self._charge(charged, new)
            return self._replace(new, old, actor, because, dry_run=dry_run)

    def update_status(self, obj: Obj, actor: str, because: str = "", *, manage: Manage | None = None) -> Obj:
        """Replace the status of the object that *obj* names.

        Of its metadata only labels, annotations, owner references and finalizers count (API-U8).
        """
        with self.store.transaction():
            ref, old = self._precondition(obj)
            new = {**old, "metadata": _status_metadata(obj, old), "status": obj.get("status") or {}}
            strategy = STRATEGIES[ref.kind]
            prepare = getattr(strategy, "prepare_for_status_update", None)
            if prepare is not None:
                prepare(new, old, self.context())
            validate = getattr(strategy, "validate_status_update", None)
            errors = validation.validate_object_meta_update(new["metadata"], old["metadata"], "metadata")
            errors += validate(new, old) if validate is not None else []
            if errors:
                raise _invalid(new, errors)
            if manage is not None:
                new = {**new, "metadata": dict(new["metadata"])}
                manage(new, old)
            return self._replace(new, old, actor, because)

    def finalize(self, obj: Obj, actor: str, because: str = "") -> Obj:
        """namespaces/finalize: replace spec.finalizers; the last one gone, a terminating one goes."""
        with self.store.transaction():
            _, old = self._precondition(obj)
            new = {**old, "spec": obj["spec"]}
            return self._replace(new, old, actor, because)

    def _precondition(self, obj: Obj) -> tuple[Ref, Obj]:
        ref = ref_of(obj)
        old = self.store.get(ref)
        if old is None:
            raise not_found(ref)
        meta, old_meta = obj["metadata"], old["metadata"]
        expected = meta.get("resourceVersion")
        if not expected and not getattr(STRATEGIES[ref.kind], "UNCONDITIONAL_UPDATE", True):
            raise unconditional(ref)
        if expected and expected != old_meta["resourceVersion"]:
            raise modified(ref)
        uid = meta.get("uid")
        if uid and uid != old_meta["uid"]:
            raise modified(ref, uid_differs(ref, uid, old_meta["uid"]))
        return ref, old

    def _replace(self, new: Obj, old: Obj, actor: str, because: str, *, dry_run: bool = False) -> Obj:
        meta = {**new["metadata"], "resourceVersion": old["metadata"]["resourceVersion"]}
        new = {**new, "metadata": meta}
        if new == old or dry_run:
            return old if new == old else new  # a write that changes nothing is not made
        if is_done(new):
            self.store.delete(ref_of(new), actor, because)
            return new
        return self.store.update(new, "", actor, because)

    # -- patch -----------------------------------------------------------------------------------

    def patch(
        self,
        ref: Ref,
        patch: Any,
        actor: str,
        because: str = "",
        *,
        kind_of_patch: str = "merge",
        subresource: str = "",
        uid: str = "",
    ) -> Obj:
        """Apply a "merge", "strategic" or "json" patch to the object or its "status"."""
        with self.store.transaction():
            old = self.get(ref)
            if uid and uid != old["metadata"]["uid"]:
                raise modified(ref, uid_differs(ref, uid, old["metadata"]["uid"]))
            if kind_of_patch == "json":
                new = json_patch(old, patch)
            elif kind_of_patch == "strategic":
                new = strategic_merge_patch(old, patch)
            else:
                new = merge_patch(old, patch)
            if ref_of(new) != ref:
                raise BadRequest("the name of the object cannot be changed by a patch")
            if subresource == "status":
                return self.update_status(new, actor, because)
            if subresource == "finalize":
                return self.finalize(new, actor, because)
            return self.update(new, actor, because)

    def scale(self, ref: Ref, replicas: int, actor: str, because: str = "") -> Obj:
        """Set spec.replicas (the scale subresource)."""
        if ref.kind not in ("StatefulSet", "Deployment", "ReplicaSet", "ReplicationController"):
            raise MethodNotAllowed(f"{BY_KIND[ref.kind].plural} have no scale subresource")
        return self.patch(ref, {"spec": {"replicas": replicas}}, actor, because)

    # -- delete ----------------------------------------------------------------------------------

    def delete(self, ref: Ref, options: DeleteOptions, actor: str, because: str = "") -> Obj:
        """Delete *ref*; return its last state, or the terminating object while something holds it."""
        with self.store.transaction():
            old = self.get(ref)
            self.check_delete_preconditions(ref, old, options)
            admission.validate("DELETE", old, old, self.context())
            new = before_delete(old, options, self.store.now)
            if new is None:
                return self.store.delete(ref, actor, because)
            if new is old:
                return old
            marked = self.store.update(new, "", actor, because)
            return self.store.delete(ref, actor, because) if is_done(marked) else marked

    @staticmethod
    def check_delete_preconditions(ref: Ref, obj: Obj, options: DeleteOptions) -> None:
        """Raise Conflict when *options* ask for another uid or revision than *obj* has."""
        meta = obj["metadata"]
        for word, asked, found, fate in (
            ("UID", options.uid, meta["uid"], "deleted and then recreated"),
            ("ResourceVersion", options.resource_version, meta["resourceVersion"], "modified"),
        ):
            if asked and asked != found:
                raise Conflict(
                    f'Operation cannot be fulfilled on {ref.kind} "{ref.name}": the {word} in the'
                    f" precondition ({asked}) does not match the {word} in record ({found})."
                    f" The object might have been {fate}",
                    name=ref.name,
                    kind=ref.kind,
                )

    # -- subresources ----------------------------------------------------------------------------

    def bind(self, ref: Ref, uid: str, node: str, actor: str, because: str = "") -> Obj:
        """pods/binding: give the Pod its node. Source: pkg/registry/core/pod/storage/storage.go."""
        with self.store.transaction():
            old = self.get(ref)
            if uid and uid != old["metadata"]["uid"]:
                raise modified(ref, uid_differs(ref, uid, old["metadata"]["uid"]))
            spec = old["spec"]
            if spec.get("nodeName"):
                why = f'pod {ref.name} is already assigned to node "{spec["nodeName"]}"'
                raise modified(ref, why)
            if "deletionTimestamp" in old["metadata"]:
                raise modified(ref, f"pod {ref.name} is being deleted, cannot be assigned to a host")
            scheduled = {
                "type": "PodScheduled",
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": timestamp(self.store.now),
            }
            # ST-5.35: the promise is kept now
            status = {k: v for k, v in (old.get("status") or {}).items() if k != "nominatedNodeName"}
            others = [c for c in status.get("conditions") or () if c["type"] != "PodScheduled"]
            new = {
                **old,
                "spec": {**spec, "nodeName": node},
                "status": {**status, "conditions": [*others, scheduled]},
            }
            return self.store.update(new, "", actor, because)

    def record_event(self, request: RecordEvent, component: str, because: str = "") -> None:
        """Write, count on, or drop a Kubernetes Event."""
        name = request.component or component
        decided = record(self.store.view, request, name, self.store.now)
        if decided is None:
            return
        with self.store.transaction():
            verb, event = decided
            if verb == "create":
                context = self.context()
                if admission.comes_too_late(event, context):
                    return
                stem = request.regarding["metadata"]["name"]
                # two Events of one instant are told apart, and kept in order, by the revision
                tick = int(self.store.now * 1e6) * 1000 + self.store.head % 1000
                event["metadata"] |= {
                    "name": f"{stem}.{tick:016x}",
                    "uid": context.uid(),
                    "creationTimestamp": timestamp(context.now),
                }
                self.store.create(event, name, because)
            else:
                self.store.update(event, "", name, because)


def _default(strategy: ModuleType, obj: Obj) -> None:
    try:
        strategy.defaults(obj)
    except QuantityError as error:
        raise BadRequest(str(error)) from error


def _findings(strategy: ModuleType, obj: Obj, old: Obj | None, context: Context) -> list[FieldError]:
    """Validate *obj* by its kind's rules, of which a switch may take back some."""
    under = getattr(strategy, "validate_under", None)
    if under is not None:
        return list(under(obj, old, context.settings))
    return list(strategy.validate(obj) if old is None else strategy.validate_update(obj, old))


def _canonicalize(strategy: ModuleType, obj: Obj) -> None:
    canonicalize = getattr(strategy, "canonicalize", None)
    if canonicalize is not None:
        canonicalize(obj)


def _keep_system_metadata(meta: dict[str, Any], old: Mapping[str, Any]) -> None:
    for name in SYSTEM_METADATA:
        if name in old:
            meta[name] = old[name]
        else:
            meta.pop(name, None)


def _status_metadata(obj: Obj, old: Obj) -> dict[str, Any]:
    asked, kept = obj["metadata"], old["metadata"]
    changed = {
        name: asked[name]
        for name in ("labels", "annotations", "ownerReferences", "finalizers")
        if asked.get(name) and asked[name] != kept.get(name)
    }
    return {**kept, **changed} if changed else kept


def _invalid(obj: Obj, errors: list[Any]) -> ApiError:
    resource = BY_KIND[obj["kind"]]
    name = obj["metadata"].get("name", "")
    return Invalid(resource.group_kind, name, errors, name=name, group=resource.group, kind=resource.kind)
