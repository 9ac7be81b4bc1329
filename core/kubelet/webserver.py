"""The web server in a container: which files it serves, and what it answers.

Stands for nginx and httpd as their images come: the root of their documents, index.html, 403 and 404; and
for the test-webserver of the agnhost image, which serves every file there is.
Not modelled: configuration; any other image that listens serves nothing that could be fetched.
"""

from __future__ import annotations

from posixpath import normpath
from typing import NamedTuple, Protocol

from core.apimachinery.meta import Obj
from core.kubelet.program import image_base, words_of

_NGINX = "/usr/share/nginx/html"
_HTTPD = "/usr/local/apache2/htdocs"
_ROOTS = {"nginx": _NGINX, "nginx-slim": _NGINX, "nginx-unprivileged": _NGINX, "httpd": _HTTPD}
_WORDS = {200: "OK", 403: "Forbidden", 404: "Not Found"}

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nstsviz makes none\n-----END CERTIFICATE-----\n"
_WELCOME = b"""<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page came with the image (stsviz).</p>
</body>
</html>
"""
_WORKS = b"<html><body><h1>It works!</h1></body></html>\n"


class Documents(Protocol):
    """The file system of the server's container."""

    def file(self, path: str) -> bytes | None: ...


class Reply(NamedTuple):
    code: int
    body: bytes

    @property
    def words(self) -> str:
        return _WORDS.get(self.code, "")


def document_root(container: Obj) -> str:
    """Return where the documents of the container's server are, or "" if it serves none."""
    if words_of(container):
        return ""
    image = image_base(container["image"])
    if image == "agnhost":
        return "/" if (container.get("args") or ())[:1] == ["test-webserver"] else ""
    return _ROOTS.get(image, "")


def welcome(container: Obj) -> dict[str, bytes]:
    """Return the documents that the image brings along, by path."""
    if image_base(container["image"]) == "agnhost":
        return {"/localhost.crt": _CERTIFICATE}
    root = document_root(container)
    return {f"{root}/index.html": _WELCOME if root == _NGINX else _WORKS} if root else {}


def listens(container: Obj, port: int) -> bool:
    """Say whether the container's web server listens on *port*: any that it declares, or 80."""
    declared = [p["containerPort"] for p in container.get("ports") or () if p.get("protocol") != "UDP"]
    return bool(document_root(container)) and port in (declared or (80,))


def reply(container: Obj, disk: Documents, path: str) -> Reply:
    """Return what the container's web server answers to a GET of *path*."""
    root = document_root(container).rstrip("/")
    path = path.partition("?")[0]
    wanted = normpath("/" + path.lstrip("/"))
    body = disk.file(root + wanted) if wanted != "/" else None
    index = body is None and path.endswith("/")
    if index:
        body = disk.file(root + wanted.rstrip("/") + "/index.html")
    if body is not None:
        return Reply(200, body)
    code = 403 if index and wanted == "/" else 404
    title = f"{code} {_WORDS[code]}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    return Reply(code, f"{page}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n".encode())
