# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films of consoles that can only print: staff see each film beside the exams that it may show, say which it is, and take that back."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, request

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.database import Cursor
from cloudfilm.db.printed_films import (
    PrintedFilm,
    count_unidentified,
    exams_with_numbers,
    film_with_id,
    list_films,
    next_unidentified,
    unidentified_among,
)
from cloudfilm.db.studies import StudyRecord, studies_with_uids
from cloudfilm.db.study_list import StudySearch, find_studies, search_studies
from cloudfilm.dicom.person_name import display_name
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, CloudFilmError, NotFound
from cloudfilm.films.identifying import begin_exam_of_film_in, put_film_into_study_in, take_film_back_in
from cloudfilm.films.reading import FilmText, ReadLine
from cloudfilm.films.secondary_capture import series_instance_uid_of, sop_instance_uid_of
from portal.services import services
from portal.session import asker
from portal.staff.member import member_who_may
from portal.staff.page import staff_page, to_page

films = Blueprint("staff_films", __name__, url_prefix="/staff/films")
_MOST_EXAMS = 20
_SMALL, _LARGE = "viewport=320,320&quality=80", "viewport=1200,1200&quality=85"


@dataclass(frozen=True, slots=True)
class ShownFilm:
    """A film with where its picture is rendered (PS3.18 §8.3.5.1): empty while it is not in the archive."""

    film: PrintedFilm
    small: str
    large: str


@dataclass(frozen=True, slots=True)
class ShownExam:
    """An exam that a film may show; ``numbers`` are those of it that stand on the film."""

    study: StudyRecord
    patient_name: str
    modalities: str
    numbers: tuple[str, ...]
    is_chosen: bool


@films.get("")
def show_films() -> Response:
    """Films that nobody knows the patient of, the newest first, or with ``?show=all`` the newest of all."""
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id, every = holder.hospital_id or "", request.args.get("show") == "all"
    with services().database.transaction() as cursor:
        found = list_films(cursor, hospital_id, None if every else "unidentified")
        number = count_unidentified(cursor, hospital_id)
        done = _film_named(cursor, request.args.get("done", ""), hospital_id)
    return staff_page("staff/films.html", holder, films=[_shown(one) for one in found], every=every, number=number, done=done)


@films.get("/<uuid:film_id>")
def show_film(film_id: UUID) -> Response:
    """One film, what was read on it, and the exams that it may show; ``?studies=`` searches other exams of the hospital."""
    return _film_page(film_id)


@films.post("/<uuid:film_id>/<any(identify, begin, forget):decision>")
def decide_film(film_id: UUID, decision: str) -> Response:
    """It shows this exam; or one without images yet; or nobody knows after all."""
    holder, now, trail = member_who_may(Action.REVIEW_REPORTS), services().clock(), services().audit_trail
    hospital_id = holder.hospital_id or ""
    try:
        with services().database.transaction() as cursor:
            film = _own_film(cursor, film_id, hospital_id, for_update=True)
            if decision == "identify":
                study_instance_uid = request.form.get("study", "")
                if not is_uid(study_instance_uid):
                    raise BadRequest("No exam was chosen.")
                put_film_into_study_in(cursor, film, study_instance_uid, now)
            elif decision == "begin":
                begin_exam_of_film_in(cursor, film, _said("accession_number"), _said("patient_id"), _said("patient_name"), now)
            elif film.state == "identified":
                take_film_back_in(cursor, film, now)
            following = next_unidentified(cursor, hospital_id, film_id)
            said = "took back whose a film is" if decision == "forget" else "said whose a film is"
            trail.record_in(cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"{said}: {film_id}"))
    except NotFound:
        raise
    except CloudFilmError as error:
        return _film_page(film_id, trouble=type(error).__name__, status=HTTPStatus(error.status))
    if decision == "forget":
        return to_page(f"/staff/films/{film_id}")
    return to_page(f"/staff/films/{following}?done={film_id}" if following else f"/staff/films?done={film_id}")


@films.get("/<uuid:film_id>/<any(identify, begin, forget):decision>")
def show_start(film_id: UUID, decision: str) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del decision
    return to_page(f"/staff/films/{film_id}")


def _film_page(film_id: UUID, trouble: str = "", status: int = HTTPStatus.OK) -> Response:
    holder = member_who_may(Action.REVIEW_REPORTS)
    hospital_id = holder.hospital_id or ""
    searched = request.args.get("studies", "").strip().replace("\0", "")[:100]
    with services().database.transaction() as cursor:
        film = _own_film(cursor, film_id, hospital_id)
        exams = _exams(cursor, film, searched)
        done = _film_named(cursor, request.args.get("done", ""), hospital_id)
        following = next_unidentified(cursor, hospital_id, film_id)
    return staff_page(
        "staff/film.html", holder, status, shown=_shown(film), exams=exams, searched=searched, trouble=trouble, done=done, following=following,
        lines=[str(line) for line, _ in film.lines],
    )  # fmt: skip


def _exams(cursor: Cursor, film: PrintedFilm, searched: str) -> list[ShownExam]:
    """Those that a number on the film names, else those of its day; or what is searched for."""
    text = FilmText(tuple(ReadLine(str(line), float(score)) for line, score in film.lines), film.is_whole)
    if searched:
        found = find_studies(cursor, film.hospital_id, searched, _MOST_EXAMS)
    else:
        day = film.printed_at.astimezone(services().settings.time_zone).date()
        named = [one.key for one in exams_with_numbers(cursor, film.hospital_id, text.numbers) if one.report_fields is None]
        found = studies_with_uids(cursor, named[:_MOST_EXAMS]) or search_studies(
            cursor, film.hospital_id, StudySearch(since=day, until=day), _MOST_EXAMS
        )
    nobodys = unidentified_among(cursor, [study.study_instance_uid for study in found])
    return [
        ShownExam(
            study,
            display_name(study.patient_name),
            "/".join(study.image_modalities),
            tuple(number for number in (study.accession_number, study.patient_id) if number and number in text.numbers),
            film.state != "unidentified" and study.study_instance_uid == film.study_instance_uid,
        )
        for study in found
        if study.study_instance_uid not in nobodys
    ]


def _shown(film: PrintedFilm) -> ShownFilm:
    study = film.stored_study_instance_uid
    if study is None:
        return ShownFilm(film, "", "")
    series, instance = series_instance_uid_of(film.source_name, study), sop_instance_uid_of(film.film_id, study)
    place = f"/dicom-web/studies/{study}/series/{series}/instances/{instance}/frames/1/rendered"
    return ShownFilm(film, f"{place}?{_SMALL}", f"{place}?{_LARGE}")


def _own_film(cursor: Cursor, film_id: UUID, hospital_id: str, for_update: bool = False) -> PrintedFilm:
    """Another hospital's film does not exist."""
    film = film_with_id(cursor, film_id, for_update=for_update)
    if film is None or film.hospital_id != hospital_id:
        raise NotFound
    return film


def _film_named(cursor: Cursor, text: str, hospital_id: str) -> PrintedFilm | None:
    try:
        return _own_film(cursor, UUID(text), hospital_id)
    except (ValueError, NotFound):
        return None


def _said(name: str) -> str:
    return request.form.get(name, "").strip().replace("\0", "")[:64]
