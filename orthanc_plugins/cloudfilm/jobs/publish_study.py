# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publish a study, a few seconds at a time, so that others get their turn and a worker can stop."""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta
from enum import StrEnum

from cloudfilm.db.publications import forget_study, set_published, try_to_take, want_publication
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.publish_series import publish_series
from cloudfilm.storage.published_tree import PublishedTree

_log = logging.getLogger(__name__)
_TURN_SECONDS = 8.0
_LEAST_FREE_BYTES = 1_000_000_000
SWEEP_AFTER = timedelta(seconds=90)


class Turn(StrEnum):
    """How a turn ended."""

    WHOLE = "whole"
    UNFINISHED = "unfinished"  # time was up: go on at once
    ARRIVING = "arriving"  # something may still come: look again soon
    NOTHING = "nothing"  # gone, dropped, or not ours


def publish_study(context: JobContext, orthanc_study_id: str) -> Turn:
    """Publish what is missing of a study."""
    study = context.orthanc.study(orthanc_study_id)
    tree = PublishedTree(context.settings.published_directory)
    if study is None:
        unpublish_study(context, orthanc_study_id)
        return Turn.NOTHING
    if not context.settings.published_gigabytes:
        return Turn.NOTHING
    if shutil.disk_usage(context.settings.data_directory).free < _LEAST_FREE_BYTES:
        _log.warning("nothing is published while less than 1 GB of disk is free")
        return Turn.NOTHING
    uid = str(study["MainDicomTags"]["StudyInstanceUID"])
    with context.database.transaction() as held:
        if not try_to_take(held, uid):
            return Turn.ARRIVING
        with context.database.transaction() as cursor:
            wanted = want_publication(cursor, uid, context.clock(), anew=False)
        if wanted is None or wanted.dropped_at is not None:
            return Turn.NOTHING
        started, cpu = time.monotonic(), time.thread_time()

        def has_time() -> bool:
            return time.monotonic() - started < _TURN_SECONDS

        all_series = context.orthanc.series_of_study(orthanc_study_id)
        of_images = [series for series in all_series if series["MainDicomTags"].get("Modality") not in MODALITIES_OF_DOCUMENTS]
        shown = [publish_series(context, tree, uid, series, has_time) for series in of_images]
        is_whole = all(shown) and bool(study["IsStable"])
        with context.database.transaction() as cursor:
            set_published(cursor, uid, context.clock() if is_whole else None, time.thread_time() - cpu)
    if is_whole:
        return Turn.WHOLE
    return Turn.ARRIVING if has_time() else Turn.UNFINISHED


def unpublish_study(context: JobContext, orthanc_study_id: str) -> None:
    """Take away all that is published of a study, at once: it was deleted, or its pictures must be made anew."""
    tree = PublishedTree(context.settings.published_directory)
    with context.database.transaction() as cursor:
        uids = forget_study(cursor, orthanc_study_id)
    for uid in uids:
        tree.remove(uid)
