# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the ways in: looks at folders and spools, listens for HL7, and takes what is stored by STOW-RS."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloudfilm.db.database import Database
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.file_intake import FileIntake
from cloudfilm.intakes.hl7_server import Hl7Server
from cloudfilm.intakes.hl7_server import run as run_hl7
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.stow.door import StowDoor
from cloudfilm.intakes.stow.onward import Onward
from cloudfilm.intakes.stow.server import serve as serve_stow
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
    intake = Intake(
        database=database,
        documents=DocumentStore(settings.documents_directory),
        key_ring=load_key_ring(settings.keys_directory),
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        maximum_megabytes=settings.maximum_report_megabytes,
        delivery_lifetime=timedelta(hours=settings.delivery_hours),
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    files = FileIntake(database, intake, Places(settings.data_directory), time.monotonic)
    listener = threading.Thread(
        target=run_hl7,
        args=(Hl7Server(database, intake), os.environ.get("CLOUDFILM_HL7_BIND", "127.0.0.1"), _hl7_port(), stop.is_set),
        daemon=True,
    )
    listener.start()
    stow = serve_stow(_stow_door(settings, database), settings.stow_socket)
    while not stop.wait(_LOOK_EVERY_SECONDS):
        try:
            files.look()
        except CloudFilmError as error:
            _log.warning("%s", error.public_message)
        if not listener.is_alive():
            raise SystemExit("the HL7 listener ended")
        if not stow.is_alive():
            raise SystemExit("the STOW-RS door ended")


def _stow_door(settings: Settings, database: Database) -> StowDoor:
    def clock() -> datetime:
        return datetime.now(UTC)

    audit_trail = AuditTrail.over(database, load_key_ring(settings.keys_directory).auditing, clock)
    quota = settings.set_aside_megabytes * 1_000_000
    keeper = SetAsideKeeper(database, DocumentStore(settings.set_aside_directory), audit_trail, quota, clock, os.urandom)
    return StowDoor(Onward(settings.orthanc_url), keeper, settings.arriving_directory, os.urandom)


def _hl7_port() -> int:
    return int(os.environ.get("CLOUDFILM_HL7_PORT", "2575"))
