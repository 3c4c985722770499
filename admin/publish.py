# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/cloudfilm publish: what is published for fast viewing, publishing it anew, dropping it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from admin.installation import Installation, now
from cloudfilm.access.audit import AuditKind
from cloudfilm.db.database import Cursor
from cloudfilm.db.job_queue import defer_publication
from cloudfilm.db.publications import drop_publication, publication_figures, want_publication
from cloudfilm.db.studies import study_with_uid
from cloudfilm.storage.published_tree import PublishedTree

_LOOK_SECONDS = 0.5


@click.command()
@click.argument("study", required=False, metavar="[STUDY]")
@click.option("--all", "every", is_flag=True, help="Every study of the archive, also those that were dropped or came long ago.")
@click.option("--drop", is_flag=True, help="Take it away instead; it comes back when somebody opens it.")
@click.option("--anew", is_flag=True, help="Take it away and make it again.")
@click.pass_obj
def publish(installation: Installation, study: str | None, every: bool, drop: bool, anew: bool) -> None:
    """Publish STUDY (a StudyInstanceUID) or --all, and wait with a progress bar; with neither, tell what is published."""
    if study and every:
        raise click.UsageError("name one STUDY or --all, not both")
    if drop and anew:
        raise click.UsageError("--drop takes away, --anew makes again: choose one")
    if not study and not every:
        if drop or anew:
            raise click.UsageError("name a STUDY, or --all")
        return _tell(installation, None, {})
    with installation.database.transaction() as cursor:
        studies = _studies(cursor, study)
    dropped = _drop(installation, studies) if drop or anew else 0
    if not drop:
        _publish(installation, studies)
    return _tell(installation, study, {"dropped": dropped} if drop else {})


def _studies(cursor: Cursor, study: str | None) -> list[str]:
    if study is not None:
        if study_with_uid(cursor, study) is None:
            raise click.ClickException(f"There is no study {study}.")
        return [study]
    cursor.execute("SELECT study_instance_uid FROM study WHERE orthanc_study_id IS NOT NULL ORDER BY claimed_at DESC")
    return [row[0] for row in cursor.fetchall()]


def _drop(installation: Installation, studies: Sequence[str]) -> int:
    tree, dropped = PublishedTree(installation.settings.published_directory), 0
    for study_instance_uid in studies:
        with installation.database.transaction() as cursor:
            dropped += drop_publication(cursor, study_instance_uid, now())
            installation.record_in(cursor, AuditKind.ADMINISTERED, "dropped the publication of a study")
        tree.remove(study_instance_uid)
    return dropped


def _publish(installation: Installation, studies: Sequence[str]) -> None:
    """Queue all, then look how far the workers are; whoever stops looking stops nothing."""
    if not installation.settings.published_gigabytes:
        raise click.ClickException("Nothing is published here: the setting PublishedGigabytes is 0.")
    for study_instance_uid in studies:
        with installation.database.transaction() as cursor:
            wanted = want_publication(cursor, study_instance_uid, now(), anew=True)
            if wanted is not None:
                defer_publication(cursor, wanted.orthanc_study_id)
    with click.progressbar(length=len(studies), label="publishing", hidden=installation.as_json) as bar:
        while (left := _unfinished(installation, studies)) and installation.settings.published_gigabytes:
            bar.update(len(studies) - left - bar.pos)
            time.sleep(_LOOK_SECONDS)
        bar.update(len(studies) - bar.pos)


def _unfinished(installation: Installation, studies: Sequence[str]) -> int:
    with installation.database.transaction() as cursor:
        cursor.execute(
            "SELECT count(*) FROM publication WHERE published_at IS NULL AND dropped_at IS NULL AND study_instance_uid = ANY(%s)",
            (list(studies),),
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _tell(installation: Installation, study: str | None, more: dict[str, Any]) -> None:
    with installation.database.transaction() as cursor:
        figures = publication_figures(cursor, study)
    sentence = (
        f"{figures['published']} studies are published, {figures['unfinished']} are not yet, {figures['dropped']} were dropped: "
        f"{figures['files']} files, {figures['bytes'] / 1e6:.1f} MB, {figures['cpu_seconds']:.1f} s of processor time."
    )
    installation.say({**figures, **more}, sentence)
