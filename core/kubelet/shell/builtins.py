"""What the shell does itself: where it is, its variables, its way out, and tests.

Source: POSIX.1-2024, Shell Command Language 2.15 and ``test``; texts are those of dash.
Not modelled: jobs, traps, ``ulimit``.
"""

from __future__ import annotations

from collections.abc import Callable

from core.kubelet.shell.session import Call, Exit

MAIN_PROCESS_ENDS = "/proc/1/exit"
"""The file by which the kubelet learns that a container's program has ended; its content is the code."""
_SIGNALS = {"TERM": 15, "KILL": 9, "INT": 2, "HUP": 1, "QUIT": 3}


class Break(Exception):
    pass


class Continue(Exception):
    pass


def _cd(call: Call) -> int:
    session = call.session
    target = call.args[0] if call.args else session.env.get("HOME", "/root")
    if target == "-":
        target = session.env.get("OLDPWD", session.cwd)
    path = call.path(target)
    node = call.disk.node(path)
    if node is None or not node.is_directory:
        call.streams.err.write(f"{session.parameters[0]}: 1: cd: can't cd to {target}\n".encode())
        return 2
    session.env["OLDPWD"], session.cwd = session.cwd, path
    session.env["PWD"] = path
    return 0


def _exit(call: Call) -> int:
    given = call.args[0] if call.args else str(call.session.last)
    if not given.isdecimal():
        call.streams.err.write(f"{call.session.parameters[0]}: 1: exit: Illegal number: {given}\n".encode())
        raise Exit(2)
    raise Exit(int(given))


def _export(call: Call) -> int:
    session = call.session
    for word in call.args:
        name, equals, value = word.partition("=")
        if equals:
            session.env[name] = value
        session.exported.add(name)
    if not call.args or call.args[0] == "-p":
        for name in sorted(session.exported & session.env.keys()):
            call.say(f"export {name}='{session.env[name]}'\n")
    return 0


def _unset(call: Call) -> int:
    for name in call.args:
        call.session.env.pop(name, None)
    return 0


def _set(call: Call) -> int:
    session, args = call.session, list(call.args)
    while args and args[0][:1] in ("-", "+") and len(args[0]) > 1:
        word = args.pop(0)
        if word == "--":
            session.parameters[1:] = args
            return 0
        if "e" in word and not word.endswith("o"):
            session.errexit = word.startswith("-")
        if word.endswith("o") and args:
            session.errexit = word.startswith("-") if args.pop(0) == "errexit" else session.errexit
    if args:
        session.parameters[1:] = args
    elif not call.args:
        call.say("".join(f"{name}='{value}'\n" for name, value in sorted(session.env.items())))
    return 0


def _shift(call: Call) -> int:
    count = int(call.args[0]) if call.args and call.args[0].isdecimal() else 1
    if count > len(call.session.parameters) - 1:
        call.streams.err.write(b"sh: 1: shift: can't shift that many\n")
        return 2
    del call.session.parameters[1 : 1 + count]
    return 0


def _read(call: Call) -> int:
    line = call.streams.stdin.line()
    names = [word for word in call.args if not word.startswith("-")] or ["REPLY"]
    words = line.decode("utf-8", "replace").rstrip("\n").split(maxsplit=len(names) - 1)
    for index, name in enumerate(names):
        call.session.env[name] = words[index].strip() if index < len(words) else ""
    return 0 if line else 1


def _break(call: Call) -> int:
    raise Break


def _continue(call: Call) -> int:
    raise Continue


def _nothing(call: Call) -> int:
    return 0


def _type(call: Call) -> int:
    code = 0
    for name in call.args:
        if name in BUILTINS:
            call.say(f"{name} is a shell builtin\n")
        else:
            call.say(f"{name}: not found\n")
            code = 127
    return code


