# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running one of our programs on something that somebody sent, in a process of its own that may fail without harm.

A PDF is a program for a large C++ library. It gets a process with limits on memory, time and output, an empty environment, and its data by file
descriptors that have no name: neither the report nor the access code is ever on the disk, in an argument list or in an environment.

Loading the libraries costs three times what reading a report does. So one process has them loaded (`cloudfilm.reports.forking_process`), sees no
document, and forks for each.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.refusal import DocumentRefused

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {"PYTHONPATH": str(_PACKAGE_ROOT), "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_SECONDS_TO_BEGIN = 60.0
_LONGEST_MESSAGE = 64


class DocumentProcessFailed(RuntimeError):
    """The process failed for a reason of ours, not of the document's: it could not be started, or its program is incomplete."""


def run_limited(program: str, request: list[bytes], limits: DocumentLimits, python: str = sys.executable) -> list[bytes]:
    """
    Run ``main`` of one of our modules in a process of its own and return the frames of its answer.

    Raises
    ------
    DocumentRefused
        A limit was exceeded.
    DocumentProcessFailed
        The fault is ours.
    """
    with _nameless_file() as stdin, _nameless_file() as stdout:
        write_frames(stdin, request)
        stdin.seek(0)
        try:
            status = _forker(python).run(program, stdin.fileno(), stdout.fileno(), limits.wall_clock_seconds)
        except TimeoutError:
            raise _took_too_long(limits) from None
        _check_status(status, limits)
        stdout.seek(0)
        try:
            answer = read_frames(stdout)
        except EOFError:
            answer = []
        if not answer:
            raise DocumentProcessFailed("the process that reads documents gave no whole answer")
        return answer


def end_forkers() -> None:
    """End the processes that fork; the next request starts one again."""
    with _starting:
        while _forkers:
            _forkers.popitem()[1].end()


class _Forker:
    """The process with the libraries loaded, and the socket on which it is asked to fork."""

    def __init__(self, python: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [python, "-P", "-m", "cloudfilm.reports.forking_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def run(self, program: str, stdin: int, stdout: int, seconds: float) -> int:
        """The status that a forked process ended with, below 0 for a signal. One that takes longer is killed, and TimeoutError raised."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            try:
                with theirs:
                    socket.send_fds(self._control, [program.encode()], [stdin, stdout, theirs.fileno()])
                ours.settimeout(_SECONDS_TO_BEGIN)
                began = ours.recv(_LONGEST_MESSAGE)
            except OSError:  # TimeoutError is one
                began = b""
            if not began:
                self.end()
                raise DocumentProcessFailed("the process that reads documents did not begin")
            ours.settimeout(seconds)
            status = ours.recv(_LONGEST_MESSAGE)
        if not status:
            raise DocumentProcessFailed("the process that reads documents was lost")
        return int(status)

    def end(self) -> None:
        """It ends by itself when it is asked no more; one that does not is killed."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_forkers: dict[str, _Forker] = {}
_starting = threading.Lock()
atexit.register(end_forkers)


def _forker(python: str) -> _Forker:
    with _starting:
        forker = _forkers.get(python)
        if forker is None or not forker.is_running():
            forker = _forkers[python] = _Forker(python)
        return forker


def _nameless_file() -> BinaryIO:
    """A file in memory (memfd_create(2)) that ends with its descriptor."""
    return os.fdopen(os.memfd_create("document", os.MFD_CLOEXEC), "w+b")


def _check_status(status: int, limits: DocumentLimits) -> None:
    """A signal is the document's doing: a limit, or a fault in the library that only this document brings out."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _took_too_long(limits)
    if status < 0:
        raise DocumentRefused("the document is damaged or needs too much memory", "a document of a few ordinary pages is read")
    if status:
        raise DocumentProcessFailed(f"the process that reads documents ended with status {status}")


def _took_too_long(limits: DocumentLimits) -> DocumentRefused:
    return DocumentRefused("reading the document took too long", f"a document that is read within {limits.cpu_seconds} seconds")
