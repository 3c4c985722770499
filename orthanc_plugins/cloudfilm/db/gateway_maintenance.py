# SPDX-License-Identifier: AGPL-3.0-or-later
"""What staff ask of a gateway: other settings, its log. It hears of it with its next heartbeat, if its hospital has consented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of ``gateway_maintenance``. A moment is None where nothing of the kind was asked, or it was done with."""

    speed_limits: str | None = None
    keep_days: int | None = None
    settings_asked_at: datetime | None = None
    settings_asked_by: str = ""
    log_asked_at: datetime | None = None
    log_asked_by: str = ""
    log: str = ""
    log_received_at: datetime | None = None

    @property
    def settings_order(self) -> str:
        """What the gateway names when it has answered; empty where nothing was asked."""
        return self.settings_asked_at.isoformat() if self.settings_asked_at else ""

    @property
    def log_order(self) -> str:
        """What the log that is asked for comes with."""
        return self.log_asked_at.isoformat() if self.log_asked_at else ""


_COLUMNS = ", ".join(Asked.__dataclass_fields__)


def asked_of(cursor: Cursor, gateway_id: UUID) -> Asked:
    """What was asked of this gateway, and the last log that came."""
    cursor.execute(f"SELECT {_COLUMNS} FROM gateway_maintenance WHERE gateway_id = %s", (str(gateway_id),))
    row = cursor.fetchone()
    return Asked(*row) if row else Asked()


def ask_for_settings(cursor: Cursor, gateway_id: UUID, speed_limits: str | None, keep_days: int | None, by: str, now: datetime) -> None:
    """The gateway is to go by these from now on."""
    cursor.execute(
        "INSERT INTO gateway_maintenance (gateway_id, speed_limits, keep_days, settings_asked_at, settings_asked_by) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (gateway_id) DO UPDATE SET speed_limits = excluded.speed_limits, keep_days = excluded.keep_days,"
        " settings_asked_at = excluded.settings_asked_at, settings_asked_by = excluded.settings_asked_by",
        (str(gateway_id), speed_limits, keep_days, now, by),
    )


def ask_for_log(cursor: Cursor, gateway_id: UUID, by: str, now: datetime) -> None:
    """The gateway is to hand over its log."""
    cursor.execute(
        "INSERT INTO gateway_maintenance (gateway_id, log_asked_at, log_asked_by) VALUES (%s, %s, %s)"
        " ON CONFLICT (gateway_id) DO UPDATE SET log_asked_at = excluded.log_asked_at, log_asked_by = excluded.log_asked_by",
        (str(gateway_id), now, by),
    )


def take_log(cursor: Cursor, gateway_id: UUID, order: datetime, text: str, now: datetime) -> bool:
    """Keep a log that was asked for, in the place of the last one; False for one that was not."""
    cursor.execute(
        "UPDATE gateway_maintenance SET log = %s, log_received_at = %s, log_asked_at = NULL WHERE gateway_id = %s AND log_asked_at = %s",
        (text, now, str(gateway_id), order),
    )
    return cursor.rowcount == 1


def consent_ended(cursor: Cursor, gateway_id: UUID) -> None:
    """Nothing is asked any more; the next consent begins with nothing."""
    cursor.execute(
        "UPDATE gateway_maintenance SET speed_limits = NULL, keep_days = NULL, settings_asked_at = NULL, log_asked_at = NULL WHERE gateway_id = %s",
        (str(gateway_id),),
    )
