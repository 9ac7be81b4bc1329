"""Tables, as kubectl prints them."""

from __future__ import annotations

import pytest

from core.apimachinery.duration import human_duration
from core.apiserver.podprinter import summarize
from core.apiserver.printers import PRINTERS, render, table

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
CREATED = "2027-01-15T07:55:50Z"
META = {"name": "web-0", "namespace": "default", "creationTimestamp": CREATED}


def printed(obj, *, wide=False):
    return render(table(obj["kind"], [obj], NOW), wide=wide).splitlines()


def pod(status, deleting=False, inits=(), name="web-0"):
    meta = {**META, "name": name}
    if deleting:
        meta["deletionTimestamp"] = CREATED
    spec = {"containers": [{"name": "nginx"}], "initContainers": list(inits)}
    return {"kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def container(state, ready=False, **more):
    return {"name": "nginx", "state": state, "ready": ready, "restartCount": 0, **more}


RUNNING = {"running": {"startedAt": CREATED}}
READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (28740, "7h59m"),
        (28800, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (191 * 3600, "7d23h"),
        (192 * 3600, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (731 * 86400, "2y1d"),
        (8 * 365 * 86400, "8y"),
    ],
)
def test_writes_an_age(seconds, text):
    """TAB-A, CO6, ST-7.17"""
    assert human_duration(seconds) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"phase": "Pending"}, "Pending"),
        (
            {
                "phase": "Pending",
                "containerStatuses": [container({"waiting": {"reason": "ContainerCreating"}})],
            },
            "ContainerCreating",
        ),
        ({"phase": "Running", "containerStatuses": [container(RUNNING, True)]}, "Running"),
        (
            {
                "phase": "Running",
                "containerStatuses": [container({"waiting": {"reason": "CrashLoopBackOff"}})],
            },
            "CrashLoopBackOff",
        ),
        (
            {
                "phase": "Failed",
                "containerStatuses": [container({"terminated": {"exitCode": 1, "reason": "Error"}})],
            },
            "Error",
        ),
        (
            {"phase": "Succeeded", "containerStatuses": [container({"terminated": {"exitCode": 0}})]},
            "ExitCode:0",
        ),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        (
            {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            },
            "SchedulingGated",
        ),
    ],
)
def test_says_the_status_of_a_pod(status, text):
    """PL40, PL42, PL45"""
    assert summarize(pod(status)).status == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"running": {}}, "Init:0/1"),
        ({"waiting": {"reason": "PodInitializing"}}, "Init:0/1"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "Init:ImagePullBackOff"),
        ({"terminated": {"exitCode": 2}}, "Init:ExitCode:2"),
        ({"terminated": {"exitCode": 1, "signal": 9}}, "Init:Signal:9"),
        ({"terminated": {"exitCode": 1, "reason": "Error"}}, "Init:Error"),
        ({"terminated": {"exitCode": 0}}, "PodInitializing"),
    ],
)
def test_says_which_init_container_is_waited_for(state, text):
    """PL41"""
    status = {
        "phase": "Pending",
        "initContainerStatuses": [{"name": "init", "state": state, "restartCount": 0}],
        "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
    }

    assert summarize(pod(status, inits=[{"name": "init"}])).status == text


def test_counts_a_sidecar_that_is_ready():
    """PL41, PL46"""
    sidecar = {"name": "log", "state": RUNNING, "started": True, "ready": True, "restartCount": 2}
    status = {
        "phase": "Running",
        "initContainerStatuses": [sidecar],
        "containerStatuses": [container(RUNNING, True)],
    }

    summary = summarize(pod(status, inits=[{"name": "log", "restartPolicy": "Always"}]))

    assert (summary.ready, summary.total, summary.restarts) == (2, 2, 2)


@pytest.mark.parametrize(("conditions", "text"), [(READY, "Running"), ([], "NotReady")])
def test_a_completed_container_beside_a_running_one(conditions, text):
    """PL43"""
    done = container({"terminated": {"exitCode": 0, "reason": "Completed"}})
    status = {
        "phase": "Running",
        "conditions": conditions,
        "containerStatuses": [done, container(RUNNING, True)],
    }

    assert summarize(pod(status)).status == text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"phase": "Running"}, "Terminating"),
        ({"phase": "Running", "reason": "NodeLost"}, "Unknown"),
        ({"phase": "Succeeded"}, "Succeeded"),
    ],
)
def test_says_what_becomes_of_a_pod_under_deletion(status, text):
    """PL44"""
    assert summarize(pod(status, deleting=True)).status == text


