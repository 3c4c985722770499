# SPDX-License-Identifier: AGPL-3.0-or-later
"""The film printer: a Basic Grayscale (and Color) Print Management SCP (PS3.4 Annex H) for consoles that can only print.

``python -m cloudfilm.intakes.film_printer`` is a process of its own with a limit on its memory, started again when it ends: what a console sends
is held in memory until it prints, and nothing of it can harm the other ways in. A film is on the disk before its N-ACTION is answered.
"""

from __future__ import annotations

import copy
import ctypes
import logging
import os
import resource
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, console_at, list_sources, note_use
from cloudfilm.db.origin import Way
from cloudfilm.errors import CloudFilmError
from cloudfilm.films.page import draw
from cloudfilm.films.refusal import PrintRefused, PrintStatus
from cloudfilm.films.session import (
    ANNOTATION_BOX,
    COLOR_PRINT,
    GRAYSCALE_PRINT,
    PRESENTATION_LUT,
    PRINT_JOB,
    PrintedFilm,
    PrintSession,
)
from cloudfilm.films.spooled import SpooledFilm, spool
from cloudfilm.intakes.places import Places
from cloudfilm.settings import load_settings

AE_TITLE = "CLOUDFILM"
MOST_ASSOCIATIONS = 10
LARGEST_MESSAGE = 96 * 1024 * 1024  # bytes: an image of 40 million pixels in 16 bits is more than a film needs
_LARGEST_PDU = 1024 * 1024
_MEMORY = 4 << 30
_PR_SET_PDEATHSIG = 1
_VERIFICATION = "1.2.840.10008.1.1"
_SERVED = (GRAYSCALE_PRINT, COLOR_PRINT, PRESENTATION_LUT, PRINT_JOB, ANNOTATION_BOX, _VERIFICATION)
_log = logging.getLogger(__name__)


class FilmPrinter:
    """Serves the consoles that are registered; nobody else gets an association."""

    def __init__(self, database: Database, places: Places, clock: Callable[[], datetime]) -> None:
        self._database, self._places, self._clock = database, places, clock
        self._sessions: WeakKeyDictionary[Association, PrintSession] = WeakKeyDictionary()
        self._received: WeakKeyDictionary[Association, int] = WeakKeyDictionary()

    def serve(self, host: str, port: int) -> None:
        """Serve until the process ends."""
        entity = _Consoles(AE_TITLE, self._titles_at)
        for sop_class in _SERVED:
            entity.add_supported_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        handlers: list[Any] = [
            (evt.EVT_ACCEPTED, self._begin),
            (evt.EVT_REJECTED, self._say_rejected),
            (evt.EVT_PDU_RECV, self._count),
            (evt.EVT_DIMSE_RECV, self._count_anew),
            (evt.EVT_CONN_CLOSE, self._end),
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_ACTION, self._print),
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_DELETE, self._delete),
            (evt.EVT_C_ECHO, lambda _: 0x0000),
        ]
        server = entity.make_server((host, port), evt_handlers=handlers, server_class=_Server, request_handler=_Handler)
        server.serve_forever()

    def _titles_at(self, address: str) -> list[str]:
        """The AE titles that are registered for an address; none where the database does not answer."""
        try:
            with self._database.transaction() as cursor:
                sources = list_sources(cursor, Way.CONSOLE)
        except CloudFilmError:
            return []
        return [title for source in sources for host, _, title in [source.sender.partition("|")] if host == address]

    def _begin(self, event: Any) -> None:
        association = event.assoc
        requestor = association.requestor
        with self._database.transaction() as cursor:
            source = console_at(cursor, requestor.address, requestor.ae_title)
        if source is not None:
            self._sessions[association] = PrintSession(generate_uid, lambda film: self._keep(source, film))

    def _keep(self, source: IntakeSource, film: PrintedFilm) -> None:
        """Draw a film and put it on the disk."""
        drawn = draw(film.page)
        target = BytesIO()
        drawn.image.save(target, "PNG", compress_level=1)
        now = self._clock()
        try:
            spool(SpooledFilm(now, film.texts, drawn.boxes, target.getvalue()), self._places.films(source.name), f"{now:%Y%m%d%H%M%S%f}")
        except OSError as error:
            _log.exception("a film of %s could not be kept", source.name)
            raise PrintRefused(PrintStatus.FAILED_TO_STORE, "the film could not be stored") from error
        _log.info("%s printed a film", source.name)
        try:
            with self._database.transaction() as cursor:
                note_use(cursor, source.name, now)
        except CloudFilmError:
            pass  # the film is kept, and that is what counts

    def _answer(self, event: Any, work: Callable[[PrintSession], Dataset | None]) -> tuple[int, Dataset | None]:
        session = self._sessions.get(event.assoc)
        if session is None:
            return PrintStatus.PROCESSING_FAILURE, None
        try:
            return PrintStatus.SUCCESS, work(session)
        except PrintRefused as refused:
            _log.warning("%s was refused: %s", event.assoc.requestor.ae_title, refused.reason)
            return refused.status, None
        except MemoryError:
            _log.warning("%s was refused: not enough memory", event.assoc.requestor.ae_title)
            return PrintStatus.RESOURCE_LIMITATION, None
        except Exception as error:
            # The message may quote what was sent.
            _log.warning("%s sent what cannot be understood: %s", event.assoc.requestor.ae_title, type(error).__name__)
            return PrintStatus.PROCESSING_FAILURE, None

    def _create(self, event: Any) -> tuple[int, Dataset | None]:
        request = event.request
        is_colour = event.context.abstract_syntax == COLOR_PRINT

        def create(session: PrintSession) -> Dataset:
            attributes = _readable(event.attribute_list) if request.AttributeList else Dataset()
            uid, answer = session.create(
                str(request.AffectedSOPClassUID or ""), str(request.AffectedSOPInstanceUID or ""), attributes, is_colour
            )
            if request.AffectedSOPInstanceUID is None:
                answer.AffectedSOPInstanceUID = uid
            return answer

        return self._answer(event, create)

    def _set(self, event: Any) -> tuple[int, Dataset | None]:
        request = event.request
        return self._answer(
            event,
            lambda session: session.change(
                str(request.RequestedSOPClassUID), str(request.RequestedSOPInstanceUID), _readable(event.modification_list)
            ),
        )

    def _print(self, event: Any) -> tuple[int, Dataset | None]:
        request = event.request
        return self._answer(
            event,
            lambda session: session.print_films(
                str(request.RequestedSOPClassUID), str(request.RequestedSOPInstanceUID), int(event.action_type)
            ),
        )

    def _get(self, event: Any) -> tuple[int, Dataset | None]:
        request = event.request

        def get(session: PrintSession) -> Dataset:
            found = session.get(str(request.RequestedSOPClassUID), str(request.RequestedSOPInstanceUID))
            wanted = set(event.attribute_identifiers)
            if not wanted:
                return found
            answer = Dataset()
            for element in found:
                if element.tag in wanted:
                    answer.add(element)
            return answer

        return self._answer(event, get)

    def _delete(self, event: Any) -> int:
        request = event.request

        def delete(session: PrintSession) -> None:
            session.delete(str(request.RequestedSOPClassUID), str(request.RequestedSOPInstanceUID))

        return self._answer(event, delete)[0]

    def _count(self, event: Any) -> None:
        """Hang up on a message that is larger than any film's image: pynetdicom would gather it whole."""
        values = getattr(event.pdu, "presentation_data_value_items", None)
        if not values:
            return
        received = self._received.get(event.assoc, 0) + sum(len(one.presentation_data_value) for one in values)
        self._received[event.assoc] = received
        if received > LARGEST_MESSAGE:
            _log.warning("%s was hung up on: a message is larger than %d MB", event.assoc.requestor.ae_title, LARGEST_MESSAGE >> 20)
            event.assoc.dul.socket.close()

    def _count_anew(self, event: Any) -> None:
        self._received[event.assoc] = 0

    def _end(self, event: Any) -> None:
        session = self._sessions.pop(event.assoc, None)
        self._received.pop(event.assoc, None)
        if session is not None and session.unprinted:
            _log.warning("%s left %d films unprinted: they are not kept", event.assoc.requestor.ae_title, session.unprinted)

    def _say_rejected(self, _: Any) -> None:
        _log.warning("an association was rejected: the AE title is not registered for its address, or not ours was called")


