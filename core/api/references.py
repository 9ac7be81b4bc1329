"""The typed edges of the object graph, each derived from one object alone.

owns: dependent -> owner · mounts: Pod -> claim · runs-on: Pod -> Node · claims: claim -> volume ·
binds: volume -> claim · provisions: claim or volume -> class · selects: EndpointSlice -> Pod.
"""

from __future__ import annotations

from typing import NamedTuple

from core.api.podclaims import claim_names
from core.apimachinery.meta import Obj


class Edge(NamedTuple):
    relation: str
    kind: str
    namespace: str
    name: str


def references(obj: Obj) -> frozenset[Edge]:
    """Return the edges that leave *obj*."""
    meta = obj["metadata"]
    namespace = meta.get("namespace", "")
    edges = [
        Edge("owns", owner["kind"], namespace, owner["name"]) for owner in meta.get("ownerReferences") or ()
    ]
    kind = obj["kind"]
    if kind == "Pod":
        spec = obj["spec"]
        edges += [Edge("mounts", "PersistentVolumeClaim", namespace, name) for name in claim_names(obj)]
        if spec.get("nodeName"):
            edges.append(Edge("runs-on", "Node", "", spec["nodeName"]))
    elif kind == "PersistentVolumeClaim":
        spec = obj["spec"]
        if spec.get("volumeName"):
            edges.append(Edge("claims", "PersistentVolume", "", spec["volumeName"]))
        if spec.get("storageClassName"):
            edges.append(Edge("provisions", "StorageClass", "", spec["storageClassName"]))
    elif kind == "PersistentVolume":
        spec = obj["spec"]
        claim = spec.get("claimRef")
        if claim and claim.get("name"):
            edges.append(Edge("binds", "PersistentVolumeClaim", claim.get("namespace", ""), claim["name"]))
        if spec.get("storageClassName"):
            edges.append(Edge("provisions", "StorageClass", "", spec["storageClassName"]))
    elif kind == "EndpointSlice":
        for endpoint in obj.get("endpoints") or ():
            target = endpoint.get("targetRef")
            if target and target.get("kind") == "Pod":
                edges.append(Edge("selects", "Pod", target.get("namespace", ""), target["name"]))
    return frozenset(edges)
