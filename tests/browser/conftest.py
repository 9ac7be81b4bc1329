"""A real server in a process of its own, and a real Chromium; without one the tests skip and say so."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOBODY_ANSWERS = ("WebSocket", "htmx:ws:error", "ERR_CONNECTION_REFUSED")
PATIENCE = 30.0  # wall seconds until the server must answer


class Server:
    """`manage.py serve` on a free port of loopback, which can be killed and started again."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = data
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        names = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PACE", "DNS_PORT", "ALLOWED_HOSTS")
        environment = {k: v for k, v in os.environ.items() if k not in names}
        with (self.data / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=environment | {"STSVIZ_DATA": str(self.data)},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    pytest.fail("the server did not come up:\n" + (self.data / "log").read_text()[-3000:])
                time.sleep(0.1)

    def kill(self) -> None:
        """kill -9: nothing can be saved at the last moment."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium (make test does it for root)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    yield from _opened(browser, server)


@pytest.fixture
def second_page(browser: Browser, server: Server) -> Iterator[Page]:
    """Another viewer, with cookies of its own."""
    yield from _opened(browser, server)


def _opened(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: _keep(faults, message.type, message.text))
    page.goto(server.url)
    yield page
    context.close()
    assert faults == []


def _keep(faults: list[str], kind: str, text: str) -> None:
    """An error of the page is a fault; that nobody answers, while we have killed the server, is not."""
    if kind == "error" and not any(word in text for word in NOBODY_ANSWERS):
        faults.append(text)
