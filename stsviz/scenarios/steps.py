"""Reads the actions and conditions of a beat: which arguments each verb takes, and what they may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.api.kinds import BY_KIND
from core.apimachinery.decode import Path
from core.apimachinery.labels import parse_selector
from core.apimachinery.meta import Ref
from stsviz.scenarios import faults
from stsviz.scenarios.actions import VERBS, Action
from stsviz.scenarios.conditions import Condition, parse_condition
from stsviz.scenarios.objects import kind_named, parse_object
from stsviz.scenarios.reader import Reader, flag_text

MAX_ACTIONS, MAX_CONDITIONS = 12, 12
LONGEST_TEXT = 10_000
_SCALED = ("StatefulSet", "Deployment", "ReplicaSet", "ReplicationController")
_WITH_FILES = ("Pod", "PersistentVolume")
_TEMPLATED = ("StatefulSet", "Deployment", "DaemonSet")


def read_object(reader: Reader, path: Path, value: Any, kinds: tuple[str, ...] = ()) -> Ref | None:
    """Return the object that *value* names, of one of *kinds*."""
    if not isinstance(value, str):
        reader.complain(path, "an object is expected here: pod/web-0")
        return None
    try:
        ref = parse_object(value)
    except ValueError as error:
        reader.complain(path, str(error))
        return None
    if kinds and ref.kind not in kinds:
        reader.complain(path, f"this wants a {' or '.join(kinds)}, not a {ref.kind}")
        return None
    return ref


def read_conditions(reader: Reader, path: Path, value: Any) -> tuple[Condition, ...]:
    """Return the conditions of a list, or of one text."""
    rows = [value] if isinstance(value, str) else reader.rows(path, value, MAX_CONDITIONS)
    found = []
    for at, row in enumerate(rows):
        where = path if isinstance(value, str) else (*path, at)
        try:
            found.append(parse_condition(row if isinstance(row, str) else ""))
        except ValueError as error:
            reader.complain(where, str(error))
    return tuple(found)


def read_actions(reader: Reader, path: Path, value: Any, manifests: Mapping[str, str]) -> tuple[Action, ...]:
    """Return the actions of a list; each maps its verb, and ``refused`` if it must be refused."""
    actions = []
    for at, row in enumerate(reader.rows(path, value, MAX_ACTIONS)):
        action = _action(reader, (*path, at), row, manifests)
        if action is not None:
            actions.append(action)
    return tuple(actions)


def _action(reader: Reader, path: Path, value: Any, manifests: Mapping[str, str]) -> Action | None:
    if not isinstance(value, dict):
        reader.complain(path, "an action is expected here, as in delete: pod/web-0")
        return None
    verbs = [key for key in value if key != "refused"]
    if len(verbs) != 1 or verbs[0] not in VERBS:
        unknown = [verb for verb in verbs if verb not in VERBS]
        told = f'unknown action "{unknown[0][:40]}"' if unknown else "one action a row"
        reader.complain((*path, unknown[0]) if unknown else path, f"{told}: known are {', '.join(VERBS)}")
        return None
    verb = verbs[0]
    refused = reader.text((*path, "refused"), value["refused"], 300) if "refused" in value else ""
    if verb == "apply":
        return _apply(reader, (*path, verb), value[verb], manifests, refused)
    return _READERS[verb](reader, (*path, verb), value[verb], Action(verb, refused=refused))


def _apply(
    reader: Reader, path: Path, name: Any, manifests: Mapping[str, str], refused: str
) -> Action | None:
    if not isinstance(name, str) or name not in manifests:
        reader.complain(
            path, f"there is no manifest of this name: {', '.join(manifests) or 'there are none'}"
        )
        return None
    return Action("apply", None, {"name": name, "text": manifests[name]}, refused)


def _with(draft: Action, ref: Ref | None, **values: Any) -> Action | None:
    return Action(draft.verb, ref, values, draft.refused) if ref is not None else None


def _node(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    return _with(draft, read_object(reader, path, f"node/{value}" if isinstance(value, str) else value))


def _fault(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    """Read what is broken or mended: its name alone, or kind/name."""
    kind = faults.KINDS[draft.verb]
    named = f"{kind.lower()}/{value}" if isinstance(value, str) and "/" not in value else value
    return _with(draft, read_object(reader, path, named, (kind,)))


def _restart(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    return _with(draft, read_object(reader, path, value, _TEMPLATED))


def _delete(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    if isinstance(value, str):
        return _with(draft, read_object(reader, path, value))
    given = reader.mapping(path, value, allowed=("object", "kind", "selector", "force", "cascade"))
    if given is None:
        return None
    values: dict[str, Any] = {}
    if "object" in given or "kind" not in given:
        ref = read_object(reader, (*path, "object"), given.get("object"))
    else:
        ref, values["selector"] = _selected(reader, path, given)
    if "force" in given:
        if not isinstance(given["force"], bool):
            reader.complain((*path, "force"), "true or false is expected here")
        values["force"] = given["force"] is True
    if "cascade" in given:
        kinds = ("background", "foreground", "orphan")
        values["cascade"] = reader.choice((*path, "cascade"), given["cascade"], kinds)
    return _with(draft, ref, **values)


def _selected(reader: Reader, path: Path, given: Mapping[str, Any]) -> tuple[Ref | None, str]:
    """Return a reference without a name, for all of a kind that a selector finds."""
    selector = reader.text((*path, "selector"), given.get("selector"), 100)
    try:
        kind = kind_named(str(given["kind"]))
        parse_selector(selector)
    except ValueError as error:
        reader.complain((*path, "kind"), str(error))
        return None, ""
    return Ref(kind, "default" if BY_KIND[kind].namespaced else "", ""), selector


def _flags(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    settings = reader.flags(path, value)
    if not settings:
        reader.complain(path, "flags of the components are expected here, with their values")
        return None
    written = {name: flag_text(text) for name, text in value.items()}
    return Action(draft.verb, None, {"settings": settings, "written": written}, draft.refused)


def _scale(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    given = reader.mapping(path, value, needed=("object", "replicas"))
    if given is None:
        return None
    replicas = reader.number((*path, "replicas"), given.get("replicas"), 0, 100)
    return _with(
        draft, read_object(reader, (*path, "object"), given.get("object"), _SCALED), replicas=replicas
    )


def _patch(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    given = reader.mapping(path, value, needed=("object", "with"), allowed=("type",))
    if given is None:
        return None
    kind = reader.choice((*path, "type"), given.get("type", "strategic"), ("strategic", "merge", "json"))
    patch = given.get("with")
    if not isinstance(patch, list if kind == "json" else dict):
        reader.complain((*path, "with"), "a json patch is a list, any other a mapping")
        return None
    return _with(
        draft, read_object(reader, (*path, "object"), given.get("object")), type=kind, **{"with": patch}
    )


def _image(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    given = reader.mapping(path, value, needed=("object", "image"), allowed=("container",))
    if given is None:
        return None
    values = {"image": reader.text((*path, "image"), given.get("image"), 200)}
    if "container" in given:
        values["container"] = reader.text((*path, "container"), given["container"], 63)
    return _with(draft, read_object(reader, (*path, "object"), given.get("object"), _TEMPLATED), **values)


def _label(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    given = reader.mapping(path, value, needed=("object", "labels"))
    if given is None:
        return None
    labels = given.get("labels")
    if not isinstance(labels, dict) or not labels:
        reader.complain(
            (*path, "labels"), "a mapping of keys to values is expected here; null takes one away"
        )
        return None
    for key, text in labels.items():
        if text is not None and not isinstance(text, str):
            reader.complain((*path, "labels", key), "a text or null is expected here")
    return _with(draft, read_object(reader, (*path, "object"), given.get("object")), labels=labels)


def _write(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    content = "text" if draft.verb == "write" else "expect"
    given = reader.mapping(path, value, needed=("object", "path", content))
    if given is None:
        return None
    values = {
        "path": reader.text((*path, "path"), given.get("path"), 200),
        content: reader.text((*path, content), given.get(content), LONGEST_TEXT, lines=True),
    }
    return _with(draft, read_object(reader, (*path, "object"), given.get("object"), _WITH_FILES), **values)


def _exec(reader: Reader, path: Path, value: Any, draft: Action) -> Action | None:
    given = reader.mapping(path, value, needed=("object", "command"), allowed=("expect",))
    if given is None:
        return None
    words = reader.rows((*path, "command"), given.get("command"), 20)
    command = [reader.text((*path, "command", n), word, 1000, lines=True) for n, word in enumerate(words)]
    values: dict[str, Any] = {"command": command}
    if "expect" in given:
        values["expect"] = reader.text((*path, "expect"), given["expect"], LONGEST_TEXT, lines=True)
    return _with(draft, read_object(reader, (*path, "object"), given.get("object"), ("Pod",)), **values)


_READERS: Mapping[str, Callable[[Reader, Path, Any, Action], Action | None]] = {
    "delete": _delete,
    "scale": _scale,
    "patch": _patch,
    "image": _image,
    "label": _label,
    "write": _write,
    "read": _write,
    "exec": _exec,
    "cordon": _node,
    "uncordon": _node,
    "drain": _node,
    "restart": _restart,
    **dict.fromkeys(faults.KINDS, _fault),
    "flags": _flags,
}
