"""field.Error and the formats of names and labels: the words in which the API server refuses a value.

Source: staging/src/k8s.io/apimachinery/pkg/util/validation/{validation,field/errors}.go and
pkg/api/validation/{objectmeta,generic}.go (v1.36).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from core.apimachinery.errors import FieldError

NameCheck = Callable[[str], list[str]]
"""A format: the name in, what is wrong with it out (nothing: it is fine)."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


# -- the errors ------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """Return *text* as Go's ``%q`` prints it."""
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(
                f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            )
    return '"' + "".join(out) + '"'


def shown(value: Any) -> str:
    """Return *value* as a field error shows it: strings quoted, everything else as compact JSON."""
    if isinstance(value, str):
        return quoted(value)
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def required(path: str, detail: str = "") -> FieldError:
    return FieldError(path, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def invalid(path: str, value: Any, detail: str) -> FieldError:
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def not_supported(path: str, value: Any, allowed: Iterable[str]) -> FieldError:
    """*allowed* is listed in the order given: the API server sorts some lists and not others."""
    listed = ", ".join(quoted(item) for item in allowed)
    return FieldError(
        path, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}"
    )


def duplicate(path: str, value: Any) -> FieldError:
    return FieldError(path, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def forbidden(path: str, detail: str = "") -> FieldError:
    return FieldError(path, "FieldValueForbidden", f"Forbidden: {detail}" if detail else "Forbidden")


def not_found(path: str, value: Any) -> FieldError:
    return FieldError(path, "FieldValueNotFound", f"Not found: {shown(value)}")


def too_long(path: str, value: Any, maximum: int) -> FieldError:
    """The value itself is not repeated: it is too long for that."""
    return FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {maximum} bytes")


def too_many(path: str, actual: int, maximum: int) -> FieldError:
    return FieldError(path, "FieldValueTooMany", f"Too many: {actual}: must have at most {maximum} items")


# -- formats: what is wrong with a name ------------------------------------------------------------

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"

_label_match = re.compile(_LABEL).fullmatch
_subdomain_match = re.compile(_SUBDOMAIN).fullmatch
_dns1035_match = re.compile(_DNS1035).fullmatch
_qualified_match = re.compile(_QUALIFIED).fullmatch


def _regex_error(text: str, pattern: str, *examples: str) -> str:
    listed = "or ".join(f"'{example}', " for example in examples)
    listed = listed.replace(", or ", ",  or ")
    return f"{text} (e.g. {listed}regex used for validation is '{pattern}')"


LABEL_TEXT = _regex_error(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
SUBDOMAIN_TEXT = _regex_error(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
    "must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
DNS1035_TEXT = _regex_error(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character",
    _DNS1035,
    "my-name",
    "abc-123",
)
_QUALIFIED_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character"
)
_QUALIFIED_TEXT = _regex_error(_QUALIFIED_RULE, _QUALIFIED, "MyName", "my.name", "123-abc")
LABEL_VALUE_TEXT = _regex_error(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character",
    _VALUE,
    "MyValue",
    "my_value",
    "12345",
)


def _too_many_characters(name: str, maximum: int) -> list[str]:
    return [f"must be no more than {maximum} characters"] if len(name) > maximum else []


def dns1123_label(name: str) -> list[str]:
    out = _too_many_characters(name, 63)
    if not _label_match(name):
        out.append("must not contain dots" if _subdomain_match(name) else LABEL_TEXT)
    return out


def dns1123_subdomain(name: str) -> list[str]:
    out = _too_many_characters(name, 253)
    if not _subdomain_match(name):
        out.append(SUBDOMAIN_TEXT)
    return out


def dns1035_label(name: str) -> list[str]:
    out = _too_many_characters(name, 63)
    if not _dns1035_match(name):
        out.append(DNS1035_TEXT)
    return out


def path_segment_name(name: str) -> list[str]:
    """Return what makes *name* unfit to be one segment of a URL path, when its kind has no format."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def qualified_name(name: str) -> list[str]:
    """A label or annotation key, a finalizer: an optional DNS prefix, a slash, a name."""
    out: list[str] = []
    prefix, slash, rest = name.partition("/")
    if "/" in rest:
        return [
            f"a valid label key {_QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        ]
    if not slash:
        rest = prefix
    elif not prefix:
        out.append("prefix part must be non-empty")
    else:
        out += [f"prefix part {message}" for message in dns1123_subdomain(prefix)]
    if not rest:
        out.append("name part must be non-empty")
    elif len(rest) > 63:
        out.append("name part must be no more than 63 bytes")
    if not _qualified_match(rest):
        out.append(f"name part {_QUALIFIED_TEXT}")
    return out


def label_value(value: str) -> list[str]:
    out = ["must be no more than 63 bytes"] if len(value.encode()) > 63 else []
    if value and not _qualified_match(value):
        out.append(LABEL_VALUE_TEXT)
    return out


def port_number(port: int) -> list[str]:
    return [] if 1 <= port <= 65535 else ["must be between 1 and 65535, inclusive"]


def port_name(name: str) -> list[str]:
    """An IANA service name, as container ports have it."""
    out = _too_many_characters(name, 15)
    if not re.fullmatch("[-a-z0-9]+", name):
        out.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        out.append("must contain at least one letter (a-z)")
    if "--" in name:
        out.append("must not contain consecutive hyphens")
    if name[:1] == "-" or name[-1:] == "-":
        out.append("must not begin or end with a hyphen")
    return out


# -- values ----------------------------------------------------------------------------------------


def check(path: str, value: str, name_fn: NameCheck) -> list[FieldError]:
    """Return one Invalid for each complaint of *name_fn* about *value*."""
    return [invalid(path, value, message) for message in name_fn(value)]


def non_negative(path: str, value: int | None) -> list[FieldError]:
    if value is not None and value < 0:
        return [invalid(path, value, "must be greater than or equal to 0")]
    return []


def immutable(path: str, new: Any, old: Any) -> list[FieldError]:
    return [] if new == old else [invalid(path, new, "field is immutable")]


# -- metadata --------------------------------------------------------------------------------------

_MAX_ANNOTATIONS = 256 * 1024
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def validate_object_meta(
    meta: Mapping[str, Any], path: str, namespaced: bool, name_fn: NameCheck
) -> list[FieldError]:
    """Return every finding about *meta*, in the API server's order (ValidateObjectMeta).

    The generated name stands in ``name`` already: *name_fn* is asked about the generateName without the
    dash at its end, and about the name.
    """
    out: list[FieldError] = []
    prefix = meta.get("generateName") or ""
    if prefix:
        # the dash before the random suffix is allowed at the end of a prefix and of no name
        masked = prefix[:-1] + "a" if len(prefix) > 1 and prefix[-1] == "-" else prefix
        out += [invalid(f"{path}.generateName", prefix, message) for message in name_fn(masked)]
    name = meta.get("name") or ""
    if name:
        out += check(f"{path}.name", name, name_fn)
    else:
        out.append(required(f"{path}.name", "name or generateName is required"))
    namespace = meta.get("namespace") or ""
    if not namespaced:
        if namespace:
            out.append(forbidden(f"{path}.namespace", "not allowed on this type"))
    elif namespace:
        out += check(f"{path}.namespace", namespace, dns1123_label)
    else:
        out.append(required(f"{path}.namespace"))
    out += non_negative(f"{path}.generation", meta.get("generation"))
    out += validate_labels(meta.get("labels"), f"{path}.labels")
    out += validate_annotations(meta.get("annotations"), f"{path}.annotations")
    out += _validate_owner_references(meta.get("ownerReferences") or (), f"{path}.ownerReferences")
    out += _validate_finalizers(meta.get("finalizers") or (), f"{path}.finalizers")
    return out


def validate_object_meta_update(
    meta: Mapping[str, Any], old: Mapping[str, Any], path: str
) -> list[FieldError]:
    """Return every finding about the change from *old* to *meta* (ValidateObjectMetaUpdate).

    What the system owns (uid, creationTimestamp, generation, ...) has been put back before.
    """
    out: list[FieldError] = []
    finalizers, before = meta.get("finalizers") or (), old.get("finalizers") or ()
    if "deletionTimestamp" in old:
        added = sorted(set(finalizers) - set(before))
        if added:
            listed = "[]string{" + ", ".join(quoted(name) for name in added) + "}"
            detail = "no new finalizers can be added if the object is being deleted, found new finalizers "
            # upstream checks this before the strategy, which checks it again: the causes name it twice
            out += 2 * [forbidden(f"{path}.finalizers", detail + listed)]
    if meta.get("labels") != old.get("labels"):
        out += validate_labels(meta.get("labels"), f"{path}.labels")
    if meta.get("annotations") != old.get("annotations"):
        out += validate_annotations(meta.get("annotations"), f"{path}.annotations")
    if meta.get("ownerReferences") != old.get("ownerReferences"):
        out += _validate_owner_references(meta.get("ownerReferences") or (), f"{path}.ownerReferences")
    if finalizers != before:
        out += _validate_finalizers(finalizers, f"{path}.finalizers")
    return out


def validate_labels(labels: Mapping[str, str] | None, path: str) -> list[FieldError]:
    out: list[FieldError] = []
    for key, value in sorted((labels or {}).items()):
        out += check(path, key, qualified_name)
        out += check(path, value, label_value)
    return out


def validate_annotations(annotations: Mapping[str, str] | None, path: str) -> list[FieldError]:
    if not annotations:
        return []
    out = [
        invalid(path, key, message) for key in sorted(annotations) for message in qualified_name(key.lower())
    ]
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        out.append(too_long(path, "", _MAX_ANNOTATIONS))
    return out


def _validate_owner_references(references: Sequence[Mapping[str, Any]], path: str) -> list[FieldError]:
    out: list[FieldError] = []
    controller = ""
    for reference in references:
        api_version = reference.get("apiVersion") or ""
        # "apps/" has a group and no version
        if not api_version.rpartition("/")[2]:
            out.append(invalid(f"{path}.apiVersion", api_version, "version must not be empty"))
        for key in ("kind", "name", "uid"):
            if not reference.get(key):
                out.append(invalid(f"{path}.{key}", reference.get(key) or "", "must not be empty"))
        if api_version == "v1" and reference.get("kind") == "Event":
            out.append(invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"))
        if reference.get("controller"):
            name = reference.get("name") or ""
            if controller:
                detail = (
                    'Only one reference can have Controller set to true. Found "true" in references for '
                    f"{controller} and {name}"
                )
                out.append(invalid(path, references, detail))
            controller = controller or name
    return out


def _validate_finalizers(finalizers: Sequence[str], path: str) -> list[FieldError]:
    out: list[FieldError] = []
    for finalizer in finalizers:
        out += check(path, finalizer, qualified_name)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        out.append(invalid(path, list(finalizers), detail))
    for at, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            out.append(invalid(f"{path}[{at}]", finalizer, detail))
    return out


def validate_label_selector(selector: Mapping[str, Any] | None, path: str) -> list[FieldError]:
    """Return every finding about a metav1.LabelSelector (ValidateLabelSelector)."""
    if not selector:
        return []
    out = validate_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for at, requirement in enumerate(selector.get("matchExpressions") or ()):
        out += _validate_requirement(requirement, f"{path}.matchExpressions[{at}]")
    return out


def _validate_requirement(requirement: Mapping[str, Any], path: str) -> list[FieldError]:
    out: list[FieldError] = []
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            out.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            out.append(forbidden(f"{path}.values", detail))
    else:
        out.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    out += check(f"{path}.key", requirement.get("key") or "", qualified_name)
    for at, value in enumerate(values):
        out += check(f"{path}.values[{at}]", value, label_value)
    return out
