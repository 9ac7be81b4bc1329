"""Runs a tree: lists, pipes, redirections, conditions and loops, one command after the other.

Stands for /bin/sh (dash). A pipe's commands run in turn, each with what the one before it printed.
"""

from __future__ import annotations

from posixpath import basename, dirname

from core.kubelet.shell import builtins
from core.kubelet.shell.builtins import Break, Continue
from core.kubelet.shell.commands import COMMANDS, SHELLS, is_program
from core.kubelet.shell.disk import DiskError
from core.kubelet.shell.lexer import SyntaxFault
from core.kubelet.shell.parser import parse
from core.kubelet.shell.session import (
    MAX_DEPTH,
    Call,
    Exit,
    Nowhere,
    Reader,
    Session,
    Sink,
    Streams,
    TooMuch,
    UsageFault,
)
from core.kubelet.shell.tree import (
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Substitution,
)
from core.kubelet.shell.words import BadWord, Words

PATHS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_CREATE = {"No such file or directory": "Directory nonexistent"}
_OPEN = {"No such file or directory": "No such file"}


class BadRedirect(Exception):
    """A file could not be opened; the complaint has been made."""


class Shell:
    def __init__(self, session: Session) -> None:
        self._session = session

    # -- texts -----------------------------------------------------------------------------------

    def script(self, text: str, streams: Streams) -> int:
        """Run a text in this shell; return its code. Raises: Exit, TooMuch."""
        session = self._session
        session.depth += 1
        try:
            if session.depth > MAX_DEPTH:
                raise TooMuch(f"more than {MAX_DEPTH} shells within shells")
            return self.sequence(parse(text), streams)
        except SyntaxFault as fault:
            streams.err.write(f"{self._name}: 1: Syntax error: {fault}\n".encode())
            return 2
        finally:
            session.depth -= 1

    @property
    def _name(self) -> str:
        return self._session.parameters[0]

    def own(self, text: str, streams: Streams, parameters: list[str]) -> int:
        """Run a text in a shell of its own: what it sets and where it goes is forgotten."""
        session = self._session
        kept = session.env, session.parameters, session.cwd, session.errexit
        session.env = {name: value for name, value in session.env.items() if name in session.exported}
        session.parameters, session.errexit = parameters, False
        try:
            return self.script(text, streams)
        except Exit as exit_:
            return exit_.code
        finally:
            session.env, session.parameters, session.cwd, session.errexit = kept

    # -- lists -----------------------------------------------------------------------------------

    def sequence(self, tree: Sequence, streams: Streams, *, tested: bool = False) -> int:
        """*tested*: somebody looks at the code, so that ``set -e`` does not."""
        session, code = self._session, 0
        for index, (connector, pipeline) in enumerate(tree.items):
            if (connector == "&&" and code) or (connector == "||" and not code):
                continue
            code = session.last = self._pipeline(pipeline, streams)
            follows = tree.items[index + 1][0] if index + 1 < len(tree.items) else ";"
            if code and session.errexit and not tested and follows == ";" and not pipeline.negated:
                raise Exit(code)
        return code

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        if len(pipeline.commands) == 1:
            code = self._command(pipeline.commands[0], streams)
        else:
            stdin = streams.stdin
            for command in pipeline.commands:
                last = command is pipeline.commands[-1]
                out = streams.out if last else Sink()
                code = self._apart(command, Streams(stdin, out, streams.err))
                stdin = Reader(bytes(out.content))
        return int(not code) if pipeline.negated else code

    def _apart(self, command: Command, streams: Streams) -> int:
        """Run a command in a shell of its own."""
        session = self._session
        kept = dict(session.env), list(session.parameters), session.cwd, session.errexit
        try:
            return self._command(command, streams)
        except Exit as exit_:
            return exit_.code
        finally:
            session.env, session.parameters, session.cwd, session.errexit = kept

    # -- commands --------------------------------------------------------------------------------

    def _command(self, command: Command, streams: Streams) -> int:
        opened: list[tuple[str, Sink]] = []
        words = Words(self._session, lambda body: self._substituted(body, streams))
        try:
            streams = self._redirected(command.redirects, words, streams, opened)
            if isinstance(command, Simple):
                return self._simple(command, words, streams)
            self._session.spend()
            return self._compound(command, words, streams)
        except BadRedirect:
            return 2
        except BadWord as bad:
            streams.err.write(f"{self._name}: 1: {bad}\n".encode())
            return 2
        finally:
            for path, sink in opened:
                self._store(path, sink, streams)

    def _substituted(self, body: Sequence, streams: Streams) -> str:
        out = Sink()
        group = Group(body, (), own=True)
        self._session.last = self._apart(group, Streams(streams.stdin, out, streams.err))
        return out.content.decode("utf-8", "surrogateescape").replace("\0", "")

    def _compound(self, command: Command, words: Words, streams: Streams) -> int:
        match command:
            case Group(body=body, own=True):
                return self._apart(Group(body, (), own=False), streams)
            case Group(body=body):
                return self.sequence(body, streams)
            case If(branches=branches, otherwise=otherwise):
                for condition, body in branches:
                    if self.sequence(condition, streams, tested=True) == 0:
                        return self.sequence(body, streams)
                return self.sequence(otherwise, streams) if otherwise else 0
            case Loop(condition=condition, body=body, until=until):
                return self._loop(condition, body, until, streams)
            case For(name=name, words=listed, body=body):
                return self._for(name, words.all(listed), body, streams)
        raise AssertionError(command)

    def _loop(self, condition: Sequence, body: Sequence, until: bool, streams: Streams) -> int:
        code = 0
        try:
            while (self.sequence(condition, streams, tested=True) != 0) == until:
                try:
                    code = self.sequence(body, streams)
                except Continue:
                    continue
        except Break:
            pass
        return code

    def _for(self, name: str, values: list[str], body: Sequence, streams: Streams) -> int:
        code = 0
        try:
            for value in values:
                self._session.env[name] = value
                try:
                    code = self.sequence(body, streams)
                except Continue:
                    continue
        except Break:
            pass
        return code

    def _simple(self, command: Simple, words: Words, streams: Streams) -> int:
        session = self._session
        session.spend()
        args = words.all(command.words)
        values = {name: words.text(word) for name, word in command.assignments}
        if not args:
            session.env.update(values)
            return session.last if values and _substitutes(command) else 0
        kept, exported = dict(session.env), set(session.exported)
        session.env.update(values)
        session.exported.update(values)
        try:
            return self.call(args, streams)
        finally:
            for name in values:
                if name in kept:
                    session.env[name] = kept[name]
                else:
                    session.env.pop(name, None)
                session.exported.discard(name) if name not in exported else None

    def call(self, args: list[str], streams: Streams) -> int:
        """Run one command with its arguments."""
        name = args[0]
        if name in ("eval", "exec", "command", "."):
            return self._special(args, streams)
        builtin = builtins.BUILTINS.get(name)
        if builtin is not None:
            return builtin(Call(self._session, name, args[1:], streams))
        code = self.program(args, streams)
        if code is None:
            self._session.meet_strange()
            complaint = "not found"
            node = self._session.disk.node(self._session.path(name)) if "/" in name else None
            if node is not None:
                complaint = "Permission denied"
            streams.err.write(f"{self._name}: 1: {name}: {complaint}\n".encode("utf-8", "surrogateescape"))
            return 126 if node is not None else 127
        return code

    def program(self, args: list[str], streams: Streams) -> int | None:
        """Run a program, not a builtin; None when there is none of that name."""
        session, name = self._session, args[0]
        base = basename(name)
        if "/" not in name or dirname(session.path(name)) in PATHS:
            if base in SHELLS:
                return self._shell(args, streams)
            command = COMMANDS.get(base)
            if command is not None:
                call = Call(session, base, args[1:], streams)
                try:
                    return command(call)
                except UsageFault as fault:
                    return call.fail(str(fault), 2 if base in ("ls", "grep", "tar") else 1)
        if "/" in name:
            node = session.disk.node(session.path(name))
            if node is not None and not node.is_directory and node.mode & 0o111:
                return self.own(node.content.decode("utf-8", "replace"), streams, args)
        return None

    def _shell(self, args: list[str], streams: Streams) -> int:
        """``sh -c text name …``, ``sh file …``, or ``sh`` that reads its input."""
        rest, errexit, text = args[1:], False, None
        while rest and rest[0].startswith("-") and len(rest[0]) > 1:
            option = rest.pop(0)
            if option == "--":
                break
            errexit = errexit or (not option.startswith("--") and "e" in option)
            if option.endswith("c") and not option.startswith("--"):
                if not rest:
                    streams.err.write(f"{args[0]}: 0: -c requires an argument\n".encode())
                    return 2
                text = rest.pop(0)
                break
        parameters = [args[0], *rest] if text is None or not rest else rest
        if text is None and rest:
            content = self._session.disk.file(self._session.path(rest[0]))
            if content is None:
                streams.err.write(f"{args[0]}: 0: cannot open {rest[0]}: No such file\n".encode())
                return 2
            text, parameters = content.decode("utf-8", "replace"), rest
        if text is None:
            text = streams.stdin.rest().decode("utf-8", "replace")
        return self.own("set -e\n" + text if errexit else text, streams, parameters)

    def _special(self, args: list[str], streams: Streams) -> int:
        name, rest = args[0], args[1:]
        if name == "eval":
            return self.script(" ".join(rest), streams)
        if name == "exec":
            if not rest:
                return 0
            raise Exit(self.call(rest, streams))
        if name == ".":
            content = self._session.disk.file(self._session.path(rest[0])) if rest else None
            if content is None:
                streams.err.write(f"{self._name}: 1: .: {rest[0] if rest else ''}: not found\n".encode())
                raise Exit(2)
            return self.script(content.decode("utf-8", "replace"), streams)
        if rest[:1] in (["-v"], ["-V"]):
            known = [word for word in rest[1:] if word in builtins.BUILTINS or is_program(word)]
            streams.out.write("".join(f"{_where(word)}\n" for word in known).encode())
            return 0 if known else 127
        return self.call(rest, streams) if rest else 0

    # -- redirections ----------------------------------------------------------------------------

    def _redirected(
        self, redirects: tuple[Redirect, ...], words: Words, streams: Streams, opened: list[tuple[str, Sink]]
    ) -> Streams:
        for redirect in redirects:
            target = words.text(redirect.target)
            if redirect.operator == ">&":
                source = {"1": streams.out, "2": streams.err}.get(target)
                if source is None:
                    raise BadWord(f"Bad file descriptor: {target}")
                streams = _with(streams, redirect.number, source)
            elif redirect.operator == "<":
                streams = streams._replace(stdin=Reader(self._opened(target, streams)))
            elif target == "/dev/null":
                streams = _with(streams, redirect.number, Nowhere())
            elif target in ("/dev/stdout", "/dev/stderr"):
                source = streams.out if target.endswith("out") else streams.err
                streams = _with(streams, redirect.number, source)
            else:
                sink = self._created(target, redirect.operator == ">>", streams)
                opened.append((self._session.path(target), sink))
                streams = _with(streams, redirect.number, sink)
        return streams

    def _opened(self, target: str, streams: Streams) -> bytes:
        if target == "/dev/null":
            return b""
        try:
            return self._session.disk.read(self._session.path(target))
        except DiskError as error:
            self._complain(streams, f"cannot open {target}: {_OPEN.get(str(error), error)}")
            raise BadRedirect from None

    def _created(self, target: str, append: bool, streams: Streams) -> Sink:
        path, sink = self._session.path(target), Sink()
        try:
            old = self._session.disk.file(path)
            if append and old is not None:
                sink.write(old)
            self._session.disk.write(path, bytes(sink.content))
        except DiskError as error:
            self._complain(streams, f"cannot create {target}: {_CREATE.get(str(error), error)}")
            raise BadRedirect from None
        return sink

    def _store(self, path: str, sink: Sink, streams: Streams) -> None:
        try:
            self._session.disk.write(path, bytes(sink.content))
        except DiskError as error:
            self._complain(streams, f"{path}: {error}")

    def _complain(self, streams: Streams, text: str) -> None:
        streams.err.write(f"{self._name}: 1: {text}\n".encode("utf-8", "surrogateescape"))


def _with(streams: Streams, number: int, sink: Sink) -> Streams:
    return streams._replace(err=sink) if number == 2 else streams._replace(out=sink)


def _substitutes(command: Simple) -> bool:
    return any(isinstance(part, Substitution) for _, word in command.assignments for part in word)


def _where(name: str) -> str:
    return name if name in builtins.BUILTINS or "/" in name else f"/usr/bin/{name}"
