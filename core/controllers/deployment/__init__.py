"""The Deployment controller: rolls from one ReplicaSet to the next."""

from core.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
