# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installation that a command of scripts/cloudfilm works on."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.key_ring import KeyRing
from cloudfilm.db.audit_events import append_event
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.hospitals import hospital_named
from cloudfilm.settings import Settings
from cloudfilm.transfer.places import GatewayPlaces


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation that a command works on."""

    settings: Settings
    database: Database
    key_ring: KeyRing
    environment: dict[str, str]
    as_json: bool

    def record_in(self, cursor: Cursor, kind: AuditKind, detail: str, hospital_id: str = "", grant_id: UUID | None = None) -> None:
        """Write down, as the last step of a transaction, what is being administered."""
        event = AuditEvent(now(), kind, "success", ActorKind.CONSOLE, getpass.getuser(), hospital_id, grant_id, detail=detail)
        append_event(cursor, event, self.key_ring.auditing)

    def say(self, facts: dict[str, Any], sentence: str) -> None:
        """Print for a program or for a person."""
        click.echo(json.dumps(facts, ensure_ascii=False, default=str) if self.as_json else sentence)

    @property
    def is_gateway(self) -> bool:
        """Whether this is a hospital's gateway: it has no database."""
        return GatewayPlaces(self.settings.data_directory).folder.is_dir()

    @property
    def ipp_port(self) -> str:
        """The virtual printer's port."""
        return self.environment.get("CLOUDFILM_IPP_PORT", "6310")

    @property
    def hl7_port(self) -> str:
        """The port for HL7."""
        return self.environment.get("CLOUDFILM_HL7_PORT", "2575")

    @property
    def print_port(self) -> str:
        """The port for DICOM print."""
        return self.environment.get("CLOUDFILM_PRINT_PORT", "4243")


def known_hospital(cursor: Cursor, hospital_id: str) -> None:
    """Refuse a hospital that is not there."""
    if hospital_named(cursor, hospital_id) is None:
        raise click.ClickException(f"There is no hospital {hospital_id!r}: add it first with `hospital add`.")


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
