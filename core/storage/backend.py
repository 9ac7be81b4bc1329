"""Where the bytes of a volume are: the key under which the files of its backend are kept.

Two PersistentVolume objects with the same source lead to the same bytes, as on real disks: so the data
of a volume outlives its PersistentVolume object, and is gone when a deleter or recycler says so.
Differs: a hostPath without node affinity is one directory for all nodes; real nodes have one each.
"""

from __future__ import annotations

import hashlib
from typing import Any

from core.apimachinery.meta import Obj
from core.storage.topology import hostname_of

_PLACES: dict[str, tuple[str, ...]] = {
    "csi": ("driver", "volumeHandle"),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn", "lun"),
    "fc": ("targetWWNs", "wwids", "lun"),
    "rbd": ("monitors", "pool", "image"),
    "cephfs": ("monitors", "path"),
    "awsElasticBlockStore": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "azureDisk": ("diskURI",),
    "azureFile": ("secretNamespace", "shareName"),
    "cinder": ("volumeID",),
    "vsphereVolume": ("volumePath",),
    "portworxVolume": ("volumeID",),
}
"""Source -> the fields that say which disk or share it is; the other fields say how to mount it."""


def source_of(volume: Obj) -> tuple[str, dict[str, Any]]:
    """Return the volume's source as (field name, content): ``("nfs", {"server": …})``, or ("", {})."""
    spec = volume["spec"]
    for field in ("hostPath", "local", *_PLACES):
        if field in spec:
            return field, spec[field] or {}
    return "", {}


def backend_key(volume: Obj) -> str:
    """Return the namespace of the VolumeFile objects of *volume*: ``hostpath-3f786850e387``."""
    field, source = source_of(volume)
    if field in ("hostPath", "local"):
        place = [hostname_of(volume), source.get("path", "").rstrip("/")]
    elif field:
        place = [source.get(part) for part in _PLACES[field]]
    else:
        field, place = "volume", [volume["metadata"]["name"]]
    digest = hashlib.sha1(repr(place).encode(), usedforsecurity=False).hexdigest()
    return f"{field.lower()}-{digest[:12]}"
