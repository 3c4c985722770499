# SPDX-License-Identifier: AGPL-3.0-or-later
"""The line between a gateway and the cloud: a TCP relay that can be cut. It does not see inside TLS, as no line does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

_PORTION_BYTES = 16_384
# A request that is larger than a handshake or a question for receipts carries images.
_IMAGES_BYTES = 30_000


class Trouble(Enum):
    """What is wrong with the line."""

    NONE = "nothing"
    DOWN = "it is down: connections are refused and reset"
    CUT_IN_UPLOAD = "it is cut while images are on their way"
    ANSWER_LOST = "it is cut when the cloud, having committed, begins to answer"


@dataclass
class Line:
    """One relay. ``trouble`` can be changed at any time; ``cuts`` counts connections that it ended."""

    to_port: int
    trouble: Trouble = Trouble.NONE
    cuts: int = 0
    port: int = 0
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def go_down(self) -> None:
        """Cut everything, now."""
        self.trouble = Trouble.DOWN
        with self._lock:
            broken = list(self._open)
        for one in broken:
            _reset(one)
        self.cuts += len(broken) // 2

    def carry(self, near: socket.socket) -> None:
        """Relay one connection to its end."""
        if self.trouble is Trouble.DOWN:
            _reset(near)
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.to_port), timeout=10)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        with self._lock:
            self._open |= {near, far}
        sent = _Sent()
        back = threading.Thread(target=self._relay, args=(far, near, sent, False), daemon=True)
        back.start()
        self._relay(near, far, sent, True)
        back.join()
        with self._lock:
            self._open -= {near, far}

    def _relay(self, source: socket.socket, sink: socket.socket, sent: _Sent, is_upload: bool) -> None:
        try:
            while portion := source.recv(_PORTION_BYTES):
                if is_upload:
                    sent.bytes += len(portion)
                    is_cut = self.trouble is Trouble.CUT_IN_UPLOAD and sent.bytes > _IMAGES_BYTES
                else:
                    is_cut = self.trouble is Trouble.ANSWER_LOST and sent.bytes > _IMAGES_BYTES
                    sent.bytes = 0
                if is_cut:
                    self.cuts += 1
                    break
                sink.sendall(portion)
            else:
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
        except OSError:
            pass
        _reset(source)
        _reset(sink)


@dataclass
class _Sent:
    """Bytes that went up since the last that came down."""

    bytes: int = 0


@contextmanager
def relayed(to_port: int) -> Iterator[Line]:
    """A line to a port of the loopback, within the block."""
    line = Line(to_port)
    listener = socket.create_server(("127.0.0.1", 0))
    line.port = listener.getsockname()[1]

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=line.carry, args=(near,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield line
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        line.go_down()


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        one.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        one.close()
