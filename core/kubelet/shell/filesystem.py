"""Programs that look at and change files: ls, mv, cp, rm, mkdir, df, dd and the like (GNU's words)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join

from core.kubelet.shell.disk import DiskError, Node
from core.kubelet.shell.session import Call, UsageFault
from core.storage.volumefile import MAX_CONTENT

_UNITS = {"": 1, "c": 1, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3, "kB": 1000, "MB": 10**6}
_DISK_KB = 10 * 1024 * 1024


def _ls(call: Call) -> int:
    options, names = call.options("laAhi1dRrtFn")
    code, files, folders = 0, list[str](), list[str]()
    for name in names or ["."]:
        node = call.disk.node(call.path(name))
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
            call.say(f"total {sum(_blocks(call.disk.node(path)) for _, path in found)}\n")
        _list(call, options, found)
        if "R" in options:
            inner = [path for _, path in found if (node := call.disk.node(path)) and node.is_directory]
            folders[index + 1 : index + 1] = [
                path for path in inner if path.startswith(here) and path != here
            ]
    return code


def _blocks(node: Node | None) -> int:
    return -(-node.size // 4096) * 4 if node else 0


def _list(call: Call, options: dict[str, str], found: list[tuple[str, str]]) -> None:
    nodes = [(name, node) for name, path in found if (node := call.disk.node(path)) is not None]
    if "t" in options:
        nodes.sort(key=lambda pair: -pair[1].mtime)
    if "r" in options:
        nodes.reverse()
    if "l" not in options:
        call.say(
            "".join(f"{name}{'/' if 'F' in options and node.is_directory else ''}\n" for name, node in nodes)
        )
        return
    width = max((len(str(node.size)) for _, node in nodes), default=1)
    for name, node in nodes:
        when = datetime.fromtimestamp(node.mtime or call.session.now, UTC)
        date = f"{when:%b} {when.day:2} {when:%H:%M}"
        links = 2 if node.is_directory else 1
        call.say(f"{_mode(node)} {links} root root {node.size:>{width}} {date} {name}\n")


def _mode(node: Node) -> str:
    bits = "".join(
        letter if node.mode >> shift & 1 else "-"
        for shift, letter in zip(range(8, -1, -1), "rwxrwxrwx", strict=True)
    )
    return ("d" if node.is_directory else "-") + bits


def _touch(call: Call) -> int:
    options, names = call.options("camh")
    code = 0
    for name in names:
        path = call.path(name)
        try:
            node = call.disk.node(path)
            if node is None and "c" in options:
                continue
            if node is None or not node.is_directory:
                call.disk.write(path, node.content if node else b"")
        except DiskError as error:
            code = call.fail(f"cannot touch '{name}': {error}")
    return code


def _mkdir(call: Call) -> int:
    options, names = call.options("pv", "m")
    code = 0
    for name in names:
        path = call.path(name)
        try:
            if "p" in options:
                _make_all(call, path)
            else:
                call.disk.make_directory(path)
        except DiskError as error:
            code = call.fail(f"cannot create directory '{name}': {error}")
    return code


def _make_all(call: Call, path: str) -> None:
    node = call.disk.node(path)
    if node is None:
        _make_all(call, dirname(path))
        call.disk.make_directory(path)
    elif not node.is_directory:
        raise DiskError("File exists")


def _rm(call: Call) -> int:
    options, names = call.options("rRfvi")
    code, deep = 0, "r" in options or "R" in options
    if not names and "f" not in options:
        return call.fail("missing operand")
    for name in names:
        path = call.path(name)
        try:
            node = call.disk.node(path)
            if node is None and "f" in options:
                continue
            if node is None:
                raise DiskError("No such file or directory")
            if node.is_directory and not deep:
                raise DiskError("Is a directory")
            for below in reversed(call.disk.below(path)):
                call.session.spend()
                if below in ("/", path) and _is_kept(call, below):
                    raise DiskError("Device or resource busy")
                if call.disk.node(below) is not None:
                    call.disk.remove(below)
                    call.say(f"removed '{name}'\n" if "v" in options and below == path else "")
        except DiskError as error:
            code = call.fail(f"cannot remove '{name}': {error}")
    return code


def _is_kept(call: Call, path: str) -> bool:
    return path == "/" or any(mount.path.rstrip("/") == path for mount in call.disk.mounts)


def _rmdir(call: Call) -> int:
    code = 0
    for name in call.args:
        try:
            node = call.disk.node(call.path(name))
            if node is not None and not node.is_directory:
                raise DiskError("Not a directory")
            call.disk.remove(call.path(name))
        except DiskError as error:
            code = call.fail(f"failed to remove '{name}': {error}")
    return code


def _mv(call: Call) -> int:
    return _transfer(call, move=True)


def _cp(call: Call) -> int:
    return _transfer(call, move=False)


def _transfer(call: Call, *, move: bool) -> int:
    options, names = call.options("fvnirRapTu" if not move else "fvniTu")
    if len(names) < 2:
        return call.fail(
            "missing file operand" if not names else f"missing destination file operand after '{names[0]}'"
        )
    *sources, target = names
    into = call.disk.node(call.path(target))
    is_folder = into is not None and into.is_directory
    if len(sources) > 1 and not is_folder:
        return call.fail(
            f"target '{target}' is not a directory"
            if into
            else f"target '{target}': No such file or directory"
        )
    code = 0
    for source in sources:
        end = join(target, basename(call.path(source))) if is_folder else target
        try:
            _transfer_one(call, source, end, move, bool({"r", "R", "a"} & options.keys()))
        except DiskError as error:
            code = call.fail(str(error))
            continue
        if "v" in options:
            call.say(f"renamed '{source}' -> '{end}'\n" if move else f"'{source}' -> '{end}'\n")
    return code


def _transfer_one(call: Call, source: str, target: str, move: bool, deep: bool) -> None:
    disk, start, end = call.disk, call.path(source), call.path(target)
    node = disk.node(start)
    if node is None:
        raise DiskError(f"cannot stat '{source}': No such file or directory")
    if start == end:
        raise DiskError(f"'{source}' and '{target}' are the same file")
    if node.is_directory and end.startswith(start + "/"):
        where = "to a subdirectory of itself" if move else "into itself"
        raise DiskError(f"cannot {'move' if move else 'copy'} '{source}' {where}, '{target}'")
    if node.is_directory and not (move or deep):
        raise DiskError(f"-r not specified; omitting directory '{source}'")
    try:
        paths = disk.below(start)
        for path in paths:
            call.session.spend()
            here, there = disk.node(path), end + path[len(start) :]
            if here is not None and here.is_directory:
                if disk.node(there) is None:
                    disk.make_directory(there)
            elif here is not None:
                disk.write(there, here.content, here.mode)
        for path in reversed(paths) if move else ():
            if disk.node(path) is not None:
                disk.remove(path)
    except DiskError as error:
        verb = "move" if move else "create regular file"
        about = f"'{source}' to '{target}'" if move else f"'{target}'"
        raise DiskError(f"cannot {verb} {about}: {error}") from None


def _chmod(call: Call) -> int:
    args = [word for word in call.args if word != "-R"]
    if len(args) < 2:
        return call.fail("missing operand")
    wanted, code = args[0], 0
    for name in args[1:]:
        path = call.path(name)
        node = call.disk.node(path)
        if node is None:
            code = call.fail(f"cannot access '{name}': No such file or directory")
        elif not node.is_directory:
            if wanted.isdecimal() and len(wanted) <= 4 and not set(wanted) & {"8", "9"}:
                mode = int(wanted, 8)
            elif wanted.endswith("x") and wanted[-2:-1] in ("+", "-"):
                mode = node.mode | 0o111 if "+" in wanted else node.mode & ~0o111
            else:
                return call.fail(f"invalid mode: '{wanted}'")
            try:
                call.disk.write(path, node.content, mode)
            except DiskError as error:
                code = call.fail(f"changing permissions of '{name}': {error}")
    return code


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
        if call.disk.node(start) is None:
            code = call.fail(f"'{root}': No such file or directory")
            continue
        for path in call.disk.below(start):
            node, rest = call.disk.node(path), path[len(start) :].lstrip("/")
            deep = rest.count("/") + 1 if rest else 0
            kind = "d" if node and node.is_directory else "f"
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
        node = call.disk.node(call.path(name))
        if node is None:
            code = call.fail(f"cannot statx '{name}': No such file or directory")
            continue
        kind = "directory" if node.is_directory else "regular file" if node.size else "regular empty file"
        call.say(
            f"  File: {name}\n  Size: {node.size:<15}\t{kind}\nAccess: ({node.mode:04o}/{_mode(node)})\n"
        )
    return code


def _du(call: Call) -> int:
    _, names = call.options("shkb")
    for name in names or ["."]:
        total = sum(_blocks(call.disk.node(path)) for path in call.disk.below(call.path(name)))
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
        used = sum(_blocks(call.disk.node(p)) for p in call.disk.below(path)) if path != "/" else 0
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


def _dd(call: Call) -> int:
    given = dict(word.partition("=")[::2] for word in call.args)
    try:
        block = _bytes(given.get("bs", "512"))
        count = int(given["count"]) if "count" in given else None
        source = given.get("if", "")
        if source in ("/dev/zero", "/dev/urandom"):
            size = block * (count if count is not None else 1 << 40)
            if size > MAX_CONTENT:
                raise DiskError("File too large")
            content = bytes(size)
        else:
            content = call.disk.read(call.path(source)) if source else call.streams.stdin.rest()
            content = content[: block * count] if count is not None else content
        if "of" in given and given["of"] != "/dev/null":
            call.disk.write(call.path(given["of"]), content)
        elif "of" not in given:
            call.streams.out.write(content)
    except DiskError as error:
        return call.fail(f"failed to open '{given.get('of') or given.get('if')}': {error}")
    except ValueError as error:
        return call.fail(f"invalid number: '{error}'")
    whole, part = divmod(len(content), block)
    records = f"{whole}+{int(part > 0)} records"
    call.streams.err.write(f"{records} in\n{records} out\n{len(content)} bytes copied\n".encode())
    return 0


def _bytes(text: str) -> int:
    digits = text.rstrip("".join(_UNITS))
    if not digits.isdecimal() or not int(digits) or text[len(digits) :] not in _UNITS:
        raise ValueError(text)
    return int(digits) * _UNITS[text[len(digits) :]]


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "ls": _ls,
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "rmdir": _rmdir,
    "mv": _mv,
    "cp": _cp,
    "chmod": _chmod,
    "chown": lambda call: 0,
    "sync": lambda call: 0,
    "find": _find,
    "stat": _stat,
    "du": _du,
    "df": _df,
    "mount": _mount,
    "dd": _dd,
}
