"""The secret key: made once, for its owner's eyes only, the same at the next start."""

from __future__ import annotations

import stat
from pathlib import Path

from stsviz.settings import _secret_key


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = _secret_key(tmp_path / "secret_key")
    assert len(first) >= 50
    assert _secret_key(tmp_path / "secret_key") == first
    assert [p.name for p in tmp_path.iterdir()] == ["secret_key"]


def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    _secret_key(tmp_path / "secret_key")
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_two_sites_have_two_keys(tmp_path: Path) -> None:
    assert _secret_key(tmp_path / "a") != _secret_key(tmp_path / "b")
