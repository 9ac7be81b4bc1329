"""kubectl exec, attach and logs for one cluster: a shell in a container, and what its program printed.

Joins what no room knows of another: the shell (kubelet), the cluster's names (dns), the verbs (apiserver).
"""

from __future__ import annotations

import zlib
from posixpath import basename

from core.api.faults import is_switched_off
from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.meta import Obj, Ref, namespace_of, uid_of
from core.apiserver.registry.deletion import DeleteOptions
from core.apiserver.registry.generic import Registry
from core.client.cache import View
from core.dns import records
from core.kubelet import webserver
from core.kubelet.ipam import host_ip
from core.kubelet.played import played
from core.kubelet.program import WITHOUT_ENTRYPOINT, image_base, words_of
from core.kubelet.shell.builtins import MAIN_PROCESS_ENDS
from core.kubelet.shell.commands import SHELLS
from core.kubelet.shell.disk import Disk
from core.kubelet.shell.run import Container, Result, run, run_script
from core.kubelet.shell.session import Reader, Session, Sink, Streams, Unreachable
from core.kubelet.status import is_running, named_container
from core.sim.settings import Settings

_SHELL_FLAGS = frozenset(("-i", "-l", "-il", "-li", "--login"))
_NO_UPGRADE = "unable to upgrade connection"


