# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which picture stands for a study: the middle one of its largest series, in the window that it is shown with first."""

from __future__ import annotations

from cloudfilm.db.studies import study_with_uid
from cloudfilm.errors import NotFound
from portal.exam_pictures import ShownSeries, rendered_address
from portal.services import services

_SIDE = 192


def thumbnail_address(study_instance_uid: str) -> str:
    """Where DICOMweb renders it (PS3.18 §8.3.5.1); whoever follows it is asked again for their right.

    Raises
    ------
    NotFound
        The study has no pictures.
    """
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
    versions = services().pictures.series_of(study.orthanc_study_id) if study and study.orthanc_study_id else []
    for version in sorted(versions, key=lambda one: -one.instance_count):
        columns = services().pictures.pictures_of(study_instance_uid, version).without_documents
        if columns["count"]:
            series = ShownSeries(1, version.series_instance_uid, version.modality, "", "", columns)
            return rendered_address(study_instance_uid, series, (series.count - 1) // 2, _SIDE)
    raise NotFound
