"""A shell in nginx, in a Pod with a volume; what it did is put into the view when asked."""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj
from core.client.cache import Cache
from core.kubelet.shell.run import Container, Result, run
from core.kubelet.shell.session import Reader, Session
from core.sim.settings import Settings
from tests.core.kubelet.cast import NOW, container, node, pod


class Box:
    def __init__(self, **spec: Any) -> None:
        self.pod: Obj = pod(
            container(volumeMounts=[{"name": "data", "mountPath": "/data"}], **spec),
            volumes=[{"name": "data", "emptyDir": {}}],
        )
        self.pod["status"] = {"podIP": "10.244.1.7"}
        self.view = Cache([self.pod, node()])
        self.session = self.fresh()

    def fresh(self) -> Session:
        """Return a new shell, as the next `kubectl exec` gets it."""
        return Container(self.pod, self.pod["spec"]["containers"][0], Settings(), NOW).session(self.view)

    def keep(self) -> None:
        """Store what was changed; the next shell sees it."""
        written, removed = self.session.disk.changes()
        for file in written:
            self.view.put(file)
        for ref in removed:
            self.view.drop(ref)
        self.session = self.fresh()

    def exec(self, *argv: str, stdin: bytes = b"") -> Result:
        return run(self.session, list(argv), Reader(stdin))

    def sh(self, text: str, stdin: bytes = b"") -> Result:
        return self.exec("sh", "-c", text, stdin=stdin)

    def out(self, text: str, stdin: bytes = b"") -> str:
        """Return what a script prints that must not fail or complain."""
        result = self.sh(text, stdin)
        assert (result.code, result.stderr) == (0, b""), result
        return result.stdout.decode()
