"""What a shell has at hand: its container, its variables, its streams, and how much it may do.

No command can run away with the simulator: a session counts commands, and its streams have an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import NamedTuple, Protocol

from core.apimachinery.meta import Obj
from core.kubelet.shell.disk import Disk
from core.kubelet.webserver import Reply
from core.sim.settings import Settings

MAX_COMMANDS = 1000
MAX_DEPTH = 20  # shells within shells
MAX_OUTPUT = 1024 * 1024  # bytes
MAX_LABOUR = 8 * 1024 * 1024  # bytes that programs read
MAX_VALUE = 128 * 1024  # characters of a variable or an argument
FOREVER = float("inf")


class Exit(Exception):
    """The shell ends with *code*."""

    def __init__(self, code: int) -> None:
        self.code = code & 255


class TooMuch(Exception):
    """A limit of the simulator is reached; the whole command ends."""


class Asleep(Exception):
    """The program sleeps beyond the moment up to which it is played."""


class Unreachable(Exception):
    """No answer from an address: ``Connection refused``, ``No route to host``."""


class Network(Protocol):
    """What a container can reach."""

    def addresses(self, name: str) -> list[str]:
        """Return the addresses that the cluster's DNS knows for *name*, as a Pod asks."""
        ...

    def name_of(self, address: str) -> str:
        """Return the name of an address, or ""."""
        ...

    def get(self, address: str, port: int, path: str, disk: Disk) -> Reply:
        """Return what a web server answers; *disk* is the asker's own. Raises: Unreachable."""
        ...


class Offline:
    """The network of a probe's command, and of a program that is only played: nobody answers."""

    def addresses(self, name: str) -> list[str]:
        return []

    def name_of(self, address: str) -> str:
        return ""

    def get(self, address: str, port: int, path: str, disk: Disk) -> Reply:
        raise Unreachable("Network is unreachable")


class Starved(Exception):
    """A command reads what has not been typed yet."""


class Reader:
    """Bytes that are read once; more may follow unless *finished*."""

    def __init__(self, content: bytes = b"", *, finished: bool = True) -> None:
        self._content = content
        self._finished = finished
        self._at = 0

    def rest(self) -> bytes:
        """Raises: Starved."""
        if not self._finished:
            raise Starved
        at, self._at = self._at, len(self._content)
        return self._content[at:]

    def line(self) -> bytes:
        """Return the next line with its end; b"" when there is none. Raises: Starved."""
        end = self._content.find(b"\n", self._at) + 1
        if not end and not self._finished:
            raise Starved
        at, self._at = self._at, end or len(self._content)
        return self._content[at : self._at]


class Sink:
    """Where output goes."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, content: bytes) -> None:
        """Raises: TooMuch."""
        if len(self.content) + len(content) > MAX_OUTPUT:
            self.content += content[: MAX_OUTPUT - len(self.content)]
            raise TooMuch(f"more than {MAX_OUTPUT} bytes of output")
        self.content += content


class Nowhere(Sink):
    """/dev/null"""

    def write(self, content: bytes) -> None:
        pass


class Streams(NamedTuple):
    stdin: Reader
    out: Sink
    err: Sink


@dataclass
class Session:
    """One shell in one container. *now*: simulated epoch seconds of its start."""

    pod: Obj
    container: Obj
    disk: Disk
    network: Network
    settings: Settings
    now: float
    env: dict[str, str] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=lambda: ["sh"])
    cwd: str = "/"
    last: int = 0
    """``$?``"""
    errexit: bool = False
    exported: set[str] = field(default_factory=set)
    slept: float = 0.0
    patience: float | None = None
    """Seconds that a played program may sleep; None: a person waits, so ``sleep`` returns at once."""
    wakes: float = FOREVER
    """When a played program goes on, if it is asleep; seconds from its start."""
    strange: bool = False
    """Whether a command was met that is not simulated."""
    commands: int = 0
    labour: int = 0
    depth: int = 0

    def spend(self) -> None:
        """Count a command. Raises: TooMuch."""
        self.commands += 1
        if self.commands > MAX_COMMANDS:
            raise TooMuch(f"more than {MAX_COMMANDS} commands")

    def work(self, amount: int) -> None:
        """Count bytes that a program works through. Raises: TooMuch."""
        self.labour += amount
        if self.labour > MAX_LABOUR:
            raise TooMuch("too much to read")

    def meet_strange(self) -> None:
        """Meet a command that is not simulated; in a program it is the server that goes on for ever."""
        self.strange = True
        if self.patience is not None:
            raise Asleep

    def sleep(self, seconds: float) -> None:
        """Let time pass in a program that is played. Raises: Asleep."""
        if self.slept + seconds > (self.patience or 0.0):
            self.wakes = self.slept + seconds
            raise Asleep
        self.slept += seconds
        self.disk.now += seconds

    def path(self, text: str) -> str:
        """Return *text* as an absolute path without dots."""
        path = normpath(join(self.cwd, text))
        return path[1:] if path.startswith("//") else path


@dataclass
class Call:
    """One command with its arguments."""

    session: Session
    name: str
    args: Sequence[str]
    streams: Streams

    @property
    def disk(self) -> Disk:
        return self.session.disk

    def say(self, text: str) -> None:
        self.streams.out.write(text.encode("utf-8", "surrogateescape"))

    def fail(self, text: str, code: int = 1) -> int:
        """Complain under the command's name; return *code*."""
        self.streams.err.write(f"{self.name}: {text}\n".encode("utf-8", "surrogateescape"))
        return code

    def path(self, text: str) -> str:
        return self.session.path(text)

    def options(self, known: str, valued: str = "") -> tuple[dict[str, str], list[str]]:
        """Return the one-letter options and the operands. Raises: UsageFault.

        *known*: letters without a value; *valued*: letters with one.
        """
        found: dict[str, str] = {}
        rest = list(self.args)
        operands: list[str] = []
        while rest:
            word = rest.pop(0)
            if word == "--":
                return found, operands + rest
            if word == "-" or not word.startswith("-"):
                operands.append(word)
                continue
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in valued:
                    if not letters and not rest:
                        raise UsageFault(f"option requires an argument -- '{letter}'")
                    found[letter] = letters or rest.pop(0)
                    break
                if letter not in known:
                    raise UsageFault(f"invalid option -- '{letter}'")
                found[letter] = ""
        return found, operands


class UsageFault(Exception):
    """A command was called with what it does not take."""
