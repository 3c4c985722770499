# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be known to fail before anything is started, each in one sentence that says what to do."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from typing import IO

from machine.installation import DATA, RUN, VERSION_FILE, CannotStart
from machine.options import Options

MINIMUM_FREE_BYTES = 1024**3


def lock_data_folder() -> IO[str]:
    """Hold the data folder for this process; keep the file open."""
    RUN.mkdir(parents=True, exist_ok=True)
    lock = open(RUN / "lock", "a+", encoding="ascii")  # noqa: SIM115  (held until the process ends)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStart("CloudFilm is already running on this data folder: stop it first, or choose another with --data DIR.") from error
    return lock


def check_version(known: int) -> None:
    """Refuse data of a newer version: an older program could damage them."""
    if not VERSION_FILE.exists():
        return
    text = VERSION_FILE.read_text(encoding="ascii", errors="replace").strip()
    if not text.isdigit():
        raise CannotStart(
            f"{VERSION_FILE.name} in the data folder holds {text[:20]!r} instead of a version number: is this a CloudFilm data folder?"
        )
    if int(text) > known:
        raise CannotStart(
            f"The data folder was written by a newer CloudFilm (version {text}, this one knows {known}): use the newer release."
        )


def check_disk() -> None:
    """Refuse to start when there is no room to receive anything."""
    free = shutil.disk_usage(DATA).free
    if free < int(os.environ.get("CLOUDFILM_MINIMUM_FREE_BYTES", MINIMUM_FREE_BYTES)):
        raise CannotStart(
            f"The data folder's disk has only {free // 1024**2} MB free, at least 1024 MB are needed: make room, or use --data DIR."
        )


def check_ports(options: Options) -> None:
    """Refuse ports that somebody else listens on."""
    served = [
        (options.http_port, "--http-port", options.bind),
        (options.ipp_port, "--ipp-port", options.bind),
        (options.hl7_port, "--hl7-port", options.bind),
        (options.dicom_port, "--dicom-port", "0.0.0.0"),  # noqa: S104  (Orthanc's DICOM server listens on all addresses)
    ]
    if options.role != "gateway":  # it serves no pages by HTTPS, and no consoles
        served += [(options.https_port, "--https-port", options.bind), (options.print_port, "--print-port", options.bind)]
    for port, option, address in served:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            raise CannotStart(f"Port {port} cannot be used ({error.strerror}): choose another with {option} PORT.") from error


def free_port() -> int:
    """A loopback port that is free now, for Orthanc behind nginx."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
