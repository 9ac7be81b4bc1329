"""A file of a volume as an object of the internal kind VolumeFile: its name, its bytes, its making.

The namespace of a file is the key of the place where its bytes are (backend.py, or a container's own file
system), its name a hash of its path. A *directory* is an entry too, so that an empty one can be; the content
of a *link* is where it leads; an entry that is *removed* hides the file of an image below it, as an overlay's
whiteout does.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from core.apimachinery.meta import Obj
from core.apimachinery.timestamps import timestamp

MAX_CONTENT: Final = 1024 * 1024  # bytes


def file_name(path: str) -> str:
    """Return the name of the VolumeFile of *path*, which is absolute within its backend."""
    return "f-" + hashlib.sha256(path.encode()).hexdigest()[:32]


def volume_file(backend: str, path: str, content: bytes, now: float) -> Obj:
    """Return the file as it is to be stored."""
    try:
        text, binary = content.decode(), False
    except UnicodeDecodeError:
        text, binary = base64.b64encode(content).decode(), True
    return {
        "apiVersion": "stsviz.internal/v1",
        "kind": "VolumeFile",
        "metadata": {"namespace": backend, "name": file_name(path)},
        "path": path,
        "content": text,
        "binary": binary,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mtime": timestamp(now),
    }


def content_of(file: Obj) -> bytes:
    """Return the bytes of a VolumeFile."""
    text = str(file["content"])
    return base64.b64decode(text) if file.get("binary") else text.encode()


def is_plain(file: Obj) -> bool:
    """Say whether it is a file, and not a directory, a link or the trace of one that was removed."""
    return not (file.get("directory") or file.get("removed") or file.get("link"))
