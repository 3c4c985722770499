# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values that the templates in docker/ are rendered with."""

from __future__ import annotations

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
    }
