"""The official Python client, unmodified: every served kind, and all that it can do with Pods.

By hand against another version: PYTHONPATH=<a folder of pip install --target> pytest <this file>.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError
from kubernetes.stream import stream

from core.api.kinds import SERVED
from core.apiserver import discovery
from core.apiserver.registry.kept import KEPT
from tests.clients.manifests import CONTAINERS, POD_SPEC, manifest
from tests.clients.server import Server

#: its exec leaves the socket to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
BUSY = 10  # times that somebody else may have written in between

CORE, APPS = client.CoreV1Api, client.AppsV1Api
BATCH, NETWORKING, STORAGE = client.BatchV1Api, client.NetworkingV1Api, client.StorageV1Api
RBAC = client.RbacAuthorizationV1Api
#: kind -> its API class, and the end of its methods' names
KINDS: dict[str, tuple[type, str]] = {
    "Namespace": (CORE, "namespace"),
    "Node": (CORE, "node"),
    "Pod": (CORE, "namespaced_pod"),
    "PersistentVolumeClaim": (CORE, "namespaced_persistent_volume_claim"),
    "PersistentVolume": (CORE, "persistent_volume"),
    "Service": (CORE, "namespaced_service"),
    "Event": (CORE, "namespaced_event"),
    "ConfigMap": (CORE, "namespaced_config_map"),
    "Secret": (CORE, "namespaced_secret"),
    "ServiceAccount": (CORE, "namespaced_service_account"),
    "PodTemplate": (CORE, "namespaced_pod_template"),
    "ReplicationController": (CORE, "namespaced_replication_controller"),
    "Endpoints": (CORE, "namespaced_endpoints"),
    "StatefulSet": (APPS, "namespaced_stateful_set"),
    "Deployment": (APPS, "namespaced_deployment"),
    "ReplicaSet": (APPS, "namespaced_replica_set"),
    "DaemonSet": (APPS, "namespaced_daemon_set"),
    "ControllerRevision": (APPS, "namespaced_controller_revision"),
    "StorageClass": (client.StorageV1Api, "storage_class"),
    "PriorityClass": (client.SchedulingV1Api, "priority_class"),
    "PodDisruptionBudget": (client.PolicyV1Api, "namespaced_pod_disruption_budget"),
    "ResourceQuota": (CORE, "namespaced_resource_quota"),
    "LimitRange": (CORE, "namespaced_limit_range"),
    "HorizontalPodAutoscaler": (client.AutoscalingV2Api, "namespaced_horizontal_pod_autoscaler"),
    "Job": (BATCH, "namespaced_job"),
    "CronJob": (BATCH, "namespaced_cron_job"),
    "Ingress": (NETWORKING, "namespaced_ingress"),
    "IngressClass": (NETWORKING, "ingress_class"),
    "NetworkPolicy": (NETWORKING, "namespaced_network_policy"),
    "Role": (RBAC, "namespaced_role"),
    "RoleBinding": (RBAC, "namespaced_role_binding"),
    "ClusterRole": (RBAC, "cluster_role"),
    "ClusterRoleBinding": (RBAC, "cluster_role_binding"),
    "RuntimeClass": (client.NodeV1Api, "runtime_class"),
    "CSIDriver": (STORAGE, "csi_driver"),
    "CSINode": (STORAGE, "csi_node"),
    "CSIStorageCapacity": (STORAGE, "namespaced_csi_storage_capacity"),
    "VolumeAttachment": (STORAGE, "volume_attachment"),
    "Lease": (client.CoordinationV1Api, "namespaced_lease"),
    "EndpointSlice": (client.DiscoveryV1Api, "namespaced_endpoint_slice"),
}
NONE_IS_MADE = {kind for kind, kept in KEPT.items() if kept.refusal}
MADE = [kind.kind for kind in SERVED if kind.kind not in NONE_IS_MADE]
WITHOUT_CONDITIONS = {"CronJob", "Ingress", "VolumeAttachment"}
WITH_STATUS = sorted(
    {r.kind for r in discovery.resources().values() if r.stored and r.subresource("status")}
    - NONE_IS_MADE
    - WITHOUT_CONDITIONS
)


@pytest.fixture
def api(server: Server) -> Iterator[client.ApiClient]:
    configuration = client.Configuration()
    configuration.host = server.url
    configuration.verify_ssl = False
    with client.ApiClient(configuration) as api:
        yield api
    gc.collect()


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


class Kind:
    """The methods of one kind: ``kind("read", name)`` is ``read_namespaced_pod(name, namespace)``."""

    def __init__(self, api: client.ApiClient, kind: str, namespace: str) -> None:
        group, self.suffix = KINDS[kind]
        self.namespace = namespace
        self._methods = group(api)
        self._where = [namespace] if self.suffix.startswith("namespaced_") else []

    def method(self, verb: str, sub: str = "") -> Callable[..., Any]:
        return getattr(self._methods, "_".join(filter(None, (verb, self.suffix, sub))))

    def __call__(self, verb: str, *arguments: Any, sub: str = "", **options: Any) -> Any:
        name = arguments[:1] if verb in ("read", "replace", "patch", "delete") else ()
        return self.method(verb, sub)(*name, *self._where, *arguments[len(name) :], **options)

    def names(self) -> list[str]:
        listed = self("list", label_selector=f"made-for={self.namespace}")
        return [item.metadata.name for item in listed.items]

    def wait_until_gone(self, name: str) -> None:
        """Wait for its protection, for its namespace to be emptied, or for nothing."""
        one = {"field_selector": f"metadata.name={name}"}
        listed = self("list", **one)
        if listed.items:
            since = listed.metadata.resource_version
            events = watch.Watch().stream(self.method("list"), *self._where, resource_version=since, **one)
            next(event for event in events if event["type"] == "DELETED")


def retried(write: Callable[[], Any]) -> Any:
    """Write again when a component was faster, as client-go's RetryOnConflict."""
    for _ in range(BUSY):
        try:
            return write()
        except ApiException as error:
            if error.status != 409:
                raise
    raise AssertionError("a conflict every time")


