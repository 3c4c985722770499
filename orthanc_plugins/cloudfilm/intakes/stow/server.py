# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves the STOW-RS door on a unix socket of the data folder: only nginx talks to it."""

from __future__ import annotations

import threading
from pathlib import Path

from cheroot.wsgi import Server

from cloudfilm.intakes.stow.door import StowDoor

# Each holds one request; nginx waits where all are busy. Orthanc answers each of them on a thread of its own (HttpThreadsCount).
_THREADS = 16


def serve(door: StowDoor, socket: Path) -> threading.Thread:
    """Listen in a thread; it ends with the process."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    server = Server(str(socket), door, numthreads=_THREADS, timeout=120, request_queue_size=64)
    server.max_request_body_size = 0
    server.prepare()
    socket.chmod(0o666)  # nginx's workers are another user
    thread = threading.Thread(target=server.serve, name="stow", daemon=True)
    thread.start()
    return thread
