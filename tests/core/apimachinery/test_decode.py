"""Decoding: what strict decoding finds, in the API server's words."""

from __future__ import annotations

import pytest

from core.apimachinery.decode import decode, path_text, strict_decode


def sts(**spec):
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": spec}


def pod(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0"}, "spec": spec}


def claim(storage):
    resources = {"requests": {"storage": storage}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"resources": resources}}


def messages(obj):
    return [finding.message for finding in strict_decode(obj, obj["kind"])]


def test_names_unknown_fields_at_any_depth_in_document_order():
    """API-F2, API-F3"""
    obj = pod(containers=[{"foo": 1, "ports": [{"bar": 2}]}], containerz=[])

    assert messages(obj) == [
        'unknown field "spec.containers[0].foo"',
        'unknown field "spec.containers[0].ports[0].bar"',
        'unknown field "spec.containerz"',
    ]


def test_drops_unknown_fields_and_nulls_and_leaves_its_input_alone():
    """API-F6"""
    obj = sts(replicas=None, foo=1, serviceName="nginx")

    assert decode(obj, "StatefulSet").obj["spec"] == {"serviceName": "nginx"}
    assert obj["spec"] == {"replicas": None, "foo": 1, "serviceName": "nginx"}


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (sts(replicas="3"), "string into Go struct field StatefulSetSpec.spec.replicas of type int32"),
        (
            pod(containers=[{"ports": [{"containerPort": "80"}]}]),
            "string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (pod(hostNetwork="x"), "string into Go struct field PodSpec.spec.hostNetwork of type bool"),
        (pod(containers={}), "object into Go struct field PodSpec.spec.containers of type []v1.Container"),
        ({**pod(), "spec": "x"}, "string into Go struct field Pod.spec of type v1.PodSpec"),
        (
            {**pod(), "metadata": {"labels": "x"}},
            "string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            {**pod(), "metadata": {"labels": {"a": 1}}},
            "number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            pod(terminationGracePeriodSeconds=1.5),
            "number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64",
        ),
        (
            sts(replicas=3_000_000_000),
            "number 3000000000 into Go struct field StatefulSetSpec.spec.replicas of type int32",
        ),
        (sts(replicas=True), "bool into Go struct field StatefulSetSpec.spec.replicas of type int32"),
        (
            pod(restartPolicy=1),
            "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (pod(volumes=[5]), "number into Go struct field PodSpec.spec.volumes of type v1.Volume"),
    ],
)
def test_names_the_go_field_of_a_wrong_type(obj, message):
    """API-C4, VAL-L3"""
    assert messages(obj) == [f"json: cannot unmarshal {message}"]


def test_reports_the_wrong_type_before_the_unknown_field():
    """API-C4"""
    assert len(messages(sts(replicas="3", foo=1))) == 1


@pytest.mark.parametrize(
    ("storage", "stored"), [("1024Mi", "1Gi"), (1073741824, "1073741824"), ("0.1n", "1m")]
)
def test_stores_quantities_in_canonical_text(storage, stored):
    """VAL-Q1, VAL-Q3"""
    assert decode(claim(storage), "PersistentVolumeClaim").obj == claim(stored)


@pytest.mark.parametrize("storage", ["lots", "", True, {}])
def test_refuses_what_is_no_quantity(storage):
    """VAL-Q2, ST-1.14"""
    (message,) = messages(claim(storage))

    assert message.startswith("quantities must match the regular expression")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-11-22T20:00:00Z", "2026-11-22T20:00:00Z"),
        ("2026-11-22T20:00:00.75+01:00", "2026-11-22T19:00:00Z"),
    ],
)
def test_stores_times_in_whole_utc_seconds(text, stored):
    """API-U11, VAL-T1"""
    obj = {**pod(), "metadata": {"creationTimestamp": text}}

    assert decode(obj, "Pod").obj["metadata"]["creationTimestamp"] == stored


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
        (
            "2026-11-22",
            'parsing time "2026-11-22" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
        ),
        ("2026-13-22T20:00:00Z", 'parsing time "2026-13-22T20:00:00Z": month out of range'),
    ],
)
def test_refuses_a_time_as_go_does(text, message):
    """VAL-T2"""
    assert messages({**pod(), "metadata": {"creationTimestamp": text}}) == [message]


def test_wants_six_digits_of_a_micro_time():
    """VAL-T1"""
    event = {"apiVersion": "v1", "kind": "Event", "eventTime": "2026-11-22T20:00:00Z"}

    assert messages(event) == [
        'parsing time "2026-11-22T20:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": '
        'cannot parse "Z" as ".000000"'
    ]


def test_takes_a_port_by_number_or_name():
    service = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"targetPort": "web"}]}}

    assert messages(service) == []
    service["spec"]["ports"][0]["targetPort"] = []
    assert messages(service) == ["json: cannot unmarshal array into Go value of type int32"]


def test_returns_a_kind_that_is_not_kubernetes_as_it_came():
    obj = {"apiVersion": "stsviz.internal/v1", "kind": "VolumeFile", "anything": 1}

    assert decode(obj, "VolumeFile").obj is obj


def test_writes_paths_as_field_errors_do():
    assert path_text(("spec", "containers", 0, "name")) == "spec.containers[0].name"
