# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody opens a study: it stays published, or is published before others. Until it is, Orthanc answers, so nobody waits."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from cloudfilm.db.job_queue import URGENT, defer_publication
from cloudfilm.db.publications import want_publication
from portal.services import services

_log = logging.getLogger(__name__)


def ask_for_publication(study_instance_uids: Iterable[str]) -> None:
    """Keep these studies warm. Call it where a viewer is opened; a failure is no reason to refuse the pictures."""
    try:
        with services().database.transaction() as cursor:
            for study_instance_uid in study_instance_uids:
                wanted = want_publication(cursor, study_instance_uid, services().clock(), anew=True)
                if wanted is not None and wanted.published_at is None:
                    defer_publication(cursor, wanted.orthanc_study_id, URGENT)
    except Exception:
        _log.exception("could not ask for the publication of a study that is being opened")
