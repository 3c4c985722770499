# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves a door of the intake on a unix socket of the data folder: only our own processes talk to it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cheroot.wsgi import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Each holds one request; whoever asks waits where all are busy. Orthanc answers each of them on a thread of its own (HttpThreadsCount).
_THREADS = 16


# Requests that run when the process is to end may end first; nginx answers for what is cut off.
_LAST_SECONDS = 10


class SocketServer:
    """Listens in a thread until it is stopped; ``mode`` says who may connect."""

    def __init__(self, door: WSGIApplication, socket: Path, mode: int) -> None:
        socket.parent.mkdir(parents=True, exist_ok=True)
        self._server = Server(str(socket), door, numthreads=_THREADS, timeout=120, request_queue_size=64, shutdown_timeout=_LAST_SECONDS)
        self._server.max_request_body_size = 0
        self._server.prepare()
        socket.chmod(mode)
        self._thread = threading.Thread(target=self._server.serve, name=socket.stem, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it still listens."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more requests. The library's threads keep a process from ending until this is called."""
        self._server.stop()
