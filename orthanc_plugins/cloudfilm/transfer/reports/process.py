# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gateway's intake: looks at folders and spools, listens for HL7 and raw jobs. What it has taken is on the disk; the forwarder sends it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from pathlib import Path
from uuid import uuid4

from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.file_intake import FileIntake
from cloudfilm.intakes.listeners import start_listeners
from cloudfilm.intakes.places import Places
from cloudfilm.settings import load_settings
from cloudfilm.transfer.places import GatewayPlaces
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.keeping import DocumentKeeping, MessageKeeping
from cloudfilm.transfer.reports.stations import StationFile

_LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM; ends with an error when a listener does, and is started again."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = load_settings(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json")
    own, places = GatewayPlaces(settings.data_directory), Places(settings.data_directory)
    arrivals, stations, largest = Arrivals(own.reports), StationFile(own.stations), settings.maximum_report_megabytes

    def new_id() -> str:
        return str(uuid4())

    documents = DocumentKeeping(arrivals, largest, time.time, new_id)
    messages = MessageKeeping(arrivals, places, largest, settings.time_zone, time.time, new_id)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    files = FileIntake(stations, documents.take, places, largest, time.monotonic)
    bind, port = os.environ["CLOUDFILM_HL7_BIND"], int(os.environ["CLOUDFILM_HL7_PORT"])
    listeners = start_listeners(stations, messages.take, places, largest, bind, port, stop)
    while not stop.wait(_LOOK_EVERY_SECONDS):
        try:
            files.look()
        except CloudFilmError as error:
            _log.warning("%s", error.public_message)
        if not all(thread.is_alive() for thread in listeners):
            break
    if not stop.is_set():
        raise SystemExit("a listener ended")
