"""The files of volumes: what a Pod writes under its mount is in the volume, for the next Pod to read.

A file is an object of the internal kind VolumeFile in the namespace of its volume's backend, so it has
history like everything else. What a Pod writes elsewhere belongs to the Pod and goes with it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from posixpath import normpath

from core.apimachinery.errors import BadRequest, NotFound
from core.apimachinery.meta import Obj, Ref
from core.apimachinery.timestamps import timestamp
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.kubelet.mounts import mounts_of
from core.storage.backend import backend_key


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: the backend, and the path inside it."""

    backend: str
    path: str
    read_only: bool = False


class Files:
    """Reads and writes files through a Pod's mounts (ref of a Pod) or in a volume itself (of a PV)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def place(self, ref: Ref, path: str) -> Place:
        """Return where *path* of *ref* leads. Raises: NotFound, BadRequest."""
        if "\0" in path or len(path) > 4096:
            raise BadRequest("a path has at most 4096 characters and no NUL")
        path = normpath("/" + path.lstrip("/"))
        obj = self._registry.get(ref)
        if ref.kind == "PersistentVolume":
            return Place(backend_key(obj), path)
        if ref.kind != "Pod":
            raise BadRequest(f"a {ref.kind} has no files")
        best: Place | None = None
        longest = -1
        for mount in mounts_of(obj, self._store.view):
            at = mount.path.rstrip("/")
            if (path == at or path.startswith(at + "/")) and len(at) > longest and mount.backend_key:
                longest = len(at)
                best = Place(mount.backend_key, path[len(at) :] or "/", mount.read_only)
        return best or Place(f"container-{obj['metadata']['uid']}", path)

    def write(self, ref: Ref, path: str, content: bytes, actor: str) -> Obj:
        """Write *content* to *path*; return the VolumeFile as stored. Raises: ApiError."""
        with self._store.transaction():
            self._refuse_unless_running(ref)
            place = self.place(ref, path)
            if place.path == "/":
                raise BadRequest(f"{path}: Is a directory")
            if place.read_only:
                raise BadRequest(f"{path}: Read-only file system")
            file = _file(place, content, timestamp(self._store.now))
            old = self._store.get(Ref("VolumeFile", place.backend, file["metadata"]["name"]))
            if old is None:
                return self._registry.create(file, actor)
            return self._registry.update(file, actor)

    def read(self, ref: Ref, path: str) -> bytes:
        """Return the bytes at *path*. Raises: NotFound."""
        self._refuse_unless_running(ref)
        place = self.place(ref, path)
        file = self._store.get(Ref("VolumeFile", place.backend, _name(place.path)))
        if file is None:
            raise NotFound(f"{path}: No such file or directory")
        return content_of(file)

    def list(self, ref: Ref) -> list[Obj]:
        """Return the VolumeFile objects of a volume, or of all volumes that a Pod mounts."""
        obj = self._registry.get(ref)
        view = self._store.view
        if ref.kind == "PersistentVolume":
            return view.list("VolumeFile", backend_key(obj))
        keys = [mount.backend_key for mount in mounts_of(obj, view) if mount.backend_key]
        return [file for key in dict.fromkeys(keys) for file in view.list("VolumeFile", key)]

    def remove(self, ref: Ref, path: str, actor: str) -> None:
        """Remove the file at *path*. Raises: NotFound."""
        with self._store.transaction():
            self._refuse_unless_running(ref)
            place = self.place(ref, path)
            if place.read_only:
                raise BadRequest(f"{path}: Read-only file system")
            self._registry.delete(Ref("VolumeFile", place.backend, _name(place.path)), DeleteOptions(), actor)

    def _refuse_unless_running(self, ref: Ref) -> None:
        if ref.kind != "Pod":
            return
        pod = self._registry.get(ref)
        if (pod.get("status") or {}).get("phase") != "Running":
            raise BadRequest(f"pod {ref.name} is not running: no container can open a file")


def _name(path: str) -> str:
    return "f-" + hashlib.sha256(path.encode()).hexdigest()[:32]


def _file(place: Place, content: bytes, stamp: str) -> Obj:
    try:
        text, binary = content.decode(), False
    except UnicodeDecodeError:
        text, binary = base64.b64encode(content).decode(), True
    return {
        "apiVersion": "stsviz.internal/v1",
        "kind": "VolumeFile",
        "metadata": {"namespace": place.backend, "name": _name(place.path)},
        "path": place.path,
        "content": text,
        "binary": binary,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mtime": stamp,
    }


def content_of(file: Obj) -> bytes:
    """Return the bytes of a VolumeFile."""
    text = str(file["content"])
    return base64.b64decode(text) if file.get("binary") else text.encode()
