"""Runs the real kubectl against the server, with a home of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """The words of each line of a table."""
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Kubectl:
    binary: Path
    server: str
    namespace: str
    home: Path
    folder: Path | None = None  # where -f looks for files

    def __call__(self, line: str, stdin: str = "", timeout: float = 60) -> Said:
        """Run a command line. *timeout*: seconds after which it counts as hanging."""
        server = ["--server", self.server] if self.server else []
        command = [str(self.binary), *server, "--namespace", self.namespace]
        done = subprocess.run(
            [*command, *shlex.split(line)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.folder,
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin"},
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ok(self, line: str, stdin: str = "", timeout: float = 60) -> str:
        """Run a command line that must succeed without a word of complaint; return what it prints."""
        said = self(line, stdin, timeout)
        assert (said.code, said.err) == (0, ""), said
        return said.out

    def json(self, line: str) -> Any:
        return json.loads(self.ok(f"{line} -o json"))
