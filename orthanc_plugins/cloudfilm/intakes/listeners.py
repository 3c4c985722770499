# SPDX-License-Identifier: AGPL-3.0-or-later
"""What listens for stations beside the look at folders: HL7 and raw ports, each in a thread that never ends by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.hl7_server import Hl7Server
from cloudfilm.intakes.hl7_server import run as run_hl7
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.raw_intake import RawIntake
from cloudfilm.intakes.raw_server import RawServer
from cloudfilm.intakes.raw_server import run as run_raw
from cloudfilm.intakes.stations import Stations
from cloudfilm.reports.hl7_message import Message

_LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


def start_listeners(
    stations: Stations,
    take_message: Callable[[Message, IntakeSource, str, bytes], object],
    places: Places,
    maximum_megabytes: int,
    bind: str,
    hl7_port: int,
    stop: threading.Event,
) -> list[threading.Thread]:
    """Start them; whoever asked ends when one has ended."""
    raw_intake = RawIntake(stations, places, maximum_megabytes)

    def look_for_raw_jobs() -> None:
        """On its own: converting one job takes longer than looking at everything else."""
        while not stop.wait(_LOOK_EVERY_SECONDS):
            try:
                raw_intake.look()
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)

    threads = [
        threading.Thread(target=run_hl7, args=(Hl7Server(stations, take_message), bind, hl7_port, stop.is_set), daemon=True),
        threading.Thread(target=run_raw, args=(lambda: RawServer(stations, places, bind), stop.is_set), daemon=True),
        threading.Thread(target=look_for_raw_jobs, daemon=True),
    ]
    for thread in threads:
        thread.start()
    return threads
