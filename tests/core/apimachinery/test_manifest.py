"""Manifests: what a person may paste, and what must never bring the server down."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from core.apimachinery import manifest
from core.apimachinery.yamltree import resolve

WEB = """\
# the tutorial's set
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: nginx
  replicas: 2
  template:
    spec:
      containers:
      - name: nginx
        image: nginx
"""
CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: www}\n"


def only_problem(text):
    (document,) = manifest.read(text)
    (problem,) = document.problems
    return problem


def test_reads_documents_with_the_line_of_every_field():
    documents = manifest.read(f"{WEB}---\n{CLAIM}")

    assert [d.obj["kind"] for d in documents] == ["StatefulSet", "PersistentVolumeClaim"]
    assert [d.index for d in documents] == [0, 1]
    assert documents[0].problems == ()
    assert documents[0].lines["spec", "template", "spec", "containers", 0, "image"] == 13
    assert documents[0].line_of("spec.template.spec.containers[0].image") == 13
    assert documents[0].line_of("spec.template.spec.containers[0].ports[0].name") == 12
    assert documents[1].line_of("spec.resources[storage]") == 15


def test_skips_empty_documents():
    assert manifest.read("") == []
    assert len(manifest.read(f"---\n# nothing\n---\n{CLAIM}---\n---\n")) == 1


def test_reads_json():
    (document,) = manifest.read('{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"spec": {"foo": 1}\n}')

    assert document.problems == (manifest.Problem(4, 0, "spec.foo", 'unknown field "spec.foo"'),)


def test_reads_json_that_is_not_yaml():
    (document,) = manifest.read(
        '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a":"\\ud83d\\ude00"}}}'
    )

    assert document.obj["metadata"]["annotations"]["a"] == "\U0001f600"


def test_replaces_a_list_by_its_items():
    item = "- apiVersion: v1\n  kind: Pod\n"
    text = f"apiVersion: v1\nkind: List\nitems:\n{item}{item}  x: 1\n"

    first, second = manifest.read(text)

    assert (first.line, second.line) == (4, 6)
    assert second.problems == (manifest.Problem(8, 0, "x", 'unknown field "x"'),)


def test_a_broken_document_leaves_the_others_whole():
    broken, claim = manifest.read(f"kind: a: b\n---\n{CLAIM}")

    assert broken.problems[0].line == 1
    assert broken.problems[0].message == (
        "error converting YAML to JSON: mapping values are not allowed in this context"
    )
    assert claim.obj["metadata"] == {"name": "www"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("kind: Pod\n", 1, "apiVersion not set"),
        ("apiVersion: v1\n", 1, "kind not set"),
        ("apiVersion: v1\nkind: 5\n", 2, "kind must be a string"),
        ("- a\n", 1, "an object is expected here, not a list"),
        ("hello", 1, "an object is expected here, not a single value"),
        (f"{CLAIM}metadata: {{}}\n", 4, 'key "metadata" already set in map'),
        (f"{CLAIM}spec: {{a: .nan}}", 4, ".nan is not a number that JSON has"),
        (f"{CLAIM}spec: !!python/object:os.system x", 4, "cannot decode 'x' as !!python/object:os.system"),
        (f"{CLAIM}spec: !foo {{}}", 4, "tag !foo is not supported"),
        (f"{CLAIM}spec: *x", 4, "unknown anchor 'x' referenced"),
        (f"{CLAIM}spec: &x [*x]", 4, "anchor 'x' value contains itself"),
        (f"{CLAIM}? [a]\n: b", 4, "a key must be a single value"),
        ("a: \x07", 1, "not text: control character U+0007"),
        (b"a: \xff", 1, "not text: a byte that is not UTF-8"),
        (b"\x00\x01ELF", 1, "not text: control character U+0000"),
        ("a" * 3_000_001, 1, "larger than 3000000 bytes"),
        (b"a" * 3_000_001, 1, "larger than 3000000 bytes"),
        ("x: " + "[" * 5000, 1, "nested deeper than 100 levels"),
    ],
)
def test_says_on_which_line_a_text_is_no_manifest(text, line, message):
    problem = only_problem(text)

    assert (problem.line, problem.message) == (line, message)


def test_says_that_a_tab_is_the_matter():
    problem = only_problem("metadata:\n\tname: web\n")

    assert problem.line == 2
    assert problem.message.startswith("error converting YAML to JSON: a tab indents this line")


def test_knows_what_the_cluster_serves():
    (document,) = manifest.read(WEB.replace("apps/v1", "apps/v2"), served={("apps/v1", "StatefulSet")})

    assert document.problems == (
        manifest.Problem(3, 0, "kind", 'no matches for kind "StatefulSet" in version "apps/v2"'),
    )


def test_finds_wrong_types_and_says_where():
    """API-C4"""
    (document,) = manifest.read(WEB.replace("replicas: 2", 'replicas: "2"'))

    (problem,) = document.problems
    assert (problem.line, problem.field) == (8, "spec.replicas")
    assert problem.message.endswith("StatefulSetSpec.spec.replicas of type int32")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("True", True),
        ("~", None),
        ("Null", None),
        ("2001-01-01", "2001-01-01"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("1:30", "1:30"),
        ("0644", 420),
        ("0o17", 15),
        ("08", 8),
        ("0x1F", 31),
        ("-5", -5),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000),
        ("1Gi", "1Gi"),
        ("10.244.0.5", "10.244.0.5"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_resolves_scalars_as_kubectl_does(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_merges_maps_and_shares_aliases():
    (document,) = manifest.read(
        f"{CLAIM}spec:\n  selector: &s\n    matchLabels: {{a: b}}\n"
        "  resources:\n    limits: {<<: {cpu: 1, memory: 2}, cpu: 3}\n"
    )

    assert document.obj["spec"]["resources"]["limits"] == {"cpu": 3, "memory": 2}


def test_turns_keys_into_text():
    (document,) = manifest.read(f"{CLAIM}spec: {{selector: {{matchLabels: {{1: a, yes: b}}}}}}")

    assert document.obj["spec"]["selector"]["matchLabels"] == {"1": "a", "true": "b"}


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
TOWER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 500))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "more than 200000 values, aliases counted"),
        (TOWER, "nested deeper than 100 levels"),
        ("a:\n" + "- 1\n" * 700_000, "more than 200000 values, aliases counted"),
        ("---\na\n" * 6000, "more than 5000 documents"),
    ],
    ids=["alias bomb", "alias tower", "too many values", "too many documents"],
)
def test_gives_up_on_a_bomb_before_it_costs_memory(text, message):
    tracemalloc.start()
    began = time.perf_counter()

    documents = manifest.read(text)

    taken, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert documents[-1].problems[0].message == message
    assert peak < 200_000_000
    assert taken < 20


def test_reads_paths_of_field_errors():
    assert manifest.parse_path("spec.resources[storage]") == ("spec", "resources", "storage")
    assert manifest.parse_path("spec.containers[0].name") == ("spec", "containers", 0, "name")
