# SPDX-License-Identifier: AGPL-3.0-or-later
"""Study-level answers of QIDO-RS made of what Orthanc's index has: equal to what DICOMweb's plugin answers, without asking it for each study."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydicom.datadict import dictionary_VR

from cloudfilm.db.indexed_studies import IndexedStudy
from cloudfilm.dicom.search_keys import ALL_FIELDS, Level, tag_of

type Dataset = dict[str, Any]

_KNOWN = frozenset(ALL_FIELDS[Level.STUDIES])
_STUDY_INSTANCE_UID = tag_of("StudyInstanceUID")
# What the plugin says of a study that names no character set, the answer's own, and of one that names it without a value, Orthanc's
# DefaultEncoding (orthanc.json: "Chinese").
_SPECIFIC_CHARACTER_SET, _MISSING, _WITHOUT_VALUE = tag_of("SpecificCharacterSet"), "ISO_IR 192", "GB18030"
_PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def is_known(fields: Iterable[str]) -> bool:
    """Whether the index holds all of these attributes of a study (keywords), where the study has them."""
    return _KNOWN.issuperset(fields)


def dataset_of(study: IndexedStudy, fields: Iterable[str]) -> Dataset:
    """The study in DICOM JSON (PS3.18 §F.2) with these attributes, and the address where it is retrieved, below ``/dicom-web/``.

    What the study does not have is left out; what it has without a value is there without one.
    """
    dataset: Dataset = {
        tag_of("RetrieveURL"): {"vr": "UR", "Value": [f"/dicom-web/studies/{study.tags.get(_STUDY_INSTANCE_UID, '')}"]},
        tag_of("ModalitiesInStudy"): {"vr": "CS", "Value": list(study.modalities)},
        tag_of("NumberOfStudyRelatedSeries"): {"vr": "IS", "Value": [study.series_count]},
        tag_of("NumberOfStudyRelatedInstances"): {"vr": "IS", "Value": [study.instance_count]},
    }
    for tag, vr in map(_tag_and_vr, fields):
        if tag not in dataset and (value := _value_of(study, tag)) is not None:
            dataset[tag] = _attribute(vr, value)
    return dataset


@cache
def _tag_and_vr(keyword: str) -> tuple[str, str]:
    """Of an attribute in ``_KNOWN``: looking them up took longer than all the rest of an answer."""
    return tag_of(keyword), dictionary_VR(keyword)


def _value_of(study: IndexedStudy, tag: str) -> str | None:
    if tag == _SPECIFIC_CHARACTER_SET:
        return study.tags.get(tag, _MISSING) or _WITHOUT_VALUE
    return study.tags.get(tag)


def _attribute(vr: str, value: str) -> dict[str, Any]:
    if not value:
        return {"vr": vr}
    parts = value.split("\\")
    return {"vr": vr, "Value": [_person_name(part) for part in parts] if vr == "PN" else [part or None for part in parts]}


def _person_name(value: str) -> dict[str, str]:
    """By component groups (PS3.5 §6.2.1)."""
    return dict(zip(_PERSON_NAME_GROUPS, value.split("="), strict=False)) if value else {}
