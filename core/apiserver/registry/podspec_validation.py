"""Pod spec validation: all that is wrong with it, in the API server's order.

Source: pkg/apis/core/validation/validation.go, ValidatePodSpec (v1.36).
Not modelled: pod-level resources, resource claims, windows, user namespaces.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from core.apimachinery.errors import FieldError
from core.apimachinery.meta import Obj
from core.apimachinery.validation import (
    check,
    dns1123_label,
    dns1123_subdomain,
    duplicate,
    invalid,
    not_supported,
    qualified_name,
    required,
    validate_labels,
)
from core.apiserver.registry.podspec_containers import (
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from core.apiserver.registry.podspec_scheduling import (
    validate_affinity,
    validate_tolerations,
    validate_topology_spread_constraints,
)
from core.apiserver.registry.podspec_volumes import validate_volumes

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
_MAX_INT32 = 2**31 - 1
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_INTEGER = re.compile(r"0|-?[1-9]\d*|-0\d*")
_NAMES = (
    ("serviceAccountName", dns1123_subdomain),
    ("nodeName", dns1123_subdomain),
    ("hostname", dns1123_label),
    ("subdomain", dns1123_label),
    ("priorityClassName", dns1123_subdomain),
    ("runtimeClassName", dns1123_subdomain),
)


def validate_pod_spec(spec: Obj, path: str, *, is_pod: bool = False) -> list[FieldError]:
    """Return every finding about *spec*, which is defaulted. *is_pod*: it is a Pod's, not a template's."""
    errors: list[FieldError] = []
    get = spec.get
    if get("terminationGracePeriodSeconds") is None:
        errors.append(required(f"{path}.terminationGracePeriodSeconds"))
    volumes = validate_volumes(get("volumes") or [], f"{path}.volumes", errors)
    validate_containers(spec, volumes, path, errors)
    if get("initContainers"):
        validate_init_containers(spec, volumes, path, errors)
    if get("ephemeralContainers"):
        validate_ephemeral_containers(spec, volumes, path, errors)
    if get("hostNetwork"):
        _validate_host_network(spec, path, errors, is_pod=is_pod)
    if get("restartPolicy") not in _RESTART_POLICIES:
        errors.append(not_supported(f"{path}.restartPolicy", get("restartPolicy"), _RESTART_POLICIES))
    if get("dnsPolicy") not in _DNS_POLICIES:
        errors.append(not_supported(f"{path}.dnsPolicy", get("dnsPolicy"), _DNS_POLICIES))
    if get("nodeSelector"):
        errors += validate_labels(spec["nodeSelector"], f"{path}.nodeSelector")
    if get("securityContext"):
        _validate_security_context(spec["securityContext"], f"{path}.securityContext", errors)
    if get("affinity"):
        validate_affinity(spec["affinity"], f"{path}.affinity", errors)
    _validate_dns_config(spec, path, errors)
    _validate_gates(spec, path, errors)
    if get("topologySpreadConstraints"):
        constraints = f"{path}.topologySpreadConstraints"
        validate_topology_spread_constraints(spec["topologySpreadConstraints"], constraints, errors)
    for key, name_check in _NAMES:
        if get(key):
            errors += check(f"{path}.{key}", spec[key], name_check)
    deadline = get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        text = f"must be between 1 and {_MAX_INT32}, inclusive"
        errors.append(invalid(f"{path}.activeDeadlineSeconds", deadline, text))
    if get("tolerations"):
        validate_tolerations(spec["tolerations"], f"{path}.tolerations", errors)
    if get("hostAliases"):
        _validate_host_aliases(spec["hostAliases"], f"{path}.hostAliases", errors)
    return errors + validate_preemption_policy(f"{path}.preemptionPolicy", get("preemptionPolicy"))


def validate_pod_annotations(meta: Obj, path: str) -> list[FieldError]:
    """Return what is wrong with annotations that Kubernetes reads itself (ValidatePodSpecificAnnotations).

    *meta*: the metadata of a Pod, or of a template, below which *path* says annotations stand.
    """
    cost = (meta.get("annotations") or {}).get(DELETION_COST)
    # no plus sign, no leading zero
    if cost is None or (_INTEGER.fullmatch(cost) and -_MAX_INT32 - 1 <= int(cost) <= _MAX_INT32):
        return []
    return [invalid(f"{path}.annotations[{DELETION_COST}]", cost, "must be a 32bit integer")]


def validate_preemption_policy(path: str, policy: str | None) -> list[FieldError]:
    if policy == "":
        return [required(path)]
    if policy is not None and policy not in _PREEMPTION_POLICIES:
        return [not_supported(path, policy, _PREEMPTION_POLICIES)]
    return []


def _validate_host_network(spec: Obj, path: str, errors: list[FieldError], *, is_pod: bool) -> None:
    for at, container in enumerate(spec.get("containers") or ()):
        for port_at, port in enumerate(container.get("ports") or ()):
            host_port = port.get("hostPort") or 0
            # a template may leave it open: the Pod's own defaulting sets it
            if (is_pod or host_port) and host_port != port.get("containerPort"):
                here = f"{path}.containers[{at}].ports[{port_at}].hostPort"
                text = "must match `containerPort` when `hostNetwork` is true"
                errors.append(invalid(here, host_port, text))


def _validate_security_context(context: Obj, path: str, errors: list[FieldError]) -> None:
    for key in ("fsGroup", "runAsUser", "runAsGroup"):
        value = context.get(key)
        if value is not None and not 0 <= value <= _MAX_INT32:
            text = f"must be between 0 and {_MAX_INT32}, inclusive"
            errors.append(invalid(f"{path}.{key}", value, text))
    policy = context.get("fsGroupChangePolicy")
    if policy is not None and policy not in ("Always", "OnRootMismatch"):
        errors.append(not_supported(f"{path}.fsGroupChangePolicy", policy, ("Always", "OnRootMismatch")))


def _validate_dns_config(spec: Obj, path: str, errors: list[FieldError]) -> None:
    config = spec.get("dnsConfig")
    path = f"{path}.dnsConfig"
    if spec.get("dnsPolicy") == "None" and not (config or {}).get("nameservers"):
        if config is None:
            errors.append(required(path, "must provide `dnsConfig` when `dnsPolicy` is None"))
        else:
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            errors.append(required(f"{path}.nameservers", text))
        return
    if not config:
        return
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > 3:
        errors.append(invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for at, server in enumerate(servers):
        _validate_ip(server, f"{path}.nameservers[{at}]", errors)
    if len(searches) > 32:
        errors.append(invalid(f"{path}.searches", searches, "must not have more than 32 search paths"))


def _validate_gates(spec: Obj, path: str, errors: list[FieldError]) -> None:
    for at, gate in enumerate(spec.get("readinessGates") or ()):
        where = f"{path}.readinessGates[{at}].conditionType"
        errors += check(where, gate.get("conditionType") or "", qualified_name)
    seen: set[str] = set()
    for at, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name") or ""
        errors += check(f"{path}.schedulingGates[{at}]", name, qualified_name)
        if name in seen:
            errors.append(duplicate(f"{path}.schedulingGates[{at}]", name))
        seen.add(name)


def _validate_host_aliases(aliases: list[Obj], path: str, errors: list[FieldError]) -> None:
    for at, alias in enumerate(aliases):
        _validate_ip(alias.get("ip") or "", f"{path}[{at}].ip", errors)
        for name_at, name in enumerate(alias.get("hostnames") or ()):
            errors += check(f"{path}[{at}].hostnames[{name_at}]", name, dns1123_subdomain)


def _validate_ip(text: str, path: str, errors: list[FieldError]) -> None:
    try:
        ip_address(text)
    except ValueError:
        errors.append(invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
