"""ServiceAccount strategy: a name that Pods run under; nothing in it is checked but its metadata.

Source: pkg/registry/core/serviceaccount/strategy.go; pkg/apis/core/validation/validation.go
ValidateServiceAccount (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import dns1123_subdomain
from core.apiserver.registry.context import Context

KIND: Final = "ServiceAccount"

name_check = dns1123_subdomain


def defaults(obj: Obj) -> None:
    """Nothing."""


def prepare_for_create(obj: Obj, context: Context) -> None:
    """Nothing: the legacy token Secrets are long gone."""


def prepare_for_update(obj: Obj, old: Obj, context: Context) -> None:
    """Nothing."""


def validate(obj: Obj) -> list[FieldError]:
    return []


def validate_update(obj: Obj, old: Obj) -> list[FieldError]:
    return []
