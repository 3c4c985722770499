# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stations that hand reports or films in: queues of the virtual printer, watched folders, HL7 senders, consoles. Each belongs to one hospital.

A gateway's own stations have a row too, so that what they bring says where it came from; nothing is taken from them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.db.gateways import Gateway

OWN_FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class IntakeSource:
    """One station.

    ``sender`` is an HL7 station's ``ADDRESS|APPLICATION``, or a console's ``ADDRESS|AE TITLE``.
    ``raw_port`` is a printer's TCP port for raw jobs, ``raw_hosts`` the addresses that may use it, separated by commas.
    ``takes_references`` says whether an HL7 station's messages may name files in its own folder.
    ``return_to`` says where the stamped copy goes: "" (it is fetched by REST), `OWN_FOLDER` (the station's folder ``out``), or a printer's URI.
    ``gateway_id`` is the gateway that it is at, None for one of this machine.
    """

    name: str
    kind: str
    hospital_id: str
    return_to: str
    sender: str
    created_at: datetime
    last_used_at: datetime | None = None
    raw_port: int | None = None
    raw_hosts: str = ""
    takes_references: bool = False
    gateway_id: UUID | None = None


_COLUMNS = ", ".join(IntakeSource.__dataclass_fields__)


def add_source(cursor: Cursor, source: IntakeSource) -> IntakeSource:
    """Insert a station, or change where its copies go; return what is stored under its name: another hospital's or kind's, if that was first."""
    cursor.execute(
        "INSERT INTO intake_source (name, kind, hospital_id, return_to, sender, created_at, raw_port, raw_hosts, takes_references)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET return_to = excluded.return_to,"
        " sender = excluded.sender, raw_port = excluded.raw_port, raw_hosts = excluded.raw_hosts, takes_references = excluded.takes_references"
        " WHERE intake_source.hospital_id = excluded.hospital_id AND intake_source.kind = excluded.kind",
        (
            source.name, source.kind, source.hospital_id, source.return_to, source.sender, source.created_at, source.raw_port, source.raw_hosts,
            source.takes_references,
        ),
    )  # fmt: skip
    found = source_named(cursor, source.name)
    if found is None:
        raise AssertionError("a source that was just stored is not there")
    return found


def source_named(cursor: Cursor, name: str) -> IntakeSource | None:
    """The station with this name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM intake_source WHERE name = %s", (name,))
    row = cursor.fetchone()
    return IntakeSource(*row) if row else None


def list_sources(cursor: Cursor, kind: str | None = None) -> list[IntakeSource]:
    """The stations of this machine, or those of one kind, by name."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM intake_source WHERE gateway_id IS NULL AND (%s IS NULL OR kind = %s) ORDER BY name", (kind, kind)
    )
    return [IntakeSource(*row) for row in cursor.fetchall()]


def list_sources_at_gateways(cursor: Cursor) -> list[IntakeSource]:
    """The stations of gateways that something came from, by name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM intake_source WHERE gateway_id IS NOT NULL ORDER BY name")
    return [IntakeSource(*row) for row in cursor.fetchall()]


def source_at_gateway(cursor: Cursor, gateway: Gateway, station: str, kind: str, now: datetime) -> IntakeSource:
    """A gateway's station, under a name that no other hospital's has: ``STATION@GATEWAY``, longer where that is taken. Made when it is new."""
    found = _at_gateway(cursor, gateway, station, kind)
    short_id = str(gateway.gateway_id)[:8]
    names = (f"{station}@{gateway.name}", f"{station}@{gateway.name} {short_id}", f"{station}@{gateway.name} {short_id} {kind}")
    for name in names:
        if found is not None:
            break
        cursor.execute(
            "INSERT INTO intake_source (name, kind, hospital_id, created_at, gateway_id, gateway_station) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (name, kind, gateway.hospital_id, now, gateway.gateway_id, station),
        )
        found = _at_gateway(cursor, gateway, station, kind)
    if found is None:
        raise AssertionError("every name of a gateway's station is taken")
    return found


def _at_gateway(cursor: Cursor, gateway: Gateway, station: str, kind: str) -> IntakeSource | None:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM intake_source WHERE gateway_id = %s AND gateway_station = %s AND kind = %s",
        (gateway.gateway_id, station, kind),
    )
    row = cursor.fetchone()
    return IntakeSource(*row) if row else None


def console_at(cursor: Cursor, address: str, aet: str) -> IntakeSource | None:
    """The console with this AE title at this address."""
    cursor.execute(f"SELECT {_COLUMNS} FROM intake_source WHERE kind = 'console' AND sender = %s", (f"{address}|{aet}",))
    row = cursor.fetchone()
    return IntakeSource(*row) if row else None


def note_use(cursor: Cursor, name: str, now: datetime) -> None:
    """Something came from this station."""
    cursor.execute("UPDATE intake_source SET last_used_at = %s WHERE name = %s", (now, name))
