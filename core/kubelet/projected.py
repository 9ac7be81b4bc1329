"""What other objects bring into a Pod: ConfigMaps, Secrets and its own fields, as files and variables.

Source: pkg/volume/{configmap,secret,projected,downwardapi}, makeEnvironmentVariables of
pkg/kubelet/kubelet_pods.go (v1.36).
Differs: a change of one is seen at once, also where it was mounted by subPath and in variables;
upstream's files follow within a minute or so, and those two not at all.
Not modelled: service account tokens; the symbolic links below ``..data``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from core.apimachinery.meta import Obj, field, namespace_of


class Getter(Protocol):
    """The part of a View by which ConfigMaps and Secrets are found."""

    def get(self, kind: str, namespace: str, name: str) -> Obj | None: ...


class Missing(NamedTuple):
    """*message*: as the kubelet says it; *words* for the page."""

    message: str
    words: str


class Source(NamedTuple):
    """A ConfigMap or Secret that a Pod refers to. *items*: the keys it wants, with their paths."""

    kind: str
    name: str
    optional: bool = False
    items: tuple[tuple[str, str], ...] = ()

    def found(self, pod: Obj, view: Getter) -> Obj | None:
        return view.get(self.kind, namespace_of(pod), self.name) if self.name else None

    def missing(self) -> Missing:
        message = f'{self.kind.lower()} "{self.name}" not found'
        return Missing(message, f"waits for {self.kind} {self.name} to be created")

    def missing_key(self, key: str, message: str) -> Missing:
        return Missing(message, f"waits for key {key} in {self.kind} {self.name}")


_NO_KEY = {
    "ConfigMap": "configmap references non-existent config key: ",
    "Secret": "references non-existent secret key: ",
}
_VOLUMES = {"configMap": "ConfigMap", "secret": "Secret"}
_ALL_KEYS = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
_ONE_KEY = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}


def _source(kind: str, reference: Obj) -> Source:
    items = tuple((item["key"], item["path"]) for item in reference.get("items") or ())
    name = reference.get("secretName") or reference.get("name") or ""
    return Source(kind, name, bool(reference.get("optional")), items)


# -- which ConfigMaps and Secrets ------------------------------------------------------------------


def sources_of(pod: Obj) -> set[tuple[str, str]]:
    """Return kind and name of what the Pod's volumes and containers refer to."""
    spec = pod["spec"]
    found = [source for volume in spec.get("volumes") or () for source in _volume_sources(volume)]
    for container in [*spec["containers"], *(spec.get("initContainers") or ())]:
        found += [source for source, _ in _variable_sources(container)]
    return {(source.kind, source.name) for source in found}


def _projections(volume: Obj) -> list[Obj]:
    """Return the projections of one of ``spec.volumes``; a ConfigMap, Secret or fields alone are one."""
    if "projected" in volume:
        return volume["projected"].get("sources") or []
    return [{key: volume[key]} for key in (*_VOLUMES, "downwardAPI") if key in volume]


def _volume_sources(volume: Obj) -> Iterator[Source]:
    for projection in _projections(volume):
        yield from _referred(projection, _VOLUMES)


def _referred(holder: Obj, kinds: dict[str, str]) -> Iterator[Source]:
    yield from (_source(kind, holder[key]) for key, kind in kinds.items() if holder.get(key))


def _variable_sources(container: Obj) -> Iterator[tuple[Source, str]]:
    """Yield what a container's environment refers to, with the key ("": all of it)."""
    for holder in container.get("envFrom") or ():
        yield from ((source, "") for source in _referred(holder, _ALL_KEYS))
    for variable in container.get("env") or ():
        holder = variable.get("valueFrom") or {}
        for source in _referred(holder, _ONE_KEY):
            yield source, _key_of(holder)


def _key_of(holder: Obj) -> str:
    return next(str(holder[key]["key"]) for key in _ONE_KEY if holder.get(key))


# -- volumes ---------------------------------------------------------------------------------------


def is_projected(volume: Obj) -> bool:
    """Say whether the volume's files are those of this module."""
    return bool(_projections(volume))


def files(pod: Obj, view: Getter, volume: Obj) -> dict[str, bytes]:
    """Return the files of one of ``spec.volumes`` by path, which begins with a slash."""
    out: dict[str, bytes] = {}
    for projection in _projections(volume):
        for source in _referred(projection, _VOLUMES):
            found = source.found(pod, view)
            content = _content(found) if found is not None else {}
            pairs = source.items or [(key, key) for key in content]
            out |= {f"/{path}": content[key] for key, path in pairs if key in content}
        for item in (projection.get("downwardAPI") or {}).get("items") or ():
            if item.get("fieldRef"):
                out[f"/{item['path']}"] = own_field(pod, item["fieldRef"]).encode()
    return out


def _content(found: Obj) -> dict[str, bytes]:
    """Return what a ConfigMap or a Secret holds."""
    texts, blobs = found.get("data") or {}, found.get("binaryData") or {}
    if found["kind"] == "Secret":
        texts, blobs = {}, texts
    content = {key: text.encode() for key, text in texts.items()}
    return content | {key: base64.b64decode(text) for key, text in blobs.items()}


def missing_file(pod: Obj, view: Getter, volume: Obj) -> Missing | None:
    """Return what keeps one of ``spec.volumes`` from being set up, or None."""
    for source in _volume_sources(volume):
        if source.optional:
            continue
        found = source.found(pod, view)
        if found is None:
            return source.missing()
        content = _content(found)
        for key, _ in source.items:
            if key not in content:
                return source.missing_key(key, _NO_KEY[source.kind] + key)
    return None


# -- variables -------------------------------------------------------------------------------------


def missing_variable(pod: Obj, view: Getter, container: Obj) -> Missing | None:
    """Return what keeps the container from being made, or None."""
    for source, key in _variable_sources(container):
        if source.optional:
            continue
        found = source.found(pod, view)
        if found is None:
            return source.missing()
        if key and key not in (found.get("data") or {}):
            where = f"{source.kind} {namespace_of(pod)}/{source.name}"
            return source.missing_key(key, f"couldn't find key {key} in {where}")
    return None


def variables(pod: Obj, view: Getter, container: Obj, known: dict[str, str]) -> dict[str, str]:
    """Return *known* with what the container's ``envFrom`` and ``env`` add."""
    env = dict(known)
    for holder in container.get("envFrom") or ():
        prefix = holder.get("prefix") or ""
        for source in _referred(holder, _ALL_KEYS):
            env |= {f"{prefix}{key}": text for key, text in _texts(pod, view, source).items()}
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


def _texts(pod: Obj, view: Getter, source: Source) -> dict[str, str]:
    """Return what can be a variable: of a ConfigMap not its bytes."""
    found = source.found(pod, view) or {}
    data: dict[str, str] = found.get("data") or {}
    if source.kind == "Secret":
        return {key: base64.b64decode(text).decode(errors="replace") for key, text in data.items()}
    return data


def _value_from(pod: Obj, view: Getter, holder: Obj) -> str | None:
    for source in _referred(holder, _ONE_KEY):
        return _texts(pod, view, source).get(_key_of(holder))
    return own_field(pod, holder.get("fieldRef") or {})


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
