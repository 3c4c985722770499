# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the portal works with: passed in by whoever mounts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app

from cloudfilm.access.key_ring import KeyRing, KeySource
from cloudfilm.db.database import Database
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.doors.doorkeeper import Doorkeeper
from cloudfilm.doors.staff_sign_in import StaffSignIn
from cloudfilm.orthanc_api.stored_files import StoredFiles
from cloudfilm.orthanc_api.study_pictures import StudyPictures
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.reserving import Reserving
from cloudfilm.settings import Settings
from cloudfilm.storage.documents import DocumentStore

type Search = Callable[[str, Sequence[tuple[str, str]]], list[dict[str, Any]]]
type Metadata = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Services:
    """The parts, wired.

    ``index`` is Orthanc's own database, to read; ``search`` and ``metadata`` ask DICOMweb without restriction;
    ``study_archive`` gives a study of Orthanc's as a ZIP in portions;
    ``pictures`` says what a study's series hold;
    ``clock`` gives the time in UTC; ``entropy`` gives random bytes; ``staff_sign_in`` is the hospital's identity provider, if staff may
    come from there; ``stored_files`` reads back what is stored, for receipts.
    """

    settings: Settings
    database: Database
    index: Database
    keys: KeySource
    doorkeeper: Doorkeeper
    audit_trail: AuditTrail
    documents: DocumentStore
    search: Search
    study_archive: Callable[[str], Iterator[bytes]]
    metadata: Metadata
    pictures: StudyPictures
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    staff_sign_in: StaffSignIn | None = None
    stored_files: StoredFiles | None = None

    @property
    def key_ring(self) -> KeyRing:
        """The keys of this moment."""
        return self.keys()

    @property
    def intake(self) -> Intake:
        """The way in for reports."""
        return Intake(
            database=self.database,
            documents=self.documents,
            key_ring=self.key_ring,
            clock=self.clock,
            entropy=self.entropy,
            maximum_megabytes=self.settings.maximum_report_megabytes,
            delivery_lifetime=timedelta(hours=self.settings.delivery_hours),
            kiosk_lifetime=timedelta(days=self.settings.kiosk_days),
        )

    @property
    def reserving(self) -> Reserving:
        """The way to a QR code before there is a report."""
        lifetime = timedelta(hours=self.settings.delivery_hours)
        return Reserving(self.database, self.key_ring, self.clock, self.entropy, lifetime)


def services() -> Services:
    """The services of the application that serves this request."""
    return cast(Services, current_app.extensions["cloudfilm"])
