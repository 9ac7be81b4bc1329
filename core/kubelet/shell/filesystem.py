"""Programs that change files: mv, cp, ln, rm, mkdir, dd and the like (GNU's words).

Differs: no hard links, as on a file system that has none.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import basename, dirname, join

from core.kubelet.shell.disk import DiskError
from core.kubelet.shell.session import Call
from core.storage.volumefile import MAX_CONTENT

_UNITS = {"": 1, "c": 1, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3, "kB": 1000, "MB": 10**6}


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
            node = call.disk.lstat(path)
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
                if call.disk.lstat(below) is not None:
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
            node = call.disk.lstat(call.path(name))
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
    options, names = call.options("fvnirRapTudP" if not move else "fvniTu")
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
            _transfer_one(call, source, end, move, bool({"r", "R", "a", "d", "P"} & options.keys()))
        except DiskError as error:
            code = call.fail(str(error))
            continue
        if "v" in options:
            call.say(f"renamed '{source}' -> '{end}'\n" if move else f"'{source}' -> '{end}'\n")
    return code


def _transfer_one(call: Call, source: str, target: str, move: bool, deep: bool) -> None:
    disk, start, end = call.disk, call.path(source), call.path(target)
    look = disk.lstat if move or deep else disk.node
    node = look(start)
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
            here, there = look(path), end + path[len(start) :]
            old = disk.lstat(there)
            if here is not None and here.link:
                if old is not None:
                    disk.remove(there)
                disk.make_link(there, here.target)
            elif here is not None and here.is_directory:
                if disk.node(there) is None:
                    disk.make_directory(there)
            elif here is not None:
                if move and old is not None and old.link:
                    disk.remove(there)
                disk.write(there, here.content, here.mode)
        for path in reversed(paths) if move else ():
            if disk.lstat(path) is not None:
                disk.remove(path)
    except DiskError as error:
        verb = "move" if move else "create regular file"
        about = f"'{source}' to '{target}'" if move else f"'{target}'"
        raise DiskError(f"cannot {verb} {about}: {error}") from None


def _ln(call: Call) -> int:
    options, names = call.options("sfnvT")
    if not names:
        return call.fail("missing file operand")
    if len(names) == 1:
        names = [names[0], "."]
    *targets, last = names
    path = call.path(last)
    into = call.disk.lstat(path) if "n" in options else call.disk.node(path)
    is_folder = into is not None and into.is_directory and "T" not in options
    if len(targets) > 1 and not is_folder:
        return call.fail(f"target '{last}' is not a directory")
    code = 0
    for target in targets:
        name = join(last, basename(target.rstrip("/"))) if is_folder else last
        try:
            _link(call, target, call.path(name), options)
        except DiskError as error:
            kind, arrow = ("symbolic", "->") if "s" in options else ("hard", "=>")
            about = f"'{name}'" if str(error) == "File exists" else f"'{name}' {arrow} '{target}'"
            code = call.fail(f"failed to create {kind} link {about}: {error}")
            continue
        call.say(f"'{name}' -> '{target}'\n" if "v" in options else "")
    return code


def _link(call: Call, target: str, path: str, options: dict[str, str]) -> None:
    """Raises: DiskError, of a hard link always: a file has one name here."""
    if "s" not in options:
        raise DiskError("Operation not permitted")
    old = call.disk.lstat(path)
    if old is not None and "f" in options and not old.is_directory:
        call.disk.remove(path)
    call.disk.make_link(path, target)


def _readlink(call: Call) -> int:
    """``realpath`` is what ``readlink -f`` says."""
    options, names = call.options("fenmqsz")
    full = call.name == "realpath" or bool({"f", "e", "m"} & options.keys())
    code = 0
    for name in names:
        node = call.disk.lstat(call.path(name))
        try:
            where = call.disk.resolve(call.path(name)) if full else node.target if node and node.link else ""
        except DiskError:
            where = ""
        if not where:
            code = 1
            continue
        call.say(where + ("" if "n" in options else "\n"))
    return code


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
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "rmdir": _rmdir,
    "mv": _mv,
    "cp": _cp,
    "ln": _ln,
    "readlink": _readlink,
    "realpath": _readlink,
    "chmod": _chmod,
    "chown": lambda call: 0,
    "sync": lambda call: 0,
    "dd": _dd,
}
