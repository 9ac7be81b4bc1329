"""The query of a request: CreateOptions, UpdateOptions, PatchOptions, ListOptions, and the body of a DELETE.

Source: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation, pkg/apis/meta/internalversion/validation,
pkg/runtime/converter.go (v1.36).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.apimachinery import fields, labels
from core.apimachinery.errors import BadRequest, FieldError
from core.apimachinery.fields import Term
from core.apimachinery.labels import Requirement
from core.apimachinery.meta import Obj
from core.apimachinery.validation import quoted
from core.apiserver.refusals import Unexplained, invalid_options
from core.apiserver.registry.deletion import DeleteOptions

Query = Mapping[str, Sequence[str]]

_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_POLICIES = ("Foreground", "Background", "Orphan")
_LONGEST_MANAGER = 128
_MAX_INT64 = 2**63 - 1
_MAX_UINT64 = 2**64 - 1
_DIGITS = 20  # of the largest of them


def text(query: Query, name: str) -> str:
    values = query.get(name)
    return values[0] if values else ""


def flag(query: Query, name: str) -> bool:
    """Read a boolean: "0" and "false" are false, anything else that is there is true, also nothing."""
    values = query.get(name)
    return bool(values and values[0] != "0" and values[0].lower() != "false")


def whole(query: Query, name: str) -> int | None:
    """Read an int64. Raises: BadRequest with Go's words."""
    values = query.get(name)
    if not values or not values[0]:
        return None
    return _parse_int(values[0])


def _parse_int(word: str) -> int:
    digits = word[1:] if word[:1] in ("+", "-") else word
    if not (digits.isascii() and digits.isdecimal()):
        raise BadRequest(f"strconv.ParseInt: parsing {quoted(word)}: invalid syntax")
    if len(digits) > _DIGITS or not -_MAX_INT64 - 1 <= int(word) <= _MAX_INT64:
        raise BadRequest(f'strconv.ParseInt: parsing "{word}": value out of range')
    return int(word)


# -- writing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """*validation*: "Strict", "Warn" or "Ignore" for fields that the kind does not have."""

    dry_run: bool = False
    field_manager: str = ""
    validation: str = "Warn"
    force: bool = False


def write_options(query: Query, kind: str, *, apply: bool = False) -> WriteOptions:
    """Read the options of *kind* ("CreateOptions", …); *apply*: of a server-side apply.

    Raises: Invalid, with every finding.
    """
    manager, validation = text(query, "fieldManager"), text(query, "fieldValidation")
    errors = list(_manager_errors(manager))
    if kind == "PatchOptions":
        if apply and not manager:
            detail = "is required for apply patch"
            errors.append(FieldError("fieldManager", "FieldValueRequired", f"Required value: {detail}"))
        if "force" in query and not apply:
            detail = "may not be specified for non-apply patch"
            errors.append(FieldError("force", "FieldValueForbidden", f"Forbidden: {detail}"))
    errors += _dry_run_errors(query.get("dryRun") or ())
    if validation not in _VALIDATIONS:
        errors.append(_unsupported("fieldValidation", validation, _VALIDATIONS))
    if errors:
        raise invalid_options(kind, errors)
    return WriteOptions("dryRun" in query, manager, validation or "Warn", flag(query, "force"))


def _manager_errors(manager: str) -> Sequence[FieldError]:
    if len(manager.encode()) > _LONGEST_MANAGER:
        return [FieldError("fieldManager", "FieldValueTooLong", "Too long: may not be more than 128 bytes")]
    for at, char in enumerate(manager):
        if not char.isprintable():
            quoted = manager.encode("unicode_escape").decode()
            message = f'Invalid value: "{quoted}": invalid character U+{ord(char):04X} (at position {at})'
            return [FieldError("fieldManager", "FieldValueInvalid", message)]
    return []


def _dry_run_errors(values: Sequence[str]) -> Sequence[FieldError]:
    if all(value == "All" for value in values):
        return []
    shown = ",".join(f'"{value}"' for value in values)
    message = f'Unsupported value: [{shown}]: supported values: "All"'
    return [FieldError("dryRun", "FieldValueNotSupported", message)]


def _unsupported(field: str, value: str, supported: Sequence[str]) -> FieldError:
    listed = ", ".join(f'"{word}"' for word in supported)
    return FieldError(
        field, "FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {listed}'
    )


# -- deleting --------------------------------------------------------------------------------------


def delete_options(query: Query, body: Obj | None) -> tuple[DeleteOptions, bool]:
    """Return the options and whether it is a dry run.

    *body*: DeleteOptions, which outrank the query, or None. Raises: BadRequest, Invalid.
    """
    if body is None:
        body = _options_of(query)
    policy, orphan = body.get("propagationPolicy"), body.get("orphanDependents")
    errors: list[FieldError] = []
    if orphan is not None and policy:
        message = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        errors.append(FieldError("propagationPolicy", "FieldValueInvalid", message))
    elif policy and policy not in _POLICIES:
        errors.append(_unsupported("propagationPolicy", str(policy), (*_POLICIES, "nil")))
    dry_run = body.get("dryRun") or []
    errors += _dry_run_errors(dry_run)
    if errors:
        raise invalid_options("DeleteOptions", errors)
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    wanted = body.get("preconditions") or {}
    options = DeleteOptions(
        body.get("gracePeriodSeconds"),
        policy or "",
        wanted.get("uid") or "",
        wanted.get("resourceVersion") or "",
    )
    return options, bool(dry_run)


