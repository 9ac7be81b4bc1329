"""From apply to all Ready: a Parallel set with dynamically provisioned claims, at full pace.

    python -m bench.replicas [REPLICAS]

Prints Pods a second, what a Pod costs, writes a second, syncs, and the process's largest size.
"""

from __future__ import annotations

import json
import sys
import time

from bench import setting

MANIFEST = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: standard, annotations: {{storageclass.kubernetes.io/is-default-class: "true"}}}}
provisioner: kubernetes.io/host-path
---
apiVersion: v1
kind: Service
metadata: {{name: nginx}}
spec: {{clusterIP: None, selector: {{app: nginx}}, ports: [{{port: 80, name: web}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: web}}
spec:
  serviceName: nginx
  replicas: {replicas}
  podManagementPolicy: Parallel
  selector: {{matchLabels: {{app: nginx}}}}
  template:
    metadata: {{labels: {{app: nginx}}}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.9.1
        ports: [{{containerPort: 80, name: web}}]
        volumeMounts: [{{name: www, mountPath: /usr/share/nginx/html}}]
  volumeClaimTemplates:
  - metadata: {{name: www}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
"""


def measure(replicas: int) -> dict[str, float]:
    """Bring up *replicas*, scale to 0; return the figures."""
    from core.apimachinery.meta import Ref
    from core.cluster import Cluster
    from core.sim.settings import Settings

    settings = Settings(max_pods=max(110, replicas))
    cluster = Cluster.new(f"bench-{replicas}", start=setting.START, settings=settings)
    cluster.settle()
    web = Ref("StatefulSet", "default", "web")

    first, began = cluster.revision, time.perf_counter()
    refused = [o for o in cluster.apply(MANIFEST.format(replicas=replicas)) if o.verb == "refused"]
    assert not refused, refused
    cluster.settle()
    up = time.perf_counter() - began
    ready = cluster.get(web)["status"].get("readyReplicas", 0)
    assert ready == replicas, f"only {ready} of {replicas} are Ready"
    writes = cluster.revision - first
    simulated = cluster.now - setting.START

    began = time.perf_counter()
    cluster.scale(web, 0)
    cluster.settle()
    down = time.perf_counter() - began
    assert not cluster.view.list("Pod", "default")
    return {
        "replicas": replicas,
        "seconds up": round(up, 2),
        "pods/s up": round(replicas / up, 1),
        "ms a pod": round(1000 * up / replicas, 2),
        "writes": writes,
        "writes a pod": round(writes / replicas, 1),
        "writes/s": round(writes / up),
        "simulated s": round(simulated),
        "pods/s down": round(replicas / down, 1),
        "peak MB": round(setting.peak_megabytes()),
    }


if __name__ == "__main__":
    with setting.database():
        print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)))
