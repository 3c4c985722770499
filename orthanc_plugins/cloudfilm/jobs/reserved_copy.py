# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report whose exam number was reserved: which reservation it belongs to, and its copy with the reserved code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import set_keys
from cloudfilm.db.grants import bind_grant, delete_grants_of_report, grant_with_id, secret_hash_of_grant
from cloudfilm.db.reservations import Reservation, lock_number, reservation_of_number
from cloudfilm.errors import Unavailable
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.document import stamp_reserved
from cloudfilm.reports.field_reading import SURE, ReportReading
from cloudfilm.reports.grant_keys import GrantKeys
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.reserved import contradiction
from cloudfilm.reports.stamp import Stamp
from cloudfilm.storage.sealing import unseal


@dataclass(frozen=True, slots=True)
class ReservedReport:
    """What a reservation means for a report.

    ``sealed_keys`` are the reserved ones, None once they are no longer kept. ``stamped_pdf`` is None where the copy is to
    carry the report's own keys, since nobody knows the reserved ones any more.
    """

    reservation: Reservation
    contradiction: str | None
    sealed_keys: bytes | None = None
    carries_code: bool = False
    stamped_pdf: bytes | None = None


def find_reserved(
    context: JobContext, hospital_id: str, reading: ReportReading, document: bytes, own_stamp: Stamp
) -> ReservedReport | None:
    """The reservation of a report's exam number, None when there is none, it is closed, or the number was not read with certainty.

    Raises
    ------
    DocumentRefused
        As when the document was read.
    """
    number, read = (reading.fields.accession_number or "").strip(), reading.readings.get("accession_number")
    if not number or (read is not None and read.confidence < SURE):
        return None
    now = context.clock()
    with context.database.transaction() as cursor:
        reservation = reservation_of_number(cursor, hospital_id, number)
        grant = grant_with_id(cursor, reservation.grant_id) if reservation else None
        secret_hash = secret_hash_of_grant(cursor, reservation.grant_id) if reservation else None
    if reservation is None or grant is None or secret_hash is None or not grant.is_open(now):
        return None
    if (against := contradiction(reservation.patient_id, reservation.patient_name, reading)) is not None:
        return ReservedReport(reservation, against)
    stamp, sealed_keys = None, reservation.sealed_keys if reservation.keys_until > now else None
    if sealed_keys is not None:
        keys = GrantKeys.from_bytes(unseal(sealed_keys, context.key_ring))
        stamp = replace(own_stamp, url=keys.qr_url(context.settings.public_url), access_code=keys.access_code)
    copy = stamp_reserved(document, secret_hash.hex(), stamp, DocumentLimits())
    return ReservedReport(reservation, None, sealed_keys, copy.carries_code, copy.stamped_pdf)


def bind_reserved(cursor: Cursor, reserved: ReservedReport, report_id: UUID, keys_told: bool, its_copy: bool) -> None:
    """Let the reserved link open the report, in the transaction that stores its copy.

    Keys of the report's own that nobody was told go: its paper carries the reserved ones. ``its_copy`` is False for a report that was there
    before, whose copy stays.

    Raises
    ------
    Unavailable
        The reservation has changed meanwhile: the report is to be read again.
    """
    reservation = reserved.reservation
    lock_number(cursor, reservation.hospital_id, reservation.accession_number)
    known = reservation_of_number(cursor, reservation.hospital_id, reservation.accession_number)
    if known is None or known.reservation_id != reservation.reservation_id:
        raise Unavailable("The reservation of the exam number has changed while the report was read.")
    bind_grant(cursor, reservation.grant_id, report_id)
    if its_copy and reserved.stamped_pdf is not None:
        set_keys(cursor, report_id, reserved.sealed_keys)
        if not keys_told:
            delete_grants_of_report(cursor, report_id, but=reservation.grant_id)
