"""The kubeconfig that the site hands out points kubectl at one of its clusters."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.clients.kubectl import Kubectl
from tests.clients.server import Server


def printed(port: int, cluster: str) -> str:
    out = StringIO()
    call_command("kubeconfig", port=port, cluster=cluster, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("cluster", ["lab", "other"])
@pytest.mark.parametrize("downloaded", [False, True])
def test_kubectl_reaches_the_cluster_that_the_kubeconfig_names(
    kubectl: Kubectl, server: Server, tmp_path: Path, cluster: str, downloaded: bool
):
    """API-H1: lab at the root, others below a path of their own."""
    server.make_cluster("other")
    text = (
        server.get(f"/c/{cluster}/kubeconfig").body.decode() if downloaded else printed(server.port, cluster)
    )
    path = tmp_path / "config.yaml"
    path.write_text(text)
    plain = Kubectl(kubectl.binary, "", "default", kubectl.home)
    assert "node-1" in plain.ok(f"--kubeconfig {path} get nodes")
    assert "FIELD: name <string>" in plain.ok(f"--kubeconfig {path} explain pod.metadata.name")
    namespaces = plain.ok(f"--kubeconfig {path} get namespaces")
    assert (kubectl.namespace in namespaces) is (cluster == "lab")
