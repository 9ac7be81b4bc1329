"""Large sets: coming up, the first paint, what a change costs twenty viewers, and how smoothly one pans.

    python -m bench.size [REPLICAS]

Twenty Chromiums cannot be run fairly on two cores. So the server's side is measured with twenty sockets that
read what a page reads, from before the request to the message that names the seat; and the browser's
side with one Chromium, which is the last of twenty-one to be told.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.pages import FLAGS, WATCH, _apply, _get, _percentile, _ready, _send, _wait, server_process

PATIENCE = 400  # seconds until the largest set is up
FRAMES = """() => {
  const seen = window.pan_frames = []
  const look = at => { seen.push(at); requestAnimationFrame(look) }
  requestAnimationFrame(look)
}"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
DRAWN = """(() => {
  window.drawn_at = null
  const look = () => {
    if (document.querySelectorAll('#picture > .range').length && document.readyState !== 'loading')
      requestAnimationFrame(() => { window.drawn_at ??= performance.now() })
    else requestAnimationFrame(look)
  }
  look()
})()"""


def first_paint(replicas: int, times: int = 5) -> dict[str, float]:
    """Bring a set up on the server, then open its page in a Chromium."""
    from playwright.sync_api import sync_playwright

    with server_process(100) as (address, process), sync_playwright() as playwright:
        began = time.monotonic()
        _apply(address, replicas)
        _wait(lambda: _ready(address) == replicas, PATIENCE)
        up = time.monotonic() - began
        _send(f"{address}/api/v1/namespaces/default/pods/web-{replicas // 2}", "DELETE")
        time.sleep(3)
        page_bytes = len(_get(f"{address}/c/lab/"))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        painted, drawn = [], []
        for _ in range(1 + times):
            page = browser.new_page()
            page.add_init_script(DRAWN)
            page.goto(f"{address}/c/lab/")
            page.wait_for_function("window.drawn_at")
            drawn.append(page.evaluate("window.drawn_at"))
            page.wait_for_function(PAINTED)
            painted.append(page.evaluate(PAINTED))
            elements = page.evaluate("document.getElementsByTagName('*').length")
            page.close()
        browser.close()
        return {
            "replicas": replicas,
            "pods/s up, site and all": round(replicas / up, 1),
            "MB of the server": _megabytes(process),
            "KB of the page": round(page_bytes / 1024),
            "elements of the page": elements,
            "click -> first paint p50 ms": _percentile(painted[1:], 0.5),
            "click -> the folded picture p50 ms": _percentile(drawn[1:], 0.5),
            "click -> the folded picture worst ms": _percentile(drawn[1:], 1.0),
        }


def _megabytes(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024)


class Viewers:
    """Sockets that read what pages read; each notes when it was told of a seat."""

    def __init__(self, address: str, many: int) -> None:
        self.told: list[dict[str, float]] = [{} for _ in range(many)]
        self.asked = ""  # the seat whose news counts
        self._address = f"{address.replace('http', 'ws', 1)}/ws/c/lab"
        self._cursor = _get(f"{address}/c/lab/").decode().split('id="cursor" value="')[1].split('"')[0]
        sys.setswitchinterval(0.0002)  # seconds: else twenty threads wait for each other, not for the site
        for told in self.told:
            threading.Thread(target=self._read, args=(told,), daemon=True).start()

    def _read(self, told: dict[str, float]) -> None:
        import websocket

        origin = self._address.replace("ws", "http", 1).partition("/ws/")[0]
        url = f"{self._address}?cursor={self._cursor}"
        # its check of UTF-8 is in Python, and would take longer than all that is measured
        socket = websocket.create_connection(url, origin=origin, skip_utf8_validation=True)
        with suppress(websocket.WebSocketException, OSError):  # the server goes first
            while True:
                message, at = socket.recv(), time.time() * 1000
                if self.asked and f'id="{self.asked}"' in str(message):
                    told.setdefault(self.asked, at)


