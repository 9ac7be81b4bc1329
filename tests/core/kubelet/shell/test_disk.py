"""What survives, what dies, and what is stored: TR-34."""

from __future__ import annotations

import pytest

from core.kubelet.mounts import container_backend
from core.kubelet.shell.disk import DiskError
from tests.core.kubelet.shell.cast import Box

PAGE = "/usr/share/nginx/html/index.html"


def test_a_volume_and_the_container_keep_their_files_apart():
    box = Box()
    box.sh("echo v > /data/f; echo c > /tmp/f")
    written, removed = box.session.disk.changes()
    assert [(f["metadata"]["namespace"], f["path"]) for f in written] == [
        ("pod-u-1-volume-data", "/f"),
        (container_backend(box.pod, "nginx"), "/tmp/f"),
    ]
    assert removed == []
    assert {f["pod"]["uid"] for f in written} == {"u-1"}
    box.keep()
    assert box.out("cat /data/f /tmp/f") == "v\nc\n"


def test_a_restarted_container_has_a_fresh_file_system():
    box = Box()
    box.sh("echo v > /data/f; echo c > /tmp/f")
    box.keep()
    status = {"name": "nginx", "restartCount": 1, "state": {"running": {}}}
    box.pod = {**box.pod, "status": {**box.pod["status"], "containerStatuses": [status]}}
    box.session = box.fresh()
    assert box.out("ls /data /tmp") == "/data:\nf\n\n/tmp:\n"


def test_a_file_of_the_image_can_be_moved_away_and_back():
    box = Box()
    assert "Welcome" in box.out(f"cat {PAGE}")
    box.out(f"mv {PAGE} /tmp/")
    box.keep()
    assert box.out("ls /usr/share/nginx/html; ls /tmp") == "index.html\n"
    box.out(f"mv /tmp/index.html {PAGE}")
    box.keep()
    assert "Welcome" in box.out(f"cat {PAGE}")


def test_what_is_removed_from_a_volume_is_deleted_and_the_place_of_the_mount_stays():
    box = Box()
    box.sh("mkdir /data/d; echo v > /data/d/f")
    box.keep()
    box.sh("rm /data/d/f")
    _, removed = box.session.disk.changes()
    assert [ref.namespace for ref in removed] == ["pod-u-1-volume-data"]
    box.keep()
    assert box.out("ls /data") == "d\n"
    box.sh("rmdir /data/d")
    box.keep()
    assert box.out("ls -A /data; ls -d /data") == "/data\n"


def test_a_file_knows_since_when_it_is_as_it_is():
    """what the probes go by"""
    box = Box()
    box.session.disk.now += 10
    box.sh(f"rm {PAGE}")
    box.keep()
    disk = box.session.disk
    assert (disk.file(PAGE), disk.latest) == (None, box.session.now + 10)


def test_a_volume_that_is_read_only_is():
    box = Box()
    box.pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"] = True
    box.session = box.fresh()
    assert b"cannot create /data/f: Read-only file system" in box.sh("echo x > /data/f").stderr


def test_a_sub_path_is_a_part_of_the_volume():
    box = Box()
    box.pod["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "data", "mountPath": "/all"},
        {"name": "data", "mountPath": "/part", "subPath": "a/b"},
    ]
    box.session = box.fresh()
    assert box.out("echo x > /part/f; cat /all/a/b/f") == "x\n"


@pytest.mark.parametrize("path", ["/tmp/\0", "/" + "a" * 5000])
def test_a_path_that_cannot_be_is_refused(path: str):
    with pytest.raises(DiskError):
        Box().session.disk.node(path)


def test_a_link_stays_in_its_volume_and_leads_where_the_next_container_has_it_lead():
    box = Box()
    box.sh("echo one > /data/f; ln -s /data/f /data/l; ln -s /etc/hostname /data/own")
    box.keep()
    assert box.out("cat /data/l /data/own; ls /data") == "one\nweb-0\nf\nl\nown\n"
    box.sh("echo two > /data/l")
    written, _ = box.session.disk.changes()
    assert [(file["path"], file["content"]) for file in written] == [("/f", "two\n")]


def test_what_leads_elsewhere_is_as_old_as_the_newest_of_link_and_file():
    """A probe asks since when it would have found what it finds."""
    box = Box()
    box.sh("echo one > /tmp/f; sleep 5; ln -s f /tmp/l")
    box.keep()
    disk = box.session.disk
    assert disk.file("/tmp/f") == disk.file("/tmp/l") == b"one\n"
    at = disk.lstat("/tmp/l")
    assert at is not None
    assert disk.latest == at.mtime