def status_of(error: ApiException) -> tuple[int, str, str]:
    """Return code, reason and message of the Status in the body."""
    status = json.loads(error.body)
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", error.status)
    return error.status, status["reason"], status["message"]


def test_every_served_kind_is_in_the_table() -> None:
    assert set(MADE) <= set(KINDS)


@pytest.mark.parametrize("name", MADE)
def test_every_verb_of_every_kind(api: client.ApiClient, namespace: str, name: str) -> None:
    """TR-50, TR-51: the client reads every answer against its model."""
    kind, me = Kind(api, name, namespace), f"{namespace}-x"
    made = kind("create", manifest(name, me, namespace))
    assert (made.metadata.name, bool(made.metadata.uid)) == (me, True)
    assert kind("read", me).metadata.uid == made.metadata.uid
    assert kind.names() == [me]

    def replace() -> Any:
        seen = kind("read", me)
        seen.metadata.labels = {**seen.metadata.labels, "replaced": "yes"}
        return kind("replace", me, seen)

    assert retried(replace).metadata.labels["replaced"] == "yes"
    patched = kind("patch", me, {"metadata": {"labels": {"patched": "yes"}}})
    assert {"replaced", "patched", "made-for"} <= set(patched.metadata.labels)

    kind("delete", me, grace_period_seconds=0)
    kind.wait_until_gone(me)
    with pytest.raises(ApiException) as refused:
        kind("read", me)
    code, reason, message = status_of(refused.value)
    assert (code, reason, f'"{me}" not found' in message) == (404, "NotFound", True)
    assert kind.names() == []


@pytest.mark.parametrize("name", WITH_STATUS)
def test_the_status_of_every_kind_is_read_and_written_apart(
    api: client.ApiClient, namespace: str, name: str
) -> None:
    """TR-51, API-U8"""
    kind, me = Kind(api, name, namespace), f"{namespace}-s"
    kind("create", manifest(name, me, namespace))
    condition = {"type": "example.com/Mine", "status": "True", "reason": "Mine", "message": "mine"}
    condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    used = {"count/mine": "7"}
    without_conditions = {"PersistentVolume": {"message": "mine"}, "ResourceQuota": {"used": used}}
    kind("patch", me, {"status": without_conditions.get(name, {"conditions": [condition]})}, sub="status")
    status = kind("read", me, sub="status").status.to_dict()
    messages = [found["message"] for found in status.get("conditions") or ()]
    assert "mine" in [status.get("message"), *messages] or status.get("used") == used
    assert retried(lambda: kind("replace", me, kind("read", me), sub="status")).metadata.name == me
    kind("delete", me)


