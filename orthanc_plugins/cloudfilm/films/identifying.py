# SPDX-License-Identifier: AGPL-3.0-or-later
"""People say whose a film is, and take that back. A worker then makes the archive agree (``jobs/keep_film.py``)."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.job_queue import KEEP_FILM, defer_job
from cloudfilm.db.printed_films import PrintedFilm, settle_film
from cloudfilm.db.studies import candidates_for_report, study_with_uid
from cloudfilm.errors import BadRequest, Conflict, NotFound
from cloudfilm.films.secondary_capture import FilmIdentity


def put_film_into_study_in(cursor: Cursor, film: PrintedFilm, study_instance_uid: str, now: datetime) -> str:
    """The film shows this exam; returns its StudyInstanceUID.

    Raises
    ------
    NotFound
        The film's hospital has no such study.
    """
    study = study_with_uid(cursor, study_instance_uid)
    if study is None or study.hospital_id != film.hospital_id:
        raise NotFound(f"{film.hospital_id} has no study {study_instance_uid}.")
    return _settle(cursor, film, "identified", "somebody said so", study_instance_uid, now)


def begin_exam_of_film_in(
    cursor: Cursor, film: PrintedFilm, accession_number: str, patient_id: str, patient_name: str, now: datetime
) -> str:
    """The film shows an exam that has no images here yet, and begins its study; returns the StudyInstanceUID.

    Raises
    ------
    BadRequest
        The exam's or the patient's number is missing.
    Conflict
        The exam has images.
    """
    if not (accession_number and patient_id):
        raise BadRequest("The exam's number and the patient's number belong together.")
    candidates = candidates_for_report(cursor, film.hospital_id, {accession_number}, "", None)
    others = [one for one in candidates if one.accession_number == accession_number and one.study_instance_uid != film.study_instance_uid]
    if others:
        raise Conflict(f"The exam is there already: {others[0].study_instance_uid}.")
    identity = (accession_number, patient_id, patient_name)
    own = FilmIdentity(film.film_id, film.hospital_id, *identity).own_study
    return _settle(cursor, film, "identified", "somebody said so", own, now, identity)


def take_film_back_in(cursor: Cursor, film: PrintedFilm, now: datetime) -> str:
    """Nobody knows whose it is after all: it moves into a study of its own, and waits for an exam that fits or for people."""
    own = FilmIdentity(film.film_id, film.hospital_id).own_study
    return _settle(cursor, film, "unidentified", "taken back", own, now)


def _settle(
    cursor: Cursor, film: PrintedFilm, state: str, reason: str, target: str, now: datetime, identity: tuple[str, str, str] = ("", "", "")
) -> str:
    settle_film(cursor, film.film_id, state, reason, target, now, identity)
    defer_job(cursor, KEEP_FILM, lock=str(film.film_id), arguments={"film_id": str(film.film_id)})
    return target
