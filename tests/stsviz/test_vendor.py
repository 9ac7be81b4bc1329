"""The vendored browser code is what VERSION says it is, and the pages load nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "static" / "vendor"
LINES = (VENDOR / "VERSION").read_text().splitlines()[1:]


@pytest.mark.parametrize("line", LINES)
def test_a_vendored_file_has_the_hash_that_version_records(line: str) -> None:
    digest, name = line.split()
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_recorded() -> None:
    assert {line.split()[1] for line in LINES} == {p.name for p in VENDOR.iterdir()} - {"VERSION"}


def test_htmx_says_the_version_that_is_recorded() -> None:
    version = (VENDOR / "VERSION").read_text().split()[1]
    assert f'this.version="{version}"' in (VENDOR / "htmx.min.js").read_text()


# The run as a file carries its script and style in itself; its policy names their hashes (test_share).
PAGES = sorted(set((ROOT / "templates").rglob("*.html")) - {ROOT / "templates" / "player.html"})


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_a_template_has_no_inline_script_style_or_handler_and_no_foreign_address(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|hx-on|javascript:", text)
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_pin_every_package_with_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.findall(
        r"^([\w.\-]+(?:\[[\w,]+\])?)==[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}[^\n]*)*)", text, re.M
    )
    assert entries
    assert all(hashes for _, hashes in entries)
    assert "://" not in text
