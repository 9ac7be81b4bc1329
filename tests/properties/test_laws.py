"""The pod monkey: whatever is done to a cluster, in whatever order, these laws hold.

Checked against the history of writes, so that a law broken for one revision only is found too.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core import models
from core.apimachinery.errors import ApiError
from core.apimachinery.meta import Obj, Ref, condition_of, controller_of, is_terminating, ref_of
from core.apiserver.store import Change, Store
from core.client.actions import Action, Create, RecordEvent
from core.cluster import Cluster
from core.manager import QueueKey

START = 1_800_000_000.0
WEB = Ref("StatefulSet", "default", "web")
NAMES = itertools.count()

CLASS = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/host-path
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80, name: web}]}
"""
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: %(replicas)d
  podManagementPolicy: %(policy)s
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: nginx
        image: %(image)s
        volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""

ordinals = st.integers(0, 3)
graces = st.sampled_from([None, 0, 5])


def is_ready(pod: Obj) -> bool:
    condition = condition_of(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def members(objects: dict[Ref, Obj]) -> dict[int, Obj]:
    """The set's Pods by ordinal."""
    return {
        int(ref.name.rsplit("-", 1)[1]): obj
        for ref, obj in objects.items()
        if ref.kind == "Pod" and (controller_of(obj) or {}).get("kind") == "StatefulSet"
    }


class Monkey(RuleBasedStateMachine):
    """A cluster in the hands of somebody who tries everything."""

    policy = "OrderedReady"

    @initialize(replicas=ordinals)
    def start(self, replicas: int) -> None:
        self.cluster = Cluster.new(f"monkey-{next(NAMES)}", start=START)
        self.objects: dict[Ref, Obj] = {}
        self.condemned: set[Ref] = set()
        self.checked = 0
        self.replicas = replicas
        self.image = "nginx:1.9.1"
        self._apply(CLASS)
        self._apply(SERVICE)
        self._apply_set()

    def teardown(self) -> None:
        if hasattr(self, "cluster"):
            self.settle()
            self._nothing_is_left_to_do()
            self.cluster.destroy()

    def _apply(self, text: str) -> None:
        for outcome in self.cluster.apply(text):
            assert outcome.verb != "refused", outcome.message

    def _apply_set(self) -> None:
        self._apply(SET % {"replicas": self.replicas, "policy": self.policy, "image": self.image})

    def _try(self, verb: Any, *arguments: Any) -> None:
        before = self.cluster.revision
        try:
            verb(*arguments)
        except ApiError:
            assert self.cluster.revision == before, "refused, yet something was written"

    # -- what may be done --------------------------------------------------------------------------

    @rule(replicas=ordinals)
    def scale(self, replicas: int) -> None:
        if self.cluster.view.get(*WEB) is not None:
            self.replicas = replicas
            self.cluster.scale(WEB, replicas)

    @rule(ordinal=ordinals, grace=graces)
    def delete_pod(self, ordinal: int, grace: int | None) -> None:
        self._try(self.cluster.delete, Ref("Pod", "default", f"web-{ordinal}"), grace)

    @rule(ordinal=ordinals)
    def delete_claim(self, ordinal: int) -> None:
        self._try(self.cluster.delete, Ref("PersistentVolumeClaim", "default", f"www-web-{ordinal}"))

    @rule(propagation=st.sampled_from(["Background", "Foreground", "Orphan"]))
    def delete_set(self, propagation: str) -> None:
        self._try(self.cluster.delete, WEB, None, propagation)

    @rule(image=st.sampled_from(["nginx:1.9.1", "nginx:1.10"]))
    def apply_again(self, image: str) -> None:
        found = self.cluster.view.get(*WEB)
        if found is None or not is_terminating(found):
            self.image = image
            self._apply_set()

    @rule(node=st.sampled_from(["node-1", "node-2"]), value=st.sampled_from([True, None]))
    def cordon(self, node: str, value: bool | None) -> None:
        self.cluster.patch(Ref("Node", "", node), {"spec": {"unschedulable": value}})

    @rule(seconds=st.floats(0.01, 40))
    def wait(self, seconds: float) -> None:
        self.cluster.advance(self.cluster.now + seconds)

    @rule()
    def settle(self) -> None:
        self.cluster.settle()

    @rule()
    def restart(self) -> None:
        """The process dies; another opens the database."""
        self.cluster = Cluster.open(self.cluster.name)

    # -- what must hold ----------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "cluster"))
    @invariant()
    def every_write_was_lawful(self) -> None:
        for change in self.cluster.changes_since(self.checked):
            assert change.revision == self.checked + 1, "a revision is missing"
            self.checked = change.revision
            old = self.objects.get(change.ref)
            self._a_name_is_taken_once(change.type, old)
            if change.type == "MODIFIED" and old is not None:
                self._a_change_is_lawful(change.ref, old, change)
            if change.ref.kind == "Pod" and change.type == "ADDED":
                self._ordinals_come_in_order(change.obj)
                self._its_claims_are_its_own(change.obj)
            if change.ref.kind == "PersistentVolume" and change.type == "MODIFIED" and old is not None:
                self._a_volume_never_changes_hands(old, change.obj)
            if change.type == "DELETED":
                del self.objects[change.ref]
            else:
                self.objects[change.ref] = change.obj

    def _a_change_is_lawful(self, ref: Ref, old: Obj, change: Change) -> None:
        new = change.obj
        dies = is_terminating(new) and not is_terminating(old)
        if ref.kind == "StatefulSet":
            self._counters_add_up(old, new)
        if ref.kind == "PersistentVolumeClaim":
            assert "ownerReferences" not in new["metadata"], "INV7: nothing is to be deleted by the policy"
            assert not dies or change.actor == "you", f"INV6: {change.actor} deleted {ref}"
        if ref.kind == "Pod" and is_terminating(old):
            later = new["metadata"]["deletionTimestamp"] > old["metadata"]["deletionTimestamp"]
            assert not later, "INV16: the end moved away"
        if ref.kind == "Pod" and dies and change.actor == "statefulset-controller":
            self._one_is_deleted_at_a_time(ref)

    def _counters_add_up(self, old: Obj, new: Obj) -> None:
        """INV8"""
        status = new["status"]
        for counter in ("readyReplicas", "currentReplicas", "updatedReplicas"):
            assert status.get(counter, 0) <= status["replicas"]
        assert status["availableReplicas"] <= status.get("readyReplicas", 0)
        assert status.get("observedGeneration", 0) <= new["metadata"]["generation"]
        assert new["metadata"]["generation"] >= old["metadata"]["generation"]
        assert status.get("observedGeneration", 0) >= old["status"].get("observedGeneration", 0)

    def _one_is_deleted_at_a_time(self, ref: Ref) -> None:
        """INV3"""
        going = {
            other for other in self.condemned if other in self.objects and is_terminating(self.objects[other])
        }
        assert self.policy != "OrderedReady" or not going, f"{ref} is deleted beside {going}"
        self.condemned = {*going, ref}

    def _its_claims_are_its_own(self, pod: Obj) -> None:
        """INV4"""
        name = pod["metadata"]["name"]
        found = [
            v["persistentVolumeClaim"]["claimName"]
            for v in pod["spec"]["volumes"]
            if "persistentVolumeClaim" in v
        ]
        assert found == [f"www-{name}"]

    def _a_name_is_taken_once(self, what: str, old: Obj | None) -> None:
        """INV1"""
        assert (what == "ADDED") == (old is None)

    def _ordinals_come_in_order(self, pod: Obj) -> None:
        """INV2"""
        owner = controller_of(pod)
        if self.policy != "OrderedReady" or owner is None or owner["kind"] != "StatefulSet":
            return
        pods = members(self.objects)
        for lower in range(int(pod["metadata"]["name"].rsplit("-", 1)[1])):
            assert lower in pods, f"{pod['metadata']['name']} came before web-{lower}"
            assert is_ready(pods[lower]), f"{pod['metadata']['name']} came before web-{lower} was Ready"
            assert not is_terminating(pods[lower])

    def _a_volume_never_changes_hands(self, old: Obj, new: Obj) -> None:
        before, after = old["spec"].get("claimRef") or {}, new["spec"].get("claimRef") or {}
        if before.get("uid") and after.get("uid"):
            assert before["uid"] == after["uid"]

    @precondition(lambda self: hasattr(self, "cluster"))
    @invariant()
    def claims_and_volumes_point_at_each_other(self) -> None:
        view = self.cluster.view
        seen: set[str] = set()
        for claim in view.list("PersistentVolumeClaim"):
            if (claim.get("status") or {}).get("phase") != "Bound":
                continue
            name = claim["spec"]["volumeName"]
            assert name not in seen, f"{name} is bound to two claims"
            seen.add(name)
            volume = view.get("PersistentVolume", "", name)
            assert volume is not None
            assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]

    @precondition(lambda self: hasattr(self, "cluster"))
    @invariant()
    def the_database_says_the_same(self) -> None:
        again = Store(models.Cluster.objects.get(name=self.cluster.name))
        assert {ref_of(o): o for o in again.view.everything()} == {
            ref_of(o): o for o in self.cluster.view.everything()
        }

    def _nothing_is_left_to_do(self) -> None:
        """INV9: eventually stable, one more sync of every key decides nothing."""
        manager = self.cluster.manager
        for number, component in enumerate(manager.components):
            for ref in component.resync_keys(manager.view_of(component)):
                key = QueueKey(number, ref)
                plan = component.sync(manager.view_of(component), key.ref, self.cluster.now)
                writes = [a for a in plan.actions if not isinstance(a, RecordEvent) and not is_history(a)]
                # heartbeats are a beat of their own
                assert not writes or ref.kind == "Node", (component.name, ref, writes)


def is_history(action: Action) -> bool:
    """A set made again under its old name shares the revision of the first until that one is collected with
    its owner. Nobody watches revisions, upstream neither: the next sync of the set makes it again."""
    return isinstance(action, Create) and action.obj["kind"] == "ControllerRevision"


class ParallelMonkey(Monkey):
    policy = "Parallel"


quick = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class TestOrderedReady(TransactionTestCase, Monkey.TestCase):
    settings = quick


class TestParallel(TransactionTestCase, ParallelMonkey.TestCase):
    settings = quick


@pytest.mark.django_db(transaction=True)
def test_the_same_seed_writes_the_same_history():
    """SIM5"""

    def history(name: str) -> list[tuple[object, ...]]:
        cluster = Cluster.new(name, start=START, seed=3)
        for text in (CLASS, SERVICE, SET % {"replicas": 2, "policy": "OrderedReady", "image": "nginx:1.9.1"}):
            list(cluster.apply(text))
        cluster.settle()
        cluster.delete(Ref("Pod", "default", "web-0"))
        cluster.settle()
        return [(c.type, c.ref, c.actor, c.at, c.obj) for c in cluster.changes_since(0)]

    first, second = history("one"), history("two")

    assert len(first) > 100
    assert first == second
