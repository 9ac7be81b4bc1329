"""HTTPS for a site that other machines can reach, with a certificate that it makes itself.

kubectl sends no token over plain HTTP, so without TLS it could not come in at all. Plain HTTP is answered on
the same port: pages send the browser on to HTTPS, and the API says what it says to anybody without a token.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import PrivateCertificate
from twisted.protocols.policies import TimeoutMixin
from twisted.protocols.tls import TLSMemoryBIOFactory

LASTS = datetime.timedelta(days=800)  # browsers refuse those that last longer than 825 days
RENEWED = datetime.timedelta(days=30)  # before its end
PATIENCE = 20  # seconds in which a connection has to say something
_HANDSHAKE = b"\x16"  # the first byte of a TLS connection, and of no HTTP request


def certificate_path(folder: Path) -> Path:
    return folder / "tls.crt"


def own_names(host: str) -> list[str]:
    """Return under which names and addresses a site that listens on *host* is called, the best first."""
    try:
        if not ipaddress.ip_address(host.strip("[]")).is_unspecified:
            return [host]
    except ValueError:
        return [host]
    names = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing, but chooses the address that others see
        names.append(probe.getsockname()[0])
    names.append(socket.gethostname())
    with contextlib.suppress(OSError):
        names += sorted({str(found[4][0]) for found in socket.getaddrinfo(names[-1], None)})
    return [name for name in dict.fromkeys(names) if "%" not in name]


def credentials(folder: Path, names: Iterable[str]) -> PrivateCertificate:
    """Return key and certificate for *names*, made anew when those in *folder* will not do."""
    wanted = {name.strip("[]").lstrip(".").lower() for name in names} - {"*"}
    path, key_path = certificate_path(folder), folder / "tls.key"
    if not (path.exists() and key_path.exists() and _serves(path.read_bytes(), wanted)):
        key, certificate = _made(sorted(wanted))
        with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key)
        path.write_bytes(certificate)
    return PrivateCertificate.loadPEM(key_path.read_bytes() + path.read_bytes())


def _serves(pem: bytes, wanted: set[str]) -> bool:
    found = x509.load_pem_x509_certificate(pem)
    if found.not_valid_after_utc < datetime.datetime.now(datetime.UTC) + RENEWED:
        return False
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return wanted <= {str(name.value) for name in names}


def _made(names: list[str]) -> tuple[bytes, bytes]:
    """Return key and certificate as PEM; it signs itself, so it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stsviz")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName(map(_alternative, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class EitherWay(Factory):
    """Speaks TLS with who begins with a handshake, and plain HTTP with all others."""

    noisy = False

    def __init__(self, plain: Factory, own: PrivateCertificate) -> None:
        self.plain = plain
        self.secure = TLSMemoryBIOFactory(own.options(), False, plain)
        self.secure.noisy = False

    def buildProtocol(self, addr: Any) -> Protocol:
        return _FirstByte(self, addr)


class _FirstByte(Protocol, TimeoutMixin):
    """Holds a connection until its first byte says who shall have it."""

    def __init__(self, ways: EitherWay, addr: Any) -> None:
        self._ways = ways
        self._addr = addr

    def connectionMade(self) -> None:
        self.setTimeout(PATIENCE)

    def dataReceived(self, data: bytes) -> None:
        self.setTimeout(None)
        way = self._ways.secure if data.startswith(_HANDSHAKE) else self._ways.plain
        protocol: Any = way.buildProtocol(self._addr)
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self.setTimeout(None)