def change(replicas: int, viewers: int, rounds: int = 25, every: float = 2.5) -> dict[str, float]:
    """Delete a Pod that is drawn *every* so many seconds; say when sockets and a Chromium know."""
    from playwright.sync_api import sync_playwright

    with server_process(1) as (address, _), sync_playwright() as playwright:
        _apply(address, replicas)
        _wait(lambda: _ready(address) == replicas, 120)
        data = b"element=range-statefulset-default-web-100"
        token = _token(address)
        request = urllib.request.Request(f"{address}/c/lab/unfold", data, token)
        urllib.request.urlopen(request, timeout=30).close()
        watching = Viewers(address, viewers)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(f"{address}/c/lab/")
        page.wait_for_selector("#seat-default-web-150", state="attached")
        page.evaluate(WATCH)
        page.wait_for_timeout(3000)
        began: dict[str, float] = {}
        for number in range(100, 100 + rounds):
            watching.asked = f"seat-default-web-{number}"
            began[watching.asked] = time.time() * 1000
            _send(f"{address}/api/v1/namespaces/default/pods/web-{number}", "DELETE")
            page.wait_for_timeout(1000 * every)
        told = [known[seat] - at for known in watching.told for seat, at in began.items() if seat in known]
        first: dict[str, float] = {}
        for seat, at in page.evaluate("window.changes"):
            if at >= began.get(seat, at + 1):
                first.setdefault(seat, at)
        shown = [first[seat] - at for seat, at in began.items() if seat in first]
        browser.close()
        return {
            "replicas": replicas,
            "viewers": viewers,
            "messages": len(told),
            "request -> message at a socket p50 ms": _percentile(told, 0.5),
            "request -> message at a socket p95 ms": _percentile(told, 0.95),
            "request -> DOM of a Chromium beside them p50 ms": _percentile(shown, 0.5),
            "request -> DOM of a Chromium beside them p95 ms": _percentile(shown, 0.95),
        }


def _token(address: str) -> dict[str, str]:
    """Return the headers of a command that comes from a page."""
    with urllib.request.urlopen(f"{address}/c/lab/", timeout=30) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        token = answer.read().decode().split('"X-CSRFToken": "')[1].split('"')[0]
    return {"Cookie": cookie, "X-CSRFToken": token, "Origin": address}


def panning(replicas: int) -> dict[str, float]:
    """Turn the wheel over the picture for three seconds, sixty times a second."""
    from playwright.sync_api import sync_playwright

    with server_process(1) as (address, _), sync_playwright() as playwright:
        _apply(address, replicas)
        _wait(lambda: _ready(address) == replicas, 60)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/c/lab/")
        page.wait_for_selector("#picture > g", state="attached")
        page.wait_for_timeout(3000)
        return {"replicas": replicas, **pan(page)}


def pan(page: Any, turns: int = 180) -> dict[str, float]:
    """Pan a page as a wheel does: an event a frame, 60 px each; return how its frames came."""
    page.evaluate(FRAMES)
    page.evaluate(
        """turns => new Promise(done => {
        const room = document.getElementById('room'), box = room.getBoundingClientRect()
        let turn = 0
        const next = () => {
          if (turn++ === turns) return done()
          const down = turn % 120 < 90
          room.dispatchEvent(new WheelEvent('wheel', { deltaY: down ? 60 : -180, bubbles: true,
            cancelable: true, clientX: box.left + 300, clientY: box.top + 100 }))
          requestAnimationFrame(next)
        }
        next()
      })""",
        turns,
    )
    seen = page.evaluate("window.pan_frames")
    gaps = [after - before for before, after in pairwise(seen)]
    return {
        "frames/s while panning": round(1000 * len(gaps) / (seen[-1] - seen[0]), 1),
        "between two frames p95 ms": _percentile(gaps, 0.95),
        "frames later than 20 ms": sum(1 for gap in gaps if gap > 20),
    }


if __name__ == "__main__":
    figures: list[dict[str, float]] = []
    if shutil.which("chromium"):
        many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
        figures += [panning(300), change(1000, 20), first_paint(1000), first_paint(many)]
    print(json.dumps(figures))