def _options_of(query: Query) -> dict[str, Any]:
    body: dict[str, Any] = {"gracePeriodSeconds": whole(query, "gracePeriodSeconds")}
    body["propagationPolicy"] = text(query, "propagationPolicy")
    if "orphanDependents" in query:
        body["orphanDependents"] = flag(query, "orphanDependents")
    body["dryRun"] = list(query.get("dryRun") or ())
    return body


# -- listing and watching --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a list or watch asks for. *revision*: None when the client named none; 0 is "any"."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Term, ...] = ()
    limit: int = 0
    token: str = ""
    revision: int | None = None
    match: str = ""
    watch: bool = False
    bookmarks: bool = False
    timeout: int | None = None
    initial_events: bool | None = None

    @property
    def selects(self) -> bool:
        return bool(self.labels or self.fields)

    def selects_object(self, obj: Any) -> bool:
        if self.labels and not labels.matches_all(self.labels, obj["metadata"].get("labels") or {}):
            return False
        return not self.fields or fields.matches(self.fields, obj)


def list_options(query: Query, kind: str, *, namespaced: bool) -> ListOptions:
    """Read the options of a list or watch of *kind*. Raises: BadRequest, Invalid, Unexplained."""
    watch = flag(query, "watch")
    try:
        selected = labels.parse_selector(text(query, "labelSelector"))
    except labels.SelectorError as exc:
        raise BadRequest(str(exc)) from None
    terms = field_selector(text(query, "fieldSelector"), kind, namespaced=namespaced)
    options = ListOptions(
        labels=selected,
        fields=terms,
        limit=max(0, whole(query, "limit") or 0),
        token=text(query, "continue"),
        revision=_revision(text(query, "resourceVersion"), watch=watch),
        match=text(query, "resourceVersionMatch"),
        watch=watch,
        bookmarks=flag(query, "allowWatchBookmarks"),
        timeout=whole(query, "timeoutSeconds"),
        initial_events=flag(query, "sendInitialEvents") if "sendInitialEvents" in query else None,
    )
    errors = _watch_errors(options) if watch else _list_errors(options)
    if errors:
        raise invalid_options("ListOptions", errors)
    return options


def field_selector(selector: str, kind: str, *, namespaced: bool) -> tuple[Term, ...]:
    try:
        terms = fields.parse(selector)
        fields.check_supported(terms, kind, namespaced=namespaced)
    except fields.FieldSelectorError as exc:
        raise BadRequest(str(exc)) from None
    return terms


def revision_of_get(word: str) -> int | None:
    """Read the resourceVersion of a get of one object."""
    return _revision(word, watch=True)


def _revision(word: str, *, watch: bool) -> int | None:
    if not word:
        return None
    fault = "invalid syntax"
    if word.isascii() and word.isdecimal():
        if len(word) <= _DIGITS and int(word) <= _MAX_UINT64:
            return int(word)
        fault = "value out of range"
    shown = quoted(word)
    why = f"resourceVersion: Invalid value: {shown}: strconv.ParseUint: parsing {shown}: {fault}"
    if watch:
        raise Unexplained(why)
    raise BadRequest(f"invalid resource version: {why}")


def _forbidden(field: str, why: str) -> FieldError:
    return FieldError(field, "FieldValueForbidden", f"Forbidden: {why}")


def _list_errors(options: ListOptions) -> list[FieldError]:
    match, errors = options.match, []
    name = "resourceVersionMatch"
    if options.initial_events is not None:
        errors.append(_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if match and options.token:
        errors.append(_forbidden(name, f"{name} is forbidden when continue is provided"))
    elif match and options.revision is None:
        errors.append(_forbidden(name, f"{name} is forbidden unless resourceVersion is provided"))
    if match and match not in ("Exact", "NotOlderThan"):
        errors.append(_unsupported(name, match, ("Exact", "NotOlderThan", "")))
    elif match == "Exact" and options.revision == 0:
        errors.append(_forbidden(name, f'{name} "exact" is forbidden for resourceVersion "0"'))
    return errors


def _watch_errors(options: ListOptions) -> list[FieldError]:
    match, errors = options.match, []
    name = "resourceVersionMatch"
    if options.token:
        errors.append(_forbidden(name, f"{name} is forbidden when continue is provided"))
    if options.initial_events is None:
        if match:
            why = f"{name} is forbidden for watch unless sendInitialEvents is provided"
            errors.append(_forbidden(name, why))
        return errors
    if match != "NotOlderThan":
        errors.append(_forbidden(name, f"sendInitialEvents requires setting {name} to NotOlderThan"))
    if match and match != "NotOlderThan":
        errors.append(_unsupported(name, match, ("NotOlderThan",)))
    return errors
