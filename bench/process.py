# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes and ports of a measurement: what was started is stopped, whatever happens."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.failure import BenchFailed


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening_options(https_port: int, dicom_port: int) -> list[str]:
    """Options of scripts/run for every port that it listens on."""
    others = [text for name in ("http", "ipp", "hl7", "print") for text in (f"--{name}-port", str(free_port()))]
    return ["--https-port", str(https_port), "--dicom-port", str(dicom_port), *others]


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    log: Path,
    is_up: Callable[[], bool],
    timeout_seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """A program that is up within the block. ``environment`` is added to ours.

    Raises
    ------
    BenchFailed
        It ended, or was not up in time; names the last line that it wrote.
    """
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
    try:
        deadline = time.monotonic() + timeout_seconds
        while not is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
                raise BenchFailed(f"{name} did not start: {last}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
