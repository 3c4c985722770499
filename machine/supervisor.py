# SPDX-License-Identifier: AGPL-3.0-or-later
"""supervisord (Debian's package) as our child: it starts, watches and restarts the parts, and ends when we do, however we end."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from machine.installation import RUN, CannotStart

_PR_SET_PDEATHSIG = 1


class Supervisor:
    """One running supervisord."""

    def __init__(self, configuration: Path) -> None:
        self._process = subprocess.Popen(
            ["/usr/bin/supervisord", "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
            start_new_session=True,  # Ctrl-C reaches us, and we stop the parts in order
        )

    @property
    def _rpc(self) -> Any:
        """A fresh connection each time: one that failed once stays unusable."""
        transport = SupervisorTransport(None, None, f"unix://{RUN / 'supervisor.sock'}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def wait_until_up(self, timeout_seconds: float = 15.0) -> None:
        """Wait for supervisord itself."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                self._rpc.getState()
                return
            except (OSError, xmlrpc.client.Error):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart("The supervisor did not start; see log/supervisord.log in the data folder.") from None
                time.sleep(0.05)

    def start(self, *parts: str) -> None:
        """Start parts without waiting for them."""
        for part in parts:
            self._rpc.startProcess(part, False)

    def state(self, part: str) -> str:
        """For example RUNNING, STARTING, BACKOFF."""
        return str(self._rpc.getProcessInfo(part)["statename"])

    @property
    def has_ended(self) -> bool:
        """Whether supervisord is gone, which it never should be."""
        return self._process.poll() is not None

    def stop(self, timeout_seconds: float = 90.0) -> None:
        """Stop every part, the last started first, and supervisord."""
        if self.has_ended:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _die_with_parent() -> None:
    """Should we be killed, supervisord gets SIGTERM and stops the parts."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
