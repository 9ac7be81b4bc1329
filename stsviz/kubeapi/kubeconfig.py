"""The kubeconfig of a cluster of this site: where it is served, whom to trust, and perhaps what to show."""

from __future__ import annotations

import base64
from typing import Any

import yaml

from stsviz.runtime import LAB

_NO_TOKEN = """\
# The token is not in here: a file that a browser saved must not open the cluster. Add it with
#   kubectl --kubeconfig THIS_FILE config set-credentials stsviz --token=...
# or let `manage.py kubeconfig --server {site}` print one on the machine that serves.
"""


def cluster_url(site: str, cluster: str) -> str:
    """Return where *cluster* is served. *site*: scheme, host and port."""
    return site if cluster == LAB else f"{site}/clusters/{cluster}"


def kubeconfig(site: str, cluster: str, *, authority: bytes = b"", token: str | None = None) -> str:
    """Return the kubeconfig as YAML.

    *authority*: the PEM to trust; *token*: "" for a user whose token is not told, None for no user.
    """
    name = f"stsviz-{cluster}"
    where = {"server": cluster_url(site, cluster)}
    if authority:
        where["certificate-authority-data"] = base64.b64encode(authority).decode()
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": where}],
        "users": [] if token is None else [{"name": "stsviz", "user": {"token": token} if token else {}}],
        "contexts": [
            {
                "name": name,
                "context": {
                    "cluster": name,
                    "user": "" if token is None else "stsviz",
                    "namespace": "default",
                },
            }
        ],
        "current-context": name,
    }
    head = _NO_TOKEN.format(site=site) if token == "" else ""
    return head + yaml.safe_dump(config, sort_keys=False)
