"""The site under load: pages while the control plane works flat out, and from a write to the screen.

    python -m bench.pages

Starts the server as `make run` does, on a port and a folder of its own. The figures of the screen need
Chromium; without it they are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.replicas import MANIFEST

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
# every viewer is somebody who looks: no page is throttled for standing behind another
FLAGS += ["--disable-background-timer-throttling", "--disable-renderer-backgrounding"]
FLAGS += ["--disable-backgrounding-occluded-windows"]
WATCH = """() => {
  window.changes = [];
  new MutationObserver(list => {
    for (const change of list) {
      const seat = change.target.closest && change.target.closest('[id^=seat-]');
      if (seat) window.changes.push([seat.id, Date.now()]);
    }
  }).observe(document.getElementById('picture').parentNode,
             {subtree: true, childList: true, attributes: true, characterData: true});
}"""


# The frames of a visit, each with the seats that are there; a room of 1280 x 720 shows four rows of them.
FRAMES = """(() => {
  const frames = window.frames_seen = []
  const look = () => {
    frames.push([performance.now(), document.querySelectorAll('#picture > .seat').length])
    requestAnimationFrame(look)
  }
  look()
})()"""
IN_VIEW = 4
SEEN = "seats => window.frames_seen.find(frame => frame[1] >= seats)?.[0]"


@contextmanager
def server(pace: float) -> Iterator[str]:
    """Serve a new lab; yield its address."""
    with server_process(pace) as (address, _):
        yield address


@contextmanager
def server_process(pace: float) -> Iterator[tuple[str, int]]:
    """As :func:`server`; yield the process's id too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="stsviz-bench-") as folder:
        environment = {**os.environ, "STSVIZ_DATA": folder, "PACE": str(pace), "DNS_PORT": "0"}
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
            address = f"http://127.0.0.1:{port}"
            try:
                _wait(lambda: _get(f"{address}/readyz") is not None, 30)
                yield address, process.pid
            finally:
                process.terminate()


def _wait(done: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if done():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def _send(url: str, method: str, body: Any = None) -> None:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _apply(address: str, replicas: int) -> None:
    import yaml

    places = ("/apis/storage.k8s.io/v1/storageclasses", "/api/v1/namespaces/default/services")
    places += ("/apis/apps/v1/namespaces/default/statefulsets",)
    for place, obj in zip(places, yaml.safe_load_all(MANIFEST.format(replicas=replicas)), strict=True):
        _send(address + place, "POST", obj)


def _ready(address: str) -> int:
    found = json.loads(_get(f"{address}/apis/apps/v1/namespaces/default/statefulsets/web"))
    return int((found.get("status") or {}).get("readyReplicas", 0))


def _percentile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 1)


def under_load(replicas: int, every: float = 0.05) -> dict[str, float]:
    """Ask for the page twenty times a second while *replicas* come up at 100 x pace."""
    with server(100) as address:
        for _ in range(10):
            _get(f"{address}/c/lab/")
        _apply(address, replicas)
        began = time.monotonic()
        spent: list[float] = []
        while time.monotonic() - began < 60:
            before = time.perf_counter()
            _get(f"{address}/c/lab/")
            spent.append(1000 * (time.perf_counter() - before))
            if len(spent) % 20 == 0 and _ready(address) == replicas:
                break
            time.sleep(max(0.0, every - spent[-1] / 1000))
        return {
            "replicas": replicas,
            "pages asked for": len(spent),
            "page p50 ms": _percentile(spent, 0.5),
            "page p95 ms": _percentile(spent, 0.95),
            "s until all Ready": round(time.monotonic() - began, 1),
        }


def first_picture(replicas: int, times: int = 11) -> dict[str, float]:
    """Open the page of a set at rest, alone on the machine; read the browser's own clock of the visit."""
    with _browser(replicas) as (address, browser):
        seen = []
        for _ in range(1 + times):
            page = browser.new_page()
            page.add_init_script(FRAMES)
            page.goto(f"{address}/c/lab/")
            page.wait_for_function(f"({SEEN})({replicas})")
            seen.append((page.evaluate(SEEN, IN_VIEW), page.evaluate(SEEN, replicas)))
            page.close()
        view, whole = zip(*seen[1:], strict=True)  # the first visit is the browser's own start too
        return {
            "replicas": replicas,
            "click -> the rows in view p50 ms": _percentile(list(view), 0.5),
            "click -> the rows in view p95 ms": _percentile(list(view), 0.95),
            "click -> all rows p50 ms": _percentile(list(whole), 0.5),
            "click -> all rows p95 ms": _percentile(list(whole), 0.95),
        }


@contextmanager
def _browser(replicas: int) -> Iterator[tuple[str, Any]]:
    """Start a site with *replicas* Ready and a Chromium; yield the address and the browser."""
    from playwright.sync_api import sync_playwright

    with server(1) as address, sync_playwright() as playwright:
        _apply(address, replicas)
        _wait(lambda: _ready(address) == replicas, 60)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield address, browser
        browser.close()


def write_to_screen(replicas: int, viewers: int, rounds: int = 25, every: float = 2.5) -> dict[str, float]:
    """Delete a Pod *every* so many seconds; measure from there to the change of its seat everywhere.

    The request is the HTTP request: the way to the commit is in the figure.
    """
    with _browser(replicas) as (address, browser):
        pages = [browser.new_page() for _ in range(viewers)]
        for page in pages:
            page.goto(f"{address}/c/lab/")
            page.wait_for_selector("#picture g", state="attached")
        for page in pages:
            page.evaluate(WATCH)
        pages[0].wait_for_timeout(1000)
        began: dict[str, float] = {}
        for number in range(rounds):
            began[f"seat-default-web-{number}"] = time.time() * 1000
            _send(f"{address}/api/v1/namespaces/default/pods/web-{number}", "DELETE")
            pages[0].wait_for_timeout(1000 * every)
        spent: list[float] = []
        for page in pages:  # asked only now: asking takes the browser's time too
            first_change: dict[str, float] = {}
            for seat, at in page.evaluate("window.changes"):
                if at >= began.get(seat, at + 1):
                    first_change.setdefault(seat, at)
            spent += [first_change[seat] - at for seat, at in began.items()]
        return {
            "replicas": replicas,
            "viewers": viewers,
            "s between two": every,
            "request -> DOM p50 ms": _percentile(spent, 0.5),
            "request -> DOM p95 ms": _percentile(spent, 0.95),
        }


if __name__ == "__main__":
    figures = [under_load(1000)]
    if shutil.which("chromium"):
        figures += [first_picture(300), write_to_screen(300, 5), write_to_screen(300, 5, every=0.5)]
    print(json.dumps(figures))
