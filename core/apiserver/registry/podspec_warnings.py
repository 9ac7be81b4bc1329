"""What the API server warns of in a Pod or a pod template that it lets in all the same.

Source: pkg/api/pod/warnings.go, pkg/api/node/util.go (v1.36).
Not modelled: warnings of old annotations (seccomp, AppArmor), of addresses with leading zeros, and of paths
that overlap in projected volumes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.apimachinery.meta import Obj, name_of
from core.apimachinery.validation import dns1123_label
from core.apiserver.registry import persistentvolumeclaim
from core.apiserver.registry.nodelabels import deprecation_of, term_warnings

_OLD_PLUGINS = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_SELECTOR = "a null labelSelector results in matching no pod"


def name_warnings(obj: Obj, use: str) -> list[str]:
    """Return the warning about a name that is no label. *use*: what it is used in."""
    found = dns1123_label(name_of(obj))
    if not found:
        return []
    text = "which can result in surprising behavior; a DNS label is recommended"
    return [f"metadata.name: this is used in {use}, {text}: [{' '.join(found)}]"]


def template_warnings(obj: Obj, old: Obj | None) -> list[str]:
    """Return what is odd about the template of *obj*; of an update only one that changed the spec warns."""
    if old is not None and obj["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return pod_warnings(obj["spec"]["template"]["spec"], "spec.template.spec")


def pod_warnings(spec: Obj, path: str = "spec") -> list[str]:
    """Return what is odd about a Pod's *spec*, which stands at *path*, in the API server's order."""
    affinity = spec.get("affinity") or {}
    return [
        *_node_labels(spec, affinity.get("nodeAffinity") or {}, path),
        *_spreading(spec, path),
        *_volumes(spec, path),
        *_duplicates(spec, path),
        *_containers(spec, path),
        *_ports(spec, path),
        *_port_names(spec, path),
        *_grace(spec, path),
        *(
            warning
            for kind in ("podAffinity", "podAntiAffinity")
            for warning in _pod_affinity(affinity.get(kind) or {}, f"{path}.affinity.{kind}")
        ),
    ]


def _node_labels(spec: Obj, affinity: Obj, path: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or {}:
        if told := deprecation_of(key):
            yield f"{path}.nodeSelector[{key}]: {told}"
    path = f"{path}.affinity.nodeAffinity"
    for at, term in enumerate((affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from term_warnings(term, f"{path}.{_REQUIRED}.nodeSelectorTerms[{at}]")
    for at, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        yield from term_warnings(weighted.get("preference") or {}, f"{path}.{_PREFERRED}[{at}].preference")


def _spreading(spec: Obj, path: str) -> Iterator[str]:
    for at, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{path}.topologySpreadConstraints[{at}]", constraint.get("topologyKey", "")
        if told := deprecation_of(key):
            yield f"{where}.topologyKey: {key} is {told}"
        if constraint.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_SELECTOR}"


def _volumes(spec: Obj, path: str) -> Iterator[str]:
    for at, volume in enumerate(spec.get("volumes") or ()):
        where = f"{path}.volumes[{at}]"
        for plugin, words in _OLD_PLUGINS.items():
            if volume.get(plugin) is not None:
                yield f"{where}.{'storageOS' if plugin == 'storageos' else plugin}: {words}"
        claim = ((volume.get("ephemeral") or {}).get("volumeClaimTemplate") or {}).get("spec")
        if claim:
            yield from persistentvolumeclaim.spec_warnings(
                claim, f"{where}.ephemeral.volumeClaimTemplate.spec"
            )


def _duplicates(spec: Obj, path: str) -> Iterator[str]:
    for name, field in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for at, item in enumerate(spec.get(name) or ()):
            value = item.get(field, "")
            if value in seen:
                yield f'{path}.{name}[{at}].{field}: duplicate {field} "{value}"'
            seen.add(value)
    for at, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{at}].name: invalid empty name ""'


def _each_container(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for at, container in enumerate(spec.get(name) or ()):
            yield f"{path}.{name}[{at}]", container


def _containers(spec: Obj, path: str) -> Iterator[str]:
    for where, container in _each_container(spec, path):
        resources = container.get("resources") or {}
        for resource in ("memory", "ephemeral-storage"):
            for kind in ("limits", "requests"):
                amount = (resources.get(kind) or {}).get(resource)
                at = f"{where}.resources.{kind}[{resource}]"
                yield from persistentvolumeclaim.fractional_byte_warning(amount, at)
        yield from _variables(container, where)


def _variables(container: Obj, where: str) -> Iterator[str]:
    seen: set[str] = set()
    for at, variable in enumerate(container.get("env") or ()):
        name, value = variable.get("name", ""), variable.get("value", "")
        own = f"$({name})"
        hides = variable.get("valueFrom") is not None or value == own or own not in value
        if name in seen and hides:
            yield (
                f'{where}.env[{at}]: hides previous definition of "{name}", '
                "which may be dropped when using apply"
            )
        seen.add(name)


def _ports(spec: Obj, path: str) -> Iterator[str]:
    taken: dict[tuple[Any, str], list[tuple[str, Obj]]] = {}
    for where, port in _each_port(spec, path):
        address, host_port = port.get("hostIP", ""), port.get("hostPort", 0)
        if address and not host_port:
            yield f"{where}: hostIP set without hostPort: {_go(port)}"
        others = taken.setdefault((port.get("containerPort"), port.get("protocol", "TCP")), [])
        for other, its in others:
            its_address, its_port = its.get("hostIP", ""), its.get("hostPort", 0)
            if (address, host_port) == (its_address, its_port):
                yield f"{where}: duplicate port definition with {other}"
            elif not host_port or not its_port:
                yield f"{where}: overlapping port definition with {other}"
            elif host_port == its_port and bool(address) != bool(its_address):
                yield f"{where}: dangerously ambiguous port definition with {other}"
        others.append((where, port))


def _each_port(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for where, container in _each_container(spec, path):
        for at, port in enumerate(container.get("ports") or ()):
            yield f"{where}.ports[{at}]", port


def _go(port: Obj) -> str:
    """Return *port* as Go prints the struct with ``%+v``."""
    fields = ("name", "hostPort", "containerPort", "protocol", "hostIP")
    zeros = {"hostPort": 0, "containerPort": 0}
    return "{" + " ".join(f"{f[0].upper()}{f[1:]}:{port.get(f, zeros.get(f, ''))}" for f in fields) + "}"


def _port_names(spec: Obj, path: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for where, port in _each_port(spec, path):
        name = port.get("name")
        if name and (other := seen.setdefault(name, where)) != where:
            yield (
                f'{where}: duplicate port name "{name}" with {other}, '
                f"services and probes that select ports by name will use {other}"
            )


def _grace(spec: Obj, path: str) -> Iterator[str]:
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        words = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {words}"


def _pod_affinity(affinity: Obj, path: str) -> Iterator[str]:
    for at, term in enumerate(affinity.get(_REQUIRED) or ()):
        if term.get("labelSelector") is None:
            yield f"{path}.{_REQUIRED}[{at}].labelSelector: {_NO_SELECTOR}"
    for at, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
            yield f"{path}.{_PREFERRED}[{at}].podAffinityTerm.labelSelector: {_NO_SELECTOR}"


def named_template_warnings(obj: Obj, old: Obj | None) -> list[str]:
    """As :func:`template_warnings`, for a kind whose name begins its Pods' names."""
    names = name_warnings(obj, "Pod names and hostnames") if old is None else []
    return names + template_warnings(obj, old)
