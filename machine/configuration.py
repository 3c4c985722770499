# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values that the templates in docker/ are rendered with."""

from __future__ import annotations

import hashlib
from pathlib import Path

from machine.installation import APP, DATA, LOG, OHIF, RUN, TLS, memory_folder


def configuration_values(bind: str, http_port: int, https_port: int, ipp_port: int, public_url: str, orthanc: str) -> dict[str, str]:
    """Values by name; ``orthanc`` is the host and port at which nginx reaches Orthanc."""
    return {
        "APP": str(APP),
        "DATA": str(DATA),
        "LOG": str(LOG),
        "MEMORY": str(memory_folder()),
        "OHIF": str(OHIF),
        "RUN": str(RUN),
        "TLS": str(TLS),
        "BIND": bind,
        "HTTP_PORT": str(http_port),
        "HTTPS_PORT": str(https_port),
        "IPP_PORT": str(ipp_port),
        "PUBLIC_URL": public_url,
        "ORTHANC": orthanc,
        "NGINX_USER": "www-data",
        "VIEWER_SCRIPTS": version_of(APP / "ohif_config"),
    }


def version_of(scripts: Path) -> str:
    """16 hexadecimal digits, others when one of the viewer's scripts of ours is: browsers may keep them for ever by it."""
    parts = (part for path in sorted(scripts.glob("*.js")) for part in (path.name.encode(), path.read_bytes()))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
