"""The settings of a cluster: the components' flags under their real names, switches, and wording.

Source: `kube-controller-manager --help`, `kubelet --help` of v1.36; workloads.md section 0 (switches).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds where a number is a time. Fields are the flags in snake_case."""

    pvclaimbinder_sync_period: float = 15.0
    node_monitor_grace_period: float = 50.0  # SW6
    node_monitor_period: float = 5.0
    terminated_pod_gc_threshold: int = 12500
    default_not_ready_toleration_seconds: int = 300
    default_unreachable_toleration_seconds: int = 300
    sync_frequency: float = 60.0  # kubelet: every Pod is looked at again
    max_pods: int = 110  # kubelet: Pods a node takes
    container_start_seconds: float = 1.0  # fake runtime: from mounted volumes to a started container
    container_start_jitter: float = 0.25  # fake runtime: at most so much longer, from Pod to Pod
    container_stop_seconds: float = 0.01  # fake runtime: from SIGTERM to exit, at most the grace period
    volume_unmount_seconds: float = 1.0  # kubelet: from the last container's end to the Pod's removal
    api_latency: float = 0.004  # simulated seconds between two writes of one component's sync
    watch_lag: float = 0.0  # simulated seconds until a process's cache sees a write

    max_unavailable_stateful_set: bool = False  # SW1
    on_delete_promotion: bool = False  # SW2
    recreating_failed_pod_events: bool = False  # SW3
    revision_data_without_creation_timestamp: bool = True  # SW4
    full_template_validation: bool = True  # SW5

    wording: str = "W35"  # storage.md section 0.3
    service_cidr: str = "10.96.0.0/16"
    cluster_domain: str = "cluster.local"
    cluster_dns: str = "10.96.0.10"