@pytest.mark.parametrize("name", ["StatefulSet", "Deployment", "ReplicaSet"])
def test_a_scale_is_read_patched_and_replaced(api: client.ApiClient, namespace: str, name: str) -> None:
    """TR-50, TR-51, API-S1"""
    kind = Kind(api, name, namespace)
    kind("create", manifest(name, "web", namespace))
    assert kind("read", "web", sub="scale").status.selector == "app=web"
    assert kind("patch", "web", {"spec": {"replicas": 2}}, sub="scale").spec.replicas == 2

    def replace() -> Any:
        scale = kind("read", "web", sub="scale")
        scale.spec.replicas = 1
        return kind("replace", "web", scale, sub="scale")

    assert retried(replace).spec.replicas == 1
    assert kind("read", "web").spec.replicas == 1


@pytest.mark.parametrize(
    ("media", "body"),
    [
        pytest.param(None, {"spec": {"ports": [{"port": 80, "name": "web"}]}}, id="a dict is strategic"),
        pytest.param(
            None, [{"op": "add", "path": "/spec/ports/0/name", "value": "web"}], id="a list is JSON"
        ),
        pytest.param(MERGE, {"spec": {"ports": [{"port": 80, "name": "web"}]}}, id="merge"),
        pytest.param(STRATEGIC, {"spec": {"ports": [{"port": 80, "name": "web"}]}}, id="strategic"),
    ],
)
def test_a_patch_of_every_type(core: client.CoreV1Api, namespace: str, media: str | None, body: Any) -> None:
    """TR-50, TR-51, API-PA1"""
    core.create_namespaced_service(
        namespace, {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "x"}}}
    )
    options = {"_content_type": media} if media else {}
    (port,) = core.patch_namespaced_service("a", namespace, body, **options).spec.ports
    assert (port.name, port.port, port.protocol) == ("web", 80, "TCP")
    assert core.read_namespaced_service("a", namespace).spec.selector == {"app": "x"}


def test_a_patch_that_applies(core: client.CoreV1Api, namespace: str) -> None:
    """TR-51, API-A1"""
    spec = {"ports": [{"port": 80, "protocol": "TCP"}]}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec}
    options = {"_content_type": APPLY, "field_manager": "py"}
    made = core.patch_namespaced_service("a", namespace, body, **options)
    assert [(f.manager, f.operation) for f in made.metadata.managed_fields] == [("py", "Apply")]


# -- watching --------------------------------------------------------------------------------------


def service(core: client.CoreV1Api, namespace: str, name: str) -> None:
    """Make an object that no component writes to."""
    core.create_namespaced_service(namespace, {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}})


def test_a_watch_tells_what_is_there_and_resumes_where_it_was_left(
    core: client.CoreV1Api, namespace: str
) -> None:
    """TR-51, API-W2"""
    service(core, namespace, "a")
    watching = watch.Watch()
    (first,) = watching.stream(core.list_namespaced_service, namespace, timeout_seconds=1)
    assert (first["type"], first["object"].metadata.name) == ("ADDED", "a")
    left_at = watching.resource_version
    service(core, namespace, "b")
    core.patch_namespaced_service("a", namespace, {"metadata": {"labels": {"x": "y"}}})
    core.delete_namespaced_service("b", namespace)
    seen = []
    for event in watch.Watch().stream(core.list_namespaced_service, namespace, resource_version=left_at):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            break
    assert seen == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_watch_of_what_history_has_forgotten_begins_again_after_410(
    server: Server, core: client.CoreV1Api, namespace: str
) -> None:
    """TR-51, API-W3: list, then watch from there, as the client's own text says."""
    service(core, namespace, "a")
    server.forget_history()
    service(core, namespace, "b")
    with pytest.raises(ApiException) as refused:
        list(watch.Watch().stream(core.list_namespaced_service, namespace, resource_version="1"))
    assert (refused.value.status, "Expired: too old resource version: 1 (" in refused.value.reason) == (
        410,
        True,
    )
    listed = core.list_namespaced_service(namespace)
    assert [item.metadata.name for item in listed.items] == ["a", "b"]
    since = listed.metadata.resource_version
    service(core, namespace, "c")
    for event in watch.Watch().stream(core.list_namespaced_service, namespace, resource_version=since):
        assert event["object"].metadata.name == "c"
        break


