# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOM JSON (PS3.18 §F) without what tells whose it is, for a grant that hides names; documents left out. Pure.

What is burned into the pixels is not touched, and UIDs stay: some devices make them of numbers or of times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from cloudfilm.dicom.confidentiality import Treatment, treatment_of
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS, is_document
from cloudfilm.dicom.telling import Telling
from cloudfilm.dicom.values import is_uid

type Dataset = dict[str, Any]

# In the group of ideographs too, which readers prefer; the first group may hold Latin letters only (PS3.5 §6.2.1.1).
HIDDEN_NAME = {"Alphabetic": "***", "Ideographic": "＊＊＊"}
# What a cleaned instance says of itself (PS3.15 §E.1.1; codes of CID 7050): Basic Profile, Clean Descriptors, Retain Longitudinal Temporal
# Information Full Dates, Retain Patient Characteristics, Retain UIDs.
DEIDENTIFICATION: Dataset = {
    "00120062": {"vr": "CS", "Value": ["YES"]},
    "00120064": {
        "vr": "SQ",
        "Value": [
            {
                "00080100": {"vr": "SH", "Value": [code]},
                "00080102": {"vr": "SH", "Value": ["DCM"]},
                "00080104": {"vr": "LO", "Value": [meaning]},
            }
            for code, meaning in (
                ("113100", "Basic Application Confidentiality Profile"),
                ("113105", "Clean Descriptors Option"),
                ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
                ("113108", "Retain Patient Characteristics Option"),
                ("113110", "Retain UIDs Option"),
            )
        ],
    },
    "00280303": {"vr": "CS", "Value": ["UNMODIFIED"]},
}
# What tells as a whole when it stands in a description.
_TELLING_TAGS = frozenset(
    f"{tag_for_keyword(keyword):08X}"
    for keyword in (
        "PatientID", "OtherPatientIDs", "IssuerOfPatientID", "PatientBirthDate", "PatientTelephoneNumbers", "PatientAddress",
        "MedicalRecordLocator", "AccessionNumber", "StudyID", "AdmissionID", "ServiceEpisodeID", "RequestedProcedureID",
        "ScheduledProcedureStepID", "PerformedProcedureStepID", "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName",
        "DeviceSerialNumber", "CurrentPatientLocation", "ClinicalTrialSubjectID",
    )
)  # fmt: skip
_NUMBER = re.compile(r"[0-9.:+\-eE ]{0,26}|[0-9]{1,3}[DWMY]|[0-9A-Fa-f]{8}|NaN|-?Infinity")
_MODALITIES_IN_STUDY, _RETRIEVE_URL, _RESULTS = "00080061", "00081190", ("4008", "0040A730", "0040A160")
_SPECIFIC_CHARACTER_SET = {"vr": "CS", "Value": ["ISO_IR 192"]}


def cleaned(datasets: Sequence[Mapping[str, Any]], names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Dataset]:
    """The datasets of one study without what tells whose they are, and without documents.

    Parameters
    ----------
    datasets : sequence of Mapping
        What WADO-RS metadata or QIDO-RS answers. Names and numbers that any of them holds are looked for in the texts of all.
    names, numbers : iterable of str
        What else must not be readable in a text: the patient as the study's record and the report know them.
    """
    found = [(vr, value) for dataset in datasets for vr, value in _identifying(dataset)]
    telling = Telling([*names, *(value for vr, value in found if vr == "PN")], [*numbers, *(value for vr, value in found if vr != "PN")])
    return [_cleaned(dataset, telling) for dataset in datasets if not is_document(dataset)]


def without_documents(datasets: Iterable[Mapping[str, Any]]) -> list[Dataset]:
    """The datasets as they are, names and all, but no documents, no results in words (group 4008, the content of a report) and no address of what is stored."""
    return [_without_results(dataset) for dataset in datasets if not is_document(dataset)]


def _without_results(dataset: Mapping[str, Any]) -> Dataset:
    kept: Dataset = {}
    for tag, element in dataset.items():
        if "BulkDataURI" in element or tag == _RETRIEVE_URL or tag.startswith(_RESULTS):
            continue
        nested = element.get("Value", ()) if element.get("vr") == "SQ" else ()
        kept[tag] = {**element, "Value": [_without_results(item) for item in nested]} if nested else dict(element)
    _leave_out_modalities(kept)
    return kept


def _leave_out_modalities(dataset: Dataset) -> None:
    if _MODALITIES_IN_STUDY in dataset:
        modalities = [one for one in dataset[_MODALITIES_IN_STUDY].get("Value", ()) if one not in MODALITIES_OF_DOCUMENTS]
        dataset[_MODALITIES_IN_STUDY] = {"vr": "CS", "Value": modalities}


def _cleaned(dataset: Mapping[str, Any], telling: Telling) -> Dataset:
    kept: Dataset = {}
    for tag, element in dataset.items():
        vr = element.get("vr", "UN")
        match treatment_of(tag, vr):
            case Treatment.REMOVE:
                continue
            case Treatment.EMPTY:
                kept[tag] = {"vr": vr}
            case Treatment.NAME:
                kept[tag] = {"vr": "PN", "Value": [HIDDEN_NAME]}
            case Treatment.KEEP_BINARY:
                if "BulkDataURI" not in element:
                    kept[tag] = dict(element)
            case Treatment.KEEP:
                items = [_cleaned(item, telling) for item in element.get("Value", ()) if isinstance(item, dict)]
                kept[tag] = {"vr": vr, "Value": items} if items else {"vr": vr}
            case treatment:
                values = element.get("Value", ())
                if "InlineBinary" not in element and "BulkDataURI" not in element and _all_pass(values, treatment, telling):
                    kept[tag] = element
    if "00080005" in kept:
        kept["00080005"] = _SPECIFIC_CHARACTER_SET
    _leave_out_modalities(kept)
    return kept


def _all_pass(values: Iterable[Any], treatment: Treatment, telling: Telling) -> bool:
    passes: Callable[[str], Any]
    match treatment:
        case Treatment.KEEP_UID:
            passes = is_uid
        case Treatment.KEEP_NUMBER:
            passes = _NUMBER.fullmatch
        case Treatment.KEEP_CODE:

            def passes(code: str) -> bool:
                return not telling.is_in_code(code)

        case _:

            def passes(text: str) -> bool:
                return not telling.is_in_text(text)

    return all(value is None or isinstance(value, int | float) or (isinstance(value, str) and passes(value.strip())) for value in values)


def _identifying(dataset: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every person's name, and the values of what numbers a patient, an order, a place or a device; in nested sequences too."""
    for tag, element in dataset.items():
        vr = element.get("vr")
        if vr == "SQ":
            for item in element.get("Value", ()):
                if isinstance(item, dict):
                    yield from _identifying(item)
        elif vr == "PN":
            for name in element.get("Value", ()):
                if isinstance(name, dict):
                    yield from (("PN", group) for group in name.values() if isinstance(group, str))
        elif tag in _TELLING_TAGS:
            yield from ((vr or "", value) for value in element.get("Value", ()) if isinstance(value, str))
