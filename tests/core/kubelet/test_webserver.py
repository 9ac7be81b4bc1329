"""What the web servers of well-known images serve."""

from __future__ import annotations

import pytest

from core.kubelet.webserver import document_root, reply, welcome


class Files(dict[str, bytes]):
    def file(self, path: str) -> bytes | None:
        return self.get(path)


AGNHOST = {"name": "web", "image": "registry.example/agnhost:2.53", "args": ["test-webserver"]}


def test_the_test_server_of_agnhost_serves_every_file() -> None:
    files = Files(welcome(AGNHOST))
    assert reply(AGNHOST, files, "/localhost.crt").code == 200
    assert reply(AGNHOST, Files(), "/localhost.crt").code == 404


@pytest.mark.parametrize(
    ("image", "args", "root"),
    [
        ("nginx:1.9.1", [], "/usr/share/nginx/html"),
        ("docker.io/library/httpd", [], "/usr/local/apache2/htdocs"),
        ("agnhost:2.53", ["pause"], ""),
        ("busybox", [], ""),
    ],
)
def test_an_image_serves_its_own_root(image: str, args: list[str], root: str) -> None:
    assert document_root({"name": "c", "image": image, "args": args}) == root
