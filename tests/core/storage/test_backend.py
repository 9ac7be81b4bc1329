from __future__ import annotations

import pytest

from core.apimachinery.meta import Obj
from core.storage.backend import backend_key
from tests.core.storage.cast import pinned, volume

NODE_A = pinned("kubernetes.io/hostname", "node-a1")
NODE_B = pinned("kubernetes.io/hostname", "node-b1")


@pytest.mark.parametrize(
    "source",
    [
        {"hostPath": {"path": "/tmp/data"}},
        {"local": {"path": "/mnt/disk1"}, "nodeAffinity": NODE_A},
        {"nfs": {"server": "10.0.0.1", "path": "/exports"}},
        {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}},
    ],
)
def test_the_same_source_is_the_same_data_under_any_name(source: Obj):
    assert backend_key(volume("pv-1", source=source)) == backend_key(volume("pv-2", "9Gi", source=source))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"hostPath": {"path": "/tmp/a"}}, {"hostPath": {"path": "/tmp/b"}}),
        (
            {"local": {"path": "/d"}, "nodeAffinity": NODE_A},
            {"local": {"path": "/d"}, "nodeAffinity": NODE_B},
        ),
        ({"hostPath": {"path": "/d"}}, {"local": {"path": "/d"}}),
        ({"nfs": {"server": "a", "path": "/d"}}, {"nfs": {"server": "b", "path": "/d"}}),
        ({"csi": {"driver": "a", "volumeHandle": "1"}}, {"csi": {"driver": "a", "volumeHandle": "2"}}),
    ],
)
def test_another_path_node_server_or_handle_is_other_data(one: Obj, other: Obj):
    assert backend_key(volume(source=one)) != backend_key(volume(source=other))


def test_how_a_volume_is_mounted_does_not_change_its_data():
    plain = volume(source={"nfs": {"server": "a", "path": "/d"}})

    assert backend_key(
        volume(source={"nfs": {"server": "a", "path": "/d", "readOnly": True}})
    ) == backend_key(plain)
    assert backend_key(volume(source={"hostPath": {"path": "/d/"}})) == backend_key(
        volume(source={"hostPath": {"path": "/d", "type": "Directory"}})
    )


def test_a_key_is_a_name_of_a_namespace():
    assert backend_key(volume(source={"hostPath": {"path": "/tmp/data"}})) == "hostpath-bf0157e8c4f1"
    assert backend_key(volume("Odd", source={"quobyte": {}})).startswith("volume-")
