"""A small kubectl over the façade, in simulated time: scenarios are written as people type them.

Only what scenarios use. Waiting commands (delete, rollout status) advance the cluster until what they wait
for is so.
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from core.api.kinds import RESOURCES
from core.apimachinery import labels
from core.apimachinery.errors import ApiError, NotFound
from core.apimachinery.meta import Obj, Ref, field
from core.apimachinery.timestamps import timestamp
from core.apiserver import printers
from core.apply import apply_text
from core.cluster import Cluster

KIND_OF = {
    word: resource.kind
    for resource in RESOURCES
    for word in (resource.plural, resource.singular, *resource.short_names)
}
SECONDS_A_COMMAND = 0.1


class Failed(Exception):
    """What kubectl itself refuses or gives up."""


class Kubectl:
    """Runs command lines against *cluster*; *root* is where -f looks for files."""

    def __init__(self, cluster: Cluster, root: Path, namespace: str = "default") -> None:
        self.cluster = cluster
        self.root = root
        self.namespace = namespace

    def __call__(self, line: str, stdin: str = "") -> tuple[int, str]:
        """Run *line*; return (exit code, what it prints)."""
        self.cluster.advance(self.cluster.now + SECONDS_A_COMMAND)
        words = shlex.split(line)
        try:
            return 0, getattr(self, "do_" + words[0])(words[1:], stdin)
        except ApiError as error:
            return 1, f"Error from server ({error.reason}): {error.message}"
        except Failed as error:
            return 1, f"error: {error}"

    # -- waiting ---------------------------------------------------------------------------------

    def wait(self, done: Any, timeout: float = 90.0) -> bool:
        """Advance until *done()*; False when *timeout* simulated seconds have passed before."""
        end = self.cluster.now + timeout
        while not done():
            at = self.cluster.next_at()
            if at is None or at > end:
                self.cluster.advance(end)
                return bool(done())
            self.cluster.advance(max(at, self.cluster.now))
        return True

    def settle(self, quiet: float = 3.0, timeout: float = 90.0) -> bool:
        """Advance until nothing but Events changed for *quiet* simulated seconds."""
        cluster = self.cluster
        end, calm, head = cluster.now + timeout, cluster.now, cluster.revision
        while True:
            at = cluster.next_at()
            until = min(calm + quiet, end)
            if at is None or at > until:
                cluster.advance(until)
                return until < end
            cluster.advance(max(at, cluster.now))
            if any(c.ref.kind not in ("Event", "Node") for c in cluster.changes_since(head)):
                calm = cluster.now
            head = cluster.revision

    # -- commands --------------------------------------------------------------------------------

    def _text(self, name: str, stdin: str) -> str:
        return stdin if name == "-" else (self.root / name).read_text()

    def do_apply(self, words: list[str], stdin: str) -> str:
        options = _parse(words, "-f", "--validate", "--dry-run")
        if options.dry_run:
            return ""
        outcomes = list(apply_text(self.cluster.registry, self._text(options.f, stdin), "kubectl"))
        said = "\n".join(f"{o.title} {o.message if o.verb == 'refused' else o.verb}" for o in outcomes)
        if any(o.verb == "refused" for o in outcomes):
            raise Failed(said)
        return said

    def do_create(self, words: list[str], stdin: str) -> str:
        options = _parse(words, "-f", "--namespace")
        said = []
        for obj in yaml.safe_load_all(self._text(options.f, stdin)):
            if options.namespace:
                obj["metadata"]["namespace"] = options.namespace
            made = self.cluster.create(obj, actor="kubectl")
            said.append(f"{made['kind'].lower()}/{made['metadata']['name']} created")
        return "\n".join(said)

    def do_delete(self, words: list[str], _stdin: str) -> str:
        options = _parse(words, "-l", "--wait", "--cascade", "--grace-period", "--force", "--all", "-f")
        kind, names = _kind(options.rest[0]), options.rest[1:]
        objects = self._find(kind, names, options.l)
        policy = {"orphan": "Orphan", "foreground": "Foreground"}.get(options.cascade or "", "Background")
        grace = int(options.grace_period) if options.grace_period else None
        for obj in objects:
            self.cluster.delete(self._ref(kind, obj["metadata"]["name"]), grace, policy, actor="kubectl")
        uids = {obj["metadata"]["uid"] for obj in objects}

        def gone() -> bool:
            return not any(
                (found := self.cluster.view.get(*self._ref(kind, obj["metadata"]["name"])))
                and found["metadata"]["uid"] in uids
                for obj in objects
            )

        if options.wait != "false":
            self.wait(gone)
        return "\n".join(f'{kind.lower()} "{obj["metadata"]["name"]}" deleted' for obj in objects)

    def do_scale(self, words: list[str], _stdin: str) -> str:
        options = _parse(words, "--replicas")
        ref = self._ref(_kind(options.rest[0]), options.rest[1])
        self.cluster.scale(ref, int(options.replicas), actor="kubectl")
        return "scaled"

    def do_patch(self, words: list[str], _stdin: str) -> str:
        options = _parse(words, "--type", "-p")
        ref = self._ref(_kind(options.rest[0]), options.rest[1])
        kind_of_patch = options.type or "strategic"
        self.cluster.patch(ref, json.loads(options.p), kind_of_patch, actor="kubectl")
        return "patched"

    def do_label(self, words: list[str], _stdin: str) -> str:
        ref = self._ref(_kind(words[0]), words[1])
        key, _, value = words[2].partition("=")
        self.cluster.patch(ref, {"metadata": {"labels": {key: value}}}, actor="kubectl")
        return "labeled"

    def do_set(self, words: list[str], _stdin: str) -> str:
        word, name = words[1].split("/")
        container, _, image = words[2].partition("=")
        patch = {"spec": {"template": {"spec": {"containers": [{"name": container, "image": image}]}}}}
        self.cluster.patch(self._ref(_kind(word), name), patch, "strategic", actor="kubectl")
        return "image updated"

    def do_rollout(self, words: list[str], _stdin: str) -> str:
        options = _parse(words[1:], "--timeout")
        ref = self._ref(_kind(options.rest[0]), options.rest[1])
        if words[0] == "status":
            timeout = float((options.timeout or "60s").rstrip("s"))
            if not self.wait(lambda: self._rolled_out(ref), timeout):
                raise Failed("timed out waiting for the condition")
            return "done"
        if words[0] == "history":
            return ""
        if words[0] == "restart":
            stamp = {"kubectl.kubernetes.io/restartedAt": timestamp(self.cluster.now)}
            patch: Obj = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
            self.cluster.patch(ref, patch, "strategic", actor="kubectl")
            return "restarted"
        revisions = sorted(
            self.cluster.view.list("ControllerRevision", self.namespace), key=lambda r: int(r["revision"])
        )
        self.cluster.patch(ref, revisions[-2]["data"], "strategic", actor="kubectl")
        return "rolled back"

    def _rolled_out(self, ref: Ref) -> bool:
        obj = self.cluster.get(ref)
        spec, status = obj["spec"], obj.get("status") or {}
        if status.get("observedGeneration", 0) < obj["metadata"]["generation"]:
            return False
        replicas = spec["replicas"]
        if ref.kind == "Deployment":
            counts = [status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas")]
            return counts == [replicas] * 3
        if field(spec, "updateStrategy.type") == "OnDelete":
            raise Failed("rollout status is only available for RollingUpdate strategy type")
        partition = field(spec, "updateStrategy.rollingUpdate.partition", 0)
        if partition:
            updated = status.get("updatedReplicas", 0) >= replicas - partition
            return bool(updated and status.get("readyReplicas", 0) == replicas)
        return bool(
            status.get("readyReplicas", 0) == replicas
            and status.get("updateRevision") == status.get("currentRevision")
        )

    def do_cordon(self, words: list[str], _stdin: str) -> str:
        return self._cordon(words, True)

    def do_uncordon(self, words: list[str], _stdin: str) -> str:
        return self._cordon(words, None)

    def _cordon(self, words: list[str], value: bool | None) -> str:
        for name in words:
            self.cluster.patch(Ref("Node", "", name), {"spec": {"unschedulable": value}}, actor="kubectl")
            self._round_trip()
        return "cordoned"

    def _round_trip(self) -> None:
        """Let pass what a write of a kubectl that does several takes, as a controller's does."""
        self.cluster.advance(self.cluster.now + self.cluster.registry.settings.api_latency)

    def do_taint(self, words: list[str], _stdin: str) -> str:
        *names, change = words[1:]
        for name in names:
            node = self.cluster.get(Ref("Node", "", name))
            key = change.split("=")[0].rstrip("-").split(":")[0]
            kept = [t for t in node["spec"].get("taints") or () if t["key"] != key]
            if not change.endswith("-"):
                left, _, effect = change.partition(":")
                _, _, value = left.partition("=")
                kept.append({"key": key, "value": value, "effect": effect})
            patch = {"spec": {"taints": kept or None}}
            self.cluster.patch(Ref("Node", "", name), patch, actor="kubectl")
            self._round_trip()
        return "tainted"

    def do_get(self, words: list[str], _stdin: str) -> str:
        options = _parse(words, "-l", "-o", "-L")
        kind, names = _kind(options.rest[0]), options.rest[1:]
        objects = sorted(self._find(kind, names, options.l), key=lambda o: o["metadata"]["name"])
        if not objects:
            return "No resources found in default namespace."
        return printers.render(printers.table(kind, objects, self.cluster.now))

    # -- finding ---------------------------------------------------------------------------------

    def _ref(self, kind: str, name: str) -> Ref:
        namespaced = next(r.namespaced for r in RESOURCES if r.kind == kind)
        return Ref(kind, self.namespace if namespaced else "", name)

    def _find(self, kind: str, names: list[str], selector: str | None) -> list[Obj]:
        if names:
            return [self.cluster.get(self._ref(kind, name)) for name in names]
        namespace = self._ref(kind, "").namespace
        found = self.cluster.view.list(kind, namespace)
        if selector:
            key, _, value = selector.partition("=")
            found = [
                o
                for o in found
                if labels.matches({"matchLabels": {key: value}}, o["metadata"].get("labels") or {})
            ]
        if not found and selector:
            raise NotFound("No resources found")
        return found


def _kind(word: str) -> str:
    if word not in KIND_OF:
        raise Failed(f'the server doesn\'t have a resource type "{word}"')
    return KIND_OF[word]


def _parse(words: list[str], *options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    for option in options:
        if option in ("--force", "--all"):
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(option)
    parser.add_argument("rest", nargs="*")
    return parser.parse_known_intermixed_args(words)[0]
