"""LIST: a page of one committed revision, in the order of etcd's keys.

A later page, and a list at an exact revision, are read from the present by taking back what has changed
since: history keeps the state before each change.
Source: staging/src/k8s.io/apiserver/pkg/storage/{etcd3/store,continue}.go (v1.36).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from core.apimachinery.errors import BadRequest, Gone
from core.apimachinery.meta import Obj
from core.apiserver.options import ListOptions
from core.apiserver.refusals import RevisionTooLarge
from core.apiserver.store import Store

_TOO_OLD = "The resourceVersion for the provided list is too old."
_TOKEN_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list"
    " without the continue parameter, or use the continue token in this response to retrieve the remainder of"
    " the results. Continuing with the provided token results in an inconsistent list - objects that were"
    " created, modified, or deleted between the time the first chunk was returned and now may show up in the"
    " list."
)
_AND_REVISION = "specifying resource version is not allowed when using continue"

Key = tuple[str, str]  # namespace, name


@dataclass(frozen=True, slots=True)
class Page:
    """*metadata* is the list's: resourceVersion, and continue when there is more."""

    items: list[Obj]
    metadata: dict[str, Any] = field(default_factory=dict)


class ExpiredToken(Gone):
    """A continue token whose revision is gone; *token* goes on with the present."""

    def __init__(self, token: str) -> None:
        super().__init__(_TOKEN_TOO_OLD)
        self.token = token

    def status(self) -> dict[str, Any]:
        body = super().status()
        body["metadata"] = {"continue": self.token}
        return body


def list_objects(store: Store, kind: str, namespace: str | None, options: ListOptions) -> Page:
    """Return the page that *options* asks for; *namespace* None is all of them.

    Raises: BadRequest, Gone, RevisionTooLarge.
    """
    after: Key | None = None
    with store.reading():
        revision = store.revision
        if options.token:
            if options.revision:
                raise BadRequest(_AND_REVISION)
            revision, after = _parse_token(options.token, store.revision)
        elif options.revision:
            if options.revision > store.revision:
                raise RevisionTooLarge(options.revision, store.revision)
            if options.match == "Exact" or (options.limit and not options.match):
                revision = options.revision
        objects = _at_revision(store, kind, namespace, revision, after)
        if options.selects:
            objects = {key: obj for key, obj in objects.items() if options.selects_object(obj)}
    keys = sorted(key for key in objects if after is None or key > after)
    limit = options.limit if options.revision != 0 else 0
    metadata: dict[str, Any] = {"resourceVersion": str(revision)}
    if limit and len(keys) > limit:
        metadata["continue"] = _token(revision, keys[limit - 1])
        if not options.selects:
            metadata["remainingItemCount"] = len(keys) - limit
        keys = keys[:limit]
    return Page([objects[key] for key in keys], metadata)


def _at_revision(
    store: Store, kind: str, namespace: str | None, revision: int, after: Key | None
) -> dict[Key, Obj]:
    objects = {
        (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]): obj
        for obj in store.view.list(kind, namespace)
    }
    if revision == store.revision:
        return objects
    too_old = ExpiredToken(_token(store.revision, after)) if after else Gone(_TOO_OLD)
    try:
        changes = store.changes_since(revision)
    except Gone:
        raise too_old from None
    for change in reversed(changes):
        ref = change.ref
        if ref.kind != kind or (namespace is not None and ref.namespace != namespace):
            continue
        if change.type == "ADDED":
            objects.pop((ref.namespace, ref.name), None)
        elif change.old is None:  # from the database, which keeps no state before the change
            raise too_old
        else:
            objects[ref.namespace, ref.name] = change.old
    return objects


def _token(revision: int, last: Key) -> str:
    start = "/".join(part for part in last if part) + "\0"
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _parse_token(token: str, current: int) -> tuple[int, Key]:
    try:
        padded = token + "=" * (-len(token) % 4)
        read = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        revision, start = int(read["rv"]), str(read["start"])
        if read["v"] != "meta.k8s.io/v1" or not 0 <= revision <= current:
            raise ValueError("unrecognized encoded version")
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as exc:
        raise BadRequest(f"invalid continue token: continue key is not valid: {exc}") from None
    namespace, _, name = start.rstrip("\0").rpartition("/")
    return revision, (namespace, name)
