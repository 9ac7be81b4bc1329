"""The DaemonSet controller: one Pod on every node that it may run on."""

from core.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
