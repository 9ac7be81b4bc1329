"""A link that carries a whole run: its recipe, packed into the query.

``version.payload``; the payload is base64url of four bytes of a checksum and of deflated JSON. What is not
whole, or is of another version, is refused in words before anything is made.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import asdict
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from core.api.kinds import BY_KIND
from core.apimachinery.decode import is_too_deep
from core.apimachinery.errors import AlreadyExists, ApiError
from core.cluster import Cluster
from core.sim import flags
from stsviz.pages.timeline import clock
from stsviz.recipe import LONGEST, MOST_ACTS, MOST_NODES, Recipe, Uncarried, follow, mark_of, recipe_of
from stsviz.runtime import forked_name, runtime

VERSION = 1
LONGEST_LINK = 2000  # characters
LONGEST_NAME = 120  # characters of what an act is about
LARGEST = 256 * 1024  # bytes of an unpacked recipe
MADE = "shared"
# Part of version 1 for good: what most recipes hold, so that a link need not.
WORDS = (
    b'"metadata":{"name":"default","labels":{"app":"nginx"}},"namespace":"default"}"kind":"PersistentVolumeClaim",'
    b'"PersistentVolume","default","apiVersion":"v1","kind":"Service""clusterIP":"None","selector":{"app":"nginx"},'
    b'"ports":[{"port":80,"name":"web"}]}"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","annotations":{'
    b'"storageclass.kubernetes.io/is-default-class":"true"},"provisioner":"kubernetes.io/host-path"'
    b'"volumeBindingMode":"WaitForFirstConsumer","reclaimPolicy":"Retain"{"apiVersion":"apps/v1","kind":"StatefulSet",'
    b'"spec":{"serviceName":"nginx","replicas":2,"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{'
    b'"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx","ports":[{"containerPort":80,'
    b'"name":"web"}],"volumeMounts":[{"name":"www","mountPath":"/usr/share/nginx/html"}]}]}},"volumeClaimTemplates":['
    b'{"metadata":{"name":"www"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}'
    b'],"patch","delete","Pod","default","web-0","apply",{"seed":1,"start":1,"end":,"nodes":2,"settings":{"max_pods":10000}'
    b',"acts":[["mark":"'
)


class Unreadable(Exception):
    """A link that cannot be read; says why, as a sentence."""


def pack(recipe: Recipe) -> str:
    """Return *recipe* as what a link carries."""
    data = orjson.dumps(asdict(recipe))
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    packed = zlib.crc32(data).to_bytes(4, "big") + deflate.compress(data) + deflate.flush()
    return f"{VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def unpack(text: str) -> Recipe:
    """Return the recipe that a link carries. Raises: Unreadable."""
    version, dot, payload = text.partition(".")
    if not (dot and version.isascii() and version.isdecimal()):
        raise Unreadable("This link carries no run: it was cut, or is not one of this program's.")
    if version != str(VERSION):
        raise Unreadable(f"This link is of version {version[:6]}, and this program reads version {VERSION}.")
    try:
        packed = base64.b64decode(payload + "=" * (-len(payload) % 4), b"-_", validate=True)
        inflate = zlib.decompressobj(-15, WORDS)
        data = inflate.decompress(packed[4:], LARGEST)
        whole = (
            inflate.eof and not inflate.unconsumed_tail and zlib.crc32(data).to_bytes(4, "big") == packed[:4]
        )
    except (binascii.Error, zlib.error, ValueError):
        whole = False
    if not whole:
        raise Unreadable("This link is not whole: it was cut or changed on its way. Ask for it once more.")
    try:
        return _checked(orjson.loads(data))
    except (ValueError, TypeError, KeyError):
        raise Unreadable("This link carries something that is no run.") from None


_SHAPES: dict[str, tuple[type | tuple[type, ...], ...]] = {
    "apply": (dict,),
    "patch": (str, str, str, dict),
    "delete": (str, str, str, (int, type(None)), str),
    "write": (str, str, str),
}


def _checked(found: dict[str, Any]) -> Recipe:
    """Return *found* as a recipe that can be followed. Raises: ValueError, TypeError, KeyError."""
    recipe = Recipe(**found)
    good = (
        type(recipe.seed) is int  # a bool is none
        and 0 <= recipe.seed < 1 << 63
        and isinstance(recipe.mark, str)
        and all(type(number) in (int, float) for number in (recipe.start, recipe.end))
        and 0 < recipe.start < 1 << 33
        and 0 <= recipe.end <= LONGEST
        and type(recipe.nodes) is int
        and 0 <= recipe.nodes <= MOST_NODES
        and isinstance(recipe.settings, dict)
        and isinstance(recipe.acts, list)
        and len(recipe.acts) <= MOST_ACTS
        and not is_too_deep(recipe.acts)
    )
    if not good:
        raise ValueError("no recipe")
    for name, value in recipe.settings.items():
        flags.check(name, value)
    for at, verb, *rest in recipe.acts:
        shape = _SHAPES[verb]
        good = good and 0 <= at <= recipe.end and len(rest) == len(shape)
        good = good and all(isinstance(value, kind) for value, kind in zip(rest, shape, strict=True))
        good = good and (verb not in ("patch", "delete") or (rest[0] in BY_KIND and rest[0] != "VolumeFile"))
        good = good and (verb != "delete" or type(rest[3]) is not bool)
        good = good and (verb != "patch" or _is_wish(rest[3]))
    if not good:
        raise ValueError("no recipe")
    return recipe


def _is_wish(patch: dict[str, Any]) -> bool:
    """Whether *patch* changes nothing but what a recipe's acts do: not what an object is, nor its status."""
    meta = patch.get("metadata", {})
    return (
        patch.keys().isdisjoint(("kind", "apiVersion", "status"))
        and isinstance(meta, dict)
        and meta.keys() <= {"labels", "annotations", "finalizers"}
    )


