"""Write core/apiserver/protobuf.txt: the fields of the messages that clients send for the kinds served.

    make protobuf K8S_IO=FOLDER

FOLDER holds the Go modules ``k8s.io/api`` and ``k8s.io/apimachinery`` as ``api@v0.36.3`` and
``apimachinery@v0.36.3``. Numbers and types come from their generated.proto; which fields are pointers (so
that zero says something), which are inlined in JSON and which are written there though they are zero (no
omitempty; marked with !), only the tags in types.go know.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.api.kinds import SERVED  # noqa: E402
from core.apiserver.discovery import resources  # noqa: E402

META = "meta.k8s.io/v1"
PACKAGES = {  # apiVersion -> folder below K8S_IO
    META: "apimachinery@v0.36.3/pkg/apis/meta/v1",
    "v1": "api@v0.36.3/core/v1",
    "apps/v1": "api@v0.36.3/apps/v1",
    "authentication.k8s.io/v1": "api@v0.36.3/authentication/v1",
    "authorization.k8s.io/v1": "api@v0.36.3/authorization/v1",
    "admissionregistration.k8s.io/v1": "api@v0.36.3/admissionregistration/v1",
    "autoscaling/v1": "api@v0.36.3/autoscaling/v1",
    "autoscaling/v2": "api@v0.36.3/autoscaling/v2",
    "batch/v1": "api@v0.36.3/batch/v1",
    "certificates.k8s.io/v1": "api@v0.36.3/certificates/v1",
    "coordination.k8s.io/v1": "api@v0.36.3/coordination/v1",
    "discovery.k8s.io/v1": "api@v0.36.3/discovery/v1",
    "events.k8s.io/v1": "api@v0.36.3/events/v1",
    "networking.k8s.io/v1": "api@v0.36.3/networking/v1",
    "node.k8s.io/v1": "api@v0.36.3/node/v1",
    "policy/v1": "api@v0.36.3/policy/v1",
    "rbac.authorization.k8s.io/v1": "api@v0.36.3/rbac/v1",
    "scheduling.k8s.io/v1": "api@v0.36.3/scheduling/v1",
    "storage.k8s.io/v1": "api@v0.36.3/storage/v1",
}
IN_JSON = ("apiextensions.k8s.io/v1", "apiregistration.k8s.io/v1")
"""Modules of their own, whose clients write JSON; and none of their objects can be made."""
PROTO_NAMES = {
    folder.replace("@v0.36.3", "").replace("/", "."): version for version, folder in PACKAGES.items()
}
# what JSON has as one value; protobuf.py knows each
SCALARS = {"string": "", "int32": "int", "int64": "int", "bool": "bool", "bytes": "bytes"}
WHOLE = {"Time", "MicroTime", "Quantity", "IntOrString", "FieldsV1", "RawExtension", "ExtraValue"}
_MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.M | re.S)
_FIELD = re.compile(r"^  (optional|repeated|map<string, ([.\w]+)>)(?: ([.\w]+))? (\w+) = (\d+);", re.M)
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.M | re.S)
_TAGGED = re.compile(
    r'^\t(?:\w+ +)?(\S+) +`json:"([^"]*)"(?: [a-zA-Z]+:"[^"]*")* protobuf:"[a-z]+,(\d+),', re.MULTILINE
)


class Field(NamedTuple):
    number: int
    name: str
    type: str  # as the table has it, without marks
    shape: str  # "optional", "repeated", "map"
    pointer: bool
    inline: bool
    kept: bool
    message: tuple[str, str] | None  # (apiVersion, name) of what it refers to


def read(folder: Path, version: str) -> dict[tuple[str, str], list[Field]]:
    """Return the messages of one package."""
    package = folder / PACKAGES[version]
    tags = {
        (struct, int(number)): (go_type, json.split(",")[0], json.split(",")[1:])
        for struct, body in _STRUCT.findall((package / "types.go").read_text())
        for go_type, json, number in _TAGGED.findall(body)
    }
    out = {}
    for name, body in _MESSAGE.findall((package / "generated.proto").read_text()):
        fields = []
        for label, value, type_, proto_name, number in _FIELD.findall(body):
            go_type, json_name, options = tags.get((name, int(number)), ("", "", ["omitempty"]))
            word, message = _type(value or type_, version)
            shape = "map" if value else label
            pointer, inline = go_type.startswith("*"), "inline" in options
            alone = word in SCALARS.values() or shape != "optional"
            kept = alone and not pointer and not inline and "omitempty" not in options
            fields.append(
                Field(int(number), json_name or proto_name, word, shape, pointer, inline, kept, message)
            )
        out[version, name] = fields
    return out


def _type(proto: str, version: str) -> tuple[str, tuple[str, str] | None]:
    if proto in SCALARS:
        return SCALARS[proto], None
    package, _, name = proto.lstrip(".").rpartition(".")
    if name in WHOLE:
        return name, None
    owner = PROTO_NAMES[package.removeprefix("k8s.io.")] if package else version
    return (name if owner == version else f"{owner}.{name}"), (owner, name)


def lines(messages: dict[tuple[str, str], list[Field]]) -> Iterator[str]:
    """Yield a line for each message that can come in, package by package."""
    waiting = [(r.api_version, r.kind) for r in SERVED]
    waiting += [(r.api_version, r.kind) for r in resources().values()]
    waiting = [key for key in waiting if key[0] not in IN_JSON]
    waiting += [(META, "DeleteOptions"), ("v1", "Binding")]
    waiting += [
        (f"{sub.group}/{sub.version}", sub.kind)
        for resource in resources().values()
        for sub in resource.subresources
        if sub.group
    ]
    found: set[tuple[str, str]] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [field.message for field in messages[key] if field.message]
    for version, name in sorted(found):
        yield f"{version}.{name}: " + ", ".join(_written(field) for field in messages[version, name])


def _written(field: Field) -> str:
    if field.inline:
        return f"{field.number} .:{field.type}"
    kept = "!" if field.kept else ""
    if field.shape == "map":
        return f"{field.number} {field.name}:map<{field.type or 'str'}>{kept}"
    mark = "*" if field.shape == "repeated" else "?" if field.pointer else ""
    type_ = field.type or ("str" if mark else "")
    return f"{field.number} {field.name}" + (f":{type_}{mark}" if type_ else "") + kept


def main(folder: Path) -> None:
    messages: dict[tuple[str, str], list[Field]] = {}
    for version in PACKAGES:
        messages |= read(folder, version)
    text = "\n".join(lines(messages)) + "\n"
    (ROOT / "core" / "apiserver" / "protobuf.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
