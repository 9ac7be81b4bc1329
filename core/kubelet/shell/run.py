"""A command in a container, from its arguments to its output and code: what ``kubectl exec`` runs.

Stands for the container runtime's exec and attach, and for the program of a container that is played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from core.apimachinery.meta import Obj
from core.kubelet.shell.builtins import Break, Continue
from core.kubelet.shell.disk import Disk, Files, Image
from core.kubelet.shell.image import environment_of, files_of
from core.kubelet.shell.interpreter import Shell
from core.kubelet.shell.lexer import SyntaxFault, Unfinished
from core.kubelet.shell.parser import parse
from core.kubelet.shell.session import (
    Asleep,
    Exit,
    Network,
    Offline,
    Reader,
    Session,
    Sink,
    Streams,
    TooMuch,
)
from core.sim.settings import Settings

_NOT_FOUND = "OCI runtime exec failed: exec failed: unable to start container process: exec: {}: unknown"


class Result(NamedTuple):
    stdout: bytes
    stderr: bytes
    code: int


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a Pod at one moment (*now*: simulated epoch seconds)."""

    pod: Obj
    container: Obj
    settings: Settings
    now: float

    def session(self, view: Files, network: Network | None = None, image: Image | None = None) -> Session:
        """Return a shell in it. *image*: what its own program has changed so far."""
        files = files_of(self.pod, self.container, self.settings) | dict(image or {})
        disk = Disk(view, self.pod, self.container["name"], self.now, files)
        env = environment_of(self.pod, self.container, view)
        return Session(
            self.pod,
            self.container,
            disk,
            network or Offline(),
            self.settings,
            self.now,
            env=env,
            cwd=self.container.get("workingDir") or "/",
            exported=set(env),
        )


def run(session: Session, argv: list[str], stdin: Reader | None = None) -> Result:
    """Run a command without a shell around it. Raises: Starved."""
    session.commands = session.labour = 0
    streams = Streams(stdin or Reader(), Sink(), Sink())
    code = _guarded(streams, lambda: _exec(session, argv, streams))
    return Result(bytes(streams.out.content), bytes(streams.err.content), code)


def is_unfinished(text: str) -> bool:
    """Say whether a shell would wait for more lines: a quote is open, an ``if`` has no ``fi``."""
    try:
        parse(text)
    except Unfinished:
        return True
    except SyntaxFault:
        return False
    return False


def run_streams(session: Session, argv: list[str], out: Sink) -> int:
    """As :func:`run`, with all that is printed going to *out*."""
    streams = Streams(Reader(), out, out)
    return _guarded(streams, lambda: _exec(session, argv, streams))


def _exec(session: Session, argv: list[str], streams: Streams) -> int:
    if not argv or not argv[0]:
        streams.err.write(_NOT_FOUND.format('"": executable file not found in $PATH').encode() + b"\n")
        return 127
    session.spend()
    code = Shell(session).program(argv, streams)
    if code is not None:
        return code
    session.meet_strange()
    name = argv[0]
    node = session.disk.node(session.path(name)) if "/" in name else None
    why, code = f'"{name}": executable file not found in $PATH', 127
    if "/" in name:
        why = f'"{name}": stat {name}: no such file or directory'
    if node is not None:
        why, code = f'"{name}": permission denied', 126
    streams.err.write(_NOT_FOUND.format(why).encode("utf-8", "surrogateescape") + b"\n")
    return code


def run_script(session: Session, text: str, streams: Streams) -> tuple[int, bool]:
    """Run lines in a shell that goes on; return the code, and whether the shell has ended."""
    session.commands = session.labour = 0
    ended = True

    def lines() -> int:
        nonlocal ended
        code = session.last = Shell(session).script(text, streams)
        ended = False
        return code

    return _guarded(streams, lines), ended


def _guarded(streams: Streams, work: Callable[[], int]) -> int:
    try:
        return work()
    except Exit as exit_:
        return exit_.code
    except (Break, Continue):
        return 0
    except TooMuch as much:
        del streams.err.content[: max(len(streams.err.content) - 4096, 0)]
        streams.err.write(f"stopped by the simulator: {much}\n".encode())
        return 137
    except Asleep:
        return 0
