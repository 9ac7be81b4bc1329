"""Reads the values of a scenario's file one by one and gathers what is wrong, each with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from core.api.kinds import SERVED
from core.apimachinery import manifest, validation
from core.apimachinery.decode import Path, path_text
from core.apimachinery.manifest import Problem
from core.apimachinery.yamltree import Tree
from core.sim import flags
from stsviz.scenarios.words import LANGUAGES, NOTHING, Words

ZONE = "topology.kubernetes.io/zone"
MOST_PROBLEMS = 50
MOST_KNOWN = 12  # keys that a complaint about an unknown one lists
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_SERVED = frozenset((resource.api_version, resource.kind) for resource in SERVED)


class Reader:
    """One file on its way to a scenario. Each method returns something usable even when it complains."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.problems: list[Problem] = []
        for finding in tree.problems:
            self.complain(finding.path, finding.message)

    def line_of(self, path: Path) -> int:
        """Return the line of *path*, or of its nearest parent."""
        while path and path not in self._tree.lines:
            path = path[:-1]
        return self._tree.lines.get(path, self._tree.line)

    def complain(self, path: Path, message: str) -> None:
        self.tell(self.line_of(path), path, message)

    def tell(self, line: int, path: Path, message: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, 0, path_text(path), message))

    # -- values --------------------------------------------------------------------------------------

    def mapping(
        self, path: Path, value: Any, needed: Collection[str] = (), allowed: Collection[str] = ()
    ) -> dict[str, Any] | None:
        """Return *value* as a mapping with these keys and no others; None when it is none."""
        if not isinstance(value, dict):
            self.complain(path, f"a mapping is expected here, not {_kind_of(value)}")
            return None
        known = [*needed, *allowed]
        for key in value:
            if key not in known:
                told = ", ".join(known[:MOST_KNOWN]) + (", …" if len(known) > MOST_KNOWN else "")
                self.complain((*path, key), f"unknown key: known are {told}")
        for key in needed:
            if key not in value:
                self.complain(path, f"{key} is missing")
        return value

    def rows(self, path: Path, value: Any, most: int) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.complain(path, f"a list is expected here, not {_kind_of(value)}")
            return []
        if len(value) > most:
            self.complain(path, f"{len(value)} are too many: {most} at most")
        return value[:most]

    def number(self, path: Path, value: Any, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.complain(
                path, f"a whole number from {least} to {most} is expected here, not {_shown(value)}"
            )
            return least
        return value

    def text(self, path: Path, value: Any, longest: int, *, lines: bool = False) -> str:
        """Return a text of printable characters; *lines*: it may have several."""
        if not isinstance(value, str) or not value.strip():
            self.complain(path, f"a text is expected here, not {_kind_of(value)}")
            return ""
        if len(value) > longest:
            self.complain(path, f"{len(value)} characters are too many: {longest} at most")
            return value[:longest]
        if not all(c.isprintable() or (lines and c in "\n\t") for c in value):
            self.complain(path, "one line of printable characters is expected here")
        return value

    def choice(self, path: Path, value: Any, among: Collection[str]) -> str:
        if value not in among:
            self.complain(path, f"one of {', '.join(among)} is expected here, not {_shown(value)}")
            return next(iter(among))
        return str(value)

    def words(self, path: Path, value: Any, longest: int, *, needed: bool = True) -> Words:
        """Return what is said in each language: ``{en: …, zh: …}``, or one text for all of them."""
        if not needed and value == "":
            return NOTHING
        if isinstance(value, str):
            one = self.text(path, value, longest)
            return Words(one, one)
        given = self.mapping(path, value, needed=LANGUAGES) or {}
        said = [self.text((*path, key), given[key], longest) if key in given else "" for key in LANGUAGES]
        return Words(*said)

    # -- the cluster and its manifests -----------------------------------------------------------------

    def manifests(self, value: Any, most: int) -> dict[str, str]:
        """Return name -> text; each must be a manifest that the API server could read."""
        path: Path = ("manifests",)
        given = self.mapping(path, value, allowed=list(value)) if isinstance(value, dict) else None
        if given is None:
            if value is not None:
                self.complain(path, f"a mapping of names to texts is expected here, not {_kind_of(value)}")
            return {}
        if len(given) > most:
            self.complain(path, f"{len(given)} manifests are too many: {most} at most")
        for name, text in given.items():
            if not _NAME.fullmatch(name):
                self.complain((*path, name), "a manifest's name has lower case letters, digits and dashes")
            if not isinstance(text, str):
                self.complain((*path, name), f"write the manifest as text, after |, not as {_kind_of(text)}")
                continue
            self._check_manifest((*path, name), text)
        return {name: text for name, text in given.items() if isinstance(text, str)}

    def _check_manifest(self, path: Path, text: str) -> None:
        found = manifest.read(text, _SERVED)
        if not found:
            self.complain(path, "there is no object in this manifest")
        for document in found:
            for problem in document.problems:
                line = self.line_of(path) + problem.line  # the text begins below its key
                where = f"{problem.field}: " if problem.field else ""
                self.tell(line, path, f"{where}{problem.message}")

    def node_labels(self, given: Mapping[str, Any], nodes: int) -> dict[str, dict[str, str]]:
        """Return node -> labels, of ``zones`` and ``labels`` together."""
        names = [f"node-{number}" for number in range(1, nodes + 1)]
        found: dict[str, dict[str, str]] = {}
        zones = self.mapping(("cluster", "zones"), given.get("zones") or {}, allowed=names) or {}
        labels = self.mapping(("cluster", "labels"), given.get("labels") or {}, allowed=names) or {}
        for node, zone in zones.items():
            found.setdefault(node, {})[ZONE] = self._label(("cluster", "zones", node), zone)
        for node, own in labels.items():
            path: Path = ("cluster", "labels", node)
            for key, value in (self.mapping(path, own, allowed=list(own)) or {}).items() if own else ():
                if validation.qualified_name(key):
                    self.complain((*path, key), "this is no key of a label")
                found.setdefault(node, {})[key] = self._label((*path, key), value)
        return found

    def _label(self, path: Path, value: Any) -> str:
        text = value if isinstance(value, str) else ""
        if not text or validation.label_value(text):
            self.complain(path, f"{_shown(value)} is no value of a label")
        return text

    def flags(self, path: Path, value: Any) -> dict[str, Any]:
        """Return the fields of Settings that the components' flags set."""
        known = [*flags.names(), flags.FEATURE_GATES]
        found: dict[str, Any] = {}
        for flag, given in (self.mapping(path, value or {}, allowed=known) or {}).items():
            if flag not in known:
                continue
            try:
                found |= flags.parse({flag: [flag_text(given)]})
            except ValueError as error:
                self.complain((*path, flag), str(error))
        return found


def flag_text(value: Any) -> str:
    """Write the value of a flag as on a command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    return (
        f'"{value[:40]}"' if isinstance(value, str) else _kind_of(value) if value is None else str(value)[:40]
    )
