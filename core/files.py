"""The files of volumes: what a Pod writes under its mount is in the volume, for the next Pod to read.

A file is an object of the internal kind VolumeFile in the namespace of its volume's backend, so it has
history like everything else. What a Pod writes elsewhere belongs to the Pod and goes with it.
"""

from __future__ import annotations

from posixpath import normpath

from core.apimachinery.errors import BadRequest, NotFound
from core.apimachinery.meta import Obj, Ref
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.client.cache import View
from core.kubelet.mounts import files_in, is_local
from core.kubelet.shell.disk import Disk, DiskError, Place, owner
from core.storage.backend import backend_key
from core.storage.volumefile import content_of, file_name, is_plain, volume_file

__all__ = ["Files", "content_of"]


class Files:
    """Reads and writes files through a Pod's mounts (ref of a Pod) or in a volume itself (of a PV)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def place(self, ref: Ref, path: str) -> Place:
        """Return where *path* of *ref* leads. Raises: NotFound, BadRequest."""
        return _place(self._store.view, self._store.now, self._registry.get(ref), path)

    def write(self, ref: Ref, path: str, content: bytes, actor: str) -> Obj:
        """Write *content* to *path*; return the VolumeFile as stored. Raises: ApiError."""
        with self._store.transaction():
            self._refuse_unless_running(ref)
            place = self.place(ref, path)
            if place.path == "/":
                raise BadRequest(f"{path}: Is a directory")
            if place.read_only or not place.backend:
                raise BadRequest(f"{path}: Read-only file system")
            file = volume_file(place.backend, place.path, content, self._store.now)
            if is_local(place.backend):
                file["pod"] = owner(self._registry.get(ref))
            old = self._store.get(Ref("VolumeFile", place.backend, file["metadata"]["name"]))
            if old is None:
                return self._registry.create(file, actor)
            return self._registry.update(file, actor)

    def read(self, ref: Ref, path: str) -> bytes:
        """Return the bytes at *path*. Raises: NotFound."""
        return read_in(self._store.view, self._store.now, self._registry.get(ref), path)

    def list(self, ref: Ref) -> list[Obj]:
        """Return the VolumeFile objects of a volume, or of all volumes that a Pod mounts."""
        return files_in(self._store.view, self._registry.get(ref))

    def remove(self, ref: Ref, path: str, actor: str) -> None:
        """Remove the file at *path*. Raises: NotFound."""
        with self._store.transaction():
            self._refuse_unless_running(ref)
            place = self.place(ref, path)
            if place.read_only:
                raise BadRequest(f"{path}: Read-only file system")
            self._registry.delete(
                Ref("VolumeFile", place.backend, file_name(place.path)), DeleteOptions(), actor
            )

    def _refuse_unless_running(self, ref: Ref) -> None:
        _refuse_unless_running(self._registry.get(ref))


def read_in(view: View, now: float, obj: Obj, path: str) -> bytes:
    """Return the bytes that *obj*, a Pod or a volume, had at *path* in *view*. Raises: NotFound, BadRequest.

    *now*: simulated epoch seconds of the view.
    """
    _refuse_unless_running(obj)
    place = _place(view, now, obj, path)
    file = view.get("VolumeFile", place.backend, file_name(place.path))
    if file is None or not is_plain(file):
        raise NotFound(f"{path}: No such file or directory")
    return content_of(file)


def _place(view: View, now: float, obj: Obj, path: str) -> Place:
    if "\0" in path or len(path) > 4096:
        raise BadRequest("a path has at most 4096 characters and no NUL")
    path = normpath("/" + path.lstrip("/"))
    if obj["kind"] == "PersistentVolume":
        return Place(backend_key(obj), path, False)
    if obj["kind"] != "Pod":
        raise BadRequest(f"a {obj['kind']} has no files")
    disk = Disk(view, obj, obj["spec"]["containers"][0]["name"], now, {})
    try:
        return disk.place(disk.resolve(path))
    except DiskError as error:
        raise BadRequest(f"{path}: {error}") from None


def _refuse_unless_running(obj: Obj) -> None:
    if obj["kind"] == "Pod" and (obj.get("status") or {}).get("phase") != "Running":
        name = obj["metadata"]["name"]
        raise BadRequest(f"pod {name} is not running: no container can open a file")