def test_prints_pods_as_in_the_tutorial():
    """CO1, CO17, PL47"""
    running = {"phase": "Running", "containerStatuses": [container(RUNNING, True)]}
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2027-01-15T07:59:25Z"}}
    restarted = container(RUNNING, True, restartCount=1, lastState=ended)
    creating = {
        "phase": "Pending",
        "containerStatuses": [container({"waiting": {"reason": "ContainerCreating"}})],
    }
    pods = [
        pod(running),
        pod({"phase": "Running", "containerStatuses": [restarted]}, name="web-1"),
        pod(creating, name="web-2"),
    ]

    assert render(table("Pod", pods, NOW)) == (
        "NAME    READY   STATUS              RESTARTS      AGE\n"
        "web-0   1/1     Running             0             4m10s\n"
        "web-1   1/1     Running             1 (35s ago)   4m10s\n"
        "web-2   0/1     ContainerCreating   0             4m10s\n"
    )


def test_prints_the_wide_columns_of_a_pod():
    """TAB-1, TAB-1a, CO11"""
    header, row = printed(pod({"phase": "Pending"}), wide=True)

    assert header.split("   ")[-1] == "READINESS GATES"
    assert row.split() == ["web-0", "0/1", "Pending", "0", "4m10s", "<none>", "<none>", "<none>", "<none>"]


