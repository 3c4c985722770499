# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes what a hospital's register says by HL7: expected exams, corrected patient data, merged patient numbers.

Each message is one transaction, with its audit event as the last step: it is acknowledged when that is committed, or nothing of it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from cloudfilm.access.audit import AuditKind
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.exam_orders import Sender, lock_orders_of_hospital, take_order
from cloudfilm.db.hl7_messages import note_message
from cloudfilm.db.intake_sources import IntakeSource, note_use
from cloudfilm.db.patient_corrections import take_correction
from cloudfilm.db.patient_merges import merge_patients
from cloudfilm.db.report_versions import lock_reports_of_hospital
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.intakes.audited import event_of
from cloudfilm.reports.binding import match_reports_of_patient
from cloudfilm.reports.correcting import correct_studies_in
from cloudfilm.reports.hl7_message import Message
from cloudfilm.reports.hl7_order import ORDERS, orders_of
from cloudfilm.reports.hl7_patient import CORRECTIONS, correction_of, merges_of
from cloudfilm.reports.hl7_values import said_at


@dataclass(frozen=True, slots=True)
class RegisterIntake:
    """The intake for orders and ADT. ``zone`` is that of times without an offset."""

    database: Database
    audit_trail: AuditTrail
    zone: tzinfo
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]

    def take(self, message: Message, source: IntakeSource, peer: str, block: bytes, came_at: datetime | None = None) -> None:
        """Store what a message says of the station's own hospital; the same message again has no second effect.

        ``came_at`` is when a gateway took it, None for now: a sender whose clock goes ahead counts as of then.

        Raises
        ------
        MessageRefused
            The message says something that cannot be understood.
        Conflict
            An order's numbers fit several orders.
        Unavailable
            The database does not answer: nothing was stored.
        """
        now = self.clock()
        sender = Sender(source.name, message.control_id[:200], said_at(message, self.zone, came_at or now), now)
        with self.database.transaction() as cursor:
            if not note_message(cursor, source.name, sender.control_id, hashlib.sha256(block).digest(), now):
                return
            note_use(cursor, source.name, now)
            if message.kind in ORDERS:
                kind, detail = AuditKind.ORDER_TAKEN, self._take_orders(cursor, message, source, sender)
            elif message.kind in CORRECTIONS:
                kind, detail = AuditKind.PATIENT_CORRECTED, self._take_correction(cursor, message, source, sender)
            else:
                kind, detail = AuditKind.PATIENTS_MERGED, self._take_merges(cursor, message, source, sender)
            if detail:
                said = f"{message.kind}, {detail}"
                self.audit_trail.record_in(cursor, event_of(source, kind, now, peer, said))

    def _take_orders(self, cursor: Cursor, message: Message, source: IntakeSource, sender: Sender) -> str:
        words = orders_of(message, self.zone)
        lock_orders_of_hospital(cursor, source.hospital_id)
        changed = sum(take_order(cursor, source.hospital_id, word, sender, self.new_id()) for word in words)
        return f"orders: {changed}" if changed else ""

    def _take_correction(self, cursor: Cursor, message: Message, source: IntakeSource, sender: Sender) -> str:
        word, hospital_id, now = correction_of(message), source.hospital_id, sender.received_at
        lock_reports_of_hospital(cursor, hospital_id)
        changed = take_correction(
            cursor, hospital_id, word.patient_id, word.facts, sender.said_at, source.name, sender.control_id, sender.received_at
        )
        if changed:
            correct_studies_in(cursor, hospital_id, [word.patient_id], now)
            match_reports_of_patient(cursor, hospital_id, [word.patient_id], now, self.zone)
        return "a patient's data" if changed else ""

    def _take_merges(self, cursor: Cursor, message: Message, source: IntakeSource, sender: Sender) -> str:
        words, hospital_id, now = merges_of(message), source.hospital_id, sender.received_at
        lock_reports_of_hospital(cursor, hospital_id)
        for word in words:
            merge_patients(cursor, hospital_id, word.old_patient_id, word.new_patient_id, sender.said_at, source.name)
            numbers = (word.old_patient_id, word.new_patient_id)
            correct_studies_in(cursor, hospital_id, numbers, now)
            match_reports_of_patient(cursor, hospital_id, numbers, now, self.zone)
        return f"merges: {len(words)}"
