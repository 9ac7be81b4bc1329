"""`manage.py scenario`: a file is checked and played to its end in a terminal."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from core.cluster import Cluster
from tests.stsviz.scenarios.cast import SMALL

pytestmark = pytest.mark.django_db(transaction=True)


def played(path: Path, *flags: str) -> str:
    out = StringIO()
    call_command("scenario", str(path), *flags, stdout=out, no_color=True)
    return out.getvalue()


def test_it_tells_sentences_lines_questions_and_what_came_true(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    told = played(path)
    assert " 1 A claim waits.\n   $ kubectl apply -f claim.yaml\n" in told
    assert "   ? What becomes of it?\n     1  It stays\n     2  It goes\n" in told
    assert "   = 2: Nobody uses it.\n" in told
    assert " 3 The end.\n" in told
    assert Cluster.names() == []
    assert "一个 claim 在等。" in played(path, "--language", "zh")
    assert "you: PersistentVolumeClaim data created" in played(path, "--writes")


def test_a_fault_is_told_with_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.replace("seed: 3", "seed: x"), encoding="utf-8")
    with pytest.raises(CommandError, match=r"small\.yaml: line 2, cluster\.seed: a whole number"):
        played(path, "--check")
    with pytest.raises(CommandError, match="No such file"):
        played(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        (
            "until: pvc/data gone",
            "until: pvc/data ready",
            "beat 2 does not come to its end: it waits for pvc/data",
        ),
        ("- delete: pvc/data", "- delete: pvc/other", 'beat 2: persistentvolumeclaims "other" not found'),
        ("if: pvc/data exists", "if: pvc/data gone", "beat 2: not exactly one of its answers came true"),
    ],
)
def test_what_does_not_end_is_told(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.replace(was, becomes), encoding="utf-8")
    with pytest.raises(CommandError, match=says):
        played(path)