@pytest.mark.parametrize(
    ("obj", "wide", "header", "row"),
    [
        (
            {
                "kind": "StatefulSet",
                "metadata": META,
                "spec": {
                    "replicas": 3,
                    "template": {
                        "spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}
                    },
                },
                "status": {"readyReplicas": 2},
            },
            True,
            "NAME    READY   AGE     CONTAINERS   IMAGES",
            "web-0   2/3     4m10s   a,b          x,y",
        ),
        (
            {
                "kind": "PersistentVolumeClaim",
                "metadata": META,
                "spec": {
                    "volumeName": "pv-1",
                    "storageClassName": "standard",
                    "volumeMode": "Filesystem",
                },
                "status": {
                    "phase": "Bound",
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                },
            },
            False,
            "NAME    STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE",
            "web-0   Bound    pv-1     1Gi        RWO,RWX        standard       <un"
            "set>                 4m10s",
        ),
        (
            {
                "kind": "PersistentVolumeClaim",
                "metadata": META,
                "spec": {"volumeName": "pv-1"},
                "status": {"phase": "Lost"},
            },
            False,
            "NAME    STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE",
            "web-0   Lost     pv-1     0                                        <un"
            "set>                 4m10s",
        ),
        (
            {"kind": "PersistentVolumeClaim", "metadata": META, "spec": {}, "status": {"phase": "Pending"}},
            False,
            "NAME    STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE",
            "web-0   Pending                                                     <u"
            "nset>                 4m10s",
        ),
        (
            {
                "kind": "PersistentVolume",
                "metadata": {**META, "deletionTimestamp": CREATED},
                "spec": {
                    "capacity": {"storage": "1024Mi"},
                    "accessModes": ["ReadWriteOncePod"],
                    "persistentVolumeReclaimPolicy": "Delete",
                    "claimRef": {"namespace": "default", "name": "www-web-0"},
                },
                "status": {"phase": "Bound"},
            },
            False,
            "NAME    CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS        CLAIM"
            "               STORAGECLASS   "
            "VOLUMEATTRIBUTESCLASS   REASON   AGE",
            "web-0   1Gi        RWOP           Delete           Terminating   defau"
            "lt/www-web-0                  "
            "<unset>                          4m10s",
        ),
        (
            {
                "kind": "StorageClass",
                "metadata": {
                    **META,
                    "name": "standard",
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "p",
            },
            False,
            "NAME                 PROVISIONER   RECLAIMPOLICY   VOLUMEBINDINGMODE  "
            " ALLOWVOLUMEEXPANSION   AGE",
            "standard (default)   p             Delete          Immediate          "
            " false                  4m10s",
        ),
        (
            {
                "kind": "ControllerRevision",
                "metadata": {
                    **META,
                    "ownerReferences": [
                        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True}
                    ],
                },
                "revision": 2,
            },
            False,
            "NAME    CONTROLLER             REVISION   AGE",
            "web-0   statefulset.apps/web   2          4m10s",
        ),
        (
            {"kind": "ControllerRevision", "metadata": META, "revision": 2},
            False,
            "NAME    CONTROLLER   REVISION   AGE",
            "web-0   <none>       2          4m10s",
        ),
        (
            {
                "kind": "Service",
                "metadata": META,
                "spec": {
                    "type": "ClusterIP",
                    "clusterIPs": ["None"],
                    "ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
                },
            },
            True,
            "NAME    TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)         AGE     SELECTOR",
            "web-0   ClusterIP   None         <none>        80/TCP,53/UDP   4m10s   <none>",
        ),
        (
            {
                "kind": "Service",
                "metadata": META,
                "spec": {
                    "type": "NodePort",
                    "clusterIPs": ["10.96.0.9"],
                    "ports": [{"port": 443, "nodePort": 30443, "protocol": "TCP"}],
                    "selector": {"app": "x"},
                },
            },
            True,
            "NAME    TYPE       CLUSTER-IP   EXTERNAL-IP   PORT(S)         AGE     SELECTOR",
            "web-0   NodePort   10.96.0.9    <none>        443:30443/TCP   4m10s   app=x",
        ),
        (
            {
                "kind": "Node",
                "metadata": {**META, "labels": {"node-role.kubernetes.io/control-plane": ""}},
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [{"type": "Ready", "status": "Unknown"}],
                    "nodeInfo": {"kubeletVersion": "v1.36.0"},
                },
            },
            False,
            "NAME    STATUS                        ROLES           AGE     VERSION",
            "web-0   NotReady,SchedulingDisabled   control-plane   4m10s   v1.36.0",
        ),
        (
            {
                "kind": "EndpointSlice",
                "metadata": META,
                "addressType": "IPv4",
                "endpoints": None,
                "ports": None,
            },
            False,
            "NAME    ADDRESSTYPE   PORTS     ENDPOINTS   AGE",
            "web-0   IPv4          <unset>   <unset>     4m10s",
        ),
        (
            {
                "kind": "EndpointSlice",
                "metadata": META,
                "addressType": "IPv4",
                "endpoints": [{"addresses": [f"10.0.0.{n}"]} for n in range(5)],
                "ports": [{"port": 80}],
            },
            False,
            "NAME    ADDRESSTYPE   PORTS   ENDPOINTS                                  AGE",
            "web-0   IPv4          80      10.0.0.0,10.0.0.1,10.0.0.2 + 2 more...     4m10s".replace(
                "more...     ", "more...   "
            ),
        ),
        (
            {
                "kind": "Event",
                "metadata": META,
                "involvedObject": {"kind": "Pod", "name": "web-0"},
                "type": "Normal",
                "reason": "Started",
                "message": "Started container\n",
                "firstTimestamp": CREATED,
                "lastTimestamp": "2027-01-15T07:59:00Z",
            },
            False,
            "LAST SEEN   TYPE     REASON    OBJECT      MESSAGE",
            "60s         Normal   Started   pod/web-0   Started container",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_prints_a_kind(obj, wide, header, row):
    """Columns and cells.

    StatefulSet: TAB-5, TAB-5a, CO7, CO10. Claim: TAB-2, TAB-2a, ST-7.2, ST-7.10, ST-7.12, ST-7.13, ST-7.14,
    ST-1.20, TAB-M. Volume: TAB-3, TAB-3a, ST-7.1, ST-7.10, ST-7.11. Class: TAB-4, TAB-4a, ST-7.3, ST-7.15,
    ST-3.10. Revision: TAB-8, TAB-8a, CO14. Service: TAB-9, TAB-9a. Node: TAB-12, TAB-12a, ST-7.6, ST-7.16.
    Slice: TAB-11, TAB-11a, TAB-L. Event: TAB-14, TAB-14a, CO16, ST-7.7.
    """
    shown = printed(obj, wide=wide)

    assert [" ".join(line.split()) for line in shown] == [" ".join(line.split()) for line in (header, row)]
    assert shown[1] == row


def test_leaves_out_the_headers():
    """CO1"""
    namespace = {"kind": "Namespace", "metadata": META, "status": {"phase": "Active"}}

    assert render(table("Namespace", [namespace], NOW), no_headers=True) == "web-0   Active   4m10s\n"


def test_marks_types_priorities_and_the_name():
    """TAB-6"""
    columns = PRINTERS["ReplicaSet"][0]

    assert [c.type for c in columns[:5]] == ["string", "integer", "integer", "integer", "string"]
    assert [c.priority for c in columns[4:]] == [0, 1, 1, 1]
    assert [c.format for c in columns[:2]] == ["name", ""]
    assert [c.type for c in PRINTERS["PriorityClass"][0][:3]] == ["string", "integer", "boolean"]


def test_endpoints_show_three_of_the_ready_addresses():
    """TAB-10a"""

    def text(*subsets):
        return table("Endpoints", [{"metadata": META, "subsets": list(subsets)}], NOW).rows[0][1]

    ips = [{"ip": f"10.0.0.{n}"} for n in range(1, 3)]
    ports = [{"port": 80}, {"port": 443}]
    assert text() == "<none>"
    assert text({"notReadyAddresses": ips, "ports": ports}) == ""
    assert text({"addresses": ips}) == "10.0.0.1,10.0.0.2"
    assert text({"addresses": ips, "ports": ports}) == "10.0.0.1:80,10.0.0.2:80,10.0.0.1:443 + 1 more..."


def test_a_config_map_counts_what_it_holds():
    """TAB-17"""
    config_map = {"kind": "ConfigMap", "metadata": META, "data": {"a": "1", "b": ""}, "binaryData": {"c": ""}}

    assert printed(config_map) == ["NAME    DATA   AGE", "web-0   3      4m10s"]
    assert printed({"kind": "ConfigMap", "metadata": META})[1] == "web-0   0      4m10s"


def test_a_lease_shows_who_holds_it():
    """TAB-15a"""
    lease = {"kind": "Lease", "metadata": META, "spec": {"holderIdentity": "node-1"}}

    assert printed(lease) == ["NAME    HOLDER   AGE", "web-0   node-1   4m10s"]
    assert table("Lease", [{"metadata": META, "spec": {}}], NOW).rows[0][1] == ""


def test_a_budget_shows_its_bound_and_what_is_left():
    """TAB-19, NF16"""
    budget = {"kind": "PodDisruptionBudget", "metadata": META, "spec": {"maxUnavailable": "50%"}}
    shown = printed({**budget, "status": {"disruptionsAllowed": 2}})

    assert shown[0] == "NAME    MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE"
    assert shown[1].split() == ["web-0", "N/A", "50%", "2", "4m10s"]
    zero = table("PodDisruptionBudget", [{"metadata": META, "spec": {"minAvailable": 0}}], NOW)
    assert zero.rows[0][1:4] == ["0", "N/A", 0]


WORKLOAD = {
    "metadata": META,
    "spec": {
        "replicas": 3,
        "selector": {
            "matchLabels": {"b": "c"},
            "matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}],
        },
        "template": {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}},
    },
    "status": {"replicas": 2, "readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1},
}


def test_a_replica_set_counts_in_integers_and_writes_its_selector_out():
    """TAB-6, TAB-6a, TAB-S, CO7, CO12"""
    header, row = printed({"kind": "ReplicaSet", **WORKLOAD}, wide=True)

    assert " ".join(header.split()) == "NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR"
    assert row.split() == ["web-0", "3", "2", "1", "4m10s", "a,b", "x,y", "a", "in", "(x,y),b=c"]
    assert table("ReplicaSet", [WORKLOAD], NOW).rows[0][1:4] == [3, 2, 1]


def test_a_deployment_says_how_far_it_is():
    """TAB-7, TAB-7a, CO13"""
    header, row = printed({"kind": "Deployment", **WORKLOAD}, wide=True)

    assert " ".join(header.split()) == "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR"
    assert row.split() == ["web-0", "1/3", "2", "1", "4m10s", "a,b", "x,y", "a", "in", "(x,y),b=c"]
    assert table("Deployment", [WORKLOAD], NOW).rows[0][2:4] == [2, 1]


def test_a_namespace_shows_its_phase():
    """TAB-13, TAB-13a"""
    namespace = {"kind": "Namespace", "metadata": META, "status": {"phase": "Terminating"}}

    assert printed(namespace) == ["NAME    STATUS        AGE", "web-0   Terminating   4m10s"]


def test_an_object_without_a_birthday_has_an_unknown_age():
    """CO5, TAB-A"""
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "x"}, "spec": {}, "status": {}}

    assert printed(claim)[1].split()[-1] == "<unknown>"


