# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the ways in: looks at folders and spools, listens for HL7, and takes what is stored by STOW-RS."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.file_intake import FileIntake
from cloudfilm.intakes.film_intake import FilmIntake
from cloudfilm.intakes.hl7_server import Hl7Server
from cloudfilm.intakes.hl7_server import run as run_hl7
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.raw_intake import RawIntake
from cloudfilm.intakes.raw_server import RawServer
from cloudfilm.intakes.raw_server import run as run_raw
from cloudfilm.intakes.register_intake import RegisterIntake
from cloudfilm.intakes.stow.door import StowDoor
from cloudfilm.intakes.stow.onward import Onward
from cloudfilm.intakes.stow.server import StowServer
from cloudfilm.orthanc_api.set_aside_keeper import SetAsideKeeper
from cloudfilm.reports.intake import Intake
from cloudfilm.settings import Settings, load_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import load_key_ring

_LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = load_settings(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json")
    database = Database(settings.database_uri)
    documents, key_ring, places = (
        DocumentStore(settings.documents_directory),
        load_key_ring(settings.keys_directory),
        Places(settings.data_directory),
    )

    def clock() -> datetime:
        return datetime.now(UTC)

    intake = Intake(
        database=database,
        documents=documents,
        key_ring=key_ring,
        clock=clock,
        entropy=os.urandom,
        maximum_megabytes=settings.maximum_report_megabytes,
        delivery_lifetime=timedelta(hours=settings.delivery_hours),
        kiosk_lifetime=timedelta(days=settings.kiosk_days),
    )
    register = RegisterIntake(
        database,
        AuditTrail.over(database, key_ring.auditing, clock),
        settings.time_zone,
        clock,
        lambda: UUID(bytes=os.urandom(16), version=4),
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    looks = (FileIntake(database, intake, places, time.monotonic).look, FilmIntake(database, documents, key_ring, places, clock).look)
    listener = threading.Thread(
        target=run_hl7,
        args=(Hl7Server(database, intake, places, register), os.environ.get("CLOUDFILM_HL7_BIND", "127.0.0.1"), _hl7_port(), stop.is_set),
        daemon=True,
    )
    listener.start()
    raw = threading.Thread(
        target=run_raw,
        args=(lambda: RawServer(database, places, os.environ.get("CLOUDFILM_HL7_BIND", "127.0.0.1")), stop.is_set),
        daemon=True,
    )
    raw.start()
    converter = threading.Thread(
        target=_look_for_raw_jobs, args=(RawIntake(database, places, settings.maximum_report_megabytes), stop), daemon=True
    )
    converter.start()
    film_printer = _start_film_printer()
    stow = StowServer(_stow_door(settings, database), settings.stow_socket)
    while not stop.wait(_LOOK_EVERY_SECONDS):
        for look in looks:
            try:
                look()
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
        if not all(part.is_alive() for part in (listener, raw, converter, stow)):
            break
        if film_printer.poll() is not None:
            _log.warning("the film printer ended with status %s and is started again", film_printer.returncode)
            film_printer = _start_film_printer()
    film_printer.terminate()
    stow.stop()
    if not stop.is_set():
        raise SystemExit("a listener ended")


def _look_for_raw_jobs(raw_intake: RawIntake, stop: threading.Event) -> None:
    """On its own: converting one job takes longer than looking at everything else."""
    while not stop.wait(_LOOK_EVERY_SECONDS):
        try:
            raw_intake.look()
        except CloudFilmError as error:
            _log.warning("%s", error.public_message)


def _start_film_printer() -> subprocess.Popen[bytes]:
    """A process of its own (see there); it ends with us."""
    return subprocess.Popen([sys.executable, "-m", "cloudfilm.intakes.film_printer"])


def _stow_door(settings: Settings, database: Database) -> StowDoor:
    def clock() -> datetime:
        return datetime.now(UTC)

    audit_trail = AuditTrail.over(database, load_key_ring(settings.keys_directory).auditing, clock)
    quota = settings.set_aside_megabytes * 1_000_000
    keeper = SetAsideKeeper(database, DocumentStore(settings.set_aside_directory), audit_trail, quota, clock, os.urandom)
    return StowDoor(Onward(settings.orthanc_url), keeper, settings.arriving_directory, os.urandom)


def _hl7_port() -> int:
    return int(os.environ.get("CLOUDFILM_HL7_PORT", "2575"))
