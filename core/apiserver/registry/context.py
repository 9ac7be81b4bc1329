"""What a strategy may ask of its surroundings: time, the whole store to read, ids, free addresses."""

from __future__ import annotations

from ipaddress import ip_network

from core.apimachinery.errors import ApiError
from core.client.cache import View
from core.sim.ids import Ids
from core.sim.settings import Settings


class Context:
    """The surroundings of one verb."""

    __slots__ = ("_ids", "now", "settings", "view")

    def __init__(self, now: float, view: View, settings: Settings, ids: Ids) -> None:
        self.now = now
        self.view = view
        self.settings = settings
        self._ids = ids

    def uid(self) -> str:
        return self._ids.uid()

    def random_name_suffix(self) -> str:
        return self._ids.suffix(5)

    def cluster_ip(self) -> str:
        """Return a free address of the service range.

        Source: pkg/registry/core/service/ipallocator (v1.36): the upper part of the range is used
        for dynamic allocation, the lowest addresses are left for those who ask for them.
        """
        network = ip_network(self.settings.service_cidr)
        taken = {
            ip for service in self.view.list("Service") for ip in service["spec"].get("clusterIPs") or ()
        }
        size = network.num_addresses - 2
        lower = min(max(16, size // 16), 256)
        start = self._ids.number(size - lower)
        for step in range(size - lower):
            address = str(network[1 + lower + (start + step) % (size - lower)])
            if address not in taken:
                return address
        raise ApiError("range is full")
