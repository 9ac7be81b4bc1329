"""The process in which Graphviz runs: C code fed with users' text, so kept out of the server's memory.

Started by :mod:`core.diagram.render`. Requests come on stdin, answers go to stdout: a line of ASCII
(``<format> <bytes>``, ``ok <bytes>`` or ``error <bytes>``), then so many bytes.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import tempfile
from typing import BinaryIO

import pygraphviz.graphviz as gv

MEMORY = 2 << 30


def drawn(context: object, source: bytes, form: str) -> bytes:
    """Return *source* rendered as *form*, with the places it gives (``neato -n2``)."""
    with tempfile.TemporaryFile() as file:
        file.write(source)
        file.seek(0)
        graph = gv.agread(file, None)
    try:
        if gv.gvLayout(context, graph, b"nop2"):
            raise ValueError("Graphviz refused the layout")
        failed, data = gv.gvRenderData(context, graph, form.encode())
        if failed:
            raise ValueError(f"Graphviz refused the format {form}")
        return bytes(data)
    finally:
        gv.gvFreeLayout(context, graph)
        gv.agclose(graph)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer *requests* until they end."""
    context = gv.gvContextWithBuiltins()
    while header := requests.readline():
        form, size = header.split()
        source = requests.read(int(size))
        try:
            status, data = b"ok", drawn(context, source, form.decode())
        except ValueError as error:
            status, data = b"error", str(error).encode()
        answers.write(b"%s %d\n" % (status, len(data)))
        answers.write(data)
        answers.flush()


def main() -> None:
    with contextlib.suppress(ValueError, OSError):  # a stricter limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
