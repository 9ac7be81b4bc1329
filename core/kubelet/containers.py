"""The life of one container: image, start, probes, exit, restart with growing pauses.

Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go (v1.36).
Differs: the runtime is simulated: a container starts ``container_start_seconds`` after it may. That what its
variables refer to is missing is told once, and it is tried again on news of it, not every few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from core.api.faults import not_ready_since
from core.apimachinery.meta import Obj, name_of, namespace_of, uid_of
from core.apimachinery.timestamps import seconds, timestamp
from core.client.cache import View
from core.kubelet import images
from core.kubelet.backoff import message_of, pause_before_restart, pause_said, slowness
from core.kubelet.mounts import container_backend
from core.kubelet.probes import Outcome, Probed, ProbeState, outcome_of, probe_state
from core.kubelet.program import FOREVER, Run, init_run_of, run_of
from core.kubelet.projected import Missing, missing_variable
from core.kubelet.shell.builtins import MAIN_PROCESS_ENDS
from core.kubelet.shell.run import Container
from core.sim.settings import Settings
from core.storage.volumefile import file_name

_KILLED = 137
_MARK = file_name(MAIN_PROCESS_ENDS)

CREATED = {"W30": "Created container {}", "W33": "Created container: {}"}
STARTED = {"W30": "Started container {}", "W33": "Started container {}"}
PRESENT = 'Container image "{}" already present on machine'


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a container. *due*: epoch seconds of its next change; *words*: why it is not ready."""

    status: Obj
    events: tuple[ContainerEvent, ...] = ()
    due: float = FOREVER
    words: str = ""
    pulled: bool = False


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where containers run: their Pod, its node, and the time."""

    pod: Obj
    node: Obj
    address: str
    settings: Settings
    now: float
    view: View

    def look(self, container: Obj, status: Obj, probe: Obj) -> Outcome:
        """Try a probe of a container whose status is *status*."""
        known = {**(self.pod.get("status") or {}), "podIP": self.address, "containerStatuses": [status]}
        place = Container({**self.pod, "status": known}, container, self.settings, self.now)
        return outcome_of(place, self.view, probe)

    @property
    def start_seconds(self) -> float:
        """How long a container takes to start: no two Pods the same, and the same Pod always so."""
        return (
            self.settings.container_start_seconds + slowness(self.pod) * self.settings.container_start_jitter
        )

    @property
    def node_since(self) -> float:
        """When the node's kubelet started first."""
        created = self.node["metadata"].get("creationTimestamp")
        return seconds(created) if created else float("-inf")

    @property
    def lost_before(self) -> float:
        """When the node was last heard of again: what ran before, no longer does (NF12)."""
        for condition in (self.node.get("status") or {}).get("conditions") or ():
            if condition["type"] == "Ready" and condition["status"] == "True":
                return seconds(condition["lastTransitionTime"])
        return float("-inf")


