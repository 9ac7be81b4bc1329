"""Print a kubeconfig: ``manage.py kubeconfig > lab.yaml && kubectl --kubeconfig lab.yaml get pods``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from stsviz.kubeapi.kubeconfig import kubeconfig
from stsviz.runtime import LAB
from stsviz.tls import certificate_path


class Command(BaseCommand):
    help = "Print the kubeconfig that points kubectl at a cluster of this site."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cluster", default=LAB, help="name of the cluster (default: %(default)s)")
        parser.add_argument(
            "--server",
            default="",
            help="where the site is served; https: with its certificate and token. Instead of host and port",
        )
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, cluster: str, server: str, host: str, port: int, **options: Any) -> None:
        site = server.rstrip("/") or f"http://{host}:{port}"
        path = certificate_path(settings.DATA)
        secure = site.startswith("https://")
        text = kubeconfig(
            site,
            cluster,
            authority=path.read_bytes() if secure and path.exists() else b"",
            token=settings.TOKEN if secure else None,
        )
        if secure and not settings.TOKEN:
            self.stderr.write(f"no token: neither STSVIZ_TOKEN nor {settings.DATA / 'token'} holds one")
        self.stdout.write(text.rstrip("\n"))
