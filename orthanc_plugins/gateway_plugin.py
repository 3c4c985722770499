# SPDX-License-Identifier: AGPL-3.0-or-later
"""CloudFilm inside a gateway's Orthanc: a composition root of its own beside cloudfilm_plugin.py, without a database or a portal."""

from __future__ import annotations

import json
import logging
import os
import site
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

APP = Path(__file__).resolve().parent.parent
site.addsitedir(os.environ.get("CLOUDFILM_SITE_PACKAGES", "/opt/cloudfilm/venv/lib/python3.13/site-packages"))
sys.path.append(str(APP))

import orthanc  # noqa: E402

from cloudfilm.access.token import InternalToken, read_token  # noqa: E402
from cloudfilm.orthanc_api.gateway_arrivals import GatewayArrivals  # noqa: E402
from cloudfilm.orthanc_api.storage_commitment import Commitment  # noqa: E402
from cloudfilm.settings import SECTION, parse_settings  # noqa: E402
from cloudfilm.storage.key_files import KeyFiles  # noqa: E402
from cloudfilm.transfer.commitment import GatewayCommitment  # noqa: E402
from cloudfilm.transfer.disk import DiskState, Watermarks  # noqa: E402
from cloudfilm.transfer.places import GatewayPlaces  # noqa: E402
from cloudfilm.transfer.quarantine import Quarantine  # noqa: E402


class OrthancLog(logging.Handler):
    """Python's log goes to Orthanc's."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        write = orthanc.LogError if record.levelno >= logging.ERROR else orthanc.LogWarning
        write(self.format(record))


def install() -> None:
    """Read the settings and register the callbacks."""
    logging.basicConfig(level=logging.INFO, handlers=[OrthancLog(logging.WARNING)])
    settings = parse_settings(json.loads(orthanc.GetConfiguration())[SECTION])
    keys = KeyFiles(settings.keys_directory)
    marks = Watermarks(settings.gateway.reserve_megabytes * 1_000_000, settings.gateway.warn_free_percent)

    def has_room(free: int, total: int, arriving: int) -> bool:
        return marks.state(free, total, arriving) is not DiskState.FULL

    def is_own(uri: str, **request: Any) -> bool:
        """Only our own processes ask this Orthanc anything; an exception means no."""
        del uri
        kind, _, text = request["headers"].get("authorization", "").partition(" ")
        return kind == "Bearer" and isinstance(read_token(text, keys(), datetime.now(UTC)), InternalToken)

    places = GatewayPlaces(settings.data_directory)
    quarantine = Quarantine(places.refused, settings.set_aside_megabytes * 1_000_000, time.time)
    arrivals = GatewayArrivals(settings.data_directory, has_room, places.conflicts, quarantine.keep, orthanc)
    orthanc.RegisterIncomingHttpRequestFilter(is_own)
    orthanc.RegisterIncomingCStoreInstanceFilter(arrivals.judge_c_store)
    judgement = GatewayCommitment(
        places.queue,
        settings.gateway.commits_when_durable,
        orthanc.RestApiGet,
        orthanc.RestApiPost,
        orthanc.OrthancException,
        time.monotonic,
        time.sleep,
    )
    commitment = Commitment(judgement.judge, time.monotonic, orthanc)
    orthanc.RegisterStorageCommitmentScpCallback(commitment.begin, commitment.look_up)


install()
