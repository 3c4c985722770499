# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instances that are documents and not pictures: reports, notes, marks with text. The cleaned view leaves them out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom import uid

# PS3.4 §B.5, Table B.5-1, names and UIDs of PS3.6 Annex A.
_STRUCTURED_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # every SR document, Key Object Selection (88.59) among them
_PRESENTATION_STATES = "1.2.840.10008.5.1.4.1.1.11."  # graphics with text
_ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # PDF, CDA, STL, OBJ, MTL
_AUDIO = "1.2.840.10008.5.1.4.1.1.9.4."  # Basic Voice and General Audio: dictation
_FAMILIES = (_STRUCTURED_REPORTS, _PRESENTATION_STATES, _ENCAPSULATED, _AUDIO)
_SECONDARY_CAPTURES = {
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameSingleBitSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
}
# PS3.3 §C.7.3.1.1.1: Structured Report, Document, Key Object Selection, Presentation State, Audio.
MODALITIES_OF_DOCUMENTS = frozenset({"SR", "DOC", "KO", "PR", "AU"})
# ConversionType: a scanned document, and a digitized film, whose patient is burned into the picture (PS3.3 §C.8.6.1).
_PAPERS = ("SD", "DF")
_SAYS_NOTHING = ("OT", "")
_SAYS_REPORT = re.compile(r"报告|報告|申请单|申請單|report|requisition|document", re.IGNORECASE)
_SERIES_INSTANCE_UID = "0020000E"
# SeriesDescription, ProtocolName, ImageComments, DocumentTitle.
_SAYING = ("0008103E", "00181030", "00204000", "00420010")


def is_document(dataset: Mapping[str, Any]) -> bool:
    """Whether an instance or a series, in DICOM JSON (PS3.18 §F.2), is a document. A study is none.

    A page that was scanned or captured as a picture is one when it says so: by its ConversionType, or by its
    description, where it is a Secondary Capture or its Modality says nothing.
    """
    sop_class_uid, modality = first_value(dataset, "00080016"), first_value(dataset, "00080060").upper()
    if sop_class_uid.startswith(_FAMILIES) or modality in MODALITIES_OF_DOCUMENTS or first_value(dataset, "00080064").upper() in _PAPERS:
        return True
    may_be_a_page = _SERIES_INSTANCE_UID in dataset and (modality in _SAYS_NOTHING or sop_class_uid in _SECONDARY_CAPTURES)
    return may_be_a_page and any(_SAYS_REPORT.search(first_value(dataset, tag)) for tag in _SAYING)


def first_value(dataset: Mapping[str, Any], tag: str) -> str:
    """An attribute's first value as text, empty when it has none."""
    values = dataset.get(tag, {}).get("Value") or [""]
    return str(values[0] if values[0] is not None else "").strip()
