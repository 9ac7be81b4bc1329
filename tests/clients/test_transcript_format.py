"""The transcripts' own grammar: which lines concern whom, and that a difference is found."""

from __future__ import annotations

import pytest

from tests.clients.transcript import Malformed, filled, pattern, read

PAGE = """\
# a remark
$ kubectl delete pod web-0
[..1.33] pod "web-0" deleted
[1.34..] pod "web-0" deleted from default namespace
! a warning
? 1
> DELETE /api/v1/namespaces/default/pods/web-0 200
[1.36..] $ kubectl get pods
NAME
"""


def test_a_line_with_versions_concerns_only_them() -> None:
    (old,) = read(PAGE, 33)
    new, more = read(PAGE, 36)

    assert old.out == ['pod "web-0" deleted']
    assert new.out == ['pod "web-0" deleted from default namespace']
    assert (new.err, new.code) == (["a warning"], 1)
    assert new.requests == ["DELETE /api/v1/namespaces/default/pods/web-0 200"]
    assert (more.command, more.out) == ("kubectl get pods", ["NAME"])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["web-0   <age>"], "web-0   17s\n"),
        (["a <ip:x>", "b <ip:x>"], "a 10.0.0.1\nb 10.0.0.1\n"),
        (["<age> Running"], "2m3s     Running\n"),
        (["~Waiting...", "done"], "Waiting...\nWaiting...\ndone\n"),
        (["~Waiting...", "done"], "done\n"),
        (["a", "...", "d"], "a\nb\nc\nd\n"),
        (["<none> <end>"], "<none> \n"),
        ([], ""),
    ],
)
def test_what_a_mask_stands_for_fits(lines: list[str], text: str) -> None:
    assert pattern(lines, {}).fullmatch(text)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["web-0   <age>"], "web-0  17s\n"),
        (["web-0   <age>"], "web-0   soon\n"),
        (["a <ip:x>", "b <ip:x>"], "a 10.0.0.1\nb 10.0.0.2\n"),
        (["done"], "done\nand more\n"),
        (["a.b"], "axb\n"),
        ([], "a word\n"),
    ],
)
def test_what_is_different_does_not_fit(lines: list[str], text: str) -> None:
    assert not pattern(lines, {}).fullmatch(text)


def test_a_name_stands_for_the_same_text_in_later_steps_and_in_commands() -> None:
    known = pattern(["uid <uid:a>"], {}).fullmatch("uid 01234567-89ab-cdef-0123-456789abcdef\n")

    assert known is not None
    assert pattern(["<uid:a>"], known.groupdict()).fullmatch("01234567-89ab-cdef-0123-456789abcdef\n")
    assert not pattern(["<uid:a>"], known.groupdict()).fullmatch("11234567-89ab-cdef-0123-456789abcdef\n")
    assert filled("kubectl get <uid:a>", {"a": "x"}) == "kubectl get x"


def test_a_page_that_begins_without_a_command_or_names_no_mask_is_malformed() -> None:
    with pytest.raises(Malformed, match="before the first command"):
        read("NAME\n", 36)
    with pytest.raises(Malformed, match="no mask"):
        pattern(["<colour:a>"], {})
