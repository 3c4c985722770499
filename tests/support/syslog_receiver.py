# SPDX-License-Identifier: AGPL-3.0-or-later
"""A syslog server of the tests' own: UDP, TCP or TLS, octet counting, on a port of the loopback that it keeps over a restart."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.instance import free_ports

_HEADER = re.compile(
    rb"<85>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S+) cloudfilm - DICOM\+RFC3881 \[meta sequenceId=\"(\d+)\"\] \xef\xbb\xbf"
)


@dataclass(frozen=True)
class Received:
    """One message taken apart."""

    sequence: int
    host: str
    xml: Element

    @classmethod
    def parse(cls, message: bytes) -> Received:
        header = _HEADER.match(message)
        assert header is not None, message[:200]
        return cls(int(header[3]), header[2].decode(), fromstring(message[header.end() :].decode("utf-8")))

    @property
    def event_id(self) -> str:
        code = self.xml.find("EventIdentification/EventID")
        assert code is not None
        return code.attrib["csd-code"]


@dataclass
class SyslogReceiver:
    """Listens while its `listening` block lasts. ``resets_after`` makes it drop that connection with a reset, having read that many messages."""

    scheme: str
    certificate: Path | None = None
    resets_after: int | None = None
    received: list[Received] = field(default_factory=list)
    port: int = field(default_factory=lambda: free_ports(1)[0])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def sequences(self) -> list[int]:
        return [one.sequence for one in self.received]

    @contextmanager
    def listening(self) -> Iterator[SyslogReceiver]:
        kind = socket.SOCK_DGRAM if self.scheme == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            if self.scheme != "udp":
                listener.listen()
            thread = threading.Thread(target=self._serve_datagrams if self.scheme == "udp" else self._serve_streams, args=(listener,))
            listener.settimeout(0.1)
            self._stopped = threading.Event()
            thread.start()
            try:
                yield self
            finally:
                self._stopped.set()
                thread.join()

    def _serve_datagrams(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                self.received.append(Received.parse(listener.recv(65535)))

    def _serve_streams(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError, ssl.SSLError, ConnectionError):
                connection, _ = listener.accept()
                connection.settimeout(10)
                with connection:
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        if self.certificate is None:
            self._read(connection)
            return
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        with context.wrap_socket(connection, server_side=True) as secured:
            self._read(secured)
            secured.unwrap()

    def _read(self, connection: socket.socket) -> None:
        pending = b""
        while part := connection.recv(65536):
            pending += part
            while match := re.match(rb"([1-9][0-9]*) ", pending):
                end = match.end() + int(match[1])
                if len(pending) < end:
                    break
                self.received.append(Received.parse(pending[match.end() : end]))
                pending = pending[end:]
                if self.resets_after is not None and len(self.received) >= self.resets_after:
                    self.resets_after = None
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    raise ConnectionError("dropped on purpose")
        assert pending == b"", "the stream ends in the middle of a message"


def make_certificate(path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "syslog of the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    path.chmod(0o644)
    return path
