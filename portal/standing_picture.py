# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which picture stands for a study or a series: the middle one of the largest series, in the window that it is shown with first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloudfilm.db.studies import study_with_uid
from cloudfilm.dicom.picture_columns import picture_at
from cloudfilm.errors import NotFound
from portal.exam_pictures import ShownSeries, first_window_query, rendered_address
from portal.services import services

_THUMBNAIL_SIDE = 192


@dataclass(frozen=True, slots=True)
class StandingPicture:
    """One picture of a series, ``index`` from 0."""

    study_instance_uid: str
    series: ShownSeries
    index: int

    @property
    def instance_path(self) -> str:
        """The instance's path in DICOMweb."""
        series_path = f"/dicom-web/studies/{self.study_instance_uid}/series/{self.series.series_instance_uid}"
        return f"{series_path}/instances/{self._picture['instance']}"

    @property
    def frame(self) -> int:
        """Which frame of the instance."""
        return int(self._picture["frame"])

    @property
    def window(self) -> str:
        """The window as a parameter of a rendered resource (PS3.18 §8.3.5.1.4); empty for colour."""
        return first_window_query(self._picture, self.series.modality)

    @property
    def _picture(self) -> dict[str, Any]:
        return picture_at(self.series.columns, self.index)


def standing_picture(study_instance_uid: str, series_instance_uid: str | None = None, may_be_document: bool = False) -> StandingPicture:
    """The picture for a study, or for one series of it.

    Parameters
    ----------
    may_be_document : bool
        Whether a page that was captured as a picture will do where there is nothing else.

    Raises
    ------
    NotFound
        There are no pictures.
    """
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
    versions = services().pictures.series_of(study.orthanc_study_id) if study and study.orthanc_study_id else []
    versions = [one for one in versions if series_instance_uid in (None, one.series_instance_uid)]
    for of_documents in (False, True) if may_be_document else (False,):
        for version in sorted(versions, key=lambda one: -one.instance_count):
            pictures = services().pictures.pictures_of(study_instance_uid, version)
            columns = pictures.columns if of_documents else pictures.without_documents
            if columns["count"]:
                series = ShownSeries(1, version.series_instance_uid, version.modality, "", "", columns)
                middle = series.count // 2  # whose thumbnail is published: publish/picture_list.py counts so too
                return StandingPicture(study_instance_uid, series, middle)
    raise NotFound("There are no pictures here.")


def thumbnail_address(study_instance_uid: str) -> str:
    """Where DICOMweb renders a study's picture small; whoever follows it is asked again for their right.

    Raises
    ------
    NotFound
        The study has no pictures.
    """
    picture = standing_picture(study_instance_uid)
    return rendered_address(study_instance_uid, picture.series, picture.index, _THUMBNAIL_SIDE)
