# SPDX-License-Identifier: AGPL-3.0-or-later
"""Exams that a hospital expects: its RIS's orders, by HL7 or from a list."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.db.said import Said, values_of, with_word
from cloudfilm.errors import Conflict


class OrderStatus(StrEnum):
    """How far an exam has come, as the RIS says."""

    EXPECTED = "expected"
    HELD = "held"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OrderNumbers:
    """How an order is named: by the accession number, which is DICOM's, the requester's number (ORC-2) and the department's (ORC-3)."""

    accession_number: str = ""
    placer_order_number: str = ""
    filler_order_number: str = ""


@dataclass(frozen=True, slots=True)
class OrderWord:
    """What a message or a line of a list says of one order.

    ``facts`` are by the names of `ExamOrder`'s columns; what is left out is unchanged, "" is taken away. Dates and times are ISO 8601.
    """

    numbers: OrderNumbers
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who said it, in which message, when, and when that arrived."""

    source_name: str
    control_id: str
    said_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ExamOrder:
    """One row of ``exam_order``. ``patient_name`` is a PN value; ``exam_number`` is what the images carry as accession number."""

    order_id: UUID
    hospital_id: str
    accession_number: str
    placer_order_number: str
    filler_order_number: str
    patient_id: str
    patient_name: str
    patient_sex: str
    patient_birth_date: date | None
    modality: str
    exam: str
    status: str
    ordered_at: datetime | None
    scheduled_at: datetime | None
    said: Said
    source_name: str
    control_id: str
    said_at: datetime
    received_at: datetime
    due_at: datetime
    exam_number: str


COLUMNS = ", ".join(ExamOrder.__dataclass_fields__)
_TEXTS = ("patient_id", "patient_name", "patient_sex", "modality", "exam")
FACTS = (*_TEXTS, "patient_birth_date", "ordered_at", "scheduled_at", "status")


def lock_orders_of_hospital(cursor: Cursor, hospital_id: str) -> None:
    """One transaction at a time says what a hospital expects: two at once would make two orders of one."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('orders of ' || %s, 0))", (hospital_id,))


def take_order(cursor: Cursor, hospital_id: str, word: OrderWord, sender: Sender, new_id: UUID) -> bool:
    """Add what is said of an order to what is known of it; return whether that changed anything.

    Raises
    ------
    Conflict
        The numbers fit several orders.
    """
    known = _order_meant(cursor, hospital_id, word.numbers)
    said = with_word(known.said if known else {}, word.facts, sender.said_at)
    numbers = _numbers(known, word.numbers)
    if known is not None and values_of(said) == values_of(known.said) and numbers == _numbers(known, OrderNumbers()):
        if said != known.said:
            cursor.execute("UPDATE exam_order SET said = %s WHERE order_id = %s", (json.dumps(said), known.order_id))
        return False
    is_latest = known is None or sender.said_at >= known.said_at
    last = sender if is_latest or known is None else Sender(known.source_name, known.control_id, known.said_at, known.received_at)
    row = {
        "order_id": known.order_id if known else new_id, "hospital_id": hospital_id, "accession_number": numbers.accession_number,
        "placer_order_number": numbers.placer_order_number, "filler_order_number": numbers.filler_order_number, **_columns(values_of(said)),
        "said": json.dumps(said), "source_name": last.source_name, "control_id": last.control_id, "said_at": last.said_at,
        "received_at": known.received_at if known else sender.received_at,
    }  # fmt: skip
    changed = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("order_id", "hospital_id", "received_at"))
    cursor.execute(
        f"INSERT INTO exam_order ({', '.join(row)}) VALUES ({', '.join(f'%({name})s' for name in row)})"
        f" ON CONFLICT (order_id) DO UPDATE SET {changed}",
        row,
    )
    return True


def orders_of_exams(cursor: Cursor, hospital_id: str, exam_numbers: Collection[str]) -> list[ExamOrder]:
    """The hospital's orders whose images carry one of these accession numbers."""
    cursor.execute(
        f"SELECT {COLUMNS} FROM exam_order WHERE hospital_id = %s AND exam_number = ANY(%s) AND exam_number <> '' ORDER BY received_at, order_id",
        (hospital_id, list(exam_numbers)),
    )
    return [ExamOrder(*row) for row in cursor.fetchall()]


def _order_meant(cursor: Cursor, hospital_id: str, numbers: OrderNumbers) -> ExamOrder | None:
    """By the accession number, else by the department's number, else by the requester's, as far as what else both say does not differ."""
    accession_number, filler, placer = numbers.accession_number, numbers.filler_order_number, numbers.placer_order_number
    unlike = "(accession_number = '' OR %s = '')"
    ways = (
        ("exam_number = %s", accession_number, ()),
        (f"filler_order_number = %s AND {unlike}", filler, (accession_number,)),
        ("exam_number = %s AND filler_order_number = ''", "" if accession_number else filler, ()),
        (
            f"placer_order_number = %s AND {unlike} AND (filler_order_number IN ('', %s) OR %s = '')",
            placer,
            (accession_number, filler, filler),
        ),
    )
    for condition, number, values in ways:
        if not number:
            continue
        cursor.execute(
            f"SELECT {COLUMNS} FROM exam_order WHERE hospital_id = %s AND {condition} ORDER BY received_at, order_id LIMIT 2",
            (hospital_id, number, *values),
        )
        found = [ExamOrder(*row) for row in cursor.fetchall()]
        if len(found) > 1:
            raise Conflict("These order numbers name several exams: send the accession number (OBR-18) or the filler order number (ORC-3).")
        if found:
            return found[0]
    return None


def _numbers(known: ExamOrder | None, said: OrderNumbers) -> OrderNumbers:
    """A number that an order once has it keeps."""
    if known is None:
        return said
    return OrderNumbers(
        known.accession_number or said.accession_number,
        known.placer_order_number or said.placer_order_number,
        known.filler_order_number or said.filler_order_number,
    )


def _columns(values: Mapping[str, str]) -> dict[str, object]:
    dates = {name: values.get(name) or None for name in ("patient_birth_date", "ordered_at", "scheduled_at")}
    return {**{name: values.get(name, "") for name in _TEXTS}, **dates, "status": values.get("status") or OrderStatus.EXPECTED}
