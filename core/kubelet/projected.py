"""What other objects bring into a Pod: ConfigMaps and the Pod's own fields, as files and as variables.

Source: pkg/volume/{configmap,projected,downwardapi}, pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
(v1.36).
Differs: a change of a ConfigMap is seen at once, also where it was mounted by subPath and in variables;
upstream's files follow within a minute or so, and those two not at all.
Not modelled: Secrets and service account tokens; the symbolic links below ``..data``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from core.apimachinery.meta import Obj, field, namespace_of


class Getter(Protocol):
    """The part of a View by which a ConfigMap is found."""

    def get(self, kind: str, namespace: str, name: str) -> Obj | None: ...


class Missing(NamedTuple):
    """*message*: as the kubelet says it; *words* for the page."""

    message: str
    words: str


# -- which ConfigMaps ------------------------------------------------------------------------------


def config_maps_of(pod: Obj) -> set[str]:
    """Return the names of the ConfigMaps that the Pod's volumes and containers refer to."""
    spec = pod["spec"]
    names = {source["name"] for volume in spec.get("volumes") or () for source in _config_maps(volume)}
    for container in [*spec["containers"], *(spec.get("initContainers") or ())]:
        names |= {source["name"] for source, _ in _variable_sources(container)}
    return names


def _sources(volume: Obj) -> list[Obj]:
    """Return the projections of one of ``spec.volumes``; a ConfigMap or fields alone are one."""
    if "projected" in volume:
        return volume["projected"].get("sources") or []
    return [{key: volume[key]} for key in ("configMap", "downwardAPI") if key in volume]


def _config_maps(volume: Obj) -> Iterator[Obj]:
    yield from (source["configMap"] for source in _sources(volume) if source.get("configMap"))


def _variable_sources(container: Obj) -> Iterator[tuple[Obj, str]]:
    """Yield the references to ConfigMaps of a container's environment, with the key ("": all of it)."""
    for source in container.get("envFrom") or ():
        if source.get("configMapRef"):
            yield source["configMapRef"], ""
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("configMapKeyRef")
        if reference:
            yield reference, reference["key"]


# -- volumes ---------------------------------------------------------------------------------------


def is_projected(volume: Obj) -> bool:
    """Say whether the volume's files are those of this module."""
    return bool(_sources(volume))


def files(pod: Obj, view: Getter, volume: Obj) -> dict[str, bytes]:
    """Return the files of one of ``spec.volumes`` by path, which begins with a slash."""
    out: dict[str, bytes] = {}
    for source in _sources(volume):
        if source.get("configMap"):
            found = view.get("ConfigMap", namespace_of(pod), source["configMap"]["name"])
            content = _content(found) if found is not None else {}
            items = source["configMap"].get("items")
            pairs = [(i["key"], i["path"]) for i in items] if items else [(key, key) for key in content]
            out |= {f"/{path}": content[key] for key, path in pairs if key in content}
        for item in (source.get("downwardAPI") or {}).get("items") or ():
            if item.get("fieldRef"):
                out[f"/{item['path']}"] = own_field(pod, item["fieldRef"]).encode()
    return out


def _content(config_map: Obj) -> dict[str, bytes]:
    texts, blobs = config_map.get("data") or {}, config_map.get("binaryData") or {}
    content = {key: text.encode() for key, text in texts.items()}
    return content | {key: base64.b64decode(text) for key, text in blobs.items()}


def missing_file(pod: Obj, view: Getter, volume: Obj) -> Missing | None:
    """Return what keeps one of ``spec.volumes`` from being set up, or None."""
    for source in _config_maps(volume):
        if source.get("optional"):
            continue
        name = source["name"]
        found = view.get("ConfigMap", namespace_of(pod), name)
        if found is None:
            return _no_config_map(name)
        content = _content(found)
        for item in source.get("items") or ():
            if item["key"] not in content:
                message = f"configmap references non-existent config key: {item['key']}"
                return Missing(message, f"waits for key {item['key']} in ConfigMap {name}")
    return None


def _no_config_map(name: str) -> Missing:
    return Missing(f'configmap "{name}" not found', f"waits for ConfigMap {name} to be created")


# -- variables -------------------------------------------------------------------------------------


def missing_variable(pod: Obj, view: Getter, container: Obj) -> Missing | None:
    """Return what keeps the container from being made, or None."""
    namespace = namespace_of(pod)
    for source, key in _variable_sources(container):
        if source.get("optional"):
            continue
        name = source["name"]
        found = view.get("ConfigMap", namespace, name)
        if found is None:
            return _no_config_map(name)
        if key and key not in (found.get("data") or {}):
            message = f"couldn't find key {key} in ConfigMap {namespace}/{name}"
            return Missing(message, f"waits for key {key} in ConfigMap {name}")
    return None


def variables(pod: Obj, view: Getter, container: Obj, known: dict[str, str]) -> dict[str, str]:
    """Return *known* with what the container's ``envFrom`` and ``env`` add."""
    env = dict(known)
    for source in container.get("envFrom") or ():
        reference = source.get("configMapRef") or {}
        data = _data(pod, view, reference.get("name", ""))
        env |= {f"{source.get('prefix') or ''}{key}": text for key, text in data.items()}
    for variable in container.get("env") or ():
        value = variable.get("value")
        if value is None:
            value = _value_from(pod, view, variable.get("valueFrom") or {})
            if value is None:  # optional, and not there
                continue
        for name, text in env.items():
            value = value.replace(f"$({name})", text)
        env[variable["name"]] = value
    return env


def _data(pod: Obj, view: Getter, name: str) -> dict[str, str]:
    found = view.get("ConfigMap", namespace_of(pod), name) if name else None
    data: dict[str, str] = (found or {}).get("data") or {}
    return data


def _value_from(pod: Obj, view: Getter, source: Obj) -> str | None:
    reference = source.get("configMapKeyRef")
    if reference:
        return _data(pod, view, reference["name"]).get(reference["key"])
    return own_field(pod, source.get("fieldRef") or {})


def own_field(pod: Obj, reference: Obj) -> str:
    """Return a field of the Pod as a fieldRef names it: ``metadata.labels['app']``; "" when it has none."""
    path = str(reference.get("fieldPath") or "")
    if path.endswith("']"):
        table, _, key = path[:-2].partition("['")
        return str((field(pod, table) or {}).get(key, ""))
    value: Any = field(pod, path) if path else ""
    if path in ("metadata.labels", "metadata.annotations"):
        return "\n".join(f'{key}="{text}"' for key, text in sorted((value or {}).items()))
    return "" if value is None or isinstance(value, dict | list) else str(value)
