# SPDX-License-Identifier: AGPL-3.0-or-later
"""Listens for HL7 v2 over MLLP. A message is acknowledged when what it says is stored for good, and not before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.message_verdict import Verdict, judged
from cloudfilm.intakes.stations import Stations
from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused, err_segment, hl7_text, read_message

# A message may carry a document of the largest size that can be set (50 MB), in Base64.
LARGEST_MESSAGE = 80 * 1024 * 1024
_IDLE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class Hl7Server:
    """Takes results (ORU^R01), orders, corrections of patient data and merges of patient numbers, of registered senders.

    An address that no station is registered for is hung up on at once: HL7 has no password.

    Parameters
    ----------
    take : Callable
        Stores for good what a message says (message, station, address of the sender, the message's bytes); raises as `judged` knows.
    """

    def __init__(self, stations: Stations, take: Callable[[Message, IntakeSource, str, bytes], object]) -> None:
        self._stations, self._take = stations, take

    async def serve(self, host: str, port: int) -> None:
        """Listen until cancelled."""
        server = await start_hl7_server(self._converse, host, port, limit=LARGEST_MESSAGE)
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
        verdict = self._judge(message, known, peer, block)
        return message.acknowledgement(verdict.code, verdict.reason, verdict.condition)

    def _judge(self, message: Message, known: list[IntakeSource], peer: str, block: bytes) -> Verdict:
        application = message.sender[0]
        source = next((one for one in known if _application(one) in ("", application)), None)
        if source is None:
            return Verdict("AR", f"MSH-3: the application {application} is not registered", Condition.TABLE_VALUE)
        return judged(lambda: self._take(message, source, peer, block), source.name)

    def _sources_at(self, peer: str) -> list[IntakeSource]:
        return [one for one in self._stations.of_kind(Way.HL7) if one.sender.split("|")[0] == peer]


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
