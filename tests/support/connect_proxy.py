# SPDX-License-Identifier: AGPL-3.0-or-later
"""An HTTP proxy of the tests' own that only knows CONNECT, as a hospital's does; with a name and a password if wanted."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class ConnectProxy:
    """``asked`` is each host and port that was let through, ``refused`` how often the credential was missing or wrong."""

    credential: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refused: int = 0

    def serve(self, near: socket.socket) -> None:
        """One connection to its end."""
        with near:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (portion := near.recv(4096)):
                    return
                head += portion
            method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
            wanted = b"Proxy-Authorization: Basic " + base64.b64encode(self.credential.encode())
            if method != b"CONNECT" or (self.credential and wanted not in head):
                self.refused += 1
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            self.asked.append(target.decode("ascii"))
            host, port = target.decode("ascii").rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=10) as far:
                far.settimeout(None)
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join(10)


@contextmanager
def connect_proxy(credential: str = "") -> Iterator[ConnectProxy]:
    """Within the block, on the loopback."""
    proxy = ConnectProxy(credential)
    listener = socket.create_server(("127.0.0.1", 0))
    proxy.port = listener.getsockname()[1]

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=proxy.serve, args=(near,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while portion := source.recv(65536):
            sink.sendall(portion)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
