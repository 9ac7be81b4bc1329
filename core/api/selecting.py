"""Controllers of replicas: by which labels each of them knows its Pods.

Source: pkg/apis/core/v1/conversion.go Convert_v1_ReplicationControllerSpec_To_apps_ReplicaSetSpec (v1.36).
"""

from __future__ import annotations

from typing import Any

from core.apimachinery.meta import Obj


def pod_selector(controller: Obj) -> dict[str, Any] | None:
    """Return spec.selector as a metav1.LabelSelector; a ReplicationController has labels only."""
    selector: dict[str, Any] | None = controller["spec"].get("selector")
    if controller.get("kind") == "ReplicationController" and selector is not None:
        return {"matchLabels": selector}
    return selector
