# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keep the published tree what its rows say, and within its room: cold studies are dropped, what does not belong is taken away."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from cloudfilm.db.job_queue import defer_publication
from cloudfilm.db.publications import (
    cold_publications,
    drop_publication,
    forget_series,
    forget_study,
    published_among,
    published_instances_of_study,
    set_published,
)
from cloudfilm.jobs.context import JobContext
from cloudfilm.storage.published_tree import PublishedTree

_log = logging.getLogger(__name__)
_GIGABYTE = 1_000_000_000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def drop_cold_publications(context: JobContext) -> int:
    """Drop what nobody has opened for `PublishedDays`, and the coldest above `PublishedGigabytes`; return how many studies."""
    settings, now = context.settings, context.clock()
    tree = PublishedTree(settings.published_directory)
    with context.database.transaction() as cursor:
        cold = cold_publications(cursor, now - timedelta(days=settings.published_days), settings.published_gigabytes * _GIGABYTE)
    for uid in cold:
        with context.database.transaction() as cursor:
            drop_publication(cursor, uid, now)
        tree.remove(uid)
    return len(cold)


def reconcile_publications(context: JobContext) -> None:
    """Take away what no row speaks of, and what Orthanc no longer has.

    After the machine went down (`_BOOT_ID` changed) every file's size is compared too: what had not reached the disk is published again.
    """
    tree, check_sizes = PublishedTree(context.settings.published_directory), _has_booted(context)
    here = tree.studies()
    with context.database.transaction() as cursor:
        ours = published_among(cursor, here)
    for uid in here:
        try:
            _reconcile(context, tree, uid, uid in ours, check_sizes)
        except OSError as error:
            _log.error("a published study cannot be reconciled: %s", error.strerror)
    _remember_boot(context)


def _reconcile(context: JobContext, tree: PublishedTree, uid: str, is_ours: bool, check_sizes: bool) -> None:
    if not is_ours:
        tree.remove(uid)
    elif (orthanc_study_id := context.orthanc.find_study(uid)) is None:
        _forget_deleted(context, tree, uid)
    elif check_sizes:
        _publish_again_what_is_lost(context, tree, uid, orthanc_study_id)


def _forget_deleted(context: JobContext, tree: PublishedTree, uid: str) -> None:
    _log.warning("a published study is no longer in the archive: it is taken away")
    with context.database.transaction() as cursor:
        cursor.execute("SELECT orthanc_study_id FROM publication WHERE study_instance_uid = %s", (uid,))
        for (orthanc_study_id,) in cursor.fetchall():
            forget_study(cursor, orthanc_study_id)
    tree.remove(uid)


def _publish_again_what_is_lost(context: JobContext, tree: PublishedTree, uid: str, orthanc_study_id: str) -> None:
    with context.database.transaction() as cursor:
        rows = published_instances_of_study(cursor, uid)
    lost = {row[0]: row[2] for row in rows if tree.bytes_of_instance(uid, row[2], row[3]) != row[4]}
    for orthanc_series_id, series_instance_uid in lost.items():
        with context.database.transaction() as cursor:
            forget_series(cursor, orthanc_series_id)
            set_published(cursor, uid, None, 0)
        tree.remove(uid, series_instance_uid)
    if lost:
        with context.database.transaction() as cursor:
            defer_publication(cursor, orthanc_study_id)
        _log.warning("study %s: %d series were not whole on disk and are published again", orthanc_study_id, len(lost))


def _has_booted(context: JobContext) -> bool:
    try:
        return _boot_file(context).read_text(encoding="ascii") != _BOOT_ID.read_text(encoding="ascii")
    except OSError:
        return True


def _remember_boot(context: JobContext) -> None:
    _boot_file(context).parent.mkdir(parents=True, exist_ok=True)
    _boot_file(context).write_text(_BOOT_ID.read_text(encoding="ascii"), encoding="ascii")


def _boot_file(context: JobContext) -> Path:
    return context.settings.published_directory / ".boot"
