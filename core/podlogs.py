"""kubectl logs: what the program of a container has printed, as far as somebody wants to see it.

Source: pkg/kubelet/kubelet_pods.go (validateContainerLogStatus), kuberuntime/logs (v1.36).
Not modelled: requests that a server answers; a log is kept of the last container only, and of the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.api.faults import is_switched_off
from core.apimachinery.errors import ApiError, BadRequest
from core.apimachinery.meta import Obj, Ref, namespace_of, uid_of
from core.apimachinery.timestamps import micro_timestamp
from core.apiserver.podlog import LogOptions
from core.apiserver.registry.generic import Registry
from core.kubelet.ipam import host_ip
from core.kubelet.played import Line, played
from core.kubelet.shell.run import Container
from core.kubelet.status import container_status, named_container
from core.sim.settings import Settings


@dataclass(frozen=True, slots=True)
class Log:
    """*lines*: all that was printed so far; *ended*: there will be no more of it."""

    uid: str
    lines: tuple[Line, ...]
    ended: bool
    now: float


def log_of(registry: Registry, settings: Settings, ref: Ref, options: LogOptions) -> Log | None:
    """Return the log of a container; None for a Pod without a node. Raises: ApiError."""
    pod = registry.get(ref)
    container = named_container(pod, options.container)
    node_name = pod["spec"].get("nodeName")
    if not node_name:
        return None
    node = registry.store.view.get("Node", "", node_name)
    if node is None or is_switched_off(node):
        host = f"{host_ip(node or {})}:10250"
        path = f"containerLogs/{namespace_of(pod)}/{ref.name}/{container['name']}"
        raise ApiError(f'Get "https://{host}/{path}": dial tcp {host}: connect: no route to host')
    state = _state(pod, container["name"], previous=options.previous)
    now, view = registry.store.now, registry.store.view
    lines = played(Container(pod, container, settings, now), view, previous=options.previous).lines
    return Log(uid_of(pod), lines, "running" not in state, now)


def _state(pod: Obj, name: str, *, previous: bool) -> Obj:
    """Return the state of the container that is meant. Raises: BadRequest when it has no log."""
    status = container_status(pod, name)
    place = f'container "{name}" in pod "{pod["metadata"]["name"]}"'
    last: Obj = (status.get("lastState") or {}) if status else {}
    if previous:
        if not last.get("terminated"):
            raise BadRequest(f"previous terminated {place} not found")
        return last
    state: Obj = status["state"] if status else {"waiting": {"reason": "ContainerCreating"}}
    if "waiting" in state and not last.get("terminated"):
        reason = state["waiting"].get("reason", "")
        trouble = {
            "ErrImagePull": "image can't be pulled",
            "ImagePullBackOff": "trying and failing to pull image",
        }.get(reason)
        raise BadRequest(f"{place} is waiting to start: {trouble or reason}")
    return state


def rendered(lines: Sequence[Line], options: LogOptions, now: float) -> bytes:
    """Return the part of a log that is wanted, as it is sent."""
    begin = options.since_time if options.since_time is not None else float("-inf")
    if options.since is not None:
        begin = now - options.since
    wanted = [line for line in lines if line.at >= begin]
    if options.tail is not None:
        wanted = wanted[-options.tail :] if options.tail else []
    if options.timestamps:
        texts = [f"{micro_timestamp(line.at)[:-1]}000Z ".encode() + line.text for line in wanted]
    else:
        texts = [line.text for line in wanted]
    return b"".join(texts)[: options.limit]
