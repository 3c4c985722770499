# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Orthanc's index has of studies, for many of them at once: DICOMweb's plugin asks it a dozen questions for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloudfilm.db.database import Cursor


@dataclass(slots=True)
class IndexedStudy:
    """A study as it is now.

    Attributes
    ----------
    tags : dict of str to str
        Values of the study's main DICOM tags, patient's included, by tag in hexadecimal (``"00100020"``), as text: several are parted by
        backslashes, and one without a value is empty.
    modalities : list of str
        Of its series, each once, in alphabetical order.
    """

    tags: dict[str, str] = field(default_factory=dict)
    modalities: list[str] = field(default_factory=list)
    series_count: int = 0
    instance_count: int = 0


def indexed_studies(cursor: Cursor, orthanc_study_ids: Sequence[str]) -> dict[str, IndexedStudy]:
    """These studies by Orthanc's identifier; those that are not there (any more) are left out."""
    cursor.execute(
        "SELECT study.publicId, tag.tagGroup, tag.tagElement, tag.value FROM Resources study"
        " JOIN MainDicomTags tag ON tag.id = study.internalId WHERE study.resourceType = 1 AND study.publicId = ANY(%s)",
        (list(orthanc_study_ids),),
    )
    studies: dict[str, IndexedStudy] = {}
    for orthanc_study_id, group, element, value in cursor.fetchall():
        studies.setdefault(orthanc_study_id, IndexedStudy()).tags[f"{group:04X}{element:04X}"] = value
    cursor.execute(
        "SELECT study.publicId, coalesce(modality.value, ''),"
        " (SELECT count(*) FROM Resources instance WHERE instance.parentId = series.internalId)"
        " FROM Resources study JOIN Resources series ON series.parentId = study.internalId"
        " LEFT JOIN MainDicomTags modality ON modality.id = series.internalId AND modality.tagGroup = 8 AND modality.tagElement = 96"
        " WHERE study.resourceType = 1 AND study.publicId = ANY(%s) ORDER BY 2",
        (list(orthanc_study_ids),),
    )
    for orthanc_study_id, modality, instances in cursor.fetchall():
        study = studies.setdefault(orthanc_study_id, IndexedStudy())
        study.series_count += 1
        study.instance_count += instances
        if modality and modality not in study.modalities:
            study.modalities.append(modality)
    return studies
