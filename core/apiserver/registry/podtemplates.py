"""PodTemplate strategy: a template that stands alone; no controller of today's makes Pods of it.

Source: pkg/registry/core/podtemplate/strategy.go; pkg/apis/core/validation/validation.go
ValidatePodTemplate (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podtemplate import validate_template

KIND: Final = "PodTemplate"

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    default_pod_template(ensured(obj, "template"))


def prepare_for_create(obj: Obj, context: Context) -> None:
    obj["metadata"]["generation"] = 1


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    if obj["template"] != old["template"]:
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(obj: Obj) -> list[FieldError]:
    return validate_template(obj["template"], "template")


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return validate(obj)
