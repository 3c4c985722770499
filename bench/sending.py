# SPDX-License-Identifier: AGPL-3.0-or-later
"""C-STORE as modalities do it, by DCMTK."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.failure import BenchFailed


def send_folders(folders: Sequence[Path], name: str, dicom_port: int, called_aet: str, calling_aet: str = "DCMSEND") -> None:
    """Send each folder by an association of its own, all at once. ``name`` is the receiver's, for what went wrong."""
    _send([["+sd", str(folder)] for folder in folders], name, dicom_port, called_aet, calling_aet)


def send_files(files: Sequence[Path], name: str, dicom_port: int, called_aet: str, calling_aet: str = "DCMSEND") -> None:
    """Send these by one association."""
    _send([list(map(str, files))], name, dicom_port, called_aet, calling_aet)


def _send(what: Sequence[Sequence[str]], name: str, dicom_port: int, called_aet: str, calling_aet: str) -> None:
    command = ["dcmsend", "-aet", calling_aet, "-aec", called_aet, "127.0.0.1", str(dicom_port)]
    environment = {**os.environ, "TCP_NODELAY": "1"}
    senders = [subprocess.Popen([*command, *one], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) for one in what]
    for sender in senders:
        _out, problem = sender.communicate(timeout=600)
        if sender.returncode != 0:
            raise BenchFailed(f"{name}: the study could not be sent: {problem.decode(errors='replace').strip()}")
