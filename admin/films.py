# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm film …: films of consoles that can only print, and whose they are."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from admin.installation import Installation, known_hospital, now
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.printed_films import film_with_id, list_films
from cloudfilm.errors import CloudFilmError
from cloudfilm.films.identifying import begin_exam_of_film_in, put_film_into_study_in


@click.group()
def film() -> None:
    """Films that consoles printed."""


@film.command("list")
@click.option("--hospital", "hospital_id", metavar="ID", help="Of one hospital.")
@click.option("--all", "every", is_flag=True, help="Also those whose patient is known.")
@click.pass_obj
def film_list(installation: Installation, hospital_id: str | None, every: bool) -> None:
    """The newest 200 films of which nobody knows whose they are."""
    with installation.database.transaction() as cursor:
        if hospital_id is not None:
            known_hospital(cursor, hospital_id)
        films = list_films(cursor, hospital_id, None if every else "unidentified")
    lines = "\n".join(
        f"{one.film_id}\t{one.hospital_id}\t{one.source_name}\t{one.printed_at:%Y-%m-%d %H:%M}\t{one.state}: {one.reason}" for one in films
    )
    installation.say({"films": [asdict(one) for one in films]}, lines or "There is no such film.")


@film.command("identify")
@click.argument("film_id", type=click.UUID)
@click.option("--study", "study_instance_uid", default="", help="StudyInstanceUID of the exam that it shows.")
@click.option("--accession-number", default="", help="Where no study is there yet: the exam's number,")
@click.option("--patient-id", default="", help="the patient's number,")
@click.option("--patient-name", default="", help="and the patient's name.")
@click.pass_obj
def film_identify(
    installation: Installation, film_id: UUID, study_instance_uid: str, accession_number: str, patient_id: str, patient_name: str
) -> None:
    """Say whose a film is: it moves into that study, or begins the exam's own. It can be said again, should it have been wrong."""
    if bool(study_instance_uid) == bool(accession_number or patient_id or patient_name):
        raise click.UsageError("Name either --study, or --accession-number and --patient-id.")
    if not study_instance_uid and not (accession_number and patient_id):
        raise click.UsageError("--accession-number and --patient-id belong together.")
    try:
        with installation.database.transaction() as cursor:
            found = film_with_id(cursor, film_id, for_update=True)
            if found is None:
                raise click.ClickException("There is no such film: see `film list --all`.")
            if study_instance_uid:
                target = put_film_into_study_in(cursor, found, study_instance_uid, now())
            else:
                target = begin_exam_of_film_in(cursor, found, accession_number, patient_id, patient_name, now())
            installation.record_in(cursor, AuditKind.ADMINISTERED, f"said whose the film {film_id} is", found.hospital_id)
    except CloudFilmError as error:
        raise click.ClickException(error.public_message) from error
    installation.say({"film_id": str(film_id), "study_instance_uid": target}, f"The film moves to the study {target}.")
