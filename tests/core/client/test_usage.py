"""What the cache adds up about a node as Pods come and go."""

from __future__ import annotations

from core.api.resources import NO_USAGE, Usage
from core.apimachinery.meta import Ref, replaced
from core.client.cache import Cache

POD = {
    "kind": "Pod",
    "metadata": {
        "name": "web-0",
        "namespace": "default",
        "uid": "u",
        "ownerReferences": [{"uid": "set", "controller": True}],
    },
    "spec": {"containers": [{"resources": {"requests": {"cpu": "100m"}}}]},
    "status": {"phase": "Pending"},
}
NOMINATED = replaced(POD, "status.nominatedNodeName", "node-1")
PLACED = replaced(POD, "spec.nodeName", "node-1")


def test_a_pod_takes_room_from_its_nomination_to_its_end():
    """ST-5.4"""
    cache = Cache([POD])
    seen = [cache.usage("node-1")]
    for pod in (NOMINATED, PLACED, replaced(PLACED, "status.phase", "Failed")):
        cache.put(pod)
        seen.append(cache.usage("node-1"))

    assert seen == [NO_USAGE, Usage(1, 100), Usage(1, 100), NO_USAGE]


def test_a_pod_that_goes_leaves_its_room():
    cache = Cache([PLACED])
    cache.drop(Ref("Pod", "default", "web-0"))

    assert cache.usage("node-1") == NO_USAGE
    assert cache.count("replicas-on-node", ("set", "node-1")) == 0


def test_a_terminating_replica_takes_room_but_is_not_counted_for_spreading():
    cache = Cache([PLACED])
    assert cache.count("replicas-on-node", ("set", "node-1")) == 1

    cache.put(replaced(PLACED, "metadata.deletionTimestamp", "2027-01-15T08:00:00Z"))

    assert cache.count("replicas-on-node", ("set", "node-1")) == 0
    assert cache.usage("node-1") == Usage(1, 100)


def test_knows_how_important_those_on_a_node_are():
    low, high = PLACED, replaced(replaced(PLACED, "spec.priority", 7), "metadata.name", "web-1")
    cache = Cache([low, high])
    assert cache.priorities("node-1") == {0: 1, 7: 1}

    cache.put(replaced(high, "status.phase", "Succeeded"))

    assert cache.priorities("node-1") == {0: 1}
    assert cache.priorities("node-2") == {}
