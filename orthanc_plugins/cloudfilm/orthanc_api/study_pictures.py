# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a study's series hold, asked of Orthanc and remembered for as long as a series stays as it is.

A series of 1,600 slices has 4 to 20 MB of metadata: it is read once, and what is kept of it is some 100 kB.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cloudfilm.dicom.documents import is_document
from cloudfilm.dicom.key_objects import MarkedPicture, marked_pictures
from cloudfilm.dicom.picture import has_pixels, pictures_of
from cloudfilm.dicom.picture_columns import picture_columns
from cloudfilm.dicom.picture_order import in_order
from cloudfilm.doors.short_memory import ShortMemory
from cloudfilm.errors import NotFound

_REMEMBERED_SECONDS = 4 * 3600.0
_REMEMBERED_SERIES = 500


@dataclass(frozen=True, slots=True)
class SeriesVersion:
    """A series at one moment, as Orthanc's index knows it; ``version`` changes with every instance that comes or goes."""

    series_instance_uid: str
    series_number: int
    modality: str
    instance_count: int
    version: str
    description: str = ""
    # How many the device announced (ImagesInAcquisition and the like), None where it did not.
    expected_count: int | None = None


@dataclass(frozen=True, slots=True)
class SeriesPictures:
    """The pictures of a series in order; ``of_documents`` are those of pages that were captured as pictures, which the cleaned view leaves out.

    ``first`` is the metadata of one instance: modality, description, body part, and whatever tells whose it is; ``marked`` are pictures, of
    whatever series, that key objects in this one name.
    """

    series_instance_uid: str
    columns: dict[str, Any]
    without_documents: dict[str, Any]
    no_pictures: int
    first: dict[str, Any]
    marked: tuple[MarkedPicture, ...] = ()


class StudyPictures:
    """Series and pictures without a restriction of its own.

    Parameters
    ----------
    get : Callable
        ``orthanc.RestApiGet``.
    missing : type of exception
        What it raises where there is nothing.
    metadata : Callable
        DICOMweb's metadata of a series, by the UIDs of study and series.
    """

    def __init__(self, get: Callable[[str], bytes], missing: type[Exception], metadata: Callable[..., list[dict[str, Any]]]) -> None:
        self._get, self._missing, self._metadata = get, missing, metadata
        self._memory: ShortMemory[tuple[str, str], SeriesPictures] = ShortMemory(_REMEMBERED_SECONDS, _REMEMBERED_SERIES)

    def series_of(self, orthanc_study_id: str) -> list[SeriesVersion]:
        """The series of a study by their numbers; empty when it is not there."""
        try:
            answer = json.loads(self._get(f"/studies/{orthanc_study_id}/series"))
        except self._missing:
            return []
        series = [_version(one) for one in answer]
        return sorted(series, key=lambda one: (one.series_number, one.series_instance_uid))

    def pictures_of(self, study_instance_uid: str, series: SeriesVersion) -> SeriesPictures:
        """What a series holds; without pictures when it has gone in the meantime."""
        key = (series.series_instance_uid, series.version)
        return self._memory.get(key, lambda: self._read(study_instance_uid, series.series_instance_uid))

    def _read(self, study_instance_uid: str, series_instance_uid: str) -> SeriesPictures:
        try:
            datasets = self._metadata(study_instance_uid, series_instance_uid)
        except NotFound:
            datasets = []
        pictures = in_order(pictures_of(datasets))
        documents = {dataset["00080018"]["Value"][0] for dataset in datasets if has_pixels(dataset) and is_document(dataset)}
        columns = picture_columns(pictures)
        return SeriesPictures(
            series_instance_uid,
            columns,
            picture_columns([one for one in pictures if one.sop_instance_uid not in documents]) if documents else columns,
            no_pictures=sum(not has_pixels(dataset) for dataset in datasets),
            first=datasets[0] if datasets else {},
            marked=tuple(one for dataset in datasets for one in marked_pictures(dataset)),
        )


def _version(series: dict[str, Any]) -> SeriesVersion:
    tags, count = series["MainDicomTags"], len(series["Instances"])
    number = str(tags.get("SeriesNumber", "")).strip()
    expected = series.get("ExpectedNumberOfInstances")
    return SeriesVersion(
        series_instance_uid=tags["SeriesInstanceUID"],
        series_number=int(number) if number.removeprefix("-").isascii() and number.removeprefix("-").isdigit() else 1_000_000,
        modality=str(tags.get("Modality", "")).strip(),
        instance_count=count,
        version=f"{series.get('LastUpdate', '')}/{count}",
        description=str(tags.get("SeriesDescription", "")).strip(),
        expected_count=expected if isinstance(expected, int) and expected > 0 else None,
    )
