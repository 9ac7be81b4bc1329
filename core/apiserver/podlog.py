"""The query of pods/log: PodLogOptions, read and checked.

Source: pkg/apis/core/validation (ValidatePodLogOptions), pkg/registry/core/pod/strategy.go (v1.36).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.apimachinery.errors import BadRequest, FieldError, Invalid
from core.apimachinery.timestamps import seconds
from core.apiserver.options import Query, flag, text, whole

_LAYOUT = '"2006-01-02T15:04:05Z07:00"'


@dataclass(frozen=True, slots=True)
class LogOptions:
    """*since*: seconds back from now; *since_time*: epoch seconds."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: int | None = None
    since_time: float | None = None
    limit: int | None = None


def log_options(query: Query, pod_name: str) -> LogOptions:
    """Read the options. Raises: BadRequest for what is no number or time, Invalid for the rest."""
    tail, since, limit = (whole(query, name) for name in ("tailLines", "sinceSeconds", "limitBytes"))
    errors = []
    if tail is not None and tail < 0:
        errors.append(_wrong("tailLines", tail, "must be greater than or equal to 0"))
    if since is not None and since < 1:
        errors.append(_wrong("sinceSeconds", since, "must be greater than 0"))
    if limit is not None and limit < 1:
        errors.append(_wrong("limitBytes", limit, "must be greater than 0"))
    since_time = _time(text(query, "sinceTime"))
    if since is not None and since_time is not None:
        detail = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError("", "FieldValueForbidden", detail))
    if errors:
        raise Invalid("PodLogOptions", pod_name, errors, kind="PodLogOptions")
    container, follow = text(query, "container"), flag(query, "follow")
    previous, stamps = flag(query, "previous"), flag(query, "timestamps")
    return LogOptions(container, follow, previous, stamps, tail, since, since_time, limit)


def _wrong(field: str, value: int, detail: str) -> FieldError:
    return FieldError(field, "FieldValueInvalid", f"Invalid value: {value}: {detail}")


def _time(word: str) -> float | None:
    if not word:
        return None
    try:
        return seconds(word)
    except ValueError:
        raise BadRequest(f'parsing time "{word}" as {_LAYOUT}: cannot parse "{word}" as "2006"') from None
