"""The reviews: what may I do, who am I. Everybody who reaches the server may do everything.

Source: pkg/registry/authorization/{selfsubjectaccessreview,selfsubjectrulesreview}/rest.go,
pkg/registry/authentication/selfsubjectreview/rest.go (v1.36). Differs: nobody is told apart.
"""

from __future__ import annotations

from core.apimachinery.errors import BadRequest, FieldError, Invalid
from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp

USER = {"username": "stsviz:admin", "groups": ["system:masters", "system:authenticated"]}
_ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"


def review(obj: Obj, now: float) -> Obj:
    """Answer *obj*, one of the three kinds. Raises: BadRequest, Invalid."""
    return _REVIEWS[obj["kind"]](obj, now)


def _access(obj: Obj, now: float) -> Obj:
    spec = obj.get("spec") or {}
    if bool(spec.get("resourceAttributes")) == bool(spec.get("nonResourceAttributes")):
        error = FieldError("spec.resourceAttributes", "FieldValueInvalid", f"Invalid value: null: {_ONE_OF}")
        group = "authorization.k8s.io"
        raise Invalid(f".{group}", "", [error], group=group)
    return {**obj, "metadata": {}, "status": {"allowed": True}}


def _rules(obj: Obj, now: float) -> Obj:
    if not (obj.get("spec") or {}).get("namespace"):
        raise BadRequest("no namespace on request")
    status = {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }
    return {**obj, "metadata": {}, "spec": {}, "status": status}


def _myself(obj: Obj, now: float) -> Obj:
    return {**obj, "metadata": {"creationTimestamp": timestamp(now)}, "status": {"userInfo": USER}}


def _token(obj: Obj, now: float) -> Obj:
    """A token gets somebody in or not; it does not say who somebody is."""
    if not (obj.get("spec") or {}).get("token"):
        error = FieldError(
            "spec.token",
            "FieldValueInvalid",
            'Invalid value: "": token is required for TokenReview in authentication',
        )
        raise Invalid(
            "TokenReview.authentication.k8s.io",
            "",
            [error],
            group="authentication.k8s.io",
            kind="TokenReview",
        )
    status = {"user": {}, "error": "stsviz tells nobody apart: no token is anybody's"}
    return {**obj, "metadata": {"creationTimestamp": None}, "status": status}


_REVIEWS = {
    "SelfSubjectAccessReview": _access,
    "SelfSubjectRulesReview": _rules,
    "SelfSubjectReview": _myself,
    "TokenReview": _token,
}
