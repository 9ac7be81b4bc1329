"""Root CA publisher: every namespace has the ConfigMap by which its Pods know the API server.

Source: pkg/controller/certificates/rootcacertpublisher/publisher.go (v1.36).
Differs: the API server here has no certificate, and the ConfigMap says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.apimachinery.meta import Obj, Ref, is_terminating, name_of, namespace_of
from core.client.actions import NOTHING, Create, Plan, Update
from core.client.cache import View
from core.client.component import Handler
from core.sim.settings import Settings

CONFIG_MAP = "kube-root-ca.crt"
_DATA = {"ca.crt": "# stsviz: the API server speaks HTTP, so there is no certificate authority\n"}
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as"
    " the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of"
    " Kubernetes clusters."
)


class RootCACertPublisher:
    """Its keys are the ConfigMaps."""

    name = "root-ca-certificate-publisher-controller"
    process = "kube-controller-manager"
    latency = 0.003
    resync_period: float | None = None

    def __init__(self, settings: Settings) -> None:
        self.watches: Mapping[str, Handler] = {"Namespace": _of_namespace, "ConfigMap": _of_config_map}

    def resync_keys(self, view: View) -> Iterable[Ref]:
        return [_key(name_of(namespace)) for namespace in view.list("Namespace")]

    def sync(self, view: View, key: Ref, now: float) -> Plan:
        namespace = view.get("Namespace", "", key.namespace)
        if namespace is None or is_terminating(namespace):
            return NOTHING
        current = view.get(*key)
        annotations = {"kubernetes.io/description": _DESCRIPTION}
        because = "every namespace has it"
        if current is None:
            meta = {"name": CONFIG_MAP, "namespace": key.namespace, "annotations": annotations}
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": _DATA}
            return Plan((Create(made, exists_ok=True),), because=because)
        kept = current["metadata"].get("annotations") or {}
        if current.get("data") == _DATA and kept.get("kubernetes.io/description"):
            return NOTHING
        meta = {**current["metadata"], "annotations": {**kept, **annotations}}
        return Plan((Update({**current, "metadata": meta, "data": _DATA}),), because=because)


def _key(namespace: str) -> Ref:
    return Ref("ConfigMap", namespace, CONFIG_MAP)


def _of_namespace(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    return (_key(name_of(new)),) if new is not None else ()


def _of_config_map(view: View, old: Obj | None, new: Obj | None) -> Iterable[Ref]:
    obj = new or old
    ours = obj is not None and name_of(obj) == CONFIG_MAP
    return (_key(namespace_of(obj)),) if ours and obj is not None else ()
