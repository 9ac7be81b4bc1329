"""Pauses: how long the kubelet waits before it tries again, and which Pods are slower to start.

What a container waited before its last run is read off its status, so that a kubelet that restarts goes on
where it was.
Source: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go; pkg/kubelet/kuberuntime doBackOff (v1.36).
"""

from __future__ import annotations

from typing import Final

from core.apimachinery.meta import Obj, controller_of, labels_of, uid_of
from core.apimachinery.timestamps import seconds
from core.sim.ids import spread

PAUSES: Final = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
_RESET_SECONDS: Final = 600.0  # after a run this long the pauses begin anew
_LOST: Final = ("Unknown", "ContainerStatusUnknown")


def back_off(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 10, 20, 40, … 300."""
    return PAUSES[min(max(failures - 1, 0), len(PAUSES) - 1)]


def pause_before_restart(status: Obj) -> float:
    """Return the seconds that a container which has ended waits before it is started again; 0: none.

    None after its first run, after a long one, or after one that was lost with its node.
    """
    ended, last = status["state"]["terminated"], status["lastState"].get("terminated")
    if last is None or last.get("reason") in _LOST or not last.get("finishedAt"):
        return 0.0
    began = seconds(ended["startedAt"])
    if seconds(ended["finishedAt"]) - began > _RESET_SECONDS:
        return 0.0
    waited = began - seconds(last["finishedAt"])
    return back_off(sum(pause <= waited for pause in PAUSES) + 1)


def message_of(pause: float, container: str, place: str) -> str:
    """Return what a container says that waits; *place*: its Pod as the kubelet's logs name it."""
    return f"back-off {duration(pause)} restarting failed container={container} pod={place}"


def pause_said(message: str) -> float:
    """Return the pause that such a message tells."""
    return next((pause for pause in PAUSES if message.startswith(f"back-off {duration(pause)} ")), PAUSES[-1])


def duration(length: float) -> str:
    """Return whole seconds as Go prints them: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, rest = divmod(int(length), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def slowness(pod: Obj) -> float:
    """Return from 0 up to 1 how slow the containers of *pod* start: no two Pods of a set alike."""
    owner, index = controller_of(pod), labels_of(pod).get("apps.kubernetes.io/pod-index", "")
    return spread(owner["uid"], int(index)) if owner and index.isdecimal() else spread(uid_of(pod))
