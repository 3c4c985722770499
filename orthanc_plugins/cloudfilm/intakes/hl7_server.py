# SPDX-License-Identifier: AGPL-3.0-or-later
"""Listens for HL7 v2 over MLLP. A message is acknowledged when what it says is stored for good, and not before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

from cloudfilm.db.database import Database
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.db.intake_sources import IntakeSource, list_sources, note_use
from cloudfilm.db.origin import Origin, Way
from cloudfilm.errors import CloudFilmError, Conflict, Unavailable
from cloudfilm.intakes.audited import submitted_by
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.references import read_reference
from cloudfilm.reports.document import DocumentProcessFailed
from cloudfilm.reports.hl7_message import Message, MessageRefused, read_message
from cloudfilm.reports.hl7_report import report_of
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.laid_out import lay_out
from cloudfilm.reports.picture_document import document_of
from cloudfilm.reports.refusal import DocumentRefused

_LARGEST_MESSAGE = 80 * 1024 * 1024
_IDLE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class Hl7Server:
    """Takes ORU^R01 of registered senders.

    An address that no station is registered for is hung up on at once: HL7 has no password.
    """

    def __init__(self, database: Database, intake: Intake, places: Places) -> None:
        self._database, self._intake, self._places = database, intake, places

    async def serve(self, host: str, port: int) -> None:
        """Listen until cancelled."""
        server = await start_hl7_server(self._converse, host, port, limit=_LARGEST_MESSAGE)
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        peer = writer.get_extra_info("peername")[0]
        try:
            while block := await asyncio.wait_for(reader.readblock(), _IDLE_SECONDS):
                answer = await asyncio.to_thread(self.answer, block, peer)
                if answer is None:
                    break
                writer.writeblock(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError, ValueError, hl7.mllp.InvalidBlockError):
            pass  # the line was cut, or what came is no message: what was acknowledged is stored, the rest the sender sends again
        finally:
            writer.close()

    def answer(self, block: bytes, peer: str) -> bytes | None:
        """The acknowledgement of one message; None for a stranger."""
        try:
            known = self._sources_at(peer)
            if not known:
                _log.warning("a message from an address that no station is registered for was not taken")
                return None
            message = read_message(block)
        except MessageRefused as refused:
            _log.warning("a message was refused: %s", refused)
            return b"MSH|^~\\&|CLOUDFILM|CLOUDFILM|||||ACK||P|2.5.1\rMSA|AR||" + str(refused).encode("ascii", "replace") + b"\r"
        except Unavailable:
            return b"MSH|^~\\&|CLOUDFILM|CLOUDFILM|||||ACK||P|2.5.1\rMSA|AE||The database does not answer\r"
        return message.acknowledgement(*self._take(message, known, peer))

    def _take(self, message: Message, known: list[IntakeSource], peer: str) -> tuple[str, str]:
        application = message.sender[0]
        source = next((one for one in known if _application(one) in ("", application)), None)
        if source is None:
            return "AR", f"MSH-3: the application {application} is not registered"
        if message.kind != "ORU^R01":
            return "AR", f"MSH-9: {message.kind} is not taken, only ORU^R01"
        try:
            self._store(message, source, peer)
        except MessageRefused as refused:
            return "AR", str(refused)
        except DocumentRefused as refused:
            return "AR", f"OBX-5: {refused}"
        except DocumentProcessFailed:
            return "AE", "The picture could not be looked at now"
        except Unavailable as error:
            return "AE", error.public_message
        except CloudFilmError as error:
            return "AR", error.public_message
        return "AA", ""

    def _store(self, message: Message, source: IntakeSource, peer: str) -> None:
        report = report_of(message)
        with self._database.transaction() as cursor:
            hospital = hospital_named(cursor, source.hospital_id)
        document = report.document
        if report.reference is not None:
            if not source.takes_references:
                raise MessageRefused("OBX-2: RP is not taken from this station; allowed are TX, FT, ST and ED")
            document = read_reference(self._places.folder(source.name).arriving, report.reference, self._intake.maximum_megabytes)
        document = document_of(document) if document else lay_out(report.fields, hospital.name if hospital else "")
        origin = Origin(Way.HL7, source.name, f"HL7 {message.control_id}")
        try:
            self._intake.receive(
                source.hospital_id, document, submitted_by(source, self._intake.clock(), peer), origin, given=report.fields
            )
        except Conflict:
            _log.info("a message brought a document that had come before")
        with self._database.transaction() as cursor:
            note_use(cursor, source.name, self._intake.clock())

    def _sources_at(self, peer: str) -> list[IntakeSource]:
        with self._database.transaction() as cursor:
            return [one for one in list_sources(cursor, Way.HL7) if one.sender.split("|")[0] == peer]


def _application(source: IntakeSource) -> str:
    return source.sender.partition("|")[2]


def run(server: Hl7Server, host: str, port: int, is_stopping: Callable[[], bool]) -> None:
    """Serve in this thread until told to stop."""

    async def until_stopped() -> None:
        serving = asyncio.create_task(server.serve(host, port))
        while not is_stopping() and not serving.done():
            await asyncio.sleep(0.3)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(until_stopped())
