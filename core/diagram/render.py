"""Draws frames with Graphviz: the whole picture, single elements of it, and files to keep.

The page's SVG has no colours of its own: the classes stay, ``picture.css`` decides. An element's bytes do
not depend on what is drawn beside it, so they are kept, and a change costs what changed.
"""

from __future__ import annotations

import re
import select
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from core.diagram import dot, paper
from core.diagram.layout import Frame, Placed
from core.diagram.text import cleaned

FORMATS = {"png": "png:cairo", "pdf": "pdf:cairo"}
PNG_DPI = 144
SECONDS = 20.0
REMEMBERED = 20_000

_ROOT = Path(__file__).resolve().parents[2]
_MARK = re.compile(
    r'<g id="(\d+)_\d+" class="(?:node|edge) ([^"]*)">\n<title>[^<]*</title>\n(.*?)</g>\n', re.DOTALL
)
_PAINT = re.compile(
    r' (?:fill="(?!none)[^"]*"|(?:stroke|font)[-a-z]*="[^"]*"|xml:space="[^"]*"|text-anchor="start")'
)
_PATH = re.compile(r' d="M([^"C]+)C([^"]+)"')
_TAG = re.compile(r"<(text|path|polygon|polyline|ellipse)(?= )")
_LINES = re.compile(r'<polyline class="([^"]*)" fill="none" points="[^"]+"/>(?:<polyline class="\1"[^>]*/>)*')
_POINTS = re.compile(r' points="([^"]+)"')


class DrawingError(Exception):
    """Graphviz refused, died or took too long."""


class _Worker:
    """The Graphviz process: started when needed, replaced when it dies or dawdles."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def draw(self, source: str, form: str) -> bytes:
        """Return *source* rendered.

        Raises: DrawingError.
        """
        data = source.encode("utf-8", "replace")
        with self._lock:
            for attempt in (1, 2):
                try:
                    status, answer = self._ask(data, form)
                    break
                except TimeoutError as error:
                    self._stop()
                    raise DrawingError(f"Graphviz took more than {SECONDS:g} s") from error
                except OSError as error:
                    self._stop()
                    if attempt == 2:
                        raise DrawingError("Graphviz died twice on this picture") from error
        if status != "ok":
            raise DrawingError(answer.decode("utf-8", "replace"))
        return answer

    def _ask(self, data: bytes, form: str) -> tuple[str, bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = self._started()
        process = self._process
        assert process.stdin is not None
        process.stdin.write(b"%s %d\n" % (form.encode(), len(data)))
        process.stdin.write(data)
        process.stdin.flush()
        deadline = time.monotonic() + SECONDS
        buffer = b""
        while b"\n" not in buffer:
            buffer += self._read(process, deadline)
        header, _, rest = buffer.partition(b"\n")
        status, size = header.split()
        parts, left = [rest], int(size) - len(rest)
        while left > 0:
            parts.append(self._read(process, deadline))
            left -= len(parts[-1])
        return status.decode(), b"".join(parts)

    def _read(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        assert process.stdout is not None
        left = max(0.0, deadline - time.monotonic())
        if not select.select([process.stdout], [], [], left)[0]:
            raise TimeoutError
        chunk = process.stdout.read(1 << 20)  # unbuffered: returns what there is
        if not chunk:
            raise BrokenPipeError("the Graphviz process ended")
        return bytes(chunk)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "core.diagram.worker"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


_worker = _Worker()
_drawn: OrderedDict[Placed, str] = OrderedDict()
_drawn_lock = threading.Lock()


def svg(frame: Frame) -> str:
    """Return the whole picture: an ``<svg id="picture">`` element, coloured by the page's style sheet.

    Raises: DrawingError.
    """
    w, h = f"{frame.width:g}", f"{frame.height:g}"
    head = f'<svg id="picture" class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}"'
    drawings = _draw(frame.elements)
    return (
        f'{head} width="{w}" height="{h}" role="group" aria-label="The cluster">\n{"".join(drawings)}</svg>'
    )


def fragments(frame: Frame, ids: Collection[str]) -> dict[str, str]:
    """Return the ``<g id=…>`` of each of *ids*: the same bytes as in the whole picture.

    Raises: DrawingError.
    """
    elements = dot.subset(frame, ids)
    return dict(zip((element.id for element in elements), _draw(elements), strict=True))


def document(frame: Frame, form: str, title: str = "The cluster") -> bytes:
    """Return *frame* as a file of its own, light and with its colours: ``svg``, ``png``, ``pdf`` or ``dot``.

    Raises: DrawingError; ValueError for another format.
    """
    if form == "svg":
        return paper.svg(frame, _draw(frame.elements), title).encode()
    source = dot.source(frame, dpi=PNG_DPI if form == "png" else 72)
    if form == "dot":
        return source.encode()
    if form not in FORMATS:
        raise ValueError(f"no format {form}")
    return _worker.draw(source, FORMATS[form])


def _draw(elements: Collection[Placed]) -> list[str]:
    """Return the drawing of each element, asking Graphviz for those not drawn before."""
    with _drawn_lock:
        found = {element: _drawn[element] for element in elements if element in _drawn}
    missing = [element for element in elements if element not in found]
    if missing:
        new = dict(zip(missing, _wrapped(missing), strict=True))
        with _drawn_lock:
            _drawn.update(new)
            while len(_drawn) > REMEMBERED:
                _drawn.popitem(last=False)
        found.update(new)
    return [found[element] for element in elements]


def _wrapped(elements: list[Placed]) -> Iterable[str]:
    output = _worker.draw(dot.source_of(elements), "svg").decode()
    marks: list[list[str]] = [[] for _ in elements]
    for match in _MARK.finditer(output):
        body = _TAG.sub(rf'<\1 class="{match[2]}"', _PAINT.sub("", match[3]))
        # a browser makes a text of each line's end: every third node of the page
        body = body.replace("\n", "").replace("&#45;", "-")
        marks[int(match[1])].append(_LINES.sub(_joined, _PATH.sub(_straightened, body)))
    return [_group(element, "".join(parts)) for element, parts in zip(elements, marks, strict=True)]


def _straightened(path: re.Match[str]) -> str:
    """Return the path with its straight pieces as lines.

    Graphviz writes each piece as a Bézier curve; a line is a third as long, and quicker to paint.
    """
    at, points = path[1], path[2].split()
    parts, how = [f"M{at}"], ""
    for first, second, end in zip(points[::3], points[1::3], points[2::3], strict=True):
        straight = first == at and second == end
        letter, piece = ("L", end) if straight else ("C", f"{first} {second} {end}")
        parts.append(f" {piece}" if letter == how else letter + piece)
        at, how = end, letter
    return f' d="{"".join(parts)}"'


def _joined(lines: re.Match[str]) -> str:
    """Return the lines of a shape that follow each other (a fold, a lid) as one element."""
    path = "".join(f"M{points}" for points in _POINTS.findall(lines[0]))
    return f'<path class="{lines[1]}" fill="none" d="{path}"/>'


def _group(element: Placed, drawing: str) -> str:
    head = f'<g id="{element.id}" class={quoteattr(element.cls)}'
    if not element.label:
        return f"{head}>{drawing}</g>\n"
    title = escape(cleaned(element.label))
    return f'{head} role="img" tabindex="-1"><title>{title}</title>{drawing}</g>\n'