def initial_status(container: Obj, *, reason: str) -> Obj:
    """Return the status of a container that has not been started."""
    out: Obj = {
        "name": container["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container["image"],
        "imageID": "",
        "started": False,
    }
    mounts = [_mount_status(mount) for mount in container.get("volumeMounts") or ()]
    if mounts:
        out["volumeMounts"] = mounts
    return out


def _mount_status(mount: Obj) -> Obj:
    out = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        out |= {"readOnly": True, "recursiveReadOnly": mount.get("recursiveReadOnly") or "Disabled"}
    return out


def is_lost(runtime: Runtime, status: Obj) -> bool:
    """Say whether the container ran when its node went away, and so does not run now."""
    running = status["state"].get("running")
    return bool(running) and seconds(running["startedAt"]) < runtime.lost_before


def advance(runtime: Runtime, container: Obj, status: Obj, since: float, *, init: bool = False) -> Step:
    """Take the container one step further. *since*: from when on it may start (epoch seconds)."""
    state = status["state"]
    if "running" in state:
        return _running(runtime, container, status, init)
    if "terminated" in state:
        return _terminated(runtime, container, status, init)
    reason, name = state["waiting"].get("reason"), container["name"]
    due = since + runtime.start_seconds
    if reason == "CrashLoopBackOff":
        last = status["lastState"]["terminated"]
        due = seconds(last["finishedAt"]) + pause_said(state["waiting"].get("message") or "")
        words = f"{name} ended with code {last['exitCode']} and is started again after a pause"
    else:
        words = f"starts container {name}"
    if runtime.now < due:
        return Step(status, due=due, words=words)
    return _start(runtime, container, status, due, init)


# -- start -----------------------------------------------------------------------------------------


def _start(runtime: Runtime, container: Obj, status: Obj, first_attempt: float, init: bool) -> Step:
    image, policy = container["image"], container.get("imagePullPolicy") or "IfNotPresent"
    present = images.is_present(runtime.node, image)
    pulls = policy == "Always" or (policy == "IfNotPresent" and not present)
    refusal = images.pull_refusal(image) if pulls else None
    if policy == "Never" and not present:
        text = f'Container image "{image}" is not present with pull policy of Never'
        refusal = images.Refusal("ErrImageNeverPull", text)
    if refusal is not None:
        return _without_image(runtime, container, status, refusal, first_attempt)
    missing = missing_variable(runtime.pod, runtime.view, container)
    if missing is not None:
        return _without_configuration(status, missing, _image_events(runtime, image, pulls), pulls)
    events = [
        *_image_events(runtime, image, pulls),
        ContainerEvent("Normal", "Created", _worded(runtime, CREATED, container, "Container created")),
        ContainerEvent("Normal", "Started", _worded(runtime, STARTED, container, "Container started")),
    ]
    restarts = status["restartCount"] + (1 if status.get("containerID") else 0)
    running = {**status, "restartCount": restarts, "image": images.tagged(image), "imageID": image}
    ended = status["state"].get("terminated")
    if ended:
        running["lastState"] = {"terminated": ended}
    running["state"] = {"running": {"startedAt": timestamp(runtime.now)}}
    running["containerID"] = _container_id(runtime.pod, container, restarts)
    running["resources"] = container.get("resources") or {}
    if running["resources"].get("requests"):
        running["allocatedResources"] = running["resources"]["requests"]
    run = init_run_of(container) if init else run_of(container)
    if run.seconds < 1:  # gone before the kubelet looks at it for the first time
        return Step(_exited(running, runtime.now, run), tuple(events), runtime.now, pulled=pulls)
    # a probe that fails from the start is told at the next look, which this very write brings about
    step = _probed(runtime, container, running)
    return Step(step.status, tuple(events), step.due, step.words, pulls)


def _worded(runtime: Runtime, table: dict[str, str], container: Obj, default: str) -> str:
    return table.get(runtime.settings.wording, default).format(container["name"])


def _image_events(runtime: Runtime, image: str, pulls: bool) -> list[ContainerEvent]:
    if pulls:
        return [
            ContainerEvent("Normal", "Pulling", f'Pulling image "{image}"'),
            ContainerEvent("Normal", "Pulled", images.pulled_message(image)),
        ]
    older = runtime.settings.wording in ("W30", "W33")
    text = PRESENT.format(image) + ("" if older else " and can be accessed by the pod")
    return [ContainerEvent("Normal", "Pulled", text)]


def _container_id(pod: Obj, container: Obj, restarts: int) -> str:
    return f"fakeRuntime://{name_of(pod)}_{namespace_of(pod)}_{uid_of(pod)}_0_{container['name']}_{restarts}"


def _without_image(
    runtime: Runtime, container: Obj, status: Obj, refusal: images.Refusal, first_attempt: float
) -> Step:
    """Show the image's trouble, in turn ErrImagePull and ImagePullBackOff."""
    image, name = container["image"], container["name"]
    reason, until = refusal.reason, FOREVER
    if reason == "ErrImagePull":
        reason, until = images.pull_state(first_attempt, runtime.now)
    words = f"image {image} of container {name} cannot be pulled"
    if status["state"].get("waiting", {}).get("reason") == reason and images.is_same(status["image"], image):
        return Step(status, due=until, words=words)
    message = refusal.message
    failed = ContainerEvent("Warning", "Failed", f"Error: {reason}")
    events: tuple[ContainerEvent, ...]
    if reason == "ImagePullBackOff":
        events = (ContainerEvent("Normal", "BackOff", f'Back-off pulling image "{image}"'), failed)
        message = f'Back-off pulling image "{image}": ErrImagePull: {message}'
    elif reason == "ErrImagePull":
        events = (
            ContainerEvent("Normal", "Pulling", f'Pulling image "{image}"'),
            ContainerEvent("Warning", "Failed", f'Failed to pull image "{image}": {message}'),
            failed,
        )
    else:
        told = "InspectFailed" if reason == "InvalidImageName" else reason
        events = (ContainerEvent("Warning", told, message), failed)
    waiting = {"waiting": {"reason": reason, "message": message}}
    return Step({**status, "image": image, "state": waiting}, events, until, words)


def _without_configuration(
    status: Obj, missing: Missing, image_events: list[ContainerEvent], pulled: bool
) -> Step:
    """Wait for what the container's variables refer to; told once, and tried again on news of it."""
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": missing.message}}
    if status["state"] == state:
        return Step(status, words=missing.words)
    ended = status["state"].get("terminated")
    last = {"lastState": {"terminated": ended}} if ended else {}
    told = (*image_events, ContainerEvent("Warning", "Failed", f"Error: {missing.message}"))
    return Step({**status, **last, "state": state}, told, words=missing.words, pulled=pulled)


# -- run and end -----------------------------------------------------------------------------------


def _running(runtime: Runtime, container: Obj, status: Obj, init: bool) -> Step:
    now, name = runtime.now, container["name"]
    started_at = seconds(status["state"]["running"]["startedAt"])
    if is_lost(runtime, status):
        event = ContainerEvent(
            "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created."
        )
        return Step(_exited(status, now, Run(0, 255), "Unknown"), (event,), now)
    if not images.is_same(status["image"], container["image"]):
        text = f"Container {name} definition changed, will be restarted"
        return Step(_exited(status, now, Run(0, 0)), (ContainerEvent("Normal", "Killing", text),), now)
    ended = _was_ended(runtime, container, status)
    if ended is not None:
        return Step(_exited(status, now, ended), due=now)
    run = init_run_of(container) if init else run_of(container)
    ends_at = started_at + run.seconds
    if now >= ends_at:
        return Step(_exited(status, ends_at, run), due=now)
    step = _probed(runtime, container, status)
    return Step(step.status, step.events, min(step.due, ends_at), step.words)


def _was_ended(runtime: Runtime, container: Obj, status: Obj) -> Run | None:
    """Return how the program ended that somebody told to (``kill 1``, or who was attached left), if so."""
    backend = container_backend(runtime.pod, container["name"], status["restartCount"])
    mark = runtime.view.get("VolumeFile", backend, _MARK)
    return Run(0.0, int(mark["content"])) if mark is not None else None


def _probed(runtime: Runtime, container: Obj, status: Obj) -> Step:
    """Return the running container with what its probes say of it, killed if it is to be killed."""
    started_at = seconds(status["state"]["running"]["startedAt"])
    look, was_started = partial(runtime.look, container, status), bool(status["started"])
    since, silent = runtime.node_since, not_ready_since(runtime.pod)
    probed = Probed(container, look, started_at, since, was_started, status["ready"], silent)
    seen = probe_state(probed, runtime.now)
    events = tuple(
        ContainerEvent("Warning", "Unhealthy", f"{kind} probe failed: {output}")
        for kind, output in seen.failures
    )
    if runtime.now >= seen.kill_at:
        kind = "liveness" if seen.started else "startup"
        text = f"Container {container['name']} failed {kind} probe, will be restarted"
        killed = ContainerEvent("Normal", "Killing", text)
        return Step(_exited(status, runtime.now, Run(0, _KILLED)), (*events, killed), runtime.now)
    if (status["started"], status["ready"]) != (seen.started, seen.ready):
        status = {**status, "started": seen.started, "ready": seen.ready}
    return Step(status, events, seen.next_at, "" if seen.ready else _unready(container, seen))


def _unready(container: Obj, seen: ProbeState) -> str:
    kind = "readiness" if seen.started else "startup"
    if seen.started and "readinessProbe" not in container:
        return f"{container['name']} runs but was made not ready"
    return f"{container['name']} runs but its {kind} probe has not succeeded"


def _exited(status: Obj, at: float, run: Run, reason: str = "") -> Obj:
    code = run.exit_code
    terminated = {
        "exitCode": code,
        "reason": reason or ("Error" if code else "Completed"),
        "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": timestamp(at),
        "containerID": status["containerID"],
    }
    return {**status, "state": {"terminated": terminated}, "ready": False, "started": False}


def _terminated(runtime: Runtime, container: Obj, status: Obj, init: bool) -> Step:
    ended = status["state"]["terminated"]
    code, name, now = ended["exitCode"], container["name"], runtime.now
    policy = container.get("restartPolicy") or runtime.pod["spec"].get("restartPolicy") or "Always"
    finished = init and code == 0 and container.get("restartPolicy") != "Always"
    if finished and not status["ready"]:
        return Step({**status, "ready": True}, due=now)
    if finished or policy == "Never" or (policy == "OnFailure" and code == 0):
        return Step(status)
    finished_at = seconds(ended["finishedAt"])
    due = finished_at + runtime.start_seconds
    if now < due:
        return Step(status, due=due, words=f"{name} ended with code {code} and is started again")
    pause = pause_before_restart(status)
    if not pause or not images.is_same(status["image"], container["image"]):
        return _start(runtime, container, status, due, init)
    return _crash_loop(runtime.pod, name, status, pause)


def _crash_loop(pod: Obj, name: str, status: Obj, pause: float) -> Step:
    ended = status["state"]["terminated"]
    place = f"{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": message_of(pause, name, place)}}
    event = ContainerEvent(
        "Warning", "BackOff", f"Back-off restarting failed container {name} in pod {place}"
    )
    return Step(
        {**status, "state": waiting, "lastState": {"terminated": ended}},
        (event,),
        seconds(ended["finishedAt"]) + pause,
        f"{name} ended with code {ended['exitCode']} and is started again after a pause",
    )


