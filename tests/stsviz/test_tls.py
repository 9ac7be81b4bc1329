"""The certificate: made once, for all names of the site, its key for its owner's eyes only."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest
from cryptography import x509

from stsviz import tls


def names(folder: Path) -> set[str]:
    found = x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes())
    return {
        str(name.value)
        for name in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    }


def test_a_certificate_is_kept_while_it_will_do(tmp_path: Path):
    tls.credentials(tmp_path, ["127.0.0.1", "[::1]", "localhost", "*"])
    first = (tmp_path / "tls.crt").read_bytes()
    assert names(tmp_path) == {"127.0.0.1", "::1", "localhost"}
    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600
    tls.credentials(tmp_path, ["localhost"])
    assert (tmp_path / "tls.crt").read_bytes() == first


def test_another_name_and_a_near_end_make_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tls.credentials(tmp_path, ["localhost"])
    tls.credentials(tmp_path, ["localhost", "lab.example"])
    assert names(tmp_path) == {"localhost", "lab.example"}
    second = (tmp_path / "tls.crt").read_bytes()
    monkeypatch.setattr(tls, "RENEWED", tls.LASTS)
    tls.credentials(tmp_path, ["localhost"])
    assert (tmp_path / "tls.crt").read_bytes() != second


def test_a_site_on_every_address_is_called_by_the_name_of_its_machine():
    assert tls.own_names("192.168.1.5") == ["192.168.1.5"]
    assert tls.own_names("lab.example") == ["lab.example"]
    assert socket.gethostname() in tls.own_names("0.0.0.0")
