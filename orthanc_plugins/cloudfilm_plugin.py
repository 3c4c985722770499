# SPDX-License-Identifier: AGPL-3.0-or-later
"""CloudFilm inside Orthanc: the composition root, and the only file that imports ``orthanc``. It reads the settings, wires, registers."""

from __future__ import annotations

import atexit
import json
import logging
import os
import site
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

APP = Path(__file__).resolve().parent.parent
site.addsitedir(os.environ.get("CLOUDFILM_SITE_PACKAGES", "/opt/cloudfilm/venv/lib/python3.13/site-packages"))
sys.path.append(str(APP))

import orthanc  # noqa: E402

from cloudfilm.db.database import Database  # noqa: E402
from cloudfilm.doors.audit_trail import AuditTrail  # noqa: E402
from cloudfilm.doors.doorkeeper import Doorkeeper  # noqa: E402
from cloudfilm.doors.openid_memory import OpenIdMemory  # noqa: E402
from cloudfilm.doors.openid_provider import OpenIdProvider  # noqa: E402
from cloudfilm.doors.staff_limits import StaffLimits  # noqa: E402
from cloudfilm.doors.staff_sign_in import StaffSignIn, read_client_secret  # noqa: E402
from cloudfilm.orthanc_api.admission import Admission  # noqa: E402
from cloudfilm.orthanc_api.arriving_reports import ArrivingReports  # noqa: E402
from cloudfilm.orthanc_api.changes import StudyChanges  # noqa: E402
from cloudfilm.orthanc_api.http_filter import HttpFilter  # noqa: E402
from cloudfilm.orthanc_api.incoming import IncomingInstances  # noqa: E402
from cloudfilm.orthanc_api.internal_metadata import InternalMetadata  # noqa: E402
from cloudfilm.orthanc_api.internal_search import InternalSearch  # noqa: E402
from cloudfilm.orthanc_api.object_storage import open_object_storage, start_prefetch  # noqa: E402
from cloudfilm.orthanc_api.rest_client import OrthancClient  # noqa: E402
from cloudfilm.orthanc_api.senders import SenderOfThread  # noqa: E402
from cloudfilm.orthanc_api.set_aside_keeper import SetAsideKeeper  # noqa: E402
from cloudfilm.orthanc_api.storage_commitment import ArchiveCommitment, Commitment  # noqa: E402
from cloudfilm.orthanc_api.stored_contents import StoredContents  # noqa: E402
from cloudfilm.orthanc_api.stored_files import StoredFiles  # noqa: E402
from cloudfilm.orthanc_api.study_pictures import StudyPictures  # noqa: E402
from cloudfilm.orthanc_api.unpublishing import Unpublishing  # noqa: E402
from cloudfilm.orthanc_api.wsgi_bridge import answer  # noqa: E402
from cloudfilm.settings import SECTION, Settings, parse_settings  # noqa: E402
from cloudfilm.storage.documents import DocumentStore  # noqa: E402
from cloudfilm.storage.key_files import KeyFiles  # noqa: E402
from cloudfilm.storage.published_tree import PublishedTree  # noqa: E402
from portal.app import create_app  # noqa: E402
from portal.services import Services  # noqa: E402


