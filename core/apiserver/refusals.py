"""The API server's refusals that are no rule of any kind: routes, media types, options, bodies.

Source: staging/src/k8s.io/apimachinery/pkg/api/errors and staging/src/k8s.io/apiserver/pkg/endpoints/
handlers/{negotiation,responsewriters}/errors.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.apimachinery.errors import (
    ApiError,
    FieldError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Timeout,
)


class _Bare(ApiError):
    """A Status whose details are there and empty."""

    def status(self) -> dict[str, Any]:
        body = super().status()
        body.setdefault("details", {})
        return body


class UnknownRoute(_Bare, NotFound):
    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource")


class WrongMethod(_Bare, MethodNotAllowed):
    def __init__(self) -> None:
        super().__init__("the server does not allow this method on the requested resource")


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"


class NoRepresentation(_Bare, NotAcceptable):
    """No media type of the Accept header is known. *available*: those that are."""

    def __init__(self, available: Sequence[str]) -> None:
        super().__init__("406: Not Acceptable\n\nAvailable representations: " + ", ".join(available))


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class UnsupportedPatchType(_Bare, UnsupportedMediaType):
    def __init__(self) -> None:
        super().__init__("415: Unsupported Media Type")


class RequestEntityTooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request entity too large: limit is {limit}")


class NotImplementedHere(ApiError):
    code, reason = 501, "NotImplemented"


class Unexplained(ApiError):
    """An error that Go code returned as it was: code 500, no reason."""

    def status(self) -> dict[str, Any]:
        body = super().status()
        del body["reason"]
        return body


class RevisionTooLarge(Timeout):
    """A resourceVersion that does not exist yet."""

    def __init__(self, asked: int, current: int) -> None:
        self.asked = asked
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        super().__init__(
            f"Timeout: Too large resource version: {asked}, current: {current}",
            causes=[cause],
            retryAfterSeconds=1,
        )


def invalid_options(kind: str, errors: Sequence[FieldError]) -> Invalid:
    """``CreateOptions.meta.k8s.io "" is invalid: …``."""
    return Invalid(f"{kind}.meta.k8s.io", "", errors, group="meta.k8s.io", kind=kind)


def invalid_patch(value: str, why: str) -> Invalid:
    """The refusal of a patch whose result is not of the kind: 422 without a kind."""
    return Invalid("", "", [FieldError("patch", "FieldValueInvalid", f'Invalid value: "{value}": {why}')])
