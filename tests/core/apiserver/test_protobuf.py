"""Protobuf bodies: which kinds are read, and what zero, "nothing" and embedded structures mean."""

from __future__ import annotations

import pytest

from core.api.kinds import SERVED
from core.apiserver import protobuf


def message(*fields: tuple[int, bytes | int]) -> bytes:
    """Write fields: numbers as varints of one byte, all else with their length."""
    out = b""
    for number, value in fields:
        out += bytes([number << 3, value]) if isinstance(value, int) else _long(number, value)
    return out


def _long(number: int, value: bytes) -> bytes:
    key = number << 3 | 2
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes([len(value)]) + value


def body(api_version: str, kind: str, raw: bytes = b"") -> bytes:
    return protobuf.PREFIX + message((1, message((1, api_version.encode()), (2, kind.encode()))), (2, raw))


IN_JSON = ("apiextensions.k8s.io", "apiregistration.k8s.io")
READ = [resource for resource in SERVED if resource.group not in IN_JSON]


@pytest.mark.parametrize("resource", READ, ids=lambda resource: resource.kind)
def test_every_served_kind_is_read(resource):
    """Else: make protobuf."""
    read = protobuf.decode(body(resource.api_version, resource.kind, message((1, message((1, b"it"))))))

    assert read == {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {"name": "it"}}


def test_zero_is_kept_where_it_says_something_and_dropped_where_it_says_nothing():
    none, nothing = message((1, 0), (9, 0)), message((4, b""), (13, 0))

    assert protobuf.decode(body("apps/v1", "StatefulSet", message((2, none))))["spec"] == {"replicas": 0}
    claim = protobuf.decode(body("v1", "PersistentVolumeClaim", message((2, message((5, b""))))))
    assert claim["spec"] == {"storageClassName": ""}
    assert "spec" not in protobuf.decode(body("v1", "Service", message((2, nothing))))


def test_the_source_of_a_volume_stands_in_the_volume():
    volume = message((1, b"tmp"), (2, message((2, b""))))
    read = protobuf.decode(body("v1", "Pod", message((2, message((1, volume))))))

    assert read["spec"] == {"volumes": [{"name": "tmp", "emptyDir": {}}]}


def test_what_is_json_inside_is_read_as_json():
    read = protobuf.decode(body("apps/v1", "ControllerRevision", message((2, message((1, b'{"a":[1]}'))))))
    assert read["data"] == {"a": [1]}
    with pytest.raises(protobuf.Malformed):
        protobuf.decode(body("apps/v1", "ControllerRevision", message((2, message((1, b"{"))))))


def test_micro_times_have_six_digits_and_times_none():
    renewed = message((4, message((1, 5), (2, 100))), (1, b""))
    read = protobuf.decode(body("coordination.k8s.io/v1", "Lease", message((2, renewed))))
    assert read["spec"] == {"holderIdentity": "", "renewTime": "1970-01-01T00:00:05.000000Z"}

    made = message((1, message((8, message((1, 5))))))
    assert protobuf.decode(body("v1", "Pod", made))["metadata"] == {
        "creationTimestamp": "1970-01-01T00:00:05Z"
    }


def test_an_event_of_either_group_has_the_fields_of_its_group():
    note = message((10, b"it is"))

    assert protobuf.decode(body("events.k8s.io/v1", "Event", note))["note"] == "it is"
    assert "note" not in protobuf.decode(body("v1", "Event", message((4, b"it is"))))


def test_options_are_read_whatever_version_they_say():
    assert protobuf.decode(body("apps/v1", "DeleteOptions", message((1, 0))))["gracePeriodSeconds"] == 0
