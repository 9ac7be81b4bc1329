"""The PersistentVolume controller: binds claims to volumes, provisions in-tree, reclaims the released."""

from core.controllers.persistentvolume.controller import PersistentVolumeController

__all__ = ["PersistentVolumeController"]
