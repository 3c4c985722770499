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
from cloudfilm.intakes.register_intake import RegisterIntake
from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused, err_segment, hl7_text, read_message
from cloudfilm.reports.hl7_order import ORDERS
from cloudfilm.reports.hl7_patient import CORRECTIONS, MERGES
from cloudfilm.reports.hl7_report import report_of
from cloudfilm.reports.intake import Intake
from cloudfilm.reports.laid_out import lay_out
from cloudfilm.reports.limited_process import DocumentProcessFailed
from cloudfilm.reports.picture_document import document_of
from cloudfilm.reports.refusal import DocumentRefused

type Answer = tuple[str, str, Condition | None]
RESULTS = ("ORU^R01",)
TAKEN = (*RESULTS, *ORDERS, *CORRECTIONS, *MERGES)
_LARGEST_MESSAGE = 80 * 1024 * 1024
_IDLE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class Hl7Server:
    """Takes results (ORU^R01), orders, corrections of patient data and merges of patient numbers, of registered senders.

    An address that no station is registered for is hung up on at once: HL7 has no password.
    """

    def __init__(self, database: Database, intake: Intake, places: Places, register: RegisterIntake) -> None:
        self._database, self._intake, self._places, self._register = database, intake, places, register

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
            return _answer_to_the_unreadable("AR", str(refused), refused.condition)
        except Unavailable:
            return _answer_to_the_unreadable("AE", "The database does not answer", Condition.INTERNAL)
        return message.acknowledgement(*self._take(message, known, peer, block))

    def _take(self, message: Message, known: list[IntakeSource], peer: str, block: bytes) -> Answer:
        application = message.sender[0]
        source = next((one for one in known if _application(one) in ("", application)), None)
        if source is None:
            return "AR", f"MSH-3: the application {application} is not registered", Condition.TABLE_VALUE
        if message.kind not in TAKEN:
            return "AR", f"MSH-9: {message.kind} is not taken; allowed are {', '.join(TAKEN)}", Condition.MESSAGE_TYPE
        try:
            if message.kind in RESULTS:
                self._store(message, source, peer)
            else:
                self._register.take(message, source, peer, block)
        except MessageRefused as refused:
            return "AR", str(refused), refused.condition
        except DocumentRefused as refused:
            return "AR", f"OBX-5: {refused}", Condition.DATA_TYPE
        except DocumentProcessFailed:
            return "AE", "The picture could not be looked at now", Condition.INTERNAL
        except Unavailable as error:
            return "AE", error.public_message, Condition.INTERNAL
        except Conflict as error:
            return "AR", error.public_message, Condition.UNKNOWN_KEY
        except CloudFilmError as error:
            return "AR", error.public_message, Condition.INTERNAL
        except Exception:
            # Ours, not the sender's: nothing is stored, the sender keeps the message, and the line lives on.
            _log.exception("a message of the station %s could not be taken", source.name)
            return "AE", "CloudFilm could not take the message; it is in its log", Condition.INTERNAL
        return "AA", "", None

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


def _answer_to_the_unreadable(code: str, reason: str, condition: Condition) -> bytes:
    """An acknowledgement without what it acknowledges, in plain ASCII."""
    header = "MSH|^~\\&|CLOUDFILM|CLOUDFILM|||||ACK||P|2.5.1\r"
    return (header + f"MSA|{code}||{hl7_text(reason)}\r" + err_segment(reason, condition)).encode("ascii", "replace")


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
