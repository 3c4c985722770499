# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 messages that gateways bring: the portal, which knows whose gateway it is, hands them to the intake over a unix socket.

A message may hold a document, and one without is laid out: neither is work for the portal's interpreter, which every viewer waits for.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.db.intake_sources import IntakeSource, source_named
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.message_intake import MessageIntake
from cloudfilm.intakes.message_verdict import Verdict, judged
from cloudfilm.reports.hl7_message import Condition, read_message

type StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_SECONDS = 100.0
_FACTS = "X-CloudFilm-Facts"


@dataclass(frozen=True, slots=True)
class Brought:
    """What the portal says of a message: the name of the station's row, the sender's address, when the gateway took it, and how many bytes at
    the end are the file that it names (none: None)."""

    source_name: str
    peer: str
    came_at: str
    named_file_bytes: int | None


@dataclass(frozen=True, slots=True)
class MessageDoor:
    """A WSGI application: POST, facts in a header, the message and the file that it names in the body."""

    database: Database
    intake: MessageIntake

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        brought = Brought(**json.loads(environ["HTTP_X_CLOUDFILM_FACTS"]))
        content: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        size = len(content) - (brought.named_file_bytes or 0)
        named_file = content[size:] if brought.named_file_bytes is not None else None
        report_ids: list[UUID | None] = []

        def take() -> None:
            with self.database.transaction() as cursor:
                source = source_named(cursor, brought.source_name)
            if source is None or source.gateway_id is None:
                raise Unavailable("There is no such station.")
            came_at, block = datetime.fromisoformat(brought.came_at), content[:size]
            report_ids.append(self.intake.take_through_gateway(read_message(block), source, brought.peer, block, named_file, came_at))

        answer = asdict(judged(take, brought.source_name)) | {"report_id": str(report_ids[0]) if report_ids and report_ids[0] else None}
        body = json.dumps(answer).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def bring_message(
    door: Path, source: IntakeSource, peer: str, block: bytes, named_file: bytes | None, came_at: datetime
) -> tuple[Verdict, UUID | None]:
    """
    Hand a message over and wait for what becomes of it, and for the report that it became.

    Raises
    ------
    Unavailable
        The intake does not answer: whether it took the message is not known, and it may be brought again.
    """
    brought = Brought(source.name, peer, came_at.isoformat(), len(named_file) if named_file is not None else None)
    connection = _UnixConnection(door)
    try:
        connection.request("POST", "/", block + (named_file or b""), {_FACTS: json.dumps(asdict(brought))})
        told = json.loads(connection.getresponse().read())
        verdict = Verdict(told["code"], told["reason"], Condition(told["condition"]) if told["condition"] else None)
        return verdict, UUID(told["report_id"]) if told["report_id"] else None
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise Unavailable("The intake does not answer. Please send this again later.") from error
    finally:
        connection.close()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))
