# SPDX-License-Identifier: AGPL-3.0-or-later
"""Print orders: one sheet that is to come out of one printer, once.

ordered → queued (the print server has it) → printed (it has left the queue); or failed, with what was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """One order. ``kind`` is ``return`` (to the station that a report came from), ``kiosk`` or ``desk`` (sent by staff to a destination).

    ``sealed_slip`` is what is printed instead of the report's stamped copy, until a queue has it.
    """

    print_order_id: UUID
    report_id: UUID
    hospital_id: str
    kind: str
    arrival_id: UUID | None
    kiosk_id: UUID | None
    queue: str
    ordered_at: datetime
    cups_job: str | None = None
    queued_at: datetime | None = None
    printed_at: datetime | None = None
    failed_at: datetime | None = None
    attempts: int = 0
    trouble: str = ""
    repeat_allowed_at: datetime | None = None
    repeat_allowed_by: str = ""
    destination_id: UUID | None = None
    sealed_slip: bytes | None = None

    @property
    def state(self) -> str:
        """``ordered``, ``queued``, ``printed`` or ``failed``."""
        if self.failed_at is not None:
            return "failed"
        if self.printed_at is not None:
            return "printed"
        return "queued" if self.queued_at is not None else "ordered"


_COLUMNS = ", ".join(PrintOrder.__dataclass_fields__)


def add_order(cursor: Cursor, order: PrintOrder) -> bool:
    """Insert an order; False when this arrival has one already, or a kiosk has printed the report and staff have not allowed another."""
    cursor.execute(
        "INSERT INTO print_order (print_order_id, report_id, hospital_id, kind, arrival_id, kiosk_id, queue, ordered_at, queued_at,"
        " destination_id, sealed_slip) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            order.print_order_id, order.report_id, order.hospital_id, order.kind, order.arrival_id, order.kiosk_id, order.queue,
            order.ordered_at, order.queued_at, order.destination_id, order.sealed_slip,
        ),
    )  # fmt: skip
    return cursor.rowcount == 1


def order_with_id(cursor: Cursor, print_order_id: UUID) -> PrintOrder | None:
    """One order."""
    return _first(cursor, "print_order_id = %s", print_order_id)


def order_of_arrival(cursor: Cursor, arrival_id: UUID) -> PrintOrder | None:
    """The order that an arrival of a report has made."""
    return _first(cursor, "arrival_id = %s", arrival_id)


def kiosk_order_of_report(cursor: Cursor, report_id: UUID) -> PrintOrder | None:
    """What stands against another print of this report at a kiosk, None when nothing does."""
    return _first(cursor, "report_id = %s AND kind = 'kiosk' AND repeat_allowed_at IS NULL", report_id)


def newest_orders(cursor: Cursor, hospital_id: str, limit: int = 100) -> list[PrintOrder]:
    """The hospital's orders, newest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM print_order WHERE hospital_id = %s ORDER BY ordered_at DESC, print_order_id LIMIT %s", (hospital_id, limit)
    )
    return [PrintOrder(*row) for row in cursor.fetchall()]


def orders_in_queues(cursor: Cursor, limit: int = 500) -> list[PrintOrder]:
    """Orders that the print server has, or had when last seen."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM print_order WHERE queued_at IS NOT NULL AND printed_at IS NULL AND failed_at IS NULL AND cups_job IS NOT NULL"
        " ORDER BY queued_at LIMIT %s",
        (limit,),
    )
    return [PrintOrder(*row) for row in cursor.fetchall()]


def note_job(cursor: Cursor, print_order_id: UUID, cups_job: str) -> None:
    """The job is held in its queue, which has the sheet from here on."""
    cursor.execute("UPDATE print_order SET cups_job = %s, sealed_slip = NULL WHERE print_order_id = %s", (cups_job, print_order_id))


def note_queued(cursor: Cursor, print_order_id: UUID, now: datetime) -> None:
    """The job was let go: from here on the print server prints it."""
    cursor.execute("UPDATE print_order SET queued_at = %s, trouble = '' WHERE print_order_id = %s", (now, print_order_id))


def note_printed(cursor: Cursor, print_order_id: UUID, now: datetime) -> None:
    """The job has left its queue."""
    cursor.execute("UPDATE print_order SET printed_at = %s WHERE print_order_id = %s", (now, print_order_id))


def note_trouble(cursor: Cursor, print_order_id: UUID, trouble: str) -> int:
    """An attempt failed; return how many have."""
    cursor.execute(
        "UPDATE print_order SET attempts = attempts + 1, trouble = %s WHERE print_order_id = %s RETURNING attempts",
        (trouble[:300], print_order_id),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def note_failed(cursor: Cursor, print_order_id: UUID, now: datetime) -> None:
    """No more attempts. What a kiosk was to print was certainly not printed: it may be ordered anew."""
    cursor.execute(
        "UPDATE print_order SET failed_at = %s, sealed_slip = NULL, repeat_allowed_at = CASE kind WHEN 'kiosk' THEN %s END WHERE print_order_id = %s",
        (now, now, print_order_id),
    )


def allow_repeat(cursor: Cursor, print_order_id: UUID, hospital_id: str, by: str, now: datetime) -> bool:
    """Let kiosks print the report once more; False when there is no such order, or it has been allowed."""
    cursor.execute(
        "UPDATE print_order SET repeat_allowed_at = %s, repeat_allowed_by = %s"
        " WHERE print_order_id = %s AND hospital_id = %s AND kind = 'kiosk' AND repeat_allowed_at IS NULL",
        (now, by, print_order_id, hospital_id),
    )
    return cursor.rowcount == 1


def _first(cursor: Cursor, condition: str, value: object) -> PrintOrder | None:
    cursor.execute(f"SELECT {_COLUMNS} FROM print_order WHERE {condition}", (value,))
    row = cursor.fetchone()
    return PrintOrder(*row) if row else None