def kill(call: Call) -> int:
    """Send a signal; only the container's own program, number 1, is there to get one."""
    args, number = list(call.args), 15
    if args and args[0].startswith("-"):
        word = args.pop(0).lstrip("-").removeprefix("SIG")
        if word == "s" and args:
            word = args.pop(0).removeprefix("SIG")
        number = int(word) if word.isdecimal() else _SIGNALS.get(word, -1)
        if word == "l":
            call.say(" ".join(_SIGNALS) + "\n")
            return 0
        if number < 0:
            return call.fail(f"invalid signal: {word}")
    if not args:
        return call.fail("usage: kill [-s sigspec] pid")
    code = 0
    for word in args:
        if word != "1":
            code = call.fail(f"({word}): No such process")
        elif number in (15, 2, 3):
            end_program(call, 0 if number != 2 else 130)
        # the kernel keeps SIGKILL and SIGHUP from the first process of a namespace that has no handler
    return code


def end_program(call: Call, code: int) -> None:
    """Have the container's own program end."""
    call.disk.mark(MAIN_PROCESS_ENDS, str(code).encode())


# -- test ------------------------------------------------------------------------------------------


class BadTest(Exception):
    pass


def _test(call: Call) -> int:
    args = list(call.args)
    if call.name == "[":
        if args[-1:] != ["]"]:
            call.streams.err.write(f"{call.session.parameters[0]}: 1: [: missing ]\n".encode())
            return 2
        args.pop()
    try:
        return int(not _Test(call, args).result())
    except BadTest as bad:
        call.streams.err.write(f"{call.session.parameters[0]}: 1: {call.name}: {bad}\n".encode())
        return 2


_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


class _Test:
    def __init__(self, call: Call, args: list[str]) -> None:
        self._call = call
        self._args = args

    def result(self) -> bool:
        if not self._args:
            return False
        value = self._any()
        if self._args:
            raise BadTest(f"{self._args[0]}: unexpected operator")
        return value

    def _any(self) -> bool:
        value = self._every()
        while self._args[:1] == ["-o"]:
            self._args.pop(0)
            value = self._every() or value
        return value

    def _every(self) -> bool:
        value = self._one()
        while self._args[:1] == ["-a"]:
            self._args.pop(0)
            value = self._one() and value
        return value

    def _one(self) -> bool:
        args = self._args
        if not args:
            raise BadTest("argument expected")
        if len(args) >= 3 and (args[1] in _TEXTS or args[1] in _NUMBERS):
            left, by, right = args.pop(0), args.pop(0), args.pop(0)
            if by in _TEXTS:
                return _TEXTS[by](left, right)
            return _NUMBERS[by](self._number(left), self._number(right))
        if args[0] == "!" and len(args) > 1:
            args.pop(0)
            return not self._one()
        if args[0] == "(" and len(args) > 2:
            args.pop(0)
            value = self._any()
            if args[:1] != [")"]:
                raise BadTest("closing paren expected")
            args.pop(0)
            return value
        if len(args) > 1 and len(args[0]) == 2 and args[0][0] == "-" and args[0][1] in "defhLnrswxz":
            return self._unary(args.pop(0)[1], args.pop(0))
        return bool(args.pop(0))

    def _number(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise BadTest(f"Illegal number: {text}") from None

    def _unary(self, letter: str, operand: str) -> bool:
        if letter in "nz":
            return bool(operand) == (letter == "n")
        path = self._call.path(operand)
        node = self._call.disk.lstat(path) if letter in "hL" else self._call.disk.node(path)
        if node is None or letter in "hL":
            return node is not None and node.link
        if letter in "df":
            return node.is_directory == (letter == "d")
        if letter == "s":
            return node.size > 0
        return letter != "x" or node.is_directory or bool(node.mode & 0o111)


BUILTINS: dict[str, Callable[[Call], int]] = {
    "cd": _cd,
    "exit": _exit,
    "export": _export,
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    "read": _read,
    "break": _break,
    "continue": _continue,
    "type": _type,
    "test": _test,
    "[": _test,
    "kill": kill,
    ":": _nothing,
    "true": _nothing,
    "false": lambda call: 1,
    "wait": _nothing,
    "trap": _nothing,
    "umask": _nothing,
}
PROGRAMS = ("test", "[", "kill", "true", "false")
"""Those of the builtins that are programs as well."""
