# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films that consoles printed: what stands on each, whose it is, and where it is in the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class PrintedFilm:
    """One row of ``printed_film``; ``lines`` are pairs of text and score."""

    film_id: UUID
    hospital_id: str
    source_name: str
    page_sha256: str
    boxes: list[list[int]]
    texts: list[str]
    printed_at: datetime
    received_at: datetime
    state: str = "received"
    reason: str = ""
    lines: Sequence[Sequence[Any]] = ()
    is_whole: bool = True
    accession_number: str = ""
    patient_id: str = ""
    patient_name: str = ""
    study_instance_uid: str | None = None
    stored_study_instance_uid: str | None = None
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExamRow:
    """A study, or a report that waits for images (``report:`` and its identifier): what a film may show."""

    key: str
    accession_number: str
    patient_id: str
    patient_name: str
    study_date: date | None
    report_fields: dict[str, Any] | None = None


_COLUMNS = ", ".join(PrintedFilm.__dataclass_fields__)


def add_film(cursor: Cursor, film: PrintedFilm) -> bool:
    """Insert a film that has just come; False when the same came before: printed twice it is one."""
    cursor.execute(
        "INSERT INTO printed_film (film_id, hospital_id, source_name, page_sha256, boxes, texts, printed_at, received_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (hospital_id, page_sha256, texts) DO NOTHING RETURNING 1",
        (
            film.film_id, film.hospital_id, film.source_name, film.page_sha256, Json(film.boxes), Json(film.texts), film.printed_at,
            film.received_at,
        ),
    )  # fmt: skip
    return cursor.fetchone() is not None


def film_with_id(cursor: Cursor, film_id: UUID, for_update: bool = False) -> PrintedFilm | None:
    """The film, None when there is none."""
    cursor.execute(f"SELECT {_COLUMNS} FROM printed_film WHERE film_id = %s{' FOR UPDATE' if for_update else ''}", (film_id,))
    row = cursor.fetchone()
    return PrintedFilm(*row) if row else None


def list_films(cursor: Cursor, hospital_id: str | None = None, state: str | None = None, limit: int = 200) -> list[PrintedFilm]:
    """The newest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM printed_film WHERE (%s IS NULL OR hospital_id = %s) AND (%s IS NULL OR state = %s)"
        " ORDER BY received_at DESC, film_id LIMIT %s",
        (hospital_id, hospital_id, state, state, limit),
    )
    return [PrintedFilm(*row) for row in cursor.fetchall()]


def count_unidentified(cursor: Cursor, hospital_id: str) -> int:
    """How many of a hospital's films nobody knows the patient of."""
    cursor.execute("SELECT count(*) FROM printed_film WHERE hospital_id = %s AND state = 'unidentified'", (hospital_id,))
    return int(only_value(cursor))


def next_unidentified(cursor: Cursor, hospital_id: str, but: UUID) -> UUID | None:
    """The newest other film to say something of."""
    cursor.execute(
        "SELECT film_id FROM printed_film WHERE hospital_id = %s AND state = 'unidentified' AND film_id <> %s"
        " ORDER BY received_at DESC, film_id LIMIT 1",
        (hospital_id, but),
    )
    row = cursor.fetchone()
    return row[0] if row else None


def set_film_lines(cursor: Cursor, film_id: UUID, lines: Sequence[Sequence[Any]], is_whole: bool, numbers: Collection[str]) -> None:
    """What was read on it."""
    cursor.execute(
        "UPDATE printed_film SET lines = %s, is_whole = %s, numbers = %s WHERE film_id = %s",
        (Json([list(line) for line in lines]), is_whole, sorted(numbers), film_id),
    )


def settle_film(
    cursor: Cursor,
    film_id: UUID,
    state: str,
    reason: str,
    study_instance_uid: str | None,
    now: datetime,
    identity: tuple[str, str, str] = ("", "", ""),
) -> None:
    """Say whose it is and where it has to be; ``identity`` is accession number, patient id and name where no study has them yet."""
    cursor.execute(
        "UPDATE printed_film SET state = %s, reason = %s, study_instance_uid = %s, looked_at = %s, accession_number = %s, patient_id = %s,"
        " patient_name = %s WHERE film_id = %s",
        (state, reason, study_instance_uid, now, *identity, film_id),
    )


def set_film_stored(cursor: Cursor, film_id: UUID, study_instance_uid: str | None) -> None:
    """Where it is in the archive."""
    cursor.execute("UPDATE printed_film SET stored_study_instance_uid = %s WHERE film_id = %s", (study_instance_uid, film_id))


def unidentified_among(cursor: Cursor, study_instance_uids: Iterable[str]) -> dict[str, PrintedFilm]:
    """Of these studies those that are a film of nobody knows whom."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM printed_film WHERE state = 'unidentified' AND stored_study_instance_uid = ANY(%s)",
        (list(study_instance_uids),),
    )
    films = [PrintedFilm(*row) for row in cursor.fetchall()]
    return {film.stored_study_instance_uid: film for film in films if film.stored_study_instance_uid}


def exams_with_numbers(cursor: Cursor, hospital_id: str, numbers: Collection[str]) -> list[ExamRow]:
    """The hospital's studies, and its reports that wait for images, that have one of these numbers."""
    cursor.execute(
        "SELECT study_instance_uid, accession_number, patient_id, patient_name, study_date, NULL::jsonb FROM study"
        " WHERE hospital_id = %(hospital)s"
        " AND instance_count > 0 AND (accession_number = ANY(%(numbers)s) OR patient_id = ANY(%(numbers)s))"
        " UNION ALL SELECT 'report:' || report_id, accession_number, patient_id, coalesce(fields->>'patient_name', ''), NULL, fields FROM report"
        " WHERE hospital_id = %(hospital)s AND status = 'waiting' AND accession_number = ANY(%(numbers)s) LIMIT 300",
        {"hospital": hospital_id, "numbers": sorted(numbers)},
    )
    return [ExamRow(*row) for row in cursor.fetchall()]


def films_to_look_at_again(cursor: Cursor, limit: int = 200) -> list[UUID]:
    """Those that wait to be read or stored, and those for which an exam has come since they were looked at."""
    cursor.execute(
        "SELECT film_id FROM printed_film film WHERE film.state <> 'failed' AND (film.state = 'received'"
        " OR film.study_instance_uid IS DISTINCT FROM film.stored_study_instance_uid"
        " OR (film.state = 'unidentified' AND (EXISTS (SELECT FROM study WHERE study.hospital_id = film.hospital_id"
        "  AND (study.accession_number = ANY(film.numbers) OR study.patient_id = ANY(film.numbers)) AND study.recorded_at > film.looked_at)"
        " OR EXISTS (SELECT FROM report WHERE report.hospital_id = film.hospital_id AND report.status = 'waiting'"
        "  AND report.accession_number = ANY(film.numbers) AND report.read_at > film.looked_at))))"
        " ORDER BY film.received_at LIMIT %s",
        (limit,),
    )
    return [row[0] for row in cursor.fetchall()]
