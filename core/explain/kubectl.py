"""kubectl lines as people type them."""

from __future__ import annotations

import json
import shlex
from typing import Any

from core.apimachinery.meta import Ref

_SHORT = {"PersistentVolumeClaim": "pvc", "PersistentVolume": "pv", "StorageClass": "sc"}


def space(ref: Ref) -> str:
    """Return `` -n demo`` for what is in another namespace than default."""
    return f" -n {ref.namespace}" if ref.namespace not in ("", "default") else ""


def typed(ref: Ref) -> str:
    """Write *ref* as it stands after a verb: ``pod web-0 -n demo``."""
    return f"{_SHORT.get(ref.kind, ref.kind.lower())} {ref.name}{space(ref)}"


def slashed(ref: Ref) -> str:
    """Write *ref* as it stands where two words would be two things: ``statefulset/web -n demo``."""
    return f"{_SHORT.get(ref.kind, ref.kind.lower())}/{ref.name}{space(ref)}"


def patch(ref: Ref, change: Any, kind: str = "strategic") -> str:
    """Return the line that patches *ref*; *kind* as of ``--type``."""
    how = "" if kind == "strategic" else f" --type={kind}"
    text = json.dumps(change, ensure_ascii=False)
    return f"kubectl patch {typed(ref)}{how} -p {shlex.quote(text)}"


def delete(ref: Ref, *flags: str) -> str:
    return " ".join((f"kubectl delete {typed(ref)}", *flags))
