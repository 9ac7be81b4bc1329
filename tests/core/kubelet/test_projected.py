"""ConfigMaps and the Pod's own fields in its containers: as files, as variables, and while missing."""

from __future__ import annotations

from typing import Any

import pytest

from core.apimachinery.meta import Obj
from core.client.cache import Cache
from core.kubelet.kubelet import Kubelet
from core.kubelet.projected import (
    Missing,
    files,
    missing_file,
    missing_variable,
    own_field,
    sources_of,
    variables,
)
from core.sim.settings import Settings
from tests.core.kubelet.cast import WEB_0, Bench, container, node, pod
from tests.core.kubelet.shell.cast import Box


def config_map(name: str = "app", **fields: Any) -> Obj:
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, **fields}


APP = config_map(data={"greeting": "hello", "index.html": "<p>hi</p>\n"}, binaryData={"raw": "AAH/"})
VOLUME = {"name": "config", "configMap": {"name": "app"}}
PROJECTED = {"name": "all", "projected": {"sources": [{"configMap": {"name": "app"}}]}}
POD = pod(container())
FROM_KEY = {"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "greeting"}}}


def chosen(**fields: Any) -> Obj:
    return {"name": "config", "configMap": {"name": "app", **fields}}


# -- files -----------------------------------------------------------------------------------------


def test_each_key_is_a_file() -> None:
    assert files(POD, Cache([APP]), VOLUME) == {
        "/greeting": b"hello",
        "/index.html": b"<p>hi</p>\n",
        "/raw": b"\x00\x01\xff",
    }


def test_items_choose_keys_and_paths() -> None:
    items = [{"key": "greeting", "path": "en/hello.txt"}]

    assert files(POD, Cache([APP]), chosen(items=items)) == {"/en/hello.txt": b"hello"}


def test_a_projected_volume_gathers_its_sources() -> None:
    fields = {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}
    one_key = {"name": "app", "items": [{"key": "greeting", "path": "a"}]}
    sources = [{"configMap": one_key}, {"downwardAPI": fields}]

    found = files(POD, Cache([APP]), {"name": "all", "projected": {"sources": sources}})

    assert found == {"/a": b"hello", "/name": b"web-0"}


def test_labels_as_a_file_stand_one_to_a_line() -> None:
    labelled = pod(container())
    labelled["metadata"]["labels"] = {"b": "2", "a": "1"}

    assert own_field(labelled, {"fieldPath": "metadata.labels"}) == 'a="1"\nb="2"'
    assert own_field(labelled, {"fieldPath": "metadata.labels['b']"}) == "2"


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        (VOLUME, 'configmap "app" not found'),
        (
            {"name": "all", "projected": {"sources": [{"configMap": {"name": "app"}}]}},
            'configmap "app" not found',
        ),
        (chosen(optional=True), None),
        ({"name": "data", "emptyDir": {}}, None),
    ],
)
def test_a_volume_needs_its_config_map(volume: Obj, message: str | None) -> None:
    missing = missing_file(POD, Cache(), volume)

    assert (missing.message if missing else None) == message


def test_a_volume_needs_the_keys_it_chooses() -> None:
    volume = chosen(items=[{"key": "nothing", "path": "x"}])

    missing = missing_file(POD, Cache([APP]), volume)

    assert missing is not None
    assert missing.message == "configmap references non-existent config key: nothing"
    assert missing_file(POD, Cache([APP]), VOLUME) is None
    assert missing_file(POD, Cache([APP]), chosen(optional=True, items=volume["configMap"]["items"])) is None


# -- variables -------------------------------------------------------------------------------------


def test_variables_come_one_by_one_and_all_together() -> None:
    env_from = [{"prefix": "APP_", "configMapRef": {"name": "app"}}]
    env = [FROM_KEY, {"name": "LONG", "value": "$(GREETING), $(APP_greeting)!"}]

    found = variables(POD, Cache([APP]), container(envFrom=env_from, env=env), {"HOME": "/root"})

    assert found == {
        "HOME": "/root",
        "APP_greeting": "hello",
        "APP_index.html": "<p>hi</p>\n",
        "GREETING": "hello",
        "LONG": "hello, hello!",
    }


def test_an_optional_variable_that_is_not_there_is_not_set() -> None:
    reference = {"name": "app", "key": "greeting", "optional": True}
    place = container(env=[{"name": "GREETING", "valueFrom": {"configMapKeyRef": reference}}])

    assert variables(POD, Cache(), place, {}) == {}
    assert missing_variable(POD, Cache(), place) is None


@pytest.mark.parametrize(
    ("objects", "fields", "message"),
    [
        ([], {"env": [FROM_KEY]}, 'configmap "app" not found'),
        ([], {"envFrom": [{"configMapRef": {"name": "app"}}]}, 'configmap "app" not found'),
        ([config_map()], {"env": [FROM_KEY]}, "couldn't find key greeting in ConfigMap default/app"),
        ([APP], {"env": [FROM_KEY]}, None),
    ],
)
def test_a_container_needs_what_its_variables_refer_to(
    objects: list[Obj], fields: Obj, message: str | None
) -> None:
    missing = missing_variable(POD, Cache(objects), container(**fields))

    assert (missing.message if missing else None) == message


def test_a_pod_refers_to_config_maps_in_three_ways() -> None:
    first = container(env=[FROM_KEY], envFrom=[{"configMapRef": {"name": "more"}}])

    assert sources_of(pod(first, volumes=[chosen(name="files")])) == {
        ("ConfigMap", name) for name in ("app", "more", "files")
    }
    assert sources_of(POD) == set()