class _Consoles(AE):  # type: ignore[misc, unused-ignore]
    """An application entity that knows other callers at each address."""

    def __init__(self, title: str, titles_at: Callable[[str], list[str]]) -> None:
        super().__init__(title)
        self.titles_at = titles_at
        self.require_called_aet = True
        self.maximum_associations = MOST_ASSOCIATIONS
        self.maximum_pdu_size = 64 * 1024
        self.acse_timeout, self.dimse_timeout, self.network_timeout = 15, 60, 120

    def at(self, address: str) -> _Consoles:
        """The same for one caller; a title that cannot be where none is registered."""
        one = copy.copy(self)
        one.require_calling_aet = self.titles_at(address) or ["\\"]
        return one

    @property
    def active_associations(self) -> list[Association]:
        """Of every caller together."""
        return [thread for thread in threading.enumerate() if isinstance(thread, Association)]


class _Handler(RequestHandler):  # type: ignore[misc, unused-ignore]
    """One connection."""

    @property
    def ae(self) -> _Consoles:
        """Ours as this caller sees it."""
        consoles: Any = self.server.ae
        entity: _Consoles = consoles.at(self.client_address[0])
        return entity

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul.socket.__class__ = _LimitedSocket
        return association


class _LimitedSocket(AssociationSocket):  # type: ignore[misc, unused-ignore]
    """Reads no PDU that is longer than anybody needs: its length is the sender's word."""

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes."""
        if nr_bytes > _LARGEST_PDU:
            raise OSError(f"a PDU of {nr_bytes} bytes")
        received: bytearray = super().recv(nr_bytes)
        return received


class _Server(ThreadedAssociationServer):  # type: ignore[misc, unused-ignore]
    """Hangs up on addresses for which nothing is registered before a byte is read."""

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether anybody at this address may print."""
        del request
        consoles: Any = self.ae
        if consoles.titles_at(client_address[0]):
            return True
        _log.warning("a connection from an address that no console is registered for was not taken")
        return False


def _readable(dataset: Dataset) -> Dataset:
    """Texts without a character set, or with none that fits, are Chinese here, as everywhere (orthanc.json, DefaultEncoding)."""
    if "SpecificCharacterSet" not in dataset:
        implicit, little_endian = dataset.original_encoding
        dataset.set_original_encoding(bool(implicit), bool(little_endian), ["gb18030"])
    return dataset


def main() -> None:
    """Serve; end with the process that started us."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    settings = load_settings(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json")
    printer = FilmPrinter(Database(settings.database_uri), Places(settings.data_directory), lambda: datetime.now(UTC))
    printer.serve(os.environ.get("CLOUDFILM_PRINT_BIND", "127.0.0.1"), int(os.environ.get("CLOUDFILM_PRINT_PORT", "4243")))


if __name__ == "__main__":
    main()
