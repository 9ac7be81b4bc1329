"""Words in place of what no two clusters share: uids, hashes, suffixes, times, addresses, nodes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from core.apimachinery.meta import Obj, labels_of, name_of, uid_of

HASH_LABELS = ("controller-revision-hash", "pod-template-hash", "controller.kubernetes.io/hash")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DROPPED = {"resourceVersion", "managedFields", "endpoints.kubernetes.io/last-change-trigger-time"}

RANDOM = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"
    r"|(?<![0-9a-f])(?P<uid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|\b(?P<ip>(?:10|127|172|192)(?:\.\d+){3})\b"
    r"|\b(?P<node>node-\d+)\b"
    r"|(?<=kube-api-access-)(?P<suffix>[a-z0-9]{5})\b"
    r"|(?P<token>[a-z0-9]+)"
)
# Whether a node had the image already is chance.
IMAGE_IS_THERE = re.compile(
    r"Successfully pulled image (\S+) in \S+ \(\S+ including waiting\)\. Image size: \d+ bytes\."
    r"|Container image (\S+) already present on machine and can be accessed by the pod"
)
DATE = re.compile(r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
REPEATED = re.compile(r"\(x\d+ over [0-9dhms]+\)")
AGE = re.compile(r"(?<=\s)(?=\d+[dhms])(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?=\s|\)|$)")
RANDOM_NAME = re.compile(r"\S*<(?:hash|\w+ suffix|uid) ")
PULLING = re.compile(r"\bPulling\b.*Pulling image")


class Words:
    """What one recording's random names are called, numbered in the order in which they appeared."""

    def __init__(self, objects: Iterable[Obj]) -> None:
        self._words: dict[str, str] = {}
        self._count: Counter[str] = Counter()
        self._titles: dict[str, str] = {}
        for obj in objects:
            self._learn_hashes(obj)
            if obj["kind"] != "Event":
                self._learn_suffix(obj)
                self._learn_uid(obj)

    def title(self, uid: str) -> str | None:
        """Return ``Pod web-0 #2`` for the second object of that name, None for one never seen."""
        return self._titles.get(uid)

    def text(self, text: str) -> str:
        return IMAGE_IS_THERE.sub(lambda m: f"image {m[1] or m[2]} is there", RANDOM.sub(self._word, text))

    def printed(self, text: str) -> str:
        """Return what kubectl printed without ages and widths of columns."""
        lines = [line for line in self.text(text).splitlines() if not PULLING.search(line)]
        return in_any_order("\n".join(_line(line) for line in lines))

    def value(self, value: Any) -> Any:
        """Return part of an object as it can be compared."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        masked = {key: self._field(key, item) for key, item in value.items() if key not in DROPPED}
        if not masked.get("annotations", True):
            del masked["annotations"]
        return masked

    def object(self, obj: Obj) -> Obj:
        """Return a whole object as it can be compared; its kind stands beside it."""
        return {key: self.value(part) for key, part in obj.items() if key not in ("apiVersion", "kind")}

    def _field(self, key: str, value: Any) -> Any:
        if key in ("containerID", "imageID") and value:
            return f"<{key}>"
        if key == LAST_APPLIED:
            value = json.dumps(json.loads(value), sort_keys=True)
        return self.value(value)

    def _word(self, match: re.Match[str]) -> str:
        sort, found = match.lastgroup, match[0]
        if sort == "token":
            return self._words.get(found, found)
        return self._words.get(found) or f"<{sort}>"

    def _learn_hashes(self, obj: Obj) -> None:
        found = [labels_of(obj)[label] for label in HASH_LABELS if label in labels_of(obj)]
        if obj["kind"] == "ControllerRevision":
            found.append(name_of(obj))
        for text in found:
            self._call(text.rpartition("-")[2], "hash ", "hash")

    def _learn_suffix(self, obj: Obj) -> None:
        prefix = obj["metadata"].get("generateName")
        made_up = prefix and name_of(obj).startswith(prefix)
        if made_up and "statefulset.kubernetes.io/pod-name" not in labels_of(obj):
            sort = f"{obj['kind'].lower()} suffix "
            self._call(name_of(obj)[len(prefix) :], sort, sort + self.text(prefix))

    def _learn_uid(self, obj: Obj) -> None:
        title = f"{obj['kind']} {self.text(name_of(obj))}"
        self._call(uid_of(obj), f"uid {title} #", title)
        self._titles.setdefault(uid_of(obj), self._words[uid_of(obj)][len("<uid ") : -1])

    def _call(self, raw: str, sort: str, group: str) -> None:
        """Number *raw* within its *group*."""
        if raw not in self._words:
            self._count[group] += 1
            self._words[raw] = f"<{sort}{self._count[group]}>"


def _line(line: str) -> str:
    line = AGE.sub("AGE", REPEATED.sub("", DATE.sub("<time>", line)))
    return re.sub(r" {2,}", "  ", line).rstrip()


def in_any_order(text: str) -> str:
    """Sort the rows of a table whose names are random in part: they stand in the order of what was drawn."""
    head, *rows = text.split("\n")
    if head.startswith("NAME  ") and any(RANDOM_NAME.match(row) for row in rows):
        return "\n".join([head, *sorted(rows)])
    return text