# -- Secrets ---------------------------------------------------------------------------------------

LOGIN: Obj = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "login", "namespace": "default", "uid": "uid-login"},
    "data": {"password": "czNjcjN0"},
}
SECRET_VOLUME = {"name": "login", "secret": {"secretName": "login"}}
PASSWORD = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}


def test_a_secret_is_files_and_variables_of_its_plain_text() -> None:
    all_of_it = container(env=[PASSWORD], envFrom=[{"prefix": "DB_", "secretRef": {"name": "login"}}])
    projected = {"name": "all", "projected": {"sources": [{"secret": {"name": "login"}}]}}

    assert files(POD, Cache([LOGIN]), SECRET_VOLUME) == {"/password": b"s3cr3t"}
    assert files(POD, Cache([LOGIN]), projected) == {"/password": b"s3cr3t"}
    assert variables(POD, Cache([LOGIN]), all_of_it, {}) == {"DB_password": "s3cr3t", "PASSWORD": "s3cr3t"}
    assert sources_of(pod(all_of_it, volumes=[SECRET_VOLUME])) == {("Secret", "login")}


def test_a_missing_secret_or_key_is_named() -> None:
    no_key = {"name": "login", "secret": {"secretName": "login", "items": [{"key": "user", "path": "u"}]}}
    empty = {key: value for key, value in LOGIN.items() if key != "data"}

    def message(missing: Missing | None) -> str:
        return missing.message if missing else ""

    assert message(missing_file(POD, Cache(), SECRET_VOLUME)) == 'secret "login" not found'
    assert message(missing_file(POD, Cache([LOGIN]), no_key)) == "references non-existent secret key: user"
    assert message(missing_variable(POD, Cache(), container(env=[PASSWORD]))) == 'secret "login" not found'
    assert (
        message(missing_variable(POD, Cache([empty]), container(env=[PASSWORD])))
        == "couldn't find key password in Secret default/login"
    )


def test_a_pod_waits_for_the_secret_it_mounts() -> None:
    bench = Bench(node(), pod(container(), volumes=[SECRET_VOLUME])).run(0.3)

    assert bench.events == [
        'FailedMount: MountVolume.SetUp failed for volume "login" : secret "login" not found'
    ]
    assert bench.because == "waits for Secret login to be created"
    bench.put(LOGIN)
    assert "running" in bench.run(5).state


# -- the kubelet -----------------------------------------------------------------------------------


def test_a_pod_waits_for_the_config_map_it_mounts() -> None:
    bench = Bench(node(), pod(container(), volumes=[VOLUME])).run(0.3)

    assert bench.events == [
        'FailedMount: MountVolume.SetUp failed for volume "config" : configmap "app" not found'
    ]
    assert bench.state == {"waiting": {"reason": "ContainerCreating"}}
    assert bench.because == "waits for ConfigMap app to be created"
    bench.put(APP)
    assert "running" in bench.run(5).state


def test_a_container_waits_for_the_config_map_of_its_variables() -> None:
    bench = Bench(node(), pod(container(env=[FROM_KEY]))).run(30)

    assert bench.state == {
        "waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "app" not found'}
    }
    assert [event.partition(":")[0] for event in bench.events] == ["Pulled", "Failed"]
    assert bench.events[-1] == 'Failed: Error: configmap "app" not found'
    assert bench.because == "waits for ConfigMap app to be created"
    bench.put(APP)
    assert "running" in bench.run(5).state


def test_news_of_a_config_map_wakes_who_waits_for_it() -> None:
    waiting = pod(container(env=[FROM_KEY]))
    view = Cache([waiting, APP])
    woken = Kubelet(Settings()).watches["ConfigMap"]

    assert list(woken(view, None, APP)) == [WEB_0]
    assert list(woken(view, None, config_map("other"))) == []
    assert list(woken(view, APP, None)) == []


# -- in the container ------------------------------------------------------------------------------


def test_its_files_are_read_and_not_written() -> None:
    box = Box()
    box.view.put(APP)
    spec = box.pod["spec"]
    spec["volumes"].append(VOLUME)
    spec["containers"][0]["volumeMounts"].append({"name": "config", "mountPath": "/etc/app"})
    box.session = box.fresh()

    assert box.exec("cat", "/etc/app/greeting").stdout == b"hello"
    assert box.exec("ls", "/etc/app").stdout == b"greeting\nindex.html\nraw\n"
    refused = box.exec("sh", "-c", "echo x > /etc/app/greeting")
    assert b"Read-only file system" in refused.stderr
    assert box.session.disk.changes() == ([], [])


def test_one_key_may_be_mounted_as_one_file() -> None:
    box = Box()
    box.view.put(APP)
    spec = box.pod["spec"]
    spec["volumes"].append(VOLUME)
    mount = {"name": "config", "mountPath": "/etc/greeting.txt", "subPath": "greeting"}
    spec["containers"][0]["volumeMounts"].append(mount)
    box.session = box.fresh()

    assert box.exec("cat", "/etc/greeting.txt").stdout == b"hello"


def test_its_variables_are_in_the_shell() -> None:
    box = Box(env=[FROM_KEY])
    box.view.put(APP)
    box.session = box.fresh()

    assert box.exec("sh", "-c", "echo $GREETING").stdout == b"hello\n"