class Exec:
    """Runs commands in the containers of a cluster."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._store = registry.store
        self._settings = settings

    def find(self, ref: Ref, container: str = "") -> Obj:
        """Return the spec of the container that is meant, if a command can be run in it. Raises: ApiError."""
        pod = self._registry.get(ref)
        found = named_container(pod, container)
        name, node_name = found["name"], pod["spec"].get("nodeName")
        if not node_name:
            raise BadRequest(f"pod {ref.name} does not have a host assigned")
        node = self._store.view.get("Node", "", node_name)
        if node is None or is_switched_off(node):
            raise ApiError(
                f"error dialing backend: dial tcp {host_ip(node or {})}:10250: connect: no route to host"
            )
        if not is_running(pod, name):
            raise ApiError(f'{_NO_UPGRADE}: container not found ("{name}")')
        return found

    def run(
        self,
        ref: Ref,
        argv: list[str],
        *,
        container: str = "",
        stdin: bytes | Reader = b"",
        actor: str = "kubectl",
    ) -> Result:
        """Run a command and keep what it changed. One transaction.

        Raises: ApiError; Starved when it reads more of an unfinished *stdin* than there is: then nothing has
        happened, and it may be run again when there is more.
        """
        with self._store.transaction():
            session = self.session(ref, container)
            result = run(session, argv, stdin if isinstance(stdin, Reader) else Reader(stdin))
            self._keep(session.disk, actor)
        return result

    def session(self, ref: Ref, container: str = "") -> Session:
        """Return a shell in a running container as it is now. Raises: ApiError."""
        found = self.find(ref, container)
        pod, view = self._registry.get(ref), self._store.view
        place = Container(pod, found, self._settings, self._store.now)
        image = played(place, view).files
        return place.session(view, Reach(view, self._settings, place), image)

    def end(self, ref: Ref, container: str = "", code: int = 1, actor: str = "kubectl") -> None:
        """Have the program of a container end with *code*, as if it had crashed. Raises: ApiError."""
        with self._store.transaction():
            session = self.session(ref, container)
            session.disk.mark(MAIN_PROCESS_ENDS, str(code).encode())
            self._keep(session.disk, actor)

    def lives(self, ref: Ref, uid: str, container: str) -> bool:
        """Say whether a container of that very Pod still runs."""
        pod = self._store.get(ref)
        return pod is not None and uid_of(pod) == uid and is_running(pod, container)

    def _keep(self, disk: Disk, actor: str) -> None:
        written, removed = disk.changes()
        for file in written:
            meta = file["metadata"]
            if self._store.get(Ref("VolumeFile", meta["namespace"], meta["name"])) is None:
                self._registry.create(file, actor)
            else:
                self._registry.update(file, actor)
        for ref in removed:
            self._registry.delete(ref, DeleteOptions(), actor)


def is_interactive(container: Obj) -> bool:
    """Say whether the program of a container is a shell that reads what is typed."""
    words = words_of(container)
    if not words:
        return image_base(container.get("image") or "") in WITHOUT_ENTRYPOINT
    return basename(words[0]) in SHELLS and all(word in _SHELL_FLAGS for word in words[1:])


class Terminal:
    """A shell to which somebody types line by line; between the lines the cluster goes on.

    *attached*: it is the container's own program, which ends with it.
    """

    def __init__(
        self, executor: Exec, ref: Ref, container: str = "", *, actor: str = "kubectl", attached: bool = False
    ) -> None:
        """Raises: ApiError."""
        self._attached = attached
        self._executor = executor
        self._ref = ref
        self._actor = actor
        self._session = executor.session(ref, container)
        self._container = self._session.container["name"]
        self.uid = uid_of(self._session.pod)
        self.ended = False

    def enter(self, text: str) -> Result:
        """Run one line or a few. Raises: ApiError when the container is no longer there."""
        session, executor = self._session, self._executor
        streams = Streams(Reader(), Sink(), Sink())
        with executor._store.transaction():
            fresh = executor.session(self._ref, self._container)
            if uid_of(fresh.pod) != self.uid:
                raise ApiError(f'{_NO_UPGRADE}: container not found ("{self._container}")')
            session.pod, session.disk, session.network = fresh.pod, fresh.disk, fresh.network
            session.now = fresh.now
            code, self.ended = run_script(session, text, streams)
            if self.ended and self._attached:
                session.disk.mark(MAIN_PROCESS_ENDS, str(code).encode())
            executor._keep(session.disk, self._actor)
        return Result(bytes(streams.out.content), bytes(streams.err.content), code)


class Reach:
    """The network as a container sees it."""

    def __init__(self, view: View, settings: Settings, place: Container) -> None:
        self._view = view
        self._settings = settings
        self._place = place

    def addresses(self, name: str) -> list[str]:
        tries = records.resolve(self._view, self._settings, namespace_of(self._place.pod), name)
        return [record.data for record in tries[-1][1].records if record.type == "A"]

    def name_of(self, address: str) -> str:
        reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        names = [
            r.data.rstrip(".") for r in records.answer(self._view, self._settings, reverse, "PTR").records
        ]
        dashed = address.replace(".", "-")  # of a Service in which the Pod has no name of its own
        return min(names, key=lambda name: name.startswith(dashed), default="")

    def get(self, address: str, port: int, path: str, disk: Disk) -> webserver.Reply:
        if address.startswith("127."):
            return self._ask(self._place.pod, port, path, disk)
        for service in self._view.indexed("services-by-address", address):
            address, port = self._endpoint(service, port)
        pods = self._view.indexed("pod-addresses", address)
        pod = next((pod for pod in pods if not pod["spec"].get("hostNetwork")), None)
        if pod is None:
            raise Unreachable("No route to host")
        return self._ask(pod, port, path, disk)

    def _endpoint(self, service: Obj, port: int) -> tuple[str, int]:
        """Return where kube-proxy sends a connection: some ready endpoint, by and by each of them."""
        spec = next((p for p in service["spec"].get("ports") or () if p["port"] == port), None)
        if spec is None:
            raise Unreachable("Operation timed out")
        ready = sorted(e for e in records.endpoints_of(self._view, service) if e.ready)
        if not ready:
            raise Unreachable("Connection refused")
        seed = f"{uid_of(service)}{self._place.now}".encode()
        chosen = ready[zlib.crc32(seed) % len(ready)]
        target = next((n for name, _, n in chosen.ports if name == (spec.get("name") or "")), port)
        return chosen.address, target

    def _ask(self, pod: Obj, port: int, path: str, disk: Disk) -> webserver.Reply:
        node = self._view.get("Node", "", pod["spec"].get("nodeName") or "")
        if node is None or is_switched_off(node):
            raise Unreachable("No route to host")
        for container in pod["spec"]["containers"]:
            if is_running(pod, container["name"]) and webserver.listens(container, port):
                own = uid_of(pod) == uid_of(self._place.pod) and container == self._place.container
                place = Container(pod, container, self._settings, self._place.now)
                return webserver.reply(container, disk if own else place.session(self._view).disk, path)
        raise Unreachable("Connection refused")
