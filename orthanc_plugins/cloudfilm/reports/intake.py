# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one way in for a report, whatever brought it: stored, given its grant and queued for reading, in one durable step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from cloudfilm.access.audit import AuditEvent
from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.deliveries import add_delivery, delivery_of_report
from cloudfilm.db.grants import add_grant
from cloudfilm.db.hospital_settings import settings_of
from cloudfilm.db.job_queue import READ_REPORT, defer_job
from cloudfilm.db.kiosks import kiosk_lifetime
from cloudfilm.db.origin import REST, Origin
from cloudfilm.db.reports import add_report
from cloudfilm.errors import Conflict, TooLarge, UnsupportedMediaType
from cloudfilm.reports.binding import restate_in
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.grant_keys import GrantKeys
from cloudfilm.reports.new_keys import hashes_of, new_keys
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.sealing import seal, unseal

_MEGABYTE = 1024 * 1024


def check_document(document: bytes, maximum_megabytes: int) -> None:
    """Refuse what is no document that can be taken.

    Raises
    ------
    UnsupportedMediaType, TooLarge
        Why.
    """
    if len(document) > maximum_megabytes * _MEGABYTE:
        raise TooLarge(f"The document is larger than {maximum_megabytes} MB.")
    if b"%PDF-" not in document[:1024]:
        raise UnsupportedMediaType("The document is not a PDF. Allowed: application/pdf.")


@dataclass(frozen=True, slots=True)
class Received:
    """A report that is stored. ``is_new`` is False when the same document had come before: a sender may repeat what it is unsure of."""

    report_id: UUID
    keys: GrantKeys
    is_new: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes reports in.

    Parameters
    ----------
    entropy : Callable
        Gives that many random bytes.
    """

    database: Database
    documents: DocumentStore
    key_ring: KeyRing
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    maximum_megabytes: int
    delivery_lifetime: timedelta
    kiosk_lifetime: timedelta = timedelta(0)

    def receive(
        self,
        hospital_id: str,
        document: bytes,
        submitted: AuditEvent,
        origin: Origin = REST,
        given: ReportFields | None = None,
        and_then: Callable[[Cursor, UUID], None] | None = None,
    ) -> Received:
        """Store a document (PDF) of a hospital, with what its sender said of it.

        When this returns, the document is on disk and the report, its grant, the job to read it and the audit event are committed.
        ``submitted`` is that event without the report; ``and_then`` is what else belongs to the same transaction.

        Raises
        ------
        UnsupportedMediaType, TooLarge
            The document cannot be taken; nothing was stored.
        Conflict
            The same document came before, and its keys are no longer to be had.
        """
        check_document(document, self.maximum_megabytes)
        keys = new_keys(self.entropy)
        hashes = hashes_of(keys, self.key_ring)
        document_sha256 = self.documents.put(document)
        new_id, grant_id = UUID(bytes=self.entropy(16), version=4), UUID(bytes=self.entropy(16), version=4)
        now = self.clock()
        with self.database.transaction() as cursor:
            report_id = add_report(cursor, new_id, hospital_id, document_sha256, origin, given.to_json() if given else {}, now)
            if and_then is not None:
                and_then(cursor, report_id)
            if report_id == new_id:
                wanted = settings_of(cursor, hospital_id)
                ends = now + timedelta(days=wanted.paper_days) if wanted.paper_days else None
                grant = Grant(
                    grant_id, hospital_id, GrantKind.PATIENT, ALL_RIGHTS, now, report_id=report_id, expires_at=ends,
                    patient_wide=wanted.grants_reach_all_exams,
                )  # fmt: skip
                add_grant(cursor, grant, *hashes)
                kept = kiosk_lifetime(cursor, hospital_id, self.kiosk_lifetime)
                add_delivery(
                    cursor, report_id, seal(keys.to_bytes(), self.key_ring), now + self.delivery_lifetime, now + kept if kept else None
                )
                defer_job(cursor, READ_REPORT, lock=str(report_id), arguments={"report_id": str(report_id)})
                append_event(cursor, replace(submitted, report_id=report_id), self.key_ring.auditing)
                return Received(report_id, keys, is_new=True)
            if given is not None and given.report_status is not None:
                restate_in(cursor, report_id, given.report_status, now)
            delivery = delivery_of_report(cursor, report_id, now)
            append_event(cursor, replace(submitted, report_id=report_id, detail="the same document again"), self.key_ring.auditing)
        if delivery is None or delivery.sealed_keys is None:
            raise Conflict("This document was received before, and its access code can no longer be shown.")
        return Received(report_id, GrantKeys.from_bytes(unseal(delivery.sealed_keys, self.key_ring)), is_new=False)
