"""The kubeconfig that the site hands out points kubectl at one of its clusters."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from django.core.management import call_command

from tests.clients.kubectl import Kubectl


def test_kubectl_reaches_the_cluster_that_the_kubeconfig_names(kubectl: Kubectl, tmp_path: Path):
    """API-H1: below a path of its own."""
    out = StringIO()
    call_command("kubeconfig", port=int(kubectl.server.rpartition(":")[2]), stdout=out)
    path = tmp_path / "lab.yaml"
    path.write_text(out.getvalue())
    plain = Kubectl(kubectl.binary, "", kubectl.namespace, kubectl.home)
    assert "node-1" in plain.ok(f"--kubeconfig {path} get nodes")
    assert "FIELD: name <string>" in plain.ok(f"--kubeconfig {path} explain pod.metadata.name")