# -- Pods that run ---------------------------------------------------------------------------------


@pytest.fixture
def pod(core: client.CoreV1Api, namespace: str) -> str:
    """Return the name of a Pod that runs."""
    run(core, namespace, {"containers": CONTAINERS})
    return "p"


def run(core: client.CoreV1Api, namespace: str, spec: dict[str, Any]) -> None:
    core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    for event in watch.Watch().stream(core.list_namespaced_pod, namespace):
        if event["object"].status.phase != "Pending":
            return


def execute(core: client.CoreV1Api, namespace: str, *command: str, **options: Any) -> Any:
    asked = {"stderr": True, "stdout": True, "stdin": False, "tty": False, **options}
    return stream(core.connect_get_namespaced_pod_exec, "p", namespace, command=list(command), **asked)


def test_a_command_prints_on_both_channels_and_ends_with_its_code(
    core: client.CoreV1Api, namespace: str, pod: str
) -> None:
    """TR-51, TR-31, TR-32"""
    assert execute(core, namespace, "hostname") == f"{pod}\n"
    said = execute(core, namespace, "sh", "-c", "echo out; echo err >&2; exit 3", _preload_content=False)
    said.run_forever(timeout=20)
    assert (said.read_stdout(), said.read_stderr(), said.returncode) == ("out\n", "err\n", 3)


def test_a_shell_is_typed_into(core: client.CoreV1Api, namespace: str, pod: str) -> None:
    """TR-51, TR-32"""
    shell = execute(core, namespace, "sh", stdin=True, _preload_content=False)
    shell.write_stdin("echo one $(hostname)\n")
    assert shell.readline_stdout(timeout=20) == f"one {pod}"
    shell.write_stdin("exit 4\n")
    shell.run_forever(timeout=20)
    assert shell.returncode == 4


