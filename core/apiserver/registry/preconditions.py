"""What a write says of the object it has seen, and the words when that is not the one that is there.

Source: staging/src/k8s.io/apiserver/pkg/registry/{generic/registry/store,rest/update}.go (v1.36).
"""

from __future__ import annotations

from core.api.kinds import BY_KIND
from core.apimachinery import validation
from core.apimachinery.errors import Invalid
from core.apimachinery.meta import Obj, Ref


def unconditional(ref: Ref) -> Invalid:
    """The refusal of an update that does not say which revision it has seen (API-U3)."""
    resource = BY_KIND[ref.kind]
    errors = [validation.invalid("metadata.resourceVersion", 0, "must be specified for an update")]
    details = {"name": ref.name, "group": resource.group, "kind": resource.plural}
    return Invalid(resource.group_resource, ref.name, errors, **details)


def uid_differs(ref: Ref, asked: str, found: str) -> str:
    key = "/".join(part for part in (BY_KIND[ref.kind].plural, ref.namespace, ref.name) if part)
    return (
        f"StorageError: invalid object, Code: 4, Key: /registry/{key}, ResourceVersion: 0,"
        " AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
    )


def check_uid(new: Obj, old: Obj) -> None:
    """Refuse another uid, in the words for a patch: an update hears of its precondition (API-U9).

    Raises: Invalid, with the cause twice, as it is found before and by the strategy.
    """
    uid = new["metadata"].get("uid")
    if uid and uid != old["metadata"]["uid"]:
        resource, name = BY_KIND[old["kind"]], old["metadata"]["name"]
        errors = 2 * validation.immutable("metadata.uid", uid, old["metadata"]["uid"])
        details = {"name": name, "group": resource.group, "kind": resource.kind}
        raise Invalid(resource.group_kind, name, errors, **details)
