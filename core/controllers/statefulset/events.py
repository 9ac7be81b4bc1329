"""StatefulSet Events: what the controller tells about the Pods of a set, word for word.

Source: recordPodEvent of pkg/controller/statefulset/stateful_pod_control.go (v1.36).
"""

from __future__ import annotations

from core.apimachinery.meta import Obj
from core.client.actions import RecordEvent


class PodEvents:
    """Events about one Pod, recorded on its set. *verb* is Create, Update or Delete."""

    def __init__(self, sts: Obj) -> None:
        self._sts = sts
        self._name: str = sts["metadata"]["name"]

    def success(self, verb: str, pod: str) -> RecordEvent:
        message = f"{verb} Pod {pod} in StatefulSet {self._name} successful"
        return RecordEvent(self._sts, "Normal", f"Successful{verb}", message)

    def failure(self, verb: str, pod: str, error: str = "{error}") -> RecordEvent:
        """*error*: left out, the text with which the API refuses."""
        message = f"{verb} Pod {pod} in StatefulSet {self._name} failed error: {error}"
        return RecordEvent(self._sts, "Warning", f"Failed{verb}", message)

    def recreating(self, pod: Obj) -> RecordEvent:
        """Return what releases up to 1.30 said before they deleted a Pod that had ended (switch SW3)."""
        where = f"StatefulSet {self._sts['metadata']['namespace']}/{self._name} is recreating"
        name = pod["metadata"]["name"]
        if pod["status"]["phase"] == "Failed":
            return RecordEvent(self._sts, "Warning", "RecreatingFailedPod", f"{where} failed Pod {name}")
        return RecordEvent(self._sts, "Normal", "RecreatingTerminatedPod", f"{where} terminated Pod {name}")


def joined(errors: list[str]) -> str:
    """Join as an aggregate of errors prints itself: each text once, in brackets if there are several."""
    texts = list(dict.fromkeys(errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
