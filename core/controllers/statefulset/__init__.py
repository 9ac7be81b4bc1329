"""The StatefulSet controller: Pods with a name, an order and claims of their own."""

from core.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
