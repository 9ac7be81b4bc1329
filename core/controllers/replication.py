"""ReplicationController controller: the ReplicaSet controller, over ReplicationControllers.

Source: pkg/controller/replication/{replication_controller,conversion}.go (v1.36).
"""

from __future__ import annotations

from core.controllers.replicaset import ReplicaSetController


class ReplicationManager(ReplicaSetController):
    name = "replication-controller"
    kind = "ReplicationController"
    awaits = frozenset(("ReplicationController", "Pod"))
    counts_terminating = False
