# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where everything of an installation lies. The paths are the same in the private root, in the tests' root and in the Docker image."""

from __future__ import annotations

from pathlib import Path

APP = Path("/opt/cloudfilm/app")
OHIF = Path("/opt/cloudfilm/ohif")
DATA = Path("/var/lib/cloudfilm")
RUN = DATA / "run"
LOG = DATA / "log"
TLS = DATA / "tls"
POSTGRESQL = DATA / "postgresql"
POSTGRESQL_SOCKETS = RUN / "postgresql"
ENVIRONMENT_FILE = RUN / "environment"
VERSION_FILE = DATA / "VERSION"


def memory_folder() -> Path:
    """A folder in memory of this data folder's own: what must not reach a disk."""
    data = DATA.stat()
    return Path(f"/dev/shm/cloudfilm-{data.st_dev:x}-{data.st_ino:x}")  # noqa: S108 - made by nginx's start script, which refuses another's


class CannotStart(Exception):
    """Said in one sentence to whoever started us; the exit status is 1."""
