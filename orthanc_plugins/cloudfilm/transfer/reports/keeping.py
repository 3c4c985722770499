# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where documents and messages go at the gateway: onto its disk, on their way to the cloud.

What can be known to be wrong is refused here, as the cloud would refuse it, so that whoever handed it in hears of it; the rest the cloud says later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.intakes.message_intake import RESULTS, check_kind, file_that_is_named
from cloudfilm.intakes.places import Places
from cloudfilm.reports.hl7_message import Message, MessageRefused
from cloudfilm.reports.hl7_order import ORDERS, orders_of
from cloudfilm.reports.hl7_patient import CORRECTIONS, correction_of, merges_of
from cloudfilm.reports.hl7_report import report_of
from cloudfilm.reports.intake import check_document
from cloudfilm.reports.picture_document import document_of
from cloudfilm.transfer.reports.arrival import Arrival
from cloudfilm.transfer.reports.arrivals import Arrivals

# The cloud's door takes bodies of 64 MiB.
_LARGEST_MESSAGE = 62 * 1024 * 1024
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class DocumentKeeping:
    """For files and prints.

    Parameters
    ----------
    clock, new_id : Callable
        Seconds since 1970; an identifier that nothing else has.
    """

    arrivals: Arrivals
    maximum_megabytes: int
    clock: Callable[[], float]
    new_id: Callable[[], str]

    def take(self, source: IntakeSource, content: bytes, title: str) -> bool:
        """Keep it; False when the station had handed it in before. Raises as `DocumentIntake.take` does."""
        document = document_of(content)
        check_document(document, self.maximum_megabytes)
        sha256 = hashlib.sha256(document).hexdigest()
        return self.arrivals.keep(
            Arrival(self.new_id(), source.name, Way(source.kind), title[:_LONGEST_TITLE], "", sha256, self.clock(), document)
        )


@dataclass(frozen=True, slots=True)
class MessageKeeping:
    """For HL7. ``zone`` is that of times without an offset."""

    arrivals: Arrivals
    places: Places
    maximum_megabytes: int
    zone: tzinfo
    clock: Callable[[], float]
    new_id: Callable[[], str]

    def take(self, message: Message, source: IntakeSource, peer: str, block: bytes) -> None:
        """Keep it with the file that it names. Raises as `MessageIntake.take` does."""
        check_kind(message)
        named_file = self._check(message, source)
        if len(block) + len(named_file or b"") > _LARGEST_MESSAGE:
            raise MessageRefused(f"The message is larger than {_LARGEST_MESSAGE >> 20} MB.")
        sha256 = hashlib.sha256(block + b"\x1c" + (named_file or b"")).hexdigest()
        title = f"HL7 {message.control_id}"[:_LONGEST_TITLE]
        self.arrivals.keep(Arrival(self.new_id(), source.name, Way.HL7, title, peer, sha256, self.clock(), block, named_file))

    def _check(self, message: Message, source: IntakeSource) -> bytes | None:
        """Understand it as the cloud will; the file that it names."""
        if message.kind in ORDERS:
            orders_of(message, self.zone)
        elif message.kind in CORRECTIONS:
            correction_of(message)
        elif message.kind not in RESULTS:
            merges_of(message)
        else:
            report = report_of(message)
            named_file = file_that_is_named(report, source, self.places, self.maximum_megabytes)
            document = report.document or named_file
            if document:
                check_document(document_of(document), self.maximum_megabytes)
            return named_file
        return None
