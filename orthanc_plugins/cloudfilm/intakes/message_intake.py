# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes HL7 messages: results become reports, orders and patient data go to the register. Whoever brings them, a station or a gateway."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.intake_sources import IntakeSource, note_use
from cloudfilm.db.origin import Origin, Way
from cloudfilm.errors import Conflict
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.references import read_reference
from cloudfilm.intakes.register_intake import RegisterIntake
from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused
from cloudfilm.reports.hl7_order import ORDERS
from cloudfilm.reports.hl7_patient import CORRECTIONS, MERGES
from cloudfilm.reports.hl7_report import Hl7Report, report_of
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.laid_out import lay_out
from cloudfilm.reports.picture_document import document_of

RESULTS = ("ORU^R01",)
TAKEN = (*RESULTS, *ORDERS, *CORRECTIONS, *MERGES)
_log = logging.getLogger(__name__)


def check_kind(message: Message) -> None:
    """Refuse what nobody here understands.

    Raises
    ------
    MessageRefused
        MSH-9 is none of those that are taken.
    """
    if message.kind not in TAKEN:
        raise MessageRefused(f"MSH-9: {message.kind} is not taken; allowed are {', '.join(TAKEN)}", Condition.MESSAGE_TYPE)


def file_that_is_named(report: Hl7Report, source: IntakeSource, places: Places, maximum_megabytes: int) -> bytes | None:
    """What a message's reference (RP) names, from the station's own folder; None where it has none.

    Raises
    ------
    MessageRefused
        The station names no files.
    Unavailable
        It is not there yet.
    """
    if report.reference is None:
        return None
    if not source.takes_references:
        raise MessageRefused("OBX-2: RP is not taken from this station; allowed are TX, FT, ST and ED")
    return read_reference(places.folder(source.name).arriving, report.reference, maximum_megabytes)


@dataclass(frozen=True, slots=True)
class MessageIntake:
    """Where a message goes in the cloud."""

    database: Database
    intake: Intake
    places: Places
    register: RegisterIntake

    def take(self, message: Message, source: IntakeSource, peer: str, block: bytes) -> None:
        """A message of one of this machine's own stations.

        Raises
        ------
        MessageRefused, DocumentRefused, CloudFilmError, DocumentProcessFailed
            Nothing was stored: see `cloudfilm.intakes.message_verdict`.
        """
        check_kind(message)
        if message.kind not in RESULTS:
            self.register.take(message, source, peer, block)
            return
        report = report_of(message)
        self._store(message, report, source, peer, lambda: file_that_is_named(report, source, self.places, self.intake.maximum_megabytes))

    def take_through_gateway(
        self, message: Message, source: IntakeSource, peer: str, block: bytes, named_file: bytes | None, came_at: datetime
    ) -> UUID | None:
        """A message that a gateway took at ``came_at``, with the file that it names; the report that it became, None where it is none.

        Raises
        ------
        MessageRefused, DocumentRefused, CloudFilmError, DocumentProcessFailed
            As above.
        """
        check_kind(message)
        if message.kind not in RESULTS:
            self.register.take(message, source, peer, block, came_at)
            return None
        return self._store(message, report_of(message), source, peer, lambda: named_file)

    def _store(
        self, message: Message, report: Hl7Report, source: IntakeSource, peer: str, named_file: Callable[[], bytes | None]
    ) -> UUID | None:
        with self.database.transaction() as cursor:
            hospital = hospital_named(cursor, source.hospital_id)
        document = report.document or named_file()
        document = document_of(document) if document else lay_out(report.fields, hospital.name if hospital else "")
        origin = Origin(Way.HL7, source.name, f"HL7 {message.control_id}")
        submitted = submitted_by(source, self.intake.clock(), peer)
        try:
            report_id = self.intake.receive(source.hospital_id, document, submitted, origin, given=report.fields).report_id
        except Conflict:
            _log.info("a message brought a document that had come before")
            report_id = None
        with self.database.transaction() as cursor:
            note_use(cursor, source.name, self.intake.clock())
        return report_id
