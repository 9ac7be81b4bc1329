"""What a container sees as its file system, at one moment, with what a command changes on top.

Stands for the kernel's mounts and the container's overlay: volumes at their mount paths, and everywhere
else the container's own layer over the files of its image. Nothing is written here: ``changes`` says what
is to be stored, so that a probe may look at the same world and leave it as it is.
Not modelled: hard links, owners, permissions beyond a mode that is shown; a path loses its ``..`` before its
links are followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import NamedTuple, Protocol

from core.apimachinery.meta import Obj, Ref, field, name_of, namespace_of, ref_of, uid_of
from core.apimachinery.timestamps import seconds
from core.kubelet.mounts import Mount, container_backend, is_local, mounts_of
from core.storage.volumefile import MAX_CONTENT, content_of, file_name, volume_file

MAX_PATH = 4096
MAX_LINKS = 40  # followed on the way to one file
MAX_WRITTEN = 16 * MAX_CONTENT  # bytes in the life of one disk, which is one command
_STANDARD = frozenset(
    {"/bin", "/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/tmp"}
    | {"/usr", "/usr/bin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp"}
)


class DiskError(Exception):
    """What the kernel says: ``No such file or directory``."""


class TooManyLinks(DiskError):
    """Links lead in a circle."""


class Node(NamedTuple):
    """One name in a file system. *mtime*: epoch seconds."""

    is_directory: bool
    content: bytes = b""
    mode: int = 0o644
    mtime: float = 0.0
    removed: bool = False
    """It hides what was there before."""
    link: bool = False
    """A symbolic link; its content is where it leads."""

    @property
    def size(self) -> int:
        return 4096 if self.is_directory else len(self.content)

    @property
    def target(self) -> str:
        """Where a link leads."""
        return self.content.decode("utf-8", "surrogateescape")


Image = Mapping[str, Node]
"""What is there from the start, by path, and what the container's own program has changed."""


class Place(NamedTuple):
    """Where a path leads: the backend ("" when its content is not simulated), and the path in it."""

    backend: str
    path: str
    read_only: bool


