"""Validation of a pod spec's containers: names, images, ports, environment, probes, hooks, resources.

Source: pkg/apis/core/validation/validation.go, validateContainers and what it calls (v1.36).
Not modelled: windows options, resource claims (DRA), the inner checks of securityContext.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core.apimachinery import quantity
from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    dns1123_label,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    port_name,
    port_number,
    qualified_name,
    required,
)
from core.apiserver.registry.podspec_volumes import validate_volume_devices, validate_volume_mounts

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_SCHEMES = ("HTTP", "HTTPS")
_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NON_NEGATIVE = "must be greater than or equal to 0"
_ONE_HANDLER = "may not specify more than 1 handler type"
_INIT_ONLY = "may not be set for init containers without restartPolicy=Always"
_NOT_EPHEMERAL = "cannot be set for an Ephemeral Container"
_EPHEMERAL_FORBIDDEN = (
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "ports",
    "resizePolicy",
)
_FIELD_PATHS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
# the relaxed rule, default since v1.34
_ENV_NAME = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_STANDARD_RESOURCES = ("cpu", "memory", "ephemeral-storage")


def validate_containers(spec: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]) -> None:
    """Append what is wrong with the main containers of *spec*; *path* is that of the spec."""
    containers = spec.get("containers")
    path = f"{path}.containers"
    if not containers:
        errors.append(required(path))
        return
    names: set[str] = set()
    for at, container in enumerate(containers):
        here = f"{path}[{at}]"
        _validate_common(container, volumes, here, errors)
        _unique(container.get("name") or "", names, here, errors)
        _validate_hooks_and_probes(container, spec, here, errors)
        if container.get("restartPolicy") is not None:
            errors.append(forbidden(f"{here}.restartPolicy", "may not be set for non-init containers"))
    _validate_host_ports(containers, path, errors)


def validate_init_containers(spec: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]) -> None:
    names = {container.get("name") or "" for container in spec.get("containers") or ()}
    path = f"{path}.initContainers"
    for at, container in enumerate(spec["initContainers"]):
        here = f"{path}[{at}]"
        _validate_common(container, volumes, here, errors)
        policy = container.get("restartPolicy")
        if policy is not None and policy != "Always":
            errors.append(not_supported(f"{here}.restartPolicy", policy, ("Always",)))
        _unique(container.get("name") or "", names, here, errors)
        _validate_host_ports((container,), path, errors)  # one by one: they never run together
        if policy == "Always":
            _validate_hooks_and_probes(container, spec, here, errors)
        else:
            for key in ("lifecycle", *_PROBES):
                if container.get(key) is not None:
                    errors.append(forbidden(f"{here}.{key}", _INIT_ONLY))


def validate_ephemeral_containers(
    spec: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]
) -> None:
    others = {c.get("name") or "" for key in ("containers", "initContainers") for c in spec.get(key) or ()}
    names = set(others)
    for at, container in enumerate(spec["ephemeralContainers"]):
        here = f"{path}.ephemeralContainers[{at}]"
        _validate_common(container, volumes, here, errors)
        _unique(container.get("name") or "", names, here, errors)
        target = container.get("targetContainerName")
        if target and target not in others:
            errors.append(not_found(f"{here}.targetContainerName", target))
        for key in _EPHEMERAL_FORBIDDEN:
            if container.get(key):
                errors.append(forbidden(f"{here}.{key}", _NOT_EPHEMERAL))


def _unique(name: str, names: set[str], path: str, errors: list[FieldError]) -> None:
    if name in names:
        errors.append(duplicate(f"{path}.name", name))
    else:
        names.add(name)


def _validate_common(container: Obj, volumes: dict[str, Obj], path: str, errors: list[FieldError]) -> None:
    name = container.get("name") or ""
    if not name:
        errors.append(required(f"{path}.name"))
    else:
        for text in dns1123_label(name):
            errors.append(invalid(f"{path}.name", name, text))
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy")
    if policy not in _MESSAGE_POLICIES:
        errors.append(_choice(f"{path}.terminationMessagePolicy", policy, _MESSAGE_POLICIES))
    get = container.get
    if get("ports"):
        _validate_ports(container["ports"], f"{path}.ports", errors)
    if get("env"):
        _validate_env(container["env"], f"{path}.env", errors)
    if get("envFrom"):
        _validate_env_from(container["envFrom"], f"{path}.envFrom", errors)
    if get("volumeMounts"):
        validate_volume_mounts(container, volumes, path, errors)
    if get("volumeDevices"):
        validate_volume_devices(container, volumes, path, errors)
    pull_policy = get("imagePullPolicy")
    if pull_policy not in _PULL_POLICIES:
        errors.append(_choice(f"{path}.imagePullPolicy", pull_policy, _PULL_POLICIES))
    if get("resources"):
        _validate_resources(container["resources"], f"{path}.resources", errors)


def _choice(path: str, value: Any, allowed: Iterable[str]) -> FieldError:
    return not_supported(path, value, allowed) if value else required(path)


def _validate_ports(ports: list[Obj], path: str, errors: list[FieldError]) -> None:
    names: set[str] = set()
    for at, port in enumerate(ports):
        here = f"{path}[{at}]"
        name = port.get("name")
        if name:
            texts = port_name(name)
            errors += [invalid(f"{here}.name", name, text) for text in texts]
            if not texts:
                _unique(name, names, here, errors)
        number = port.get("containerPort") or 0
        if number == 0:
            errors.append(required(f"{here}.containerPort"))
        else:
            errors += [invalid(f"{here}.containerPort", number, text) for text in port_number(number)]
        host_port = port.get("hostPort") or 0
        if host_port:
            errors += [invalid(f"{here}.hostPort", host_port, text) for text in port_number(host_port)]
        if port.get("protocol") not in _PROTOCOLS:
            errors.append(_choice(f"{here}.protocol", port.get("protocol"), _PROTOCOLS))


def _validate_host_ports(containers: Iterable[Obj], path: str, errors: list[FieldError]) -> None:
    seen: set[str] = set()
    for at, container in enumerate(containers):
        for port_at, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort"):
                text = f"{port.get('protocol')}/{port.get('hostIP') or ''}/{port['hostPort']}"
                if text in seen:
                    errors.append(duplicate(f"{path}[{at}].ports[{port_at}].hostPort", text))
                seen.add(text)


def _validate_env(variables: list[Obj], path: str, errors: list[FieldError]) -> None:
    for at, variable in enumerate(variables):
        name = variable.get("name") or ""
        if not name:
            errors.append(required(f"{path}[{at}].name"))
        elif "=" in name or not name.isascii() or not name.isprintable():
            errors.append(invalid(f"{path}[{at}].name", name, _ENV_NAME))
        if variable.get("valueFrom") is not None:
            _validate_value_from(variable, f"{path}[{at}].valueFrom", errors)


def _validate_value_from(variable: Obj, path: str, errors: list[FieldError]) -> None:
    sources = {key: value for key, value in variable["valueFrom"].items() if value is not None}
    field_ref = sources.get("fieldRef")
    if field_ref is not None:
        where = field_ref.get("fieldPath") or ""
        plain = where.partition("[")[0]
        if not where:
            errors.append(required(f"{path}.fieldRef.fieldPath"))
        elif plain not in ("metadata.labels", "metadata.annotations") and where not in _FIELD_PATHS:
            errors.append(not_supported(f"{path}.fieldRef.fieldPath", where, _FIELD_PATHS))
    for kind in ("configMapKeyRef", "secretKeyRef"):
        reference = sources.get(kind)
        if reference is not None and not reference.get("key"):
            errors.append(required(f"{path}.{kind}.key"))
    if not sources:
        text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        errors.append(invalid(path, "", text))
    elif variable.get("value"):
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(sources) > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))


def _validate_env_from(sources: list[Obj], path: str, errors: list[FieldError]) -> None:
    for at, source in enumerate(sources):
        given = [key for key in ("configMapRef", "secretRef") if source.get(key) is not None]
        for key in given:
            if not source[key].get("name"):
                errors.append(required(f"{path}[{at}].{key}.name"))
        if not given:
            text = "must specify one of: `configMapRef` or `secretRef`"
            errors.append(invalid(f"{path}[{at}]", "", text))
        elif len(given) > 1:
            text = "may not have more than one field specified at a time"
            errors.append(invalid(f"{path}[{at}]", "", text))


def _validate_hooks_and_probes(container: Obj, spec: Obj, path: str, errors: list[FieldError]) -> None:
    grace = spec.get("terminationGracePeriodSeconds")
    lifecycle = container.get("lifecycle")
    if lifecycle:
        for key in ("postStart", "preStop"):
            if lifecycle.get(key) is not None:
                _validate_handler(lifecycle[key], f"{path}.lifecycle.{key}", errors, grace)
    for key in _PROBES:
        if container.get(key) is not None:
            _validate_probe(container[key], key, f"{path}.{key}", errors)


def _validate_probe(probe: Obj, kind: str, path: str, errors: list[FieldError]) -> None:
    _validate_handler(probe, path, errors, None)
    for key in _COUNTS:
        if (probe.get(key) or 0) < 0:
            errors.append(invalid(f"{path}.{key}", probe[key], _NON_NEGATIVE))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None:
        if grace <= 0:
            errors.append(invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
        if kind == "readinessProbe":
            text = "must not be set for readinessProbes"
            errors.append(invalid(f"{path}.terminationGracePeriodSeconds", grace, text))
    if kind != "readinessProbe" and probe.get("successThreshold") != 1:
        errors.append(invalid(f"{path}.successThreshold", probe.get("successThreshold"), "must be 1"))


def _validate_handler(handler: Obj, path: str, errors: list[FieldError], grace: int | None) -> None:
    given = [key for key in _HANDLERS if handler.get(key) is not None]
    if not given:
        errors.append(required(path, "must specify a handler type"))
        return
    _HANDLERS[given[0]](handler[given[0]], f"{path}.{given[0]}", errors)
    if given[0] == "sleep" and grace is not None and not 0 <= handler["sleep"].get("seconds", 0) <= grace:
        text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        errors.append(invalid(f"{path}.sleep", handler["sleep"].get("seconds", 0), text))
    for key in given[1:]:
        errors.append(forbidden(f"{path}.{key}", _ONE_HANDLER))


def _validate_exec(action: Obj, path: str, errors: list[FieldError]) -> None:
    if not action.get("command"):
        errors.append(required(f"{path}.command"))


def _validate_http_get(action: Obj, path: str, errors: list[FieldError]) -> None:
    if not action.get("path"):
        errors.append(required(f"{path}.path"))
    _validate_port(action, path, errors)
    if action.get("scheme") not in _SCHEMES:
        errors.append(not_supported(f"{path}.scheme", action.get("scheme") or "", _SCHEMES))


def _validate_port(action: Obj, path: str, errors: list[FieldError]) -> None:
    port = action.get("port", 0)
    texts = port_name(port) if isinstance(port, str) else port_number(port)
    errors += [invalid(f"{path}.port", port, text) for text in texts]


def _validate_sleep(_action: Obj, _path: str, _errors: list[FieldError]) -> None:
    """Nothing without the grace period: :func:`_validate_handler` has it."""


_HANDLERS: dict[str, Callable[[Obj, str, list[FieldError]], None]] = {
    "exec": _validate_exec,
    "httpGet": _validate_http_get,
    "tcpSocket": _validate_port,
    "grpc": _validate_port,
    "sleep": _validate_sleep,
}


def _validate_resources(resources: Obj, path: str, errors: list[FieldError]) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for key, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            here = f"{path}.{key}[{name}]"
            _validate_resource_name(name, here, errors)
            if quantity.compare(amount, 0) < 0:
                errors.append(invalid(here, str(amount), _NON_NEGATIVE))
    for name, amount in requests.items():
        if name in limits and quantity.compare(amount, limits[name]) > 0:
            text = f"must be less than or equal to {name} limit of {limits[name]}"
            errors.append(invalid(f"{path}.requests", str(amount), text))


def _validate_resource_name(name: str, path: str, errors: list[FieldError]) -> None:
    if name in _STANDARD_RESOURCES or name.startswith("hugepages-"):
        return
    texts = qualified_name(name)
    errors += [invalid(path, name, text) for text in texts]
    if not texts and "/" not in name:
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
