"""A PodTemplate: what a template in a workload may say, and a generation for its changes."""

from __future__ import annotations

from core.apimachinery.meta import Obj
from tests.core.registry.cast import created, refusals, updated


def pod_template(image: str = "nginx", **spec: object) -> Obj:
    containers = [{"name": "c", "image": image}]
    return {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": "web", "namespace": "default"},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers, **spec}},
    }


def test_it_gets_the_defaults_of_a_pod() -> None:
    spec = created(pod_template())["template"]["spec"]
    assert (spec["restartPolicy"], spec["containers"][0]["imagePullPolicy"]) == ("Always", "Always")


def test_it_may_have_any_restart_policy_but_no_container_without_image() -> None:
    assert refusals(pod_template(restartPolicy="Never")) == []
    assert refusals(pod_template(image="")) == ["template.spec.containers[0].image: Required value"]


def test_each_change_of_the_template_counts() -> None:
    first = created(pod_template())
    assert first["metadata"]["generation"] == 1
    changed = {**first, "template": pod_template(image="nginx:2")["template"]}
    assert updated(changed, first)["metadata"]["generation"] == 2
    assert updated(first, first)["metadata"]["generation"] == 1
