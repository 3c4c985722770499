# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients say is wrong with an exam: new → seen → settled, and back to new where it was settled too early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor, only_value

STATES = ("new", "seen", "settled")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One row of ``mistake``. ``answer`` is what the patient reads, ``changed_by`` the login of whoever set the state."""

    mistake_id: UUID
    hospital_id: str
    grant_id: UUID
    report_id: UUID | None
    study_instance_uid: str
    kind: str
    words: str
    contact: str
    reported_at: datetime
    state: str = "new"
    answer: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""


_COLUMNS = ", ".join(Mistake.__dataclass_fields__)


def add_mistake(cursor: Cursor, mistake: Mistake) -> None:
    """Insert it."""
    values = [getattr(mistake, name) for name in Mistake.__dataclass_fields__]
    cursor.execute(f"INSERT INTO mistake ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))})", values)


def mistakes_of_grant(cursor: Cursor, grant_id: UUID) -> list[Mistake]:
    """What came by one paper, newest first."""
    cursor.execute(f"SELECT {_COLUMNS} FROM mistake WHERE grant_id = %s ORDER BY reported_at DESC LIMIT 50", (grant_id,))
    return [_mistake(row) for row in cursor.fetchall()]


def count_since(cursor: Cursor, grant_id: UUID, since: datetime) -> int:
    """How many came by one paper since then."""
    cursor.execute("SELECT count(*) FROM mistake WHERE grant_id = %s AND reported_at >= %s", (grant_id, since))
    return int(only_value(cursor))


def mistakes_of_hospital(cursor: Cursor, hospital_id: str, states: tuple[str, ...], limit: int) -> list[Mistake]:
    """Those in these states: what is new first, each newest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM mistake WHERE hospital_id = %s AND state = ANY(%s) ORDER BY state = 'new' DESC, reported_at DESC LIMIT %s",
        (hospital_id, list(states), limit),
    )
    return [_mistake(row) for row in cursor.fetchall()]


def count_new(cursor: Cursor, hospital_id: str) -> int:
    """How many nobody has looked at."""
    cursor.execute("SELECT count(*) FROM mistake WHERE hospital_id = %s AND state = 'new'", (hospital_id,))
    return int(only_value(cursor))


def set_mistake(cursor: Cursor, mistake_id: UUID, hospital_id: str, state: str, answer: str, by: str, now: datetime) -> Mistake | None:
    """Set state and answer; None where this hospital has no such row."""
    cursor.execute(
        "UPDATE mistake SET state = %s, answer = %s, changed_at = %s, changed_by = %s WHERE mistake_id = %s AND hospital_id = %s"
        f" RETURNING {_COLUMNS}",
        (state, answer, now, by, mistake_id, hospital_id),
    )
    row = cursor.fetchone()
    return _mistake(row) if row else None


def _mistake(row: tuple[object, ...]) -> Mistake:
    return Mistake(*row)  # type: ignore[arg-type]
