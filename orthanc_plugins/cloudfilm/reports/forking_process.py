# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that forks for each document, with the libraries loaded: see `cloudfilm.reports.limited_process`.

A request is one message on the socket that it was started with: the module to run, and three descriptors, of its input, its output and a socket on
which it is told that the process began, and how it ended. Whoever closes that socket before has given up: the process is killed. When the first
socket is closed, all is over.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.document_process import answer_of
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.stamp_drawing import Stamp

# Loaded before any fork; whatever else a program needs it loads in its own process.
_LOADED = ("cloudfilm.reports.document_process", "cloudfilm.reports.stamping_process", "cloudfilm.reports.picture_process")
_LONGEST_NAME = 200
_FIRST_FREE = 3  # after standard input, output and error


@dataclass(frozen=True, slots=True)
class _Child:
    pid: int
    ended: int  # becomes readable when the process has ended (pidfd_open(2))
    caller: socket.socket


def main() -> None:
    """Serve until nobody asks any more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for program in _LOADED:
        importlib.import_module(program)
    _load_by_work()
    gc.freeze()  # what is shared with every child stays shared
    children: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is control:
                    message, descriptors, _, _ = socket.recv_fds(control, _LONGEST_NAME, 3)
                    if not message:
                        for child in children.values():
                            _end(child)
                        return
                    child = _begin(message.decode(), *descriptors)
                    children[child.pid] = child
                    selector.register(child.ended, selectors.EVENT_READ, child.pid)
                    selector.register(child.caller, selectors.EVENT_READ, child.pid)
                elif ended := children.pop(key.data, None):
                    selector.unregister(ended.ended)
                    selector.unregister(ended.caller)
                    _end(ended)


def _load_by_work() -> None:
    """Fonts, tables and parts of libraries are loaded by the first document that needs them: let that be a page of our own."""
    page = io.BytesIO()
    canvas = Canvas(page)
    canvas.drawString(72, 720, "CloudFilm")
    canvas.save()
    answer_of(page.getvalue(), Stamp("HTTPS://FILM.EXAMPLE/Q/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AAAA-AAAA-AAAA"), DocumentLimits())


def _begin(program: str, stdin: int, stdout: int, caller: int) -> _Child:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            os.dup2(stdin, 0)
            os.dup2(stdout, 1)
            os.closerange(_FIRST_FREE, os.sysconf("SC_OPEN_MAX"))
            importlib.import_module(program).main()
            status = 0
        finally:
            os._exit(status)
    os.close(stdin)
    os.close(stdout)
    child = _Child(pid, os.pidfd_open(pid), socket.socket(fileno=caller))
    _tell(child, b"began")
    return child


def _end(child: _Child) -> None:
    """Of a process that has ended the rest of its session goes, of one whose caller has given up all of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)  # before it has a session of its own
    _, status = os.waitpid(child.pid, 0)
    _tell(child, str(os.waitstatus_to_exitcode(status)).encode())
    child.caller.close()
    os.close(child.ended)


def _tell(child: _Child, message: bytes) -> None:
    with contextlib.suppress(OSError):  # it has given up
        child.caller.send(message)


if __name__ == "__main__":
    main()
