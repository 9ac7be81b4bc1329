"""tar, as ``kubectl cp`` calls it: ``tar cf - path`` and ``tar xmf - -C dir``.

Not modelled: hard links, compression; an archive has at most a thousand entries.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from posixpath import dirname, join, normpath

from core.kubelet.shell.disk import DiskError
from core.kubelet.shell.session import MAX_COMMANDS, Call, UsageFault

_BLOCK = 10240


def _tar(call: Call) -> int:
    words = list(call.args)
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
    options, names = Call(call.session, "tar", words, call.streams).options("cxtmvpPohk", "fC")
    modes = [letter for letter in "cxt" if letter in options]
    if len(modes) != 1:
        raise UsageFault("You must specify one of the '-c', '-t', '-x' options")
    base = call.path(options.get("C", "."))
    try:
        if modes == ["c"]:
            return _create(call, base, options.get("f", "-"), names)
        name = options.get("f", "-")
        content = call.streams.stdin.rest() if name == "-" else call.disk.read(call.path(name))
        return _read(call, base, content, extract=modes == ["x"])
    except DiskError as error:
        return call.fail(f"{error}", 2)
    except (tarfile.TarError, EOFError, ValueError):
        return call.fail("This does not look like a tar archive", 2)


def _create(call: Call, base: str, target: str, names: list[str]) -> int:
    if not names:
        return call.fail("Cowardly refusing to create an empty archive", 2)
    code, buffer = 0, io.BytesIO()
    if any(name.startswith("/") for name in names):
        call.fail("Removing leading `/' from member names")
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in names:
            start = normpath(join(base, name))
            if call.disk.lstat(start) is None:
                call.fail(f"{name}: Cannot stat: No such file or directory")
                code = 2
                continue
            for path in call.disk.below(start):
                call.session.spend()
                node = call.disk.lstat(path)
                assert node is not None, "below lists what is there"
                info = tarfile.TarInfo((name + path[len(start) :]).lstrip("/"))
                info.mode, info.mtime = node.mode, int(node.mtime)
                info.uname = info.gname = "root"
                if node.is_directory:
                    info.type = tarfile.DIRTYPE
                    archive.addfile(info)
                elif node.link:
                    info.type, info.linkname = tarfile.SYMTYPE, node.target
                    archive.addfile(info)
                else:
                    info.size = len(node.content)
                    archive.addfile(info, io.BytesIO(node.content))
    if target == "-":
        call.streams.out.write(buffer.getvalue())
    else:
        call.disk.write(call.path(target), buffer.getvalue())
    return code


def _read(call: Call, base: str, content: bytes, *, extract: bool) -> int:
    node = call.disk.node(base)
    if node is None or not node.is_directory:
        return call.fail(f"{base}: Cannot open: No such file or directory", 2)
    code = 0
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= MAX_COMMANDS:
                return call.fail(f"more than {MAX_COMMANDS} entries", 2)
            if not extract:
                call.say(f"{member.name}\n")
                continue
            if ".." in member.name.split("/"):
                call.fail(f"{member.name}: Member name contains '..'")
                code = 2
                continue
            path = normpath(join(base, member.name.lstrip("/")))
            try:
                _extract(call, archive, member, path)
            except DiskError as error:
                call.fail(f"{member.name}: Cannot open: {error}")
                code = 2
    return code


def _extract(call: Call, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    if member.isdir():
        if call.disk.node(path) is None:
            call.disk.make_directory(path)
    elif member.isfile() or member.issym():
        missing = dirname(path)
        if call.disk.node(missing) is None:
            call.disk.make_directory(missing)
        if (old := call.disk.lstat(path)) is not None and (old.link or member.issym()):
            call.disk.remove(path)  # written anew, not through a link
        if member.issym():
            call.disk.make_link(path, member.linkname)
            return
        source = archive.extractfile(member)
        call.disk.write(path, source.read() if source else b"", member.mode & 0o777)


PROGRAMS: dict[str, Callable[[Call], int]] = {"tar": _tar}
