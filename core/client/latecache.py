"""The cache of a process that lags: what its watches have brought so far, and what it wrote itself.

Source: pkg/scheduler/util/assumecache, storeObjectUpdate of pkg/controller/volume/persistentvolume (v1.36).
"""

from __future__ import annotations

from collections.abc import Callable

from core.apimachinery.meta import Obj, ref_of
from core.client.cache import Cache, View


class LateCache(Cache):
    """A cache that hears of the API server's writes late, and of some, its process's own, before that."""

    def __init__(self, server: Callable[[], Cache]) -> None:
        """*server*: returns what the API server holds now."""
        self._server = server
        super().__init__(server().everything())

    @property
    def live(self) -> View:
        return self._server()

    def hear(self, obj: Obj, *, deleted: bool) -> None:
        """Take in news of *obj*, unless something newer is known: an own write may have come before them."""
        known = self.get(*ref_of(obj))
        if known is not None and _version(known) > _version(obj):
            return
        if deleted:
            self.drop(ref_of(obj))
        else:
            self.put(obj)


def _version(obj: Obj) -> int:
    return int(obj["metadata"]["resourceVersion"])
