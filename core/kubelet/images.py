"""Images: which a node has, which can be pulled, and how long the kubelet waits before it tries again.

Source: pkg/kubelet/images/image_manager.go, pkg/kubelet/kubelet_node_status.go (v1.36).
Differs: there is no registry: every image is there, but for names that say they are not.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from core.apimachinery.meta import Obj, field
from core.kubelet.backoff import PAUSES, back_off

_KEPT_IN_STATUS = 50  # nodeStatusMaxImages
_LAST_BACK_OFF = PAUSES[-1]
_SHOWN_SECONDS = 2.0  # ErrImagePull turns into ImagePullBackOff at the next look at the Pod
_MISSING = (
    "does-not-exist",
    "doesnotexist",
    "non-existent",
    "nonexistent",
    "no-such",
    "not-found",
    ".invalid/",
    ":404",
)
_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_REGISTRY = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_NGINX_VERSION = re.compile(r"\d+\.(\d+)")
_NGINX_NEWEST_MINOR = 40  # nginx:1.161 and nginx:1.91 are the typos of the Kubernetes tutorials


class Refusal(NamedTuple):
    """Why an image cannot be had. *reason*: the container's waiting reason."""

    reason: str
    message: str


def canonical_name(image: str) -> str:
    """Return *image* with registry and tag: ``nginx`` is ``docker.io/library/nginx:latest``."""
    first, _, rest = image.partition("/")
    if not rest:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    return tagged(image)


def tagged(image: str) -> str:
    """Return *image* as the runtime reports it: ``nginx`` runs as ``nginx:latest``."""
    last = image.rsplit("/", 1)[-1]
    return image if ":" in last or "@" in last else f"{image}:latest"


def is_same(reported: str, wanted: str) -> bool:
    """Tell whether the image that a container's status reports is the one its spec wants."""
    return tagged(reported) == tagged(wanted)


def pull_refusal(image: str) -> Refusal | None:
    """Return why *image* cannot be pulled, or None."""
    if not _is_well_formed(image):
        parse = "couldn't parse image name"
        message = f'Failed to apply default image tag "{image}": {parse} "{image}": invalid reference format'
        return Refusal("InvalidImageName", message)
    name = canonical_name(image)
    if not _is_missing(name):
        return None
    return Refusal(
        "ErrImagePull",
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{name}": '
        f'failed to resolve reference "{name}": {name}: not found',
    )


def _is_well_formed(image: str) -> bool:
    name, _, _digest = image.partition("@")
    head, slash, tail = name.rpartition("/")
    last, colon, tag = tail.partition(":")
    if colon and not _TAG.fullmatch(tag):
        return False
    path = f"{head}{slash}{last}"
    first, _, rest = path.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return bool(_REGISTRY.fullmatch(first) and _NAME.fullmatch(rest))
    return bool(_NAME.fullmatch(path))


def _is_missing(name: str) -> bool:
    if any(word in name for word in _MISSING):
        return True
    if not name.startswith("docker.io/library/nginx:"):
        return False
    version = _NGINX_VERSION.match(name.rsplit(":", 1)[-1])
    return version is not None and int(version[1]) > _NGINX_NEWEST_MINOR


def is_present(node: Obj, image: str) -> bool:
    name = canonical_name(image)
    return any(name in entry["names"] for entry in field(node, "status.images", []))


def images_with(node: Obj, image: str) -> list[Obj]:
    """Return the node's list of images once *image* has been pulled."""
    entry = {"names": [canonical_name(image)], "sizeBytes": size_bytes(image)}
    return [entry, *field(node, "status.images", [])][:_KEPT_IN_STATUS]


def size_bytes(image: str) -> int:
    """Return a size that an image of this name might have."""
    return 20_000_000 + _digest(image) % 180_000_000


def pulled_message(image: str) -> str:
    took = f"{1 + _digest(image) % 4000 / 1000:.3g}s"
    return (
        f'Successfully pulled image "{image}" in {took} ({took} including waiting).'
        f" Image size: {size_bytes(image)} bytes."
    )


def _digest(image: str) -> int:
    return int.from_bytes(hashlib.sha1(image.encode(), usedforsecurity=False).digest()[:4])


class PullState(NamedTuple):
    """*reason* to show now, and when (epoch seconds) the next one is due."""

    reason: str
    until: float


def pull_state(first_attempt: float, now: float) -> PullState:
    """Return where the endless retries of an image that cannot be had stand, from the time of the first.

    Derived from the clock alone, so that a restart does not begin again.
    """
    attempt, failures = first_attempt, 1
    while attempt + back_off(failures) <= now:
        attempt, failures = attempt + back_off(failures), failures + 1
        if back_off(failures) == _LAST_BACK_OFF:
            attempt += _LAST_BACK_OFF * ((now - attempt) // _LAST_BACK_OFF)
    if now < attempt + _SHOWN_SECONDS:
        return PullState("ErrImagePull", attempt + _SHOWN_SECONDS)
    return PullState("ImagePullBackOff", attempt + back_off(failures))
