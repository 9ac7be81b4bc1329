"""The Kubernetes API over loopback: writes, large lists, many watchers, and the real kubectl.

    python -m bench.api [writes] [lists] [watchers] [kubectl]

Starts the server as `make run` does, with a cluster that stands still, so that only requests cost anything.
CPU and memory are those of the server's process.
"""

from __future__ import annotations

import http.client
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bench.pages import server_process
from bench.writes import POD

PODS = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
JSON = {"Content-Type": "application/json"}
PATCH = {"Content-Type": "application/merge-patch+json"}
EVENT = b'{"type":"'
PATIENCE = 50.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")

Figures = dict[str, float]


class Client:
    """One connection that is kept."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content[:300]
        return content


def pod(name: str) -> bytes:
    return json.dumps({**POD, "metadata": {**POD["metadata"], "name": name}}).encode()


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def megabytes(process: int) -> float:
    """Return what *process* has in memory now."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def create(address: str, first: int, count: int, connections: int = 1) -> float:
    """Create *count* Pods over *connections*; return the seconds."""
    share = count // connections

    def work(at: int) -> None:
        client = Client(address)
        for number in range(first + at * share, first + (at + 1) * share):
            client("POST", PODS, pod(f"p-{number}"), **JSON)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def writes(count: int = 800) -> Figures:
    """Create Pods through HTTP, beside what the store alone does in a process of its own."""
    store = subprocess.run(
        [sys.executable, "-m", "bench.writes"], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    alone = json.loads(store.stdout.splitlines()[-1])["create a Pod, a transaction each (us)"]
    with server_process(0) as (address, process):
        create(address, 0, 100)
        before = cpu_seconds(process)
        one = create(address, 1000, count)
        spent = cpu_seconds(process) - before
        eight = create(address, 5000, count, 8)
    return {
        "creates/s, the registry and store alone": round(1e6 / alone),
        "creates/s through HTTP, one connection": round(count / one),
        "creates/s through HTTP, 8 connections": round(count / eight),
        "server ms of CPU a create": round(1000 * spent / count, 2),
    }


def lists(pods: int = 5000) -> Figures:
    figures: Figures = {}
    with server_process(0) as (address, process):
        create(address, 0, pods, 4)
        client = Client(address)
        for name, accept in (("JSON", "application/json"), ("Table", TABLE)):
            spent = []
            before = megabytes(process)
            for _ in range(5):
                began = time.perf_counter()
                content = client("GET", PODS, Accept=accept)
                spent.append(1000 * (time.perf_counter() - began))
            figures |= {
                f"list of {pods} Pods as {name}, ms": round(statistics.median(spent), 1),
                f"list of {pods} Pods as {name}, MB sent": round(len(content) / 1e6, 2),
                f"list of {pods} Pods as {name}, MB more in memory": round(megabytes(process) - before, 1),
            }
    return figures


class Watchers:
    """Many watches that are read by one thread, which counts events."""

    def __init__(self, address: str, count: int, query: str) -> None:
        host, port = urlsplit(address).netloc.split(":")
        self.events = 0
        self._selector = selectors.DefaultSelector()
        self._tails: dict[socket.socket, bytes] = {}
        for _ in range(count):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(f"GET {PODS}?watch=1{query} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            self._selector.register(connection, selectors.EVENT_READ)
            self._tails[connection] = b""

    def read(self, wanted: int) -> float:
        """Read until *wanted* events have come in all; return the seconds."""
        began = time.perf_counter()
        while self.events < wanted and time.perf_counter() - began < PATIENCE:
            for key, _ in self._selector.select(1.0):
                connection: socket.socket = key.fileobj  # type: ignore[assignment]
                content = self._tails[connection] + connection.recv(1 << 18)
                self.events += content.count(EVENT)
                self._tails[connection] = content[-len(EVENT) + 1 :]
        assert self.events >= wanted, self.events
        return time.perf_counter() - began

    def close(self) -> None:
        for connection in self._tails:
            connection.close()


def watchers(pods: int = 1000, count: int = 200, changes: int = 300) -> Figures:
    """Begin *count* watches on *pods*, then make *changes*; CPU and memory over those of no watcher."""
    with server_process(0) as (address, process):
        create(address, 0, pods, 4)
        alone = _changed(address, process, changes, "a")
        memory, before, began = megabytes(process), cpu_seconds(process), time.perf_counter()
        watching = Watchers(address, count, "")
        watching.read(count * pods)
        began = time.perf_counter() - began
        start = cpu_seconds(process) - before
        watching.events = 0
        spent: list[float] = []
        writing = threading.Thread(
            target=lambda: spent.append(_changed(address, process, changes, "b", settle=1.0))
        )
        writing.start()
        seconds = watching.read(count * changes)
        writing.join()
        figures = {
            f"{count} watches of {pods} Pods begin, s": round(began, 2),
            f"{count} watches of {pods} Pods begin, s of CPU": round(start, 2),
            f"events/s delivered to {count} watches": round(count * changes / seconds),
            f"{changes} changes without a watch, s of CPU": round(alone, 2),
            f"{changes} changes with {count} watches, s of CPU more": round(spent[0] - alone, 2),
            f"{count} watches, MB more in memory": round(megabytes(process) - memory, 1),
        }
        watching.close()
    return figures


def _changed(address: str, process: int, changes: int, value: str, settle: float = 0.0) -> float:
    """Change a label of one Pod after another; return the seconds of CPU."""
    client, before = Client(address), cpu_seconds(process)
    for number in range(changes):
        body = json.dumps({"metadata": {"labels": {"x": f"{value}{number}"}}}).encode()
        client("PATCH", f"{PODS}/p-{number}", body, **PATCH)
    time.sleep(settle)  # until what was written has been told too
    return cpu_seconds(process) - before


def kubectl(documents: int = 300) -> Figures:
    """Apply *documents* Services with the real kubectl: made, then unchanged."""
    from tests.clients import kubectl_binary

    binary = str(kubectl_binary.find())
    service = "apiVersion: v1\nkind: Service\nmetadata: {{name: s-{n}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    text = "---\n".join(service.format(n=number) for number in range(documents))
    with server_process(0) as (address, process), tempfile.TemporaryDirectory() as home:

        def apply() -> None:
            subprocess.run(
                [binary, "--server", address, "apply", "-f", "-"],
                input=text,
                text=True,
                check=True,
                stdout=subprocess.DEVNULL,
                env={"HOME": home, "PATH": "/usr/bin:/bin"},
                timeout=PATIENCE,
            )

        figures: Figures = {}
        for what in ("made", "unchanged"):
            before, began = cpu_seconds(process), time.perf_counter()
            apply()
            figures[f"kubectl apply, {documents} Services {what}, s"] = round(time.perf_counter() - began, 2)
            figures["  of these the server's CPU" + (" " if what == "made" else "")] = round(
                cpu_seconds(process) - before, 2
            )
    return figures


def main(asked: list[str]) -> None:
    parts: tuple[Callable[[], Figures], ...] = (writes, lists, watchers, kubectl)
    print(json.dumps([part() for part in parts if not asked or part.__name__ in asked]))


if __name__ == "__main__":
    main(sys.argv[1:])
