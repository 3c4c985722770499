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
from cloudfilm.intakes.document_intake import DocumentIntake
from cloudfilm.intakes.file_intake import FileIntake
from cloudfilm.intakes.film_intake import FilmIntake
from cloudfilm.intakes.listeners import start_listeners
from cloudfilm.intakes.message_door import MessageDoor
from cloudfilm.intakes.message_intake import MessageIntake
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.register_intake import RegisterIntake
from cloudfilm.intakes.socket_server import SocketServer
from cloudfilm.intakes.stations import DatabaseStations
from cloudfilm.intakes.stow.door import StowDoor
from cloudfilm.intakes.stow.onward import Onward
from cloudfilm.intakes.unreadable_files import UnreadableFiles
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
    stations = DatabaseStations(database, clock)
    messages = MessageIntake(database, intake, places, register)
    files = FileIntake(stations, DocumentIntake(stations, intake).take, places, settings.maximum_report_megabytes, time.monotonic)
    looks = (files.look, UnreadableFiles(database, places, clock).look, FilmIntake(database, documents, key_ring, places, clock).look)
    bind, port = os.environ.get("CLOUDFILM_HL7_BIND", "127.0.0.1"), int(os.environ.get("CLOUDFILM_HL7_PORT", "2575"))
    listeners = start_listeners(stations, messages.take, places, settings.maximum_report_megabytes, bind, port, stop)
    film_printer = _start_film_printer()
    doors = (
        SocketServer(_stow_door(settings, database), settings.stow_socket, 0o666),  # nginx's workers are another user
        SocketServer(MessageDoor(database, messages), settings.message_socket, 0o600),
    )
    while not stop.wait(_LOOK_EVERY_SECONDS):
        for look in looks:
            try:
                look()
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
        if not all(thread.is_alive() for thread in listeners) or not all(door.is_alive() for door in doors):
            break
        if film_printer.poll() is not None:
            _log.warning("the film printer ended with status %s and is started again", film_printer.returncode)
            film_printer = _start_film_printer()
    film_printer.terminate()
    for door in doors:
        door.stop()
    if not stop.is_set():
        raise SystemExit("a listener ended")


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
