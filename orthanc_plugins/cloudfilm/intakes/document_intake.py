# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes reports of the documents that the stations of this machine hand in."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Origin, Way
from cloudfilm.errors import Conflict
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.stations import DatabaseStations
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.picture_document import document_of


@dataclass(frozen=True, slots=True)
class DocumentIntake:
    """Where a document goes in the cloud."""

    stations: DatabaseStations
    intake: Intake

    def take(self, source: IntakeSource, content: bytes, title: str) -> bool:
        """Store it for good; False when it had come before.

        Raises
        ------
        UnsupportedMediaType, TooLarge, DocumentRefused
            It will never be taken; nothing was stored.
        Unavailable, DocumentProcessFailed
            It cannot be taken now.
        """
        submitted = submitted_by(source, self.intake.clock())
        try:
            received = self.intake.receive(
                source.hospital_id, document_of(content), submitted, Origin(Way(source.kind), source.name, title)
            )
        except Conflict:
            is_new = False
        else:
            is_new = received.is_new
        self.stations.note_use(source)
        return is_new
