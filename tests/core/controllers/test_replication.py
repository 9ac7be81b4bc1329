"""The ReplicationController controller: the one of ReplicaSets, for its kind."""

from __future__ import annotations

from core.apimachinery.meta import Obj, Ref, owner_reference
from core.client.actions import Create, Patch, Plan, RecordEvent, UpdateStatus
from core.client.cache import Cache
from core.controllers.replication import ReplicationManager
from core.sim.settings import Settings

LABELS = {"app": "front"}
SPEC = {"containers": [{"name": "nginx", "image": "nginx"}]}
KEY = Ref("ReplicationController", "default", "front")
MANAGER = ReplicationManager(Settings())


def controller(replicas: int) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "front", "namespace": "default", "uid": "uid-rc", "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": LABELS,
            "template": {"metadata": {"labels": LABELS}, "spec": SPEC},
        },
        "status": {"replicas": 0},
    }


def pod(name: str, **meta: object) -> Obj:
    fixed = {"name": name, "namespace": "default", "uid": f"uid-{name}", "labels": LABELS}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**fixed, **meta}, "spec": SPEC, "status": status}


def sync(*objects: Obj) -> Plan:
    return MANAGER.sync(Cache(objects), KEY, 0.0)


def test_it_makes_pods_that_name_it_and_says_so() -> None:
    actions = sync(controller(1)).actions

    (made,) = [action.obj for action in actions if isinstance(action, Create)]
    assert made["metadata"]["ownerReferences"] == [owner_reference(controller(1))]
    assert made["metadata"]["generateName"] == "front-"
    assert [a.reason for a in actions if isinstance(a, RecordEvent)] == ["SuccessfulCreate"]


def test_it_adopts_what_its_labels_select_and_counts_it() -> None:
    plan = sync(controller(1), pod("stray"), pod("other", labels={"app": "back"}))

    assert [action.ref.name for action in plan.actions if isinstance(action, Patch)] == ["stray"]
    (written,) = [action.obj["status"] for action in plan.actions if isinstance(action, UpdateStatus)]
    assert written == {
        "replicas": 1,
        "fullyLabeledReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "observedGeneration": 1,
    }


def test_a_stray_pod_wakes_the_controller_whose_labels_it_has() -> None:
    wakes = MANAGER.watches["Pod"]
    stray = pod("stray")

    assert list(wakes(Cache([controller(1), stray]), None, stray)) == [KEY]
    assert list(wakes(Cache([controller(1)]), None, pod("other", labels={"app": "back"}))) == []
