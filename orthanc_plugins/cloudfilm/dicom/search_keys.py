# SPDX-License-Identifier: AGPL-3.0-or-later
"""The matching keys that QIDO-RS takes at each level (PS3.18 table 10.6.1-5 and what else the index knows), and the ways to write them."""

from __future__ import annotations

import re
from enum import StrEnum

from pydicom.datadict import keyword_for_tag, tag_for_keyword

_HEX = re.compile(r"[0-9A-Fa-f]{8}")


class Level(StrEnum):
    """What is searched for."""

    STUDIES = "studies"
    SERIES = "series"
    INSTANCES = "instances"


# Attribute: value representation. A nested one is written with its sequence, as in a query.
STUDY_KEYS = {
    "StudyDate": "DA",
    "StudyTime": "TM",
    "AccessionNumber": "SH",
    "ModalitiesInStudy": "CS",
    "ReferringPhysicianName": "PN",
    "PatientName": "PN",
    "PatientID": "LO",
    "StudyInstanceUID": "UI",
    "StudyID": "SH",
    "PatientBirthDate": "DA",
    "PatientSex": "CS",
    "StudyDescription": "LO",
}
SERIES_KEYS = {
    "Modality": "CS",
    "SeriesInstanceUID": "UI",
    "SeriesNumber": "IS",
    "PerformedProcedureStepStartDate": "DA",
    "PerformedProcedureStepStartTime": "TM",
    "RequestAttributesSequence.ScheduledProcedureStepID": "SH",
    "RequestAttributesSequence.RequestedProcedureID": "SH",
    "SeriesDescription": "LO",
    "SeriesDate": "DA",
    "SeriesTime": "TM",
    "BodyPartExamined": "CS",
    "ProtocolName": "LO",
    "StationName": "SH",
    "Manufacturer": "LO",
}
INSTANCE_KEYS = {
    "SOPClassUID": "UI",
    "SOPInstanceUID": "UI",
    "InstanceNumber": "IS",
    "NumberOfFrames": "IS",
    "Rows": "US",
    "Columns": "US",
}
KEYS = {
    Level.STUDIES: STUDY_KEYS,
    Level.SERIES: STUDY_KEYS | SERIES_KEYS,
    Level.INSTANCES: STUDY_KEYS | SERIES_KEYS | INSTANCE_KEYS,
}
_ALWAYS_OF_STUDY = (
    "SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName",
    "TimezoneOffsetFromUTC", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_ALWAYS_OF_SERIES = (
    "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "NumberOfSeriesRelatedInstances",
    "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
)  # fmt: skip
_ALWAYS_OF_INSTANCES = ("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames")
_OF_STUDY_ALWAYS_BELOW = (
    "SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID",
    "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
)  # fmt: skip
# What an answer always names where it is known (PS3.18 tables 10.6.3-3 to -5).
ALWAYS_RETURNED = {
    Level.STUDIES: _ALWAYS_OF_STUDY,
    Level.SERIES: (*_OF_STUDY_ALWAYS_BELOW, *_ALWAYS_OF_SERIES),
    Level.INSTANCES: (*_OF_STUDY_ALWAYS_BELOW, "Modality", "SeriesInstanceUID", "SeriesNumber", *_ALWAYS_OF_INSTANCES),
}
_ELSE_OF_STUDY = (
    "StudyDescription", "InstitutionName", "RequestingPhysician", "RequestedProcedureDescription", "PatientAge", "OtherPatientIDs",
)  # fmt: skip
_ELSE_OF_SERIES = (
    "SeriesDate", "SeriesTime", "Manufacturer", "StationName", "BodyPartExamined", "SequenceName", "ProtocolName", "ImagesInAcquisition",
    "OperatorsName", "PerformedProcedureStepDescription", "ContrastBolusAgent",
)  # fmt: skip
_ELSE_OF_INSTANCES = (
    "InstanceCreationDate", "InstanceCreationTime", "AcquisitionNumber", "ImageIndex", "NumberOfFrames", "TemporalPositionIdentifier",
    "ImagePositionPatient", "ImageOrientationPatient", "ImageComments",
)  # fmt: skip
# includefield=all: all that the index knows.
ALL_FIELDS = {
    Level.STUDIES: (*_ALWAYS_OF_STUDY, *_ELSE_OF_STUDY),
    Level.SERIES: (*_ALWAYS_OF_STUDY, *_ELSE_OF_STUDY, *_ALWAYS_OF_SERIES, *_ELSE_OF_SERIES),
    Level.INSTANCES: (
        *_ALWAYS_OF_STUDY, *_ELSE_OF_STUDY, *_ALWAYS_OF_SERIES, *_ELSE_OF_SERIES, *_ALWAYS_OF_INSTANCES, *_ELSE_OF_INSTANCES,
    ),
}  # fmt: skip


def attribute_named(name: str) -> str | None:
    """The keywords of an attribute that a client names by keyword or by tag in hex, nested ones after a dot; None when there is none."""
    keywords = [_keyword(part) for part in name.split(".")]
    return ".".join(keyword for keyword in keywords if keyword) if all(keywords) else None


def tag_of(keyword: str) -> str:
    """The tag of a keyword as DICOM JSON writes it."""
    return f"{tag_for_keyword(keyword) or 0:08X}"


def _keyword(part: str) -> str | None:
    if _HEX.fullmatch(part):
        return keyword_for_tag(int(part, 16)) or None
    return part if tag_for_keyword(part) is not None else None
