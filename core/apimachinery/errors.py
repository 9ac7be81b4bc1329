"""Errors of the API, typed by what the caller should do; each renders itself as a metav1.Status.

Source: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One validation finding.

    ``reason`` is the Status cause reason (``FieldValueRequired``, ``FieldValueInvalid``,
    ``FieldValueForbidden``, ``FieldValueNotSupported``, ``FieldValueDuplicate``, ``FieldValueTooLong``,
    ``FieldValueTooMany``, ``FieldValueNotFound``, ``FieldValueTypeInvalid``); ``message`` is the text
    after ``<field>: ``, word for word as the real API server writes it
    (e.g. ``Invalid value: "x": must be ...``).
    """

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ApiError(Exception):
    """Base of everything the API server answers with a Status of status "Failure"."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = {k: v for k, v in details.items() if v not in (None, "")}

    def status(self) -> dict[str, Any]:
        """Return the metav1.Status that goes to the client."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            body["details"] = self.details
        body["code"] = self.code
        return body


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    """Nobody knows who asks."""

    code, reason = 401, "Unauthorized"

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class Gone(ApiError):
    """The revision asked for was compacted: list again."""

    code, reason = 410, "Expired"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class Timeout(ApiError):
    code, reason = 504, "Timeout"


class Invalid(ApiError):
    """Validation failed; ``errors`` has every finding, not the first."""

    code, reason = 422, "Invalid"

    def __init__(self, group_kind: str, name: str, errors: Sequence[FieldError], /, **details: Any) -> None:
        texts = list(dict.fromkeys(str(error) for error in errors))
        joined = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
        super().__init__(f'{group_kind} "{name}" is invalid: {joined}', **details)
        self.errors = tuple(errors)
        self.details["causes"] = [
            {"reason": e.reason, "message": e.message, "field": e.field} for e in errors
        ]
