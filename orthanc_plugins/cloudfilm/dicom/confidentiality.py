# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an attribute when names are hidden: the Basic Application Level Confidentiality Profile (PS3.15 Annex E), with options.

The profile's table is dicom-anonymizer's, edition 2026c. Its actions are made for files; here, where a viewer reads and nothing is stored,
what would get a stand-in value is left out. The options that a reader needs (PS3.15 §E.3): Retain UIDs, since everything is addressed by them;
Retain Longitudinal Temporal Information with Full Dates, for the dates of the study; Retain Patient Characteristics, for sex, age, size and
weight; Clean Descriptors, for descriptions, which stay when they tell nothing (`cloudfilm.dicom.telling`).

Stricter than the table, which knows no attribute by its value: free text, application entities, persons, private and unknown attributes go,
and text outside the groups that describe pictures.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from dicomanonymizer.simpledicomanonymizer import (
    delete_or_empty_or_replace_UID,
    empty,
    empty_or_replace,
    initialize_actions,
    replace_UID,
)
from pydicom.datadict import dictionary_VR, tag_for_keyword

_EDITION = "dicomfields_2026c"
_TABLE = {tag[0] << 16 | tag[1]: action for tag, action in initialize_actions(_EDITION).items() if len(tag) == 2}


class Treatment(StrEnum):
    """What becomes of an attribute."""

    KEEP = "keep"  # a sequence: its items are treated likewise
    KEEP_TEXT = "keep unless it tells who"
    KEEP_CODE = "keep unless it is no code"
    KEEP_UID = "keep unless it is no UID"
    KEEP_NUMBER = "keep unless it is no number"
    KEEP_BINARY = "keep when it is there and not elsewhere"
    EMPTY = "leave without a value"
    NAME = "write a stand-in for the name"
    REMOVE = "remove"


def _tags(*keywords: str) -> frozenset[int]:
    return frozenset(tag for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None)


_DATES_OF_THE_STUDY = _tags(
    "StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ContentDate",
    "ContentTime", "InstanceCreationDate", "InstanceCreationTime", "TimezoneOffsetFromUTC", "FrameAcquisitionDateTime",
    "FrameReferenceDateTime", "StartAcquisitionDateTime", "EndAcquisitionDateTime", "ContrastBolusStartTime", "ContrastBolusStopTime",
    "RadiopharmaceuticalStartTime", "RadiopharmaceuticalStopTime", "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStopDateTime",
    "DecayCorrectionDateTime",
)  # fmt: skip
_CHARACTERISTICS = _tags("PatientSex", "PatientAge", "PatientSize", "PatientWeight")
_DESCRIPTIONS = _tags(
    "StudyDescription", "SeriesDescription", "ProtocolName", "ContrastBolusAgent", "ROIName", "AcquisitionFieldOfViewLabel"
)
# UIDs that number a device or a medium and not what is shown, and others that the table does not know of.
_DEVICES = _tags(
    "DeviceUID", "InstanceCreatorUID", "StorageMediaFileSetUID", "StorageMediaFileSetID", "DeviceID", "GridID", "NTPSourceAddress",
    "SecondaryCaptureDeviceID", "HardcopyCreationDeviceID", "ModifyingDeviceID", "RespiratorySignalSourceID", "RadiationMachineName",
    "OtherStudyNumbers", "ReportNumber", "OriginalImageIdentification", "ModifiedImageID", "NumberOfPatientRelatedStudies",
    "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances", "RetrieveLocationUID", "DigitalSignaturesSequence",
    "OriginalAttributesSequence", "ReferencedPatientSequence", "RetrieveAETitle",
)  # fmt: skip
_PATIENT_GROUP = 0x0010
# Identification, acquisition, relationship, ophthalmology, presentation of pixels, microscopy, intravascular, nuclear medicine, segments,
# surfaces, regions of interest. Elsewhere: people, visits, orders, trials, devices, storage, printing, treatment.
_GROUPS_ABOUT_PICTURES = frozenset({0x0008, 0x0018, 0x0020, 0x0022, 0x0028, 0x0048, 0x0052, 0x0054, 0x0062, 0x0066, 0x3006})
# Needed to show what the pixels mean.
_BINARY = _tags(
    "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
    "AlphaPaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "LUTData",
)  # fmt: skip

_OF_TEXT = {"LO": Treatment.KEEP_TEXT, "SH": Treatment.KEEP_TEXT, "CS": Treatment.KEEP_CODE}
_OF_OTHERS = {
    "UI": Treatment.KEEP_UID,
    **dict.fromkeys(("AS", "DS", "IS", "AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"), Treatment.KEEP_NUMBER),
    "SQ": Treatment.KEEP,
}


@cache
def treatment_of(tag: str, vr: str) -> Treatment:
    """What becomes of an attribute.

    Parameters
    ----------
    tag : str
        Eight hexadecimal digits, as in DICOM JSON.
    vr : str
        The value representation that the dataset states. The stricter of it and of what PS3.6 says counts.
    """
    number = int(tag, 16)
    group = number >> 16
    if group % 2 or 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF:
        return Treatment.REMOVE  # private, curves and overlays, which draw text
    if number == tag_for_keyword("PatientName"):
        return Treatment.NAME
    if number in _BINARY:
        return Treatment.KEEP_BINARY if vr in ("OB", "OW", "SS", "US") else Treatment.REMOVE
    if number in _DATES_OF_THE_STUDY | _CHARACTERISTICS:
        return Treatment.KEEP_CODE if vr == "CS" else Treatment.KEEP_NUMBER
    if number in _DESCRIPTIONS:
        return Treatment.KEEP_TEXT
    if number in _DEVICES:
        return Treatment.REMOVE
    action = _TABLE.get(number)
    if action in (empty, empty_or_replace):
        return Treatment.EMPTY
    if action not in (None, replace_UID, delete_or_empty_or_replace_UID) or group == _PATIENT_GROUP:
        return Treatment.REMOVE
    return _of_value_representation(number, vr)


def _of_value_representation(number: int, stated_vr: str) -> Treatment:
    try:
        known_vrs = dictionary_VR(number).split(" or ")
    except KeyError:
        return Treatment.REMOVE
    vrs = {stated_vr, *known_vrs} if stated_vr not in known_vrs else {stated_vr}
    treatments = set()
    for vr in vrs:
        of_text = _OF_TEXT.get(vr) if number >> 16 in _GROUPS_ABOUT_PICTURES or vr == "CS" else None
        treatments.add(of_text or _OF_OTHERS.get(vr, Treatment.REMOVE))
    return treatments.pop() if len(treatments) == 1 else Treatment.REMOVE
