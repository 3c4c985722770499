# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client that asks as a browser does: HTTP/2 over TLS, several requests at once on a connection. It reads what comes and counts it, no more (RFC 9113)."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from bench.failure import BenchFailed

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x8
_END_STREAM, _END_HEADERS, _ACK = 0x1, 0x4, 0x1
_STATUS_200 = 0x88  # RFC 7541 Appendix A
_ROOM = 1 << 30


@dataclass(frozen=True, slots=True)
class Throughput:
    """Answers and bytes of content a second."""

    answers: float
    bytes: float


def throughput(
    port: int, paths: Sequence[str], headers: dict[str, str], seconds: float, connections: int = 6, at_once: int = 10
) -> Throughput:
    """Ask for the paths in turn until the time is up."""
    until = time.monotonic() + seconds

    def endless() -> Iterator[str]:
        for path in cycle(paths):
            if time.monotonic() >= until:
                return
            yield path

    return _by_each(port, headers, [endless() for _ in range(connections)], at_once)


def fetch_each(port: int, paths: Sequence[str], headers: dict[str, str], connections: int = 6, at_once: int = 10) -> Throughput:
    """Ask for every path once, each connection for its share."""
    return _by_each(port, headers, [iter(paths[first::connections]) for first in range(min(connections, len(paths)))], at_once)


def _by_each(port: int, headers: dict[str, str], shares: Sequence[Iterator[str]], at_once: int) -> Throughput:
    counts: list[tuple[int, int]] = []
    faults: list[BaseException] = []

    def run(share: Iterator[str]) -> None:
        try:
            counts.append(_Connection(port, headers).ask_for(share, at_once))
        except Exception as error:
            faults.append(error)

    started = time.monotonic()
    threads = [threading.Thread(target=run, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise BenchFailed(f"a connection broke: {faults[0]!r}")
    taken = time.monotonic() - started
    return Throughput(sum(count for count, _ in counts) / taken, sum(size for _, size in counts) / taken)


class _Connection:
    """One connection; a status other than 200 ends the measurement."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own server, on the loopback
        context.set_alpn_protocols(["h2"])
        self._socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30), server_hostname="localhost")
        self._file = self._socket.makefile("rb", buffering=1 << 18)
        self._common = b"\x87" + _literal(b":authority", f"localhost:{port}".encode())
        self._headers = b"".join(_literal(name.lower().encode(), value.encode()) for name, value in headers.items())
        settings = struct.pack(">HL", 0x4, _ROOM)
        self._socket.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">L", _ROOM)))
        self._stream = 1

    def ask_for(self, paths: Iterator[str], at_once: int) -> tuple[int, int]:
        """How many were answered, and bytes of content."""
        count = size = received = open_streams = 0
        for path in islice(paths, at_once):
            self._ask(path)
            open_streams += 1
        while open_streams:
            head = self._file.read(9)
            length, kind, flags, _stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big")
            content = self._file.read(length)
            if kind == _HEADERS and content[0] != _STATUS_200:
                raise BenchFailed("the server did not answer 200")
            if kind in (_RST_STREAM, _GOAWAY):
                raise BenchFailed("the server closed a stream")
            if kind == _SETTINGS and not flags & _ACK:
                self._socket.sendall(_frame(_SETTINGS, _ACK, 0, b""))
            if kind == _DATA:
                size, received = size + length, received + length
                if received > _ROOM // 2:
                    self._socket.sendall(_frame(_WINDOW_UPDATE, 0, 0, struct.pack(">L", received)))
                    received = 0
            if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
                count, open_streams = count + 1, open_streams - 1
                for path in islice(paths, 1):
                    self._ask(path)
                    open_streams += 1
        self._socket.close()
        return count, size

    def _ask(self, path: str) -> None:
        block = b"\x82" + _literal(b":path", path.encode()) + self._common + self._headers
        self._socket.sendall(_frame(_HEADERS, _END_STREAM | _END_HEADERS, self._stream, block))
        self._stream += 2


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + content


def _literal(name: bytes, value: bytes) -> bytes:
    """A header that neither side remembers (RFC 7541 §6.2.2)."""
    return b"\x00" + _length(len(name)) + name + _length(len(value)) + value


def _length(number: int) -> bytes:
    if number < 127:
        return bytes((number,))
    number, encoded = number - 127, [127]
    while number >= 128:
        encoded.append(number % 128 + 128)
        number //= 128
    return bytes([*encoded, number])
