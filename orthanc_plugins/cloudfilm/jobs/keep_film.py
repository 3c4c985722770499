# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keep a printed film in the study that it shows, or in one of its own until somebody says whose it is. Safe to run again at any point."""

from __future__ import annotations

import logging
from uuid import UUID

from cloudfilm.db.job_queue import KEEP_FILM, RECORD_STUDY, defer_job
from cloudfilm.db.printed_films import (
    ExamRow,
    PrintedFilm,
    exams_with_numbers,
    film_with_id,
    films_to_look_at_again,
    set_film_lines,
    set_film_stored,
    settle_film,
)
from cloudfilm.db.studies import claim_study, study_with_uid
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.errors import Unavailable
from cloudfilm.films.matching import FilmCandidate, FilmMatched, match_film
from cloudfilm.films.reading import FilmText, ReadLine, read_film
from cloudfilm.films.secondary_capture import FilmIdentity, secondary_capture, sop_instance_uid_of
from cloudfilm.jobs.context import JobContext
from cloudfilm.reports.field_reading import unsure_fields
from cloudfilm.reports.limited_process import DocumentProcessFailed
from cloudfilm.reports.refusal import DocumentRefused

_REPORT = "report:"
_IDENTIFYING = frozenset({"accession_number", "patient_id"})
_log = logging.getLogger(__name__)


def keep_film(context: JobContext, film_id_text: str) -> None:
    """Read a film, decide whose it is, and make the archive agree."""
    film_id = UUID(film_id_text)
    with context.database.transaction() as cursor:
        film = film_with_id(cursor, film_id)
    if film is None or film.state == "failed":
        return
    if film.state == "received":
        _read(context, film)
    if film.state in ("received", "unidentified"):
        _decide(context, film_id)
    _store(context, film_id)


def sweep_films(context: JobContext) -> None:
    """Queue films whose job was given up, and those for which an exam has come."""
    with context.database.transaction() as cursor:
        for film_id in films_to_look_at_again(cursor):
            defer_job(cursor, KEEP_FILM, lock=str(film_id), arguments={"film_id": str(film_id)})


def _read(context: JobContext, film: PrintedFilm) -> None:
    if film.lines:
        return
    page = context.documents.get(film.page_sha256)
    boxes = [(left, top, right, bottom) for left, top, right, bottom in film.boxes]
    try:
        text = read_film(page, boxes, film.texts)
    except (DocumentRefused, DocumentProcessFailed):
        _log.exception("the text of film %s could not be recognised", film.film_id)
        text = FilmText(tuple(ReadLine(one, 1.0) for one in film.texts), is_whole=False)
    with context.database.transaction() as cursor:
        set_film_lines(cursor, film.film_id, [(line.text, line.score) for line in text.lines], text.is_whole, text.numbers)


def _decide(context: JobContext, film_id: UUID) -> None:
    now = context.clock()
    with context.database.transaction() as cursor:
        film = film_with_id(cursor, film_id, for_update=True)
        if film is None or film.state not in ("received", "unidentified"):
            return
        text = FilmText(tuple(ReadLine(str(line), float(score)) for line, score in film.lines), film.is_whole)
        exams = _candidates(exams_with_numbers(cursor, film.hospital_id, text.numbers))
        decision = match_film(text, exams)
        if not isinstance(decision, FilmMatched):
            own = FilmIdentity(film.film_id, film.hospital_id)
            settle_film(cursor, film_id, "unidentified", decision.reason, own.own_study, now)
        elif decision.key.startswith(_REPORT):
            (exam,) = (one for one in exams if one.key == decision.key)
            identity = (exam.accession_number, exam.patient_id, exam.patient_name)
            target = FilmIdentity(film.film_id, film.hospital_id, *identity).own_study
            settle_film(cursor, film_id, "matched", f"a report that waits: {decision.reason}", target, now, identity)
        else:
            settle_film(cursor, film_id, "matched", decision.reason, decision.key, now)


def _candidates(rows: list[ExamRow]) -> list[FilmCandidate]:
    """What was read on a report counts where it was read with certainty; where images of an exam are there, they go before its report."""
    studies = [row for row in rows if not row.key.startswith(_REPORT)]
    with_images = {row.accession_number for row in studies}
    reports: dict[str, ExamRow] = {}
    for row in rows:
        fields = row.report_fields
        if fields is None or fields.get("needs_witness") or not _IDENTIFYING.isdisjoint(unsure_fields(fields)):
            continue
        if row.patient_id and row.accession_number not in with_images:
            reports.setdefault(f"{row.accession_number}\n{row.patient_id}", row)
    return [
        FilmCandidate(row.key, row.accession_number, row.patient_id, row.patient_name, row.study_date)
        for row in [*studies, *reports.values()]
    ]


def _store(context: JobContext, film_id: UUID) -> None:
    """Put it where it has to be, then take it away from where it was."""
    with context.database.transaction() as cursor:
        film = film_with_id(cursor, film_id)
        if film is None or film.study_instance_uid is None or film.study_instance_uid == film.stored_study_instance_uid:
            return
        # Nobody's yet, or this hospital's: never another's.
        if claim_study(cursor, film.study_instance_uid, film.hospital_id).hospital_id != film.hospital_id:
            settle_film(cursor, film_id, "failed", "the study belongs to another hospital", None, context.clock())
            return
    local = film.printed_at.astimezone(context.settings.time_zone)
    header = _header(context, film)
    dicom = secondary_capture(film_id, context.documents.get(film.page_sha256), local, film.source_name, header)
    stored = context.orthanc.store_instance(dicom)
    with context.database.transaction() as cursor:
        study = study_with_uid(cursor, film.study_instance_uid)
    if study is not None and study.orthanc_study_id not in (None, stored["ParentStudy"]):
        context.orthanc.delete_instance(stored["ID"])
        raise Unavailable("The film was stored beside its study and was removed again.")
    if film.stored_study_instance_uid is not None:
        _remove(context, film_id, film.stored_study_instance_uid)
    with context.database.transaction() as cursor:
        set_film_stored(cursor, film_id, film.study_instance_uid)
        defer_job(cursor, RECORD_STUDY, lock=stored["ParentStudy"], arguments={"orthanc_study_id": stored["ParentStudy"]})


def _header(context: JobContext, film: PrintedFilm) -> StudyContext:
    """As the images of the study have it; where there is none yet, what is known."""
    assert film.study_instance_uid is not None
    orthanc_study_id = context.orthanc.find_study(film.study_instance_uid)
    if orthanc_study_id is not None:
        for series in sorted(context.orthanc.series_of_study(orthanc_study_id), key=lambda one: one["ID"]):
            for instance in sorted(series["Instances"])[:1]:
                tags = context.orthanc.tags_of_instance(instance)
                if tags:
                    return StudyContext.of_instance(tags)
    identity = FilmIdentity(film.film_id, film.hospital_id, film.accession_number, film.patient_id, film.patient_name)
    known = identity.study_context(film.printed_at.astimezone(context.settings.time_zone))
    return StudyContext(film.study_instance_uid, known.values)


def _remove(context: JobContext, film_id: UUID, study_instance_uid: str) -> None:
    orthanc_instance_id = context.orthanc.find_instance(study_instance_uid, sop_instance_uid_of(film_id, study_instance_uid))
    if orthanc_instance_id is not None:
        context.orthanc.delete_instance(orthanc_instance_id)
