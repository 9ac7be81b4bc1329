"""Print a kubeconfig: ``manage.py kubeconfig > lab.yaml && kubectl --kubeconfig lab.yaml get pods``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import yaml
from django.core.management.base import BaseCommand

from stsviz.runtime import LAB


class Command(BaseCommand):
    help = "Print the kubeconfig that points kubectl at a cluster of this site."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cluster", default=LAB, help="name of the cluster (default: %(default)s)")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, cluster: str, host: str, port: int, **options: Any) -> None:
        url = f"http://{host}:{port}/clusters/{cluster}"
        self.stdout.write(yaml.safe_dump(kubeconfig(cluster, url), sort_keys=False).rstrip("\n"))


def kubeconfig(cluster: str, url: str) -> dict[str, Any]:
    """Return the kubeconfig of *cluster*, which is served at *url*."""
    name = f"stsviz-{cluster}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "", "namespace": "default"}}],
        "current-context": name,
    }