@pytest.mark.parametrize(
    ("obj", "shown"),
    [
        pytest.param({"kind": "ServiceAccount"}, "NAME AGE|web-0 4m10s", id="TAB-18"),
        pytest.param(
            {"kind": "Secret", "type": "Opaque", "data": {"a": "", "b": ""}},
            "NAME TYPE DATA AGE|web-0 Opaque 2 4m10s",
            id="TAB-21",
        ),
        pytest.param(
            {
                "kind": "ResourceQuota",
                "status": {
                    "hard": {"pods": "2", "limits.cpu": "1", "cpu": "500m"},
                    "used": {"pods": "1", "limits.cpu": "0"},
                },
            },
            "NAME REQUEST LIMIT AGE|web-0 cpu: 0/500m, pods: 1/2 limits.cpu: 0/1 4m10s",
            id="quota",
        ),
        pytest.param(
            {"kind": "PriorityClass", "value": 1000, "globalDefault": True, "preemptionPolicy": "Never"},
            "NAME VALUE GLOBAL-DEFAULT AGE PREEMPTIONPOLICY|web-0 1000 true 4m10s Never",
            id="priority-class",
        ),
        pytest.param({"kind": "ResourceQuota"}, "NAME REQUEST LIMIT AGE|web-0 4m10s", id="quota-unseen"),
    ],
)
def test_prints_a_small_kind(obj, shown):
    found = printed({**obj, "metadata": META})

    assert "|".join(" ".join(line.split()) for line in found) == shown