# -- stop ------------------------------------------------------------------------------------------


def stop_seconds(container: Obj, settings: Settings) -> float:
    """Return how long the container takes to end once it is asked to: its preStop hook, then itself."""
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    pause = float((hook.get("sleep") or {}).get("seconds") or 0)
    if "exec" in hook:
        run = run_of({"command": hook["exec"].get("command") or []})
        pause = run.seconds if run.seconds < FOREVER else 0.0
    return pause + settings.container_stop_seconds


def stopped(container: Obj, status: Obj, settings: Settings, grace: float, now: float) -> Obj:
    """Return the status after the Pod was told to stop: ended, killed, or never found."""
    state = status["state"]
    if "terminated" in state:
        return status
    if "running" in state:
        killed = stop_seconds(container, settings) > grace and grace > 0
        return _exited(status, now, Run(0, _KILLED if killed else 0))
    last = status["lastState"].get("terminated")
    if last and state["waiting"].get("reason") == "CrashLoopBackOff":
        return {**status, "state": {"terminated": last}, "ready": False, "started": False}
    return {**status, "state": {"terminated": unknown("terminated")}, "ready": False, "started": False}


def unknown(when: str) -> Obj:
    """Return the terminated state of a container of which the runtime knows nothing."""
    return {
        "exitCode": _KILLED,
        "reason": "ContainerStatusUnknown",
        "message": f"The container could not be located when the pod was {when}",
        "startedAt": None,
        "finishedAt": None,
    }


def vanished(status: Obj) -> Obj:
    """Return the status of a container that ran when its node went away and whose Pod is to be deleted."""
    last = unknown("deleted")
    last["message"] += ".  The container used to be Running"
    return {
        **{key: value for key, value in status.items() if key not in ("containerID", "resources")},
        "state": {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {"terminated": last},
        "restartCount": status["restartCount"] + 1,
        "ready": False,
        "started": False,
    }
