"""Plays a transcript: a shell, a second terminal that is read while it runs, what differs from the page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import unquote_plus

from tests.clients.transcript import Step, filled, pattern

PATIENCE = 30.0  # wall seconds until what must come has come
_KLOG = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (?:.*\[\{\n(?:.*\n)*?\}\]|.*)\n", re.M)
_SENT = re.compile(
    r'round_trippers\.go:\d+\] (?:"Response" verb="(\w+)" url="(\S+)" status="(\d+)|(\w+) (\S+) (\d+) )'
)
_TIMEOUT = re.compile(r"timeoutSeconds=\d+")


@dataclass
class Terminal:
    """A command that goes on while others run; what it prints is there as soon as it is printed."""

    process: subprocess.Popen[str]
    out: str = ""
    err: str = ""
    ended: int = 0  # how many of its two streams have
    stirred: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        for name, stream in (("out", self.process.stdout), ("err", self.process.stderr)):
            threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def _read(self, name: str, stream: IO[str]) -> None:
        while piece := os.read(stream.fileno(), 65536):
            with self.stirred:
                setattr(self, name, getattr(self, name) + piece.decode())
                self.stirred.notify_all()
        with self.stirred:
            self.ended += 1
            self.stirred.notify_all()

    def take(self, wanted: re.Pattern[str]) -> re.Match[str] | None:
        """Wait until it has printed *wanted*, and take that away; None when it never comes."""
        self.until(lambda: bool(wanted.match(self.out)))
        with self.stirred:
            found = wanted.match(self.out)
            if found:
                self.out = self.out[found.end() :]
            return found

    def until(self, so: Callable[[], bool]) -> bool:
        """Wait until it is *so*, or never can be."""
        with self.stirred:
            self.stirred.wait_for(lambda: so() or self.ended == 2, PATIENCE)
            return so()

    def end(self, signalled: bool) -> int:
        """Wait for its end, of itself or by Ctrl-C; return its exit code."""
        if signalled:
            os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE)
        with self.stirred:
            self.stirred.wait_for(lambda: self.ended == 2, PATIENCE)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.end(signalled=False)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@dataclass
class Shell:
    """*folder*: where the files are. *environment*: of every command. *server*: how addresses begin."""

    folder: Path
    environment: dict[str, str]
    server: str
    set_pace: Callable[[float], None]
    known: dict[str, str] = field(default_factory=dict)
    second: Terminal | None = None

    def play(self, step: Step) -> str:
        """Play one step; return how it differs from the page, or ""."""
        if step.sort == "$":
            return self._command(step)
        if step.sort == "@":
            self.set_pace(float(step.command))
            return ""
        if step.sort == "2$":
            self.close()
            self.second = Terminal(self._start(f"exec {self._line(step)}"))
        assert self.second is not None, "the second terminal is not open"
        if step.sort in ("2$", "2:"):
            return self._look(step, self.second)
        code = self.second.end(step.sort == "2^C")
        return self._judge(step, self.second.out, _KLOG.sub("", self.second.err), code)

    def _look(self, step: Step, terminal: Terminal) -> str:
        """Wait for what the second terminal must have sent and printed."""
        requests = pattern(step.requests, self.known)
        if not terminal.until(lambda: bool(requests.match(self._sent(terminal.err)))):
            return _differs("terminal 2: requests", step.requests, self._sent(terminal.err), self.known)
        if not self._learn(terminal.take(pattern(step.out, self.known))):
            return _differs("terminal 2", step.out, terminal.out, self.known) + terminal.err
        return ""

    def close(self) -> None:
        if self.second is not None:
            self.second.close()

    def _start(self, command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _command(self, step: Step) -> str:
        process = self._start(self._line(step))
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return f"it did not end within {PATIENCE:.0f} seconds, and had said\n{out}{err}"
        if step.requests:
            sent = self._sent(err)
            if not self._learn(pattern(step.requests, self.known).fullmatch(sent)):
                return _differs("requests", step.requests, sent, self.known)
            err = _KLOG.sub("", err)
        return self._judge(step, out, err, process.returncode)

    def _judge(self, step: Step, out: str, err: str, code: int) -> str:
        for what, wanted, found in (("standard output", step.out, out), ("standard error", step.err, err)):
            if found and not found.endswith("\n"):
                found += "\n"  # a prompt would follow
            if not self._learn(pattern(wanted, self.known).fullmatch(found)):
                return _differs(what, wanted, found, self.known) + f"with standard error\n{err}"
        # whether the signal or the end of the watch is first to end kubectl is chance
        return (
            ""
            if code == step.code or step.sort == "2^C"
            else f"exit code {code} instead of {step.code}\n{err}"
        )

    def _learn(self, found: re.Match[str] | None) -> bool:
        if found is not None:
            self.known |= found.groupdict()
        return found is not None

    def _line(self, step: Step) -> str:
        command = filled(step.command, self.known)
        return command.replace("kubectl ", "kubectl -v=6 ", 1) if step.requests else command

    def _sent(self, log: str) -> str:
        """Return the requests of a log at -v=6 but discovery, as a transcript writes them."""
        found = []
        for line in log.splitlines():
            if sent := _SENT.search(line):
                method, url, status = (one for one in sent.groups() if one)
                path = _TIMEOUT.sub("timeoutSeconds=…", unquote_plus(url.removeprefix(self.server)))
                if path.partition("?")[0] not in ("/api", "/apis") and not path.startswith("/openapi/"):
                    found.append(f"{method} {path} {status}")
        return "".join(f"{line}\n" for line in found)


def _differs(what: str, wanted: list[str], found: str, known: dict[str, str]) -> str:
    """Say where *found* leaves the page: the lines that fit, then the one that does not."""
    for count in range(len(wanted), -1, -1):
        if fits := pattern(wanted[:count], known).match(found):
            rest = found[fits.end() :]
            should = wanted[count] if count < len(wanted) else "nothing more"
            return f"{what}: after {count} lines should come\n  {should}\nand there is\n{rest}"
    raise AssertionError("nothing at all fits anything")