def link_of(request: HttpRequest, cluster: Cluster, upto: int) -> tuple[str, str]:
    """Return the link that carries the run up to *upto*, or "" and why there is none, as a sentence."""
    try:
        link = f"{request.build_absolute_uri(reverse('carried'))}?run={pack(recipe_of(cluster, upto))}"
    except Uncarried as error:
        return "", f"No link can carry this run: {error}. Store it instead."
    if len(link) > LONGEST_LINK:
        return (
            "",
            f"A link that carries this run would have {len(link)} characters, and {LONGEST_LINK} is the most."
            " Store it instead.",
        )
    return link, ""


def _described(request: HttpRequest, recipe: Recipe, text: str) -> HttpResponse:
    acts = []
    for _, verb, first, *rest in recipe.acts:
        if isinstance(first, dict):
            meta = first.get("metadata")
            name = meta.get("name", "") if isinstance(meta, dict) else ""
            what = f"{first.get('kind', '')} {name}"
        else:
            what = f"{first} {rest[0] if verb == 'write' else rest[1]}"
        acts.append((verb, what[:LONGEST_NAME]))
    context = {"recipe": recipe, "run": text, "acts": acts, "length": clock(recipe.end)}
    return render(request, "carried.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def carried(request: HttpRequest) -> HttpResponse:
    """Say what run a link carries; when its button is pressed, play it in a cluster of its own."""
    text = request.POST.get("run", "") if request.method == "POST" else request.GET.get("run", "")
    try:
        recipe = unpack(text[: 4 * LONGEST_LINK])
    except Unreadable as error:
        return render(request, "refusal.html", {"text": str(error)}, status=400)
    if request.method != "POST":
        return _described(request, recipe, text)
    names = runtime.names()
    if len(names) >= settings.MAX_CLUSTERS:
        text = f"There are {len(names)} clusters, as many as may be: delete one first."
        return render(request, "refusal.html", {"text": text}, status=409)
    try:
        cluster = follow(recipe, MADE if MADE not in names else forked_name(MADE, False, names))
    except AlreadyExists:
        return render(request, "refusal.html", {"text": "Somebody else was quicker: try again."}, status=409)
    except ApiError as error:
        text = f"This run cannot be played here: {error.message}."
        return render(request, "refusal.html", {"text": text}, status=422)
    same = mark_of(cluster, cluster.past.last) == recipe.mark
    runtime.driver(cluster.name).greeting = format_html(
        '<div class="said"><p>{}</p></div>',
        "This is the run that the link carries, paused at its end."
        if same
        else "The run that the link carries came out otherwise than where it was made: it has other uids.",
    )
    runtime.wake()
    return redirect("page", name=cluster.name)
