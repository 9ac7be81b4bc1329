"""What a container finds when it starts: the files that the kubelet and its image bring, its environment.

Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables, ensureHostsFile), network/dns/dns.go (v1.36).
Not modelled: of an image only the web server's documents; variables of Services but the API server's.
"""

from __future__ import annotations

from core.apimachinery.meta import Obj, field, name_of, namespace_of
from core.kubelet.projected import variables
from core.kubelet.shell.disk import Files, Node
from core.kubelet.webserver import welcome
from core.sim.settings import Settings

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_API_SERVER = "10.96.0.1"
_HOSTS = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""


def hostname_of(pod: Obj) -> str:
    return str(pod["spec"].get("hostname") or name_of(pod))[:63]


def fqdn_of(pod: Obj, settings: Settings) -> str:
    """Return the Pod's full name, or its short one when it has no subdomain."""
    subdomain = pod["spec"].get("subdomain")
    if not subdomain:
        return hostname_of(pod)
    return f"{hostname_of(pod)}.{subdomain}.{namespace_of(pod)}.svc.{settings.cluster_domain}"


def files_of(pod: Obj, container: Obj, settings: Settings) -> dict[str, Node]:
    """Return the files of a fresh container by path."""
    host, full = hostname_of(pod), fqdn_of(pod, settings)
    address, domain = field(pod, "status.podIP") or "", settings.cluster_domain
    names = f"{address}\t{host}" if full == host else f"{address}\t{full}\t{host}"
    search = f"{namespace_of(pod)}.svc.{domain} svc.{domain} {domain}"
    texts = {
        "/etc/hostname": f"{host}\n",
        "/etc/hosts": f"{_HOSTS}{names}\n",
        "/etc/resolv.conf": f"search {search}\nnameserver {settings.cluster_dns}\noptions ndots:5\n",
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    }
    files = {path: Node(False, text.encode()) for path, text in texts.items()}
    files |= {path: Node(False, content) for path, content in welcome(container).items()}
    return files


def environment_of(pod: Obj, container: Obj, view: Files) -> dict[str, str]:
    env = {"PATH": _PATH, "HOSTNAME": hostname_of(pod), "HOME": "/root"}
    env |= {"KUBERNETES_SERVICE_HOST": _API_SERVER, "KUBERNETES_SERVICE_PORT": "443"}
    return variables(pod, view, container, env)
