"""Programs that look at files: ls, find, stat, du, df, mount (GNU's words)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join

from core.kubelet.shell.disk import Node
from core.kubelet.shell.session import Call, UsageFault

_DISK_KB = 10 * 1024 * 1024


def _ls(call: Call) -> int:
    options, names = call.options("laAhi1dRrtFn")
    code, files, folders = 0, list[str](), list[str]()
    for name in names or ["."]:
        path = call.path(name)
        node = call.disk.lstat(path) if "l" in options else call.disk.node(path) or call.disk.lstat(path)
        if node is None:
            code = call.fail(f"cannot access '{name}': No such file or directory", 2)
        elif node.is_directory and "d" not in options:
            folders.append(name)
        else:
            files.append(name)
    _list(call, options, [(name, call.path(name)) for name in files])
    for index, name in enumerate(folders):
        if len(names) > 1 or "R" in options:
            call.say(f"{chr(10) if index or files else ''}{name}:\n")
        here = call.path(name)
        found = [(child, join(here, child)) for child in call.disk.children(here)]
        if "a" in options:
            found = [(".", here), ("..", dirname(here)), *found]
        elif "A" not in options:
            found = [pair for pair in found if not pair[0].startswith(".")]
        if "l" in options:
            call.say(f"total {sum(_blocks(call.disk.lstat(path)) for _, path in found)}\n")
        _list(call, options, found)
        if "R" in options:
            inner = [path for _, path in found if (node := call.disk.lstat(path)) and node.is_directory]
            folders[index + 1 : index + 1] = [
                path for path in inner if path.startswith(here) and path != here
            ]
    return code


def _blocks(node: Node | None) -> int:
    """Return the KiB on the disk; a link fits beside its name."""
    return -(-node.size // 4096) * 4 if node and not node.link else 0


def _list(call: Call, options: dict[str, str], found: list[tuple[str, str]]) -> None:
    nodes = [(name, node) for name, path in found if (node := call.disk.lstat(path)) is not None]
    if "t" in options:
        nodes.sort(key=lambda pair: -pair[1].mtime)
    if "r" in options:
        nodes.reverse()
    if "l" not in options:
        call.say("".join(f"{name}{_sign(node) if 'F' in options else ''}\n" for name, node in nodes))
        return
    width = max((len(str(node.size)) for _, node in nodes), default=1)
    for name, node in nodes:
        when = datetime.fromtimestamp(node.mtime or call.session.now, UTC)
        date = f"{when:%b} {when.day:2} {when:%H:%M}"
        links = 2 if node.is_directory else 1
        shown = f"{name} -> {node.target}" if node.link else name
        call.say(f"{_mode(node)} {links} root root {node.size:>{width}} {date} {shown}\n")


def _sign(node: Node) -> str:
    return "/" if node.is_directory else "@" if node.link else ""


def _mode(node: Node) -> str:
    bits = "".join(
        letter if node.mode >> shift & 1 else "-"
        for shift, letter in zip(range(8, -1, -1), "rwxrwxrwx", strict=True)
    )
    return ("d" if node.is_directory else "l" if node.link else "-") + bits


def _find(call: Call) -> int:
    words = list(call.args)
    roots = []
    while words and not words[0].startswith("-"):
        roots.append(words.pop(0))
    tests = dict(zip(words[::2], words[1::2], strict=False))
    if unknown := next((word for word in words[::2] if word not in ("-name", "-type", "-maxdepth")), None):
        raise UsageFault(f"unknown predicate `{unknown}'")
    code = 0
    for root in roots or ["."]:
        start = call.path(root)
        if call.disk.lstat(start) is None:
            code = call.fail(f"'{root}': No such file or directory")
            continue
        for path in call.disk.below(start):
            node, rest = call.disk.lstat(path), path[len(start) :].lstrip("/")
            deep = rest.count("/") + 1 if rest else 0
            kind = "d" if node and node.is_directory else "l" if node and node.link else "f"
            name = basename(path) or "/"
            if (
                tests.get("-type", kind) == kind
                and fnmatchcase(name, tests.get("-name", "*"))
                and deep <= int(tests.get("-maxdepth", "99"))
            ):
                call.say(f"{join(root, rest) if rest else root}\n")
    return code


def _stat(call: Call) -> int:
    code = 0
    for name in call.args:
        node = call.disk.lstat(call.path(name))
        if node is None:
            code = call.fail(f"cannot statx '{name}': No such file or directory")
            continue
        kind = "directory" if node.is_directory else "regular file" if node.size else "regular empty file"
        kind, shown = ("symbolic link", f"{name} -> {node.target}") if node.link else (kind, name)
        call.say(
            f"  File: {shown}\n  Size: {node.size:<15}\t{kind}\nAccess: ({node.mode:04o}/{_mode(node)})\n"
        )
    return code


def _du(call: Call) -> int:
    _, names = call.options("shkb")
    for name in names or ["."]:
        total = sum(_blocks(call.disk.lstat(path)) for path in call.disk.below(call.path(name)))
        call.say(f"{total}\t{name}\n")
    return 0


def _df(call: Call) -> int:
    options, names = call.options("hkPT")
    mounts = [
        ("overlay", "/"),
        *((f"/dev/{m.persistent_volume_name or m.volume_name}", m.path) for m in call.disk.mounts),
    ]
    if names:
        here = call.path(names[0])
        inside = [pair for pair in mounts if here == pair[1] or here.startswith(pair[1].rstrip("/") + "/")]
        mounts = [max(inside, key=lambda pair: len(pair[1]))]
    unit = "Size" if "h" in options else "1K-blocks"
    call.say(f"{'Filesystem':20} {unit:>9} {'Used':>8} {'Available':>9} Use% Mounted on\n")
    for device, path in mounts:
        used = sum(_blocks(call.disk.lstat(p)) for p in call.disk.below(path)) if path != "/" else 0
        sizes = (
            ("10G", f"{used}K", "10G") if "h" in options else (str(_DISK_KB), str(used), str(_DISK_KB - used))
        )
        call.say(
            f"{device:20} {sizes[0]:>9} {sizes[1]:>8} {sizes[2]:>9}   {used * 100 // _DISK_KB}% {path}\n"
        )
    return 0


def _mount(call: Call) -> int:
    call.say("overlay on / type overlay (rw,relatime)\n")
    for mount in reversed(call.disk.mounts):
        device = f"/dev/{mount.persistent_volume_name or mount.volume_name}"
        call.say(f"{device} on {mount.path} type ext4 ({'ro' if mount.read_only else 'rw'},relatime)\n")
    return 0


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "ls": _ls,
    "find": _find,
    "stat": _stat,
    "du": _du,
    "df": _df,
    "mount": _mount,
}
