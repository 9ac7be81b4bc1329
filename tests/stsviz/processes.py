"""Real servers in processes of their own, driven as a browser drives them, and killed as the kernel kills."""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # wall seconds until something that must come has come
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ask: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Ask again and again until the answer is true. A server that is down, or busy, has no answer."""
    deadline = time.monotonic() + patience
    answer: object = None
    while time.monotonic() < deadline:
        try:
            if answer := ask():
                return answer  # type: ignore[return-value]
        except (OSError, http.client.HTTPException) as error:
            answer = error
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come in {patience:g} s; last: {answer!r}")


def own_environment(data: Path, **more: str) -> dict[str, str]:
    """Return what a site of its own in the folder *data* runs in."""
    others = ("DATABASE_URL", "REDIS_URL", "DNS_PORT", "DJANGO_SETTINGS_MODULE")
    kept = {key: value for key, value in os.environ.items() if key not in others}
    return {**kept, "STSVIZ_DATA": str(data), "DNS_PORT": "0", **more}


def run_python(data: Path, code: str) -> int:
    """Run *code* in a process of its own beside the site's settings; return its exit status."""
    environment = own_environment(data, DJANGO_SETTINGS_MODULE="stsviz.settings")
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode


class Server:
    """One `manage.py serve`."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.port = free_port()
        self.log = data / f"server-{self.port}.log"
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self._token = ""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=own_environment(data, **environment),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """As the kernel does when memory is short: no handler runs, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return bool(self.get("/c/lab/tables.txt"))

    def get(self, path: str) -> str:
        with self._opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, /, **values: str) -> int:
        """Send a form; return the status, also of a refusal."""
        if not self._token:
            found = re.search(r'"X-CSRFToken": "(\w+)"', self.get("/c/lab/"))
            assert found
            self._token = found[1]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            urllib.parse.urlencode(values).encode(),
            {"X-CSRFToken": self._token},
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def objects(self, plural: str, api: str = "/api/v1") -> dict[str, dict[str, Any]]:
        """Return the objects of a resource by name, as the Kubernetes API serves them."""
        items = json.loads(self.get(f"{api}/{plural}"))["items"]
        return {item["metadata"]["name"]: item for item in items}

    def ready(self) -> list[str]:
        """Return the names of the Pods that are Ready and stay."""
        return [
            name
            for name, pod in self.objects("pods").items()
            if "deletionTimestamp" not in pod["metadata"]
            and any(
                c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ())
            )
        ]

    def read(self, pod: str, path: str) -> str:
        query = urllib.parse.urlencode({"kind": "Pod", "namespace": "default", "name": pod, "path": path})
        return self.get(f"/c/lab/file?{query}")
