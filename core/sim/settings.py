"""The settings of a cluster: the components' flags under their real names, the switches, and wording.

One table: what is in it can be set from outside (core/sim/flags), and docs/settings.md shows it.
Source: `kube-apiserver --help`, `kube-controller-manager --help`, `kubelet --help` of v1.36; workloads.md
section 0 (switches).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

APISERVER: Final = "kube-apiserver"
MANAGER: Final = "kube-controller-manager"
KUBELET: Final = "kubelet"
RELEASES: Final = "what changed between releases"
STAGE: Final = "the simulation"
RACES: Final = "races on purpose"
PROCESSES: Final = (APISERVER, MANAGER, "kube-scheduler", KUBELET, "rancher.io/local-path")
"""The processes of a cluster: each has a cache of its own when it lags."""
FIFO: Final = "fifo"
SHUFFLED: Final = "shuffled"
GATES: Final[Mapping[str, str]] = {"MaxUnavailableStatefulSet": "max_unavailable_stateful_set"}
"""Feature gate -> the field that it is."""


def _flag(default: Any, of: str, what: str, *, rate: bool = False) -> Any:
    return field(default=default, metadata={"of": of, "what": what, "rate": rate})


def _race(default: Any, what: str, **about: Any) -> Any:
    """A setting that no component of Kubernetes could have a flag for: its own says whose it is."""
    return field(default=default, metadata={"of": RACES, "what": what, "rate": False, **about})


@dataclass(frozen=True, slots=True)
class Settings:
    """A number with a point is a time in seconds unless it is a rate. Fields are the flags in snake_case."""

    default_not_ready_toleration_seconds: int = _flag(
        300, APISERVER, "how long a Pod that says nothing of it stays on a node that is not ready"
    )
    default_unreachable_toleration_seconds: int = _flag(
        300, APISERVER, "how long a Pod that says nothing of it stays on a node that does not answer"
    )
    event_ttl: float = _flag(3600.0, APISERVER, "how long an Event is kept")

    pvclaimbinder_sync_period: float = _flag(
        15.0, MANAGER, "how often every claim and volume is looked at again"
    )
    node_monitor_period: float = _flag(5.0, MANAGER, "how often the nodes' heartbeats are looked at")
    node_monitor_grace_period: float = _flag(
        50.0, MANAGER, "how long a node may be silent (SW6: 40s up to 1.31)"
    )
    node_eviction_rate: float = _flag(
        0.1, MANAGER, "lost nodes of a zone that are given up a second", rate=True
    )
    secondary_node_eviction_rate: float = _flag(
        0.01, MANAGER, "the same in a large zone of which most is lost; in a small one none is", rate=True
    )
    unhealthy_zone_threshold: float = _flag(
        0.55, MANAGER, "the share of a zone that is most of it", rate=True
    )
    large_cluster_size_threshold: int = _flag(50, MANAGER, "a zone of more nodes is large")
    terminated_pod_gc_threshold: int = _flag(
        12500, MANAGER, "so many Pods that have ended are kept; 0: all of them"
    )

    max_pods: int = _flag(110, KUBELET, "Pods that a node takes; clusters made on the page begin with 10000")
    cluster_domain: str = _flag("cluster.local", KUBELET, "the domain of Services and Pods")
    cluster_dns: str = _flag("10.96.0.10", KUBELET, "the name server in `/etc/resolv.conf`")

    max_unavailable_stateful_set: bool = _flag(
        False, RELEASES, "SW1, a gate: `rollingUpdate.maxUnavailable` of a set counts (1.37)"
    )
    on_delete_promotion: bool = _flag(
        False, RELEASES, "SW2: `currentRevision` catches up under `OnDelete` too (after 1.36)"
    )
    recreating_failed_pod_events: bool = _flag(
        False, RELEASES, "SW3: Events `RecreatingFailedPod` and `RecreatingTerminatedPod` (up to 1.30)"
    )
    revision_data_without_creation_timestamp: bool = _flag(
        True, RELEASES, "SW4: what a ControllerRevision's name is a hash of (false up to 1.33)"
    )
    full_template_validation: bool = _flag(
        True, RELEASES, "SW5: a set's bad Pod template is refused at once, not Pod by Pod (false up to 1.33)"
    )
    wording: str = _flag("W35", RELEASES, "whose messages of storage and scheduling: W30, W33, W35")

    container_start_seconds: float = _flag(1.0, STAGE, "from mounted volumes to a started container")
    container_start_jitter: float = _flag(0.25, STAGE, "at most so much longer, from Pod to Pod")
    container_stop_seconds: float = _flag(0.01, STAGE, "from SIGTERM to exit, at most the grace period")
    volume_unmount_seconds: float = _flag(1.0, STAGE, "from the last container's end to the Pod's removal")
    api_latency: float = _flag(0.004, STAGE, "between two writes of one component")
    service_cidr: str = _flag("10.96.0.0/16", STAGE, "where cluster IPs come from")

    watch_lag: float = _race(0.0, "until the cache of a process sees a write")
    watch_lag_of: str = _race("", "that of single processes: `kube-scheduler=2s,kubelet=0`")
    watch_jitter: float = _race(0.0, "at most so much later still, drawn for every write")
    queue_order: str = _race(
        FIFO, "`shuffled`: who of those that are ready goes first is drawn", choices=(FIFO, SHUFFLED)
    )


def from_kept(kept: Mapping[str, Any]) -> Settings:
    """Return the settings that a database keeps: what differs from the defaults.

    A database of an earlier version may keep a setting that is none any more.
    """
    known = {one.name for one in fields(Settings)}
    return Settings(**{name: value for name, value in kept.items() if name in known})