def owner(pod: Obj) -> Obj:
    """Return what a file that goes with its Pod says about it."""
    return {"namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}


class Files(Protocol):
    """The part of a View that a disk needs."""

    def get(self, kind: str, namespace: str, name: str) -> Obj | None: ...

    def list(self, kind: str, namespace: str | None = None) -> list[Obj]: ...


def _brought(mounts: list[Mount], pod: Obj, now: float) -> dict[tuple[str, str], Obj]:
    """Return the files that other objects bring into the Pod: as old as the Pod on its node."""
    started = field(pod, "status.startTime")
    at = seconds(started) if started else now
    return {
        (mount.backend_key, path): volume_file(mount.backend_key, path, content, at)
        for mount in mounts
        if mount.backend_key
        for path, content in mount.files.items()
    }


def _steps(path: str) -> list[str]:
    """Return the names in a path, the last one first."""
    return [name for name in reversed(path.split("/")) if name]


class Disk:
    def __init__(self, view: Files, pod: Obj, container_name: str, now: float, image: Image) -> None:
        self._view = view
        self._pod = pod
        self.now = now
        self._image = image
        self._own = container_backend(pod, container_name)
        self.mounts: list[Mount] = mounts_of(pod, view, container_name)
        self._brought = _brought(self.mounts, pod, now)
        self._changed: dict[tuple[str, str], Obj | None] = {}
        self._written = 0
        self.latest = 0.0
        """When the newest of all entries looked at was last changed."""

    # -- reading ---------------------------------------------------------------------------------

    def resolve(self, path: str, *, last: bool = True) -> str:
        """Follow the links on the way to *path*, and the one at its end if *last*. Raises: DiskError."""
        here, ahead, followed = "/", _steps(path), 0
        while ahead:
            there = join(here, ahead.pop())
            link = self._link(there) if last or ahead else None
            if link is None:
                here = there
                continue
            followed += 1
            if followed > MAX_LINKS:
                raise TooManyLinks("Too many levels of symbolic links")
            ahead += _steps(normpath(join(here, link.target)))
            here = "/"
        return here

    def _link(self, path: str) -> Node | None:
        if path in _STANDARD:
            return None
        found = self._found(path, self.place(path))
        return found if found is not None and found.link else None

    def place(self, path: str) -> Place:
        """Return where the absolute, normal *path* leads, which holds no links."""
        if "\0" in path or len(path) > MAX_PATH:
            raise DiskError("File name too long")
        for mount in self.mounts:  # longest first
            at = mount.path.rstrip("/")
            if path == at or path.startswith(at + "/"):
                inner = normpath(f"/{mount.sub_path}/{path[len(at) :]}".replace("//", "/"))
                return Place(mount.backend_key or "", "/" + inner.lstrip("/"), mount.read_only)
        return Place(self._own, path, False)

    def node(self, path: str) -> Node | None:
        """Return what *path* names, or leads to; None: nothing."""
        try:
            return self._node(self.resolve(path))
        except TooManyLinks:
            return None

    def lstat(self, path: str) -> Node | None:
        """Return what *path* names, be it a link; None: nothing."""
        try:
            return self._node(self.resolve(path, last=False))
        except TooManyLinks:
            return None

    def _node(self, path: str) -> Node | None:
        place = self.place(path)
        found = self._found(path, place)
        if found is None and self._is_implied(path, place):
            return Node(True, mode=0o755)
        return found

    def file(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None; cheaper than :meth:`node` for what is not there."""
        path = self.resolve(path)
        found = self._found(path, self.place(path))
        return None if found is None or found.is_directory else found.content

    def _found(self, path: str, place: Place) -> Node | None:
        """Return what is stored under *path* or comes with the image."""
        entry = self._entry(place)
        if entry is None and place.backend != self._own:  # who removed it left a trace
            trace = self._entry(Place(self._own, path, False))
            self.latest = max(self.latest, seconds(trace["mtime"]) if trace else 0.0)
        if entry is not None:
            self.latest = max(self.latest, seconds(entry["mtime"]))
            if entry.get("removed"):
                return None
            if not entry.get("directory"):
                mode, mtime = entry.get("mode", 0o644), seconds(entry["mtime"])
                return Node(False, content_of(entry), mode, mtime, link=bool(entry.get("link")))
            return Node(True, mode=0o755, mtime=seconds(entry["mtime"]))
        if place.backend == self._own and path in self._image:
            found = self._image[path]
            self.latest = max(self.latest, found.mtime)
            return None if found.removed else found
        return None

    def _entry(self, place: Place) -> Obj | None:
        key = (place.backend, place.path)
        if key in self._changed:
            return self._changed[key]
        if key in self._brought:
            return self._brought[key]
        return self._view.get("VolumeFile", place.backend, file_name(place.path))

    def _is_implied(self, path: str, place: Place) -> bool:
        """Say whether there is a directory because something is in it, is mounted there, or always is."""
        if path == "/" or path in _STANDARD or any(mount.path.rstrip("/") == path for mount in self.mounts):
            return True
        inside = path + "/"
        if any(mount.path.startswith(inside) for mount in self.mounts):
            return True
        inside = place.path.rstrip("/") + "/"
        return any(name.startswith(inside) for name in self._names(place.backend))

    def _names(self, backend: str) -> list[str]:
        """Return all paths of a backend, those of directories too."""
        stored = self._view.list("VolumeFile", backend) if backend else ()
        paths = {file["path"]: not file.get("removed") for file in stored}
        paths |= {path: True for where, path in self._brought if where == backend}
        for (where, path), entry in self._changed.items():
            if where == backend:
                paths[path] = entry is not None and not entry.get("removed")
        if backend == self._own:
            for path, node in self._image.items():
                paths.setdefault(path, not node.removed)
        return [path for path, there in paths.items() if there]

    def read(self, path: str) -> bytes:
        """Raises: DiskError."""
        node = self._node(self.resolve(path))
        if node is None:
            raise DiskError("No such file or directory")
        if node.is_directory:
            raise DiskError("Is a directory")
        return node.content

    def children(self, path: str) -> list[str]:
        """Return the names in a directory, ascending."""
        path = self.resolve(path)
        place = self.place(path)
        inside = place.path.rstrip("/") + "/"
        names = {n[len(inside) :].split("/")[0] for n in self._names(place.backend) if n.startswith(inside)}
        here = path.rstrip("/") + "/"
        if place.backend == self._own:
            standing = [*_STANDARD, *(mount.path.rstrip("/") for mount in self.mounts)]
            names |= {name[len(here) :].split("/")[0] for name in standing if name.startswith(here)}
        return sorted(name for name in names if name)

    def below(self, path: str) -> list[str]:
        """Return *path* and all that is below it, parents first; what links lead to is not."""
        out = [path]
        node = self.lstat(path)
        if node is not None and node.is_directory:
            for name in self.children(path):
                out += self.below(join(path, name))
        return out

    # -- writing ---------------------------------------------------------------------------------

    def write(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Raises: DiskError."""
        path = self.resolve(path)
        place = self._writable(path)
        node = self.node(path)
        if node is not None and node.is_directory:
            raise DiskError("Is a directory")
        if len(content) > MAX_CONTENT:
            raise DiskError("File too large")
        self._written += len(content)
        if self._written > MAX_WRITTEN:
            raise DiskError("No space left on device")
        file = volume_file(place.backend, place.path, content, self.now)
        if mode is not None or node is not None:
            file["mode"] = mode if mode is not None else node.mode if node else 0o644
        self._put(place, file)

    def make_directory(self, path: str) -> None:
        """Raises: DiskError."""
        place = self._fresh(path)
        self._put(place, {**volume_file(place.backend, place.path, b"", self.now), "directory": True})

    def make_link(self, path: str, target: str) -> None:
        """Let *path* lead to *target*, which need not be there. Raises: DiskError."""
        if not target or "\0" in target:
            raise DiskError("No such file or directory")
        if len(target) > MAX_PATH:
            raise DiskError("File name too long")
        place = self._fresh(path)
        content = target.encode("utf-8", "surrogateescape")
        link = volume_file(place.backend, place.path, content, self.now)
        self._put(place, {**link, "link": True, "mode": 0o777})

    def _fresh(self, path: str) -> Place:
        """Return where something new can be called *path*."""
        path = self.resolve(path, last=False)
        place = self._writable(path)
        if self.lstat(path) is not None:
            raise DiskError("File exists")
        return place

    def remove(self, path: str) -> None:
        """Remove a file, a link or an empty directory. Raises: DiskError."""
        path = self.resolve(path, last=False)
        place = self._writable(path)
        node = self.lstat(path)
        if node is None:
            raise DiskError("No such file or directory")
        if path in _STANDARD or any(mount.path.rstrip("/") == path for mount in self.mounts):
            raise DiskError("Device or resource busy")
        if node.is_directory and self.children(path):
            raise DiskError("Directory not empty")
        own = Place(self._own, path, False)
        trace = {**volume_file(self._own, path, b"", self.now), "removed": True}
        if place.backend != self._own:
            self._changed[place.backend, place.path] = None
        self._put(own, trace)
        self._keep(dirname(path))

    def _keep(self, path: str) -> None:
        """See to it that a directory outlives what was in it, and all above it too."""
        if self.node(path) is None:
            self._keep(dirname(path))
            self.make_directory(path)

    def _writable(self, path: str) -> Place:
        place = self.place(path)
        parent = self.node(dirname(path))
        if parent is None:
            raise DiskError("No such file or directory")
        if not parent.is_directory:
            raise DiskError("Not a directory")
        if place.read_only or not place.backend or path.startswith("/proc/"):
            raise DiskError("Read-only file system")
        if place.path == "/":
            raise DiskError("Device or resource busy" if self.node(path) is None else "Is a directory")
        return place

    def _put(self, place: Place, file: Obj) -> None:
        if is_local(place.backend):
            file["pod"] = owner(self._pod)
        self._changed[place.backend, place.path] = file

    def mark(self, path: str, content: bytes) -> None:
        """Write below /proc, which programs cannot."""
        self._put(Place(self._own, path, False), volume_file(self._own, path, content, self.now))

    # -- outcome ---------------------------------------------------------------------------------

    def changes(self) -> tuple[list[Obj], list[Ref]]:
        """Return the files to store and those to delete, as compared with what is stored."""
        written: list[Obj] = []
        removed: list[Ref] = []
        for (backend, path), entry in self._changed.items():
            stored = self._view.get("VolumeFile", backend, file_name(path))
            if entry is not None:
                written.append(entry)
            elif stored is not None:
                removed.append(ref_of(stored))
        return written, removed

    def overlay(self) -> dict[str, Node]:
        """Return what was changed outside volumes, by path."""
        own = [(path, entry) for (backend, path), entry in self._changed.items() if backend == self._own]
        return {
            path: self.lstat(path) or Node(False, mtime=seconds(entry["mtime"]), removed=True)
            for path, entry in own
            if entry is not None
        }
