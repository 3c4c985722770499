# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data folder's folders and who owns them. User numbers may differ from one private root to the next: owners are set right at each start."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from machine.installation import DATA, LOG, POSTGRESQL, POSTGRESQL_SOCKETS, RUN, TLS

_OWNERS = {
    DATA: ("root", 0o711),
    RUN: ("orthanc", 0o755),
    LOG: ("orthanc", 0o755),
    TLS: ("root", 0o700),
    POSTGRESQL: ("postgres", 0o700),
    POSTGRESQL_SOCKETS: ("postgres", 0o755),
    DATA / "orthanc": ("orthanc", 0o700),
    DATA / "documents": ("orthanc", 0o700),
    DATA / "set-aside": ("orthanc", 0o700),
    DATA / "published": ("orthanc", 0o2750),
    DATA / "keys": ("orthanc", 0o700),
    DATA / "arriving": ("orthanc", 0o700),
    DATA / "folders": ("orthanc", 0o2775),
    DATA / "cache": ("orthanc", 0o700),
    DATA / "cache" / "s3": ("orthanc", 0o700),
    DATA / "spool": ("root", 0o711),
    DATA / "spool/film": ("orthanc", 0o700),
    DATA / "spool/raw": ("orthanc", 0o700),
    DATA / "audit": ("orthanc", 0o700),
}
# nginx reads what the worker publishes; nobody else on the machine does.
_GROUPS = {DATA / "published": "www-data"}


def prepare_folders() -> None:
    """Make what is missing; give each tree back to its owner when that changed."""
    for folder, (owner, mode) in _OWNERS.items():
        folder.mkdir(parents=True, exist_ok=True)
        user = pwd.getpwnam(owner)
        if folder.stat().st_uid != user.pw_uid:
            _give(folder, user.pw_uid, user.pw_gid, whole=folder not in (DATA, RUN, LOG))
        if folder in _GROUPS:
            os.chown(folder, -1, grp.getgrnam(_GROUPS[folder]).gr_gid)
        folder.chmod(mode)


def _give(folder: Path, uid: int, gid: int, whole: bool) -> None:
    os.chown(folder, uid, gid)
    if whole:
        for parent, folders, files in os.walk(folder):
            for name in folders + files:
                os.chown(Path(parent) / name, uid, gid, follow_symlinks=False)
