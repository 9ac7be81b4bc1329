from __future__ import annotations

import re

from django.templatetags.static import static
from django.test import Client


def test_the_address_of_a_file_tells_its_bytes() -> None:
    assert re.fullmatch(r"/static/page\.css\?v=[0-9a-f]{12}", static("page.css"))
    assert static("page.css") == static("page.css")
    assert static("page.css").partition("=")[2] != static("picture.css").partition("=")[2]


def test_a_file_that_is_not_there_has_no_version() -> None:
    assert static("nowhere.css") == "/static/nowhere.css"


def test_a_browser_need_not_ask_for_a_file_again(client: Client) -> None:
    answer = client.get(static("page.css"))
    assert b"".join(answer.streaming_content).startswith(b"/*")
    answer.close()
    assert answer.status_code == 200
    assert "max-age=31536000" in answer["Cache-Control"]