class OrthancLog(logging.Handler):
    """Python's log goes to Orthanc's."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        write = orthanc.LogError if record.levelno >= logging.ERROR else orthanc.LogWarning
        write(self.format(record))


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def openid_connect(settings: Settings, database: Database) -> tuple[OpenIdProvider | None, StaffSignIn | None]:
    """The identity provider for programs and for staff, as far as there is one."""
    if not settings.oidc_issuer:
        return None, None
    memory = OpenIdMemory(settings.oidc_issuer)
    provider = OpenIdProvider(memory, settings.oidc_audience, settings.oidc_hospital_claim, database)
    if not settings.oidc_client_id:
        return provider, None
    secret = read_client_secret(settings.oidc_client_secret_file)
    return provider, StaffSignIn(memory, provider, settings.oidc_client_id, secret, settings.public_url)


def install() -> None:
    """Read the settings, build every part once and register it."""
    logging.basicConfig(level=logging.INFO, handlers=[OrthancLog(logging.WARNING)])
    configuration = json.loads(orthanc.GetConfiguration())
    settings = parse_settings(configuration[SECTION])
    database = Database(settings.database_uri, maximum_connections=16)
    keys = KeyFiles(settings.keys_directory)
    audit_trail = AuditTrail.over(database, keys().auditing, now)
    limits = StaffLimits(timedelta(minutes=settings.staff_idle_minutes), timedelta(hours=settings.staff_session_hours))
    identity_provider, staff_sign_in = openid_connect(settings, database)
    doorkeeper = Doorkeeper(database, keys, now, audit_trail, limits, identity_provider)
    senders = SenderOfThread()
    set_aside = DocumentStore(settings.set_aside_directory)
    keeper = SetAsideKeeper(database, set_aside, audit_trail, settings.set_aside_megabytes * 1_000_000, now, os.urandom)
    metadata = InternalMetadata(orthanc.RestApiGetAfterPlugins, orthanc.OrthancException)
    unpublishing = Unpublishing(database, PublishedTree(settings.published_directory))
    admission = Admission(database)
    index = Database(configuration["PostgreSQL"]["ConnectionUri"], maximum_connections=8, autocommit=True)
    contents = StoredContents(index, lambda orthanc_id: orthanc.RestApiGet(f"/instances/{orthanc_id}/file"), time.monotonic)
    incoming = IncomingInstances(admission, ArrivingReports(database, now), keeper, senders, audit_trail, unpublishing, contents, orthanc)
    application = create_app(
        Services(
            settings=settings,
            database=database,
            index=index,
            keys=keys,
            doorkeeper=doorkeeper,
            audit_trail=audit_trail,
            documents=DocumentStore(settings.documents_directory),
            search=InternalSearch(orthanc.RestApiGetAfterPlugins),
            study_archive=OrthancClient(settings.orthanc_url, keys, "portal", now).media,
            metadata=metadata,
            pictures=StudyPictures(orthanc.RestApiGet, orthanc.OrthancException, metadata),
            clock=now,
            entropy=os.urandom,
            staff_sign_in=staff_sign_in,
            stored_files=StoredFiles(index, orthanc.RestApiGet, orthanc.OrthancException),
        )
    )

    def portal(output: Any, uri: str, **request: Any) -> None:
        answer(application, output, uri, request)

    orthanc.RegisterIncomingHttpRequestFilter(HttpFilter(doorkeeper, senders))
    orthanc.RegisterIncomingCStoreInstanceFilter(incoming.judge_c_store)
    orthanc.RegisterReceivedInstanceCallback(lambda dicom, origin: incoming.judge_received(dicom, origin, threading.get_ident()))
    judgement = ArchiveCommitment(database, index, orthanc.RestApiGet, orthanc.RestApiPost, orthanc.OrthancException)
    commitment = Commitment(judgement.judge, time.monotonic, orthanc)
    orthanc.RegisterStorageCommitmentScpCallback(commitment.begin, commitment.look_up)
    orthanc.RegisterOnChangeCallback(StudyChanges(database, admission, unpublishing, orthanc).on_change)
    orthanc.RegisterRestCallback("/portal(/.*)?", portal)
    install_storage(settings, database, configuration)


def install_storage(settings: Settings, database: Database, configuration: dict[str, Any]) -> None:
    """Take over Orthanc's storage area where the settings name a bucket; without one Orthanc's own writes to the disk."""
    storage = open_object_storage(settings, database, configuration)
    if storage is None:
        return
    prefetch = start_prefetch(storage, settings)
    if prefetch is not None:
        atexit.register(prefetch.stop)
    orthanc.RegisterStorageArea(storage.area.create, storage.area.read, storage.area.remove)


install()
