"""The unified diff that the API server appends when it refuses a change of a frozen spec.

Both sides are the Go structs as JSON: every field under its Go name, in the order of declaration, nil as
null, indented by one space a level.
Source: staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go (v1.36).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import unified_diff
from itertools import islice
from typing import Any

_FILE_HEADERS = 2
_INITIALISMS = {
    "api": "API",
    "fs": "FS",
    "gce": "GCE",
    "iqn": "IQN",
    "uid": "UID",
    "csi": "CSI",
    "nfs": "NFS",
}


def diff(old: Any, new: Any) -> str:
    """Return the difference, three lines of context, each line ended; "" when there is none."""
    lines = unified_diff(_lines(old), _lines(new), n=3, lineterm="")
    return "".join(f"{line}\n" for line in islice(lines, _FILE_HEADERS, None))


def _lines(value: Any) -> list[str]:
    return json.dumps(value, indent=1, ensure_ascii=False).split("\n")


def go_fields(value: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return *value* as the struct whose wire names and zero values are *fields*, in that order.

    >>> go_fields({"path": "/data"}, {"path": "", "fsType": None})
    {'Path': '/data', 'FSType': None}
    """
    if value is None:
        return None
    return {go_name(name): value.get(name, zero) for name, zero in fields.items()}


def go_name(wire: str) -> str:
    """Return the Go name of a field: ``fsType`` is ``FSType``, ``hostPath`` is ``HostPath``."""
    head = next((at for at, letter in enumerate(wire) if letter.isupper()), len(wire))
    first = wire[:head]
    return _INITIALISMS.get(first, first[:1].upper() + first[1:]) + wire[head:]