def test_exec_into_what_is_not_there_is_refused(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(ApiException) as refused:
        execute(core, namespace, "ls")
    assert refused.value.status == 0  # of a handshake the client keeps only the text
    assert "Handshake status 403" in refused.value.reason


def test_logs_are_read_and_followed(core: client.CoreV1Api, namespace: str) -> None:
    """TR-51, API-S3"""
    command = ["sh", "-c", "echo one; sleep 10; echo two; sleep 1"]
    container = {"name": "c", "image": "busybox", "command": command}
    run(core, namespace, {"containers": [container], "restartPolicy": "Never"})
    assert core.read_namespaced_pod_log("p", namespace).startswith("one\n")
    followed = watch.Watch().stream(core.read_namespaced_pod_log, "p", namespace)
    lines = [line for line, _ in zip(followed, range(2), strict=False)]
    assert lines == ["one", "two"]
    assert core.read_namespaced_pod_log("p", namespace, tail_lines=1) == "two\n"


def test_the_pods_of_a_selector_are_deleted_together(core: client.CoreV1Api, namespace: str) -> None:
    """TR-51, API-X7"""
    for name in "abc":
        labels = {"x": "y"} if name != "c" else {}
        core.create_namespaced_pod(
            namespace, {"metadata": {"name": name, "labels": labels}, "spec": POD_SPEC}
        )
    core.delete_collection_namespaced_pod(namespace, label_selector="x=y", grace_period_seconds=0)
    assert [pod.metadata.name for pod in core.list_namespaced_pod(namespace).items] == ["c"]


# -- the other groups ------------------------------------------------------------------------------


def test_the_version(api: client.ApiClient) -> None:
    """TR-51, API-H14"""
    assert client.VersionApi(api).get_code().minor == "36"


def test_events_are_read_in_their_new_group(api: client.ApiClient, namespace: str) -> None:
    """TR-51, API-P5: the scheduler's; the client cannot read those without eventTime, here as anywhere."""
    core, events = client.CoreV1Api(api), client.EventsV1Api(api)
    core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": {"containers": CONTAINERS}})
    scheduled = {"field_selector": "reason=Scheduled"}
    for event in watch.Watch().stream(events.list_namespaced_event, namespace, **scheduled):
        assert (event["object"].regarding.name, event["object"].action) == ("p", "Binding")
        break
    body = {
        "metadata": {"name": "mine"},
        "eventTime": "2026-01-01T00:00:00.123456Z",
        "reportingController": "example.com/test",
        "reportingInstance": "test-1",
        "action": "Test",
        "reason": "Testing",
        "type": "Normal",
        "note": "hello",
        "regarding": {"kind": "Pod", "name": "p", "namespace": namespace},
    }
    assert events.create_namespaced_event(namespace, body).note == "hello"
    patched = events.patch_namespaced_event("mine", namespace, {"metadata": {"labels": {"x": "y"}}})
    assert patched.metadata.labels == {"x": "y"}
    assert core.read_namespaced_event("mine", namespace).message == "hello"
    events.delete_namespaced_event("mine", namespace)
    with pytest.raises(ApiException) as refused:
        events.read_namespaced_event("mine", namespace)
    assert status_of(refused.value)[:2] == (404, "NotFound")


def test_the_slices_of_a_service_are_made_by_its_controller(api: client.ApiClient, namespace: str) -> None:
    """TR-51"""
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
    client.CoreV1Api(api).create_namespaced_service(namespace, body)
    slices = client.DiscoveryV1Api(api).list_namespaced_endpoint_slice
    for event in watch.Watch().stream(slices, namespace):
        assert event["object"].metadata.labels["kubernetes.io/service-name"] == "web"
        break


def test_the_apis_are_listed(api: client.ApiClient) -> None:
    """TR-50, API-D4"""
    groups = {group.name for group in client.ApisApi(api).get_api_versions().groups}
    assert groups == set(discovery.groups()) - {""}
    assert client.CoreApi(api).get_api_versions().versions == ["v1"]
    listed = {found.name for found in client.CoreV1Api(api).get_api_resources().resources}
    assert {"pods", "pods/status", "persistentvolumeclaims"} <= listed


# -- the dynamic client ----------------------------------------------------------------------------


def test_the_dynamic_client_discovers_gets_and_applies(api: client.ApiClient, namespace: str) -> None:
    """TR-50, TR-51: it reads /version and the legacy discovery."""
    dynamic = DynamicClient(api)
    services = dynamic.resources.get(api_version="v1", kind="Service")
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": "x"}},
    }
    services.server_side_apply(body=body, namespace=namespace, field_manager="py")
    assert services.get(name="a", namespace=namespace).spec.selector.app == "x"
    assert [item.metadata.name for item in services.get(namespace=namespace).items] == ["a"]
    body["spec"]["selector"] = {"app": "y"}
    with pytest.raises(ConflictError) as refused:
        services.server_side_apply(body=body, namespace=namespace, field_manager="other")
    assert 'conflict with "py": .spec.selector' in json.loads(refused.value.body)["message"]
    taken = services.server_side_apply(
        body=body, namespace=namespace, field_manager="other", force_conflicts=True
    )
    assert taken.spec.selector.app == "y"
    services.delete(name="a", namespace=namespace)
    with pytest.raises(NotFoundError):
        services.get(name="a", namespace=namespace)


def test_the_dynamic_client_knows_every_kind(api: client.ApiClient) -> None:
    dynamic = DynamicClient(api)
    for kind in SERVED:
        found = dynamic.resources.get(api_version=kind.api_version, kind=kind.kind)
        assert (found.name, found.namespaced) == (kind.plural, kind.namespaced)


# -- refusals --------------------------------------------------------------------------------------


def test_a_refusal_carries_the_status(core: client.CoreV1Api, namespace: str) -> None:
    """TR-51, API-E5"""
    service(core, namespace, "a")
    with pytest.raises(ApiException) as again:
        service(core, namespace, "a")
    assert status_of(again.value) == (409, "AlreadyExists", 'services "a" already exists')
    stale = core.read_namespaced_service("a", namespace)
    core.patch_namespaced_service("a", namespace, {"metadata": {"labels": {"x": "y"}}})
    with pytest.raises(ApiException) as conflict:
        core.replace_namespaced_service("a", namespace, stale)
    assert status_of(conflict.value)[:2] == (409, "Conflict")
    with pytest.raises(ApiException) as invalid:
        core.create_namespaced_service(
            namespace, {"metadata": {"name": "A"}, "spec": {"ports": [{"port": 70000, "targetPort": 80}]}}
        )
    assert status_of(invalid.value)[:2] == (422, "Invalid")
    fields = [cause["field"] for cause in json.loads(invalid.value.body)["details"]["causes"]]
    assert fields == ["metadata.name", "spec.ports[0].port"]
