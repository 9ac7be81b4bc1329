"""Pod spec defaulting: what the API server fills in wherever a pod spec stands, template or Pod.

Everything here changes its argument, which is the registry's private copy, and is idempotent.
Source: pkg/apis/core/v1/defaults.go (v1.36).
Not modelled: the defaults of in-tree network volumes (iscsi, rbd, azureDisk, scaleIO).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from core.apimachinery import quantity
from core.apimachinery.meta import Obj
from core.apiserver.registry.persistentvolumeclaim import default_claim_spec

_MODE = 0o644
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def ensured(obj: Obj, key: str) -> Obj:
    """Return the struct at *key* of *obj*, made when it is absent or null."""
    inner: Obj | None = obj.get(key)
    if inner is None:
        inner = obj[key] = {}
    return inner


def default_pod_template(template: Obj) -> None:
    """Default *template*; its metadata stays as given, for only stored objects have the rest."""
    ensured(template, "metadata").pop("creationTimestamp", None)
    default_pod_spec(ensured(template, "spec"))


def default_pod_spec(spec: Obj) -> None:
    _set(spec, "restartPolicy", "Always")
    _set(spec, "terminationGracePeriodSeconds", 30)
    _set(spec, "dnsPolicy", "ClusterFirst")
    _set(spec, "schedulerName", "default-scheduler")
    ensured(spec, "securityContext")
    # the deprecated name mirrors the present one, which wins
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in all_containers(spec):
        _default_container(container)
    for volume in spec.get("volumes") or ():
        _default_volume(volume)
    if spec.get("overhead"):
        spec["overhead"] = _canonical(spec["overhead"])


def all_containers(spec: Obj) -> Iterator[Obj]:
    """Yield init, main and ephemeral containers, in this order."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


@lru_cache(maxsize=1024)
def image_pull_policy(image: str) -> str:
    """Return Always for ``latest`` (written or implied), else IfNotPresent; a digest is never latest."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _set(obj: Obj, key: str, value: Any) -> None:
    # Go cannot tell an empty string from an absent one: both are defaulted
    if obj.get(key) in (None, ""):
        obj[key] = value


def _default_container(container: Obj) -> None:
    resources = container.get("resources")
    if not resources:
        container["resources"] = {}
    else:
        for key in ("limits", "requests"):
            if resources.get(key):
                resources[key] = _canonical(resources[key])
    _set(container, "terminationMessagePath", "/dev/termination-log")
    _set(container, "terminationMessagePolicy", "File")
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = image_pull_policy(container.get("image") or "")
    for port in container.get("ports") or ():
        _set(port, "protocol", "TCP")
    for variable in container.get("env") or ():
        _default_field_ref(variable.get("valueFrom"))
    for key in _PROBES:
        if container.get(key) is not None:
            _default_probe(container[key])
    for hook in (container.get("lifecycle") or {}).values():
        _default_http_get(hook)


def _default_probe(probe: Obj) -> None:
    for key, value in _PROBE_DEFAULTS.items():
        if not probe.get(key):
            probe[key] = value
    _default_http_get(probe)
    if probe.get("grpc") is not None:
        probe["grpc"].setdefault("service", "")


def _default_http_get(handler: Obj | None) -> None:
    get = (handler or {}).get("httpGet")
    if get is not None:
        _set(get, "path", "/")
        _set(get, "scheme", "HTTP")


def _default_field_ref(source: Obj | None) -> None:
    field_ref = (source or {}).get("fieldRef")
    if field_ref is not None:
        _set(field_ref, "apiVersion", "v1")


def _default_volume(volume: Obj) -> None:
    if volume.get("persistentVolumeClaim") is not None:
        return  # nearly every volume here: nothing to fill in
    if all(value is None for key, value in volume.items() if key != "name"):
        volume["emptyDir"] = {}
        return
    for key in ("secret", "configMap", "downwardAPI", "projected"):
        source = volume.get(key)
        if source is not None:
            source.setdefault("defaultMode", _MODE)
            _default_volume_items(source)
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if claim is not None:
        ensured(claim, "metadata").pop("creationTimestamp", None)
        default_claim_spec(ensured(claim, "spec"))


def _default_volume_items(source: Obj) -> None:
    for item in source.get("items") or ():
        _default_field_ref(item)
    for projection in source.get("sources") or ():
        token = projection.get("serviceAccountToken")
        if token is not None and not token.get("expirationSeconds"):
            token["expirationSeconds"] = 3600
        for item in (projection.get("downwardAPI") or {}).get("items") or ():
            _default_field_ref(item)


def _canonical(amounts: Obj) -> Obj:
    return {name: quantity.canonical(amount, milli=True) for name, amount in amounts.items()}
