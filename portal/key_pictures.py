# SPDX-License-Identifier: AGPL-3.0-or-later
"""The strip of pictures on the exam's page: what was marked as telling first, then one of each series. Large series are not read for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from cloudfilm.access.holder import GrantHolder
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.orthanc_api.study_pictures import SeriesVersion
from portal.cleaned_view import sees_cleaned_view
from portal.services import services

MOST_PICTURES = 16
_MOST_MARKED = 8
_MOST_DOCUMENTS = 4
# Up to so many instances it is looked up whether a series has pictures at all; larger ones are stacks.
_SMALL_SERIES = 20


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """One picture of the strip. ``query`` says which, to the picture's address and to the viewer's; ``count`` is how many its series has."""

    query: str
    title: str
    modality: str
    count: int
    is_marked: bool


@dataclass(frozen=True, slots=True)
class KeyPictures:
    """The strip, and how many series are not in it."""

    pictures: tuple[KeyPicture, ...] = ()
    further_series: int = 0


def key_pictures(holder: GrantHolder, studies: Sequence[StudyRecord]) -> KeyPictures:
    """The strip of these studies, which the holder may look at."""
    strips = [_Strip(holder, study) for study in studies if study.orthanc_study_id]
    marked = list(islice((picture for strip in strips for picture in strip.marked()), _MOST_MARKED))
    of_series = [picture for strip in strips for picture in strip.of_series()]
    shown = of_series[: MOST_PICTURES - len(marked)]
    return KeyPictures((*marked, *shown), len(of_series) - len(shown))


def expected_images(studies: Sequence[StudyRecord]) -> int | None:
    """How many images the devices announced for these studies; None where one series of them says nothing."""
    versions = [version for study in studies for version in _versions(study) if version.modality.upper() not in MODALITIES_OF_DOCUMENTS]
    expected = [version.expected_count for version in versions]
    if not expected or None in expected:
        return None
    return sum(max(version.expected_count or 0, version.instance_count) for version in versions)


class _Strip:
    """One study's part of it."""

    def __init__(self, holder: GrantHolder, study: StudyRecord) -> None:
        self._study = study
        self._cleaned = sees_cleaned_view(holder, [study.study_instance_uid])
        self._versions = _versions(study)

    def marked(self) -> Iterator[KeyPicture]:
        """What key objects name, of the series that are here."""
        here = {version.series_instance_uid: version for version in self._pictorial()}
        documents = [version for version in self._versions if version.modality.upper() == "KO"]
        named = (one for document in documents[:_MOST_DOCUMENTS] for one in services().pictures.pictures_of(self._uid, document).marked)
        for one in dict.fromkeys(named):
            if one.series_instance_uid in here:
                chosen = {"instance": one.sop_instance_uid} | ({"frame": str(one.frame)} if one.frame > 1 else {})
                yield self._picture(here[one.series_instance_uid], chosen, is_marked=True)

    def of_series(self) -> Iterator[KeyPicture]:
        """One of each series."""
        return (self._picture(version, {}, is_marked=False) for version in self._pictorial())

    @property
    def _uid(self) -> str:
        return self._study.study_instance_uid

    def _pictorial(self) -> Iterator[SeriesVersion]:
        for version in self._versions:
            if version.modality.upper() not in MODALITIES_OF_DOCUMENTS and self._has_pictures(version):
                yield version

    def _has_pictures(self, version: SeriesVersion) -> bool:
        if version.instance_count > _SMALL_SERIES:
            return True
        read = services().pictures.pictures_of(self._uid, version)
        return bool((read.without_documents if self._cleaned else read.columns)["count"])

    def _picture(self, version: SeriesVersion, chosen: dict[str, str], is_marked: bool) -> KeyPicture:
        # What a device calls a series may name the patient.
        title = "" if self._cleaned else version.description
        query = urlencode({"study": self._uid, "series": version.series_instance_uid, **chosen})
        return KeyPicture(query, title, version.modality, version.instance_count, is_marked)


def _versions(study: StudyRecord) -> list[SeriesVersion]:
    return services().pictures.series_of(study.orthanc_study_id) if study.orthanc_study_id else []
