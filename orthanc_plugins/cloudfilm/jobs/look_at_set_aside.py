# SPDX-License-Identifier: AGPL-3.0-or-later
"""Read what a conflicting instance, and the one in the archive that it conflicts with, say of themselves, for whoever decides; with a picture of each."""

from __future__ import annotations

import hashlib
import io
import logging
from typing import Any
from uuid import UUID

from pydicom import Dataset, dcmread
from pydicom.pixels.utils import pixel_array

from cloudfilm.db.conflicts import note_facts
from cloudfilm.db.set_aside import Reason, SetAside, set_aside_with_id
from cloudfilm.dicom.person_name import display_name
from cloudfilm.jobs.context import JobContext
from cloudfilm.publish.dicom_file import DicomFile
from cloudfilm.publish.pictures import drawing, jpeg
from cloudfilm.storage.documents import DocumentStore

_SIDE = 480
_LARGEST_BYTES = 256 * 1024**2
_KEYWORDS = (
    "PatientID", "PatientSex", "PatientBirthDate", "AccessionNumber", "StudyDate", "StudyDescription", "Modality", "SeriesDescription",
    "SeriesNumber", "InstanceNumber", "Manufacturer", "StationName",
)  # fmt: skip
_log = logging.getLogger(__name__)


def look_at_set_aside(context: JobContext, set_aside_id: str) -> None:
    """Look at one instance; one that has gone, or has no bytes, is left alone."""
    with context.database.transaction() as cursor:
        one = set_aside_with_id(cursor, UUID(set_aside_id))
    if one is None or not one.bytes_kept:
        return
    store = DocumentStore(context.settings.set_aside_directory)
    dicom = store.get(one.content_sha256)
    facts, picture = _facts(dicom), _picture(dicom)
    there, there_picture = _there(context, one)
    facts["there"] = there
    if there_picture is not None:
        facts["there"]["picture_sha256"] = store.put(there_picture)
    picture_sha256 = store.put(picture) if picture is not None else None
    with context.database.transaction() as cursor:
        note_facts(cursor, one.set_aside_id, facts, picture_sha256)


def _there(context: JobContext, one: SetAside) -> tuple[dict[str, Any], bytes | None]:
    """The archive's instance with the same UIDs; for another patient's study any instance of it."""
    orthanc_id = context.orthanc.find_instance(one.study_instance_uid, one.sop_instance_uid)
    if orthanc_id is None and one.reason == Reason.OTHER_PATIENT:
        orthanc_study_id = context.orthanc.find_study(one.study_instance_uid)
        series = context.orthanc.series_of_study(orthanc_study_id) if orthanc_study_id else []
        orthanc_id = next((instance for found in series for instance in found["Instances"]), None)
    dicom = context.orthanc.file_of_instance(orthanc_id, _LARGEST_BYTES) if orthanc_id else None
    if orthanc_id is None or dicom is None:
        return {}, None
    origin = context.orthanc.origin_of_instance(orthanc_id)
    facts = _facts(dicom) | {"sha256": hashlib.sha256(dicom).hexdigest(), "size_bytes": len(dicom), **origin}
    return facts, _picture(dicom)


def _facts(dicom: bytes) -> dict[str, Any]:
    try:
        dataset = dcmread(io.BytesIO(dicom), stop_before_pixels=True)
        facts = {keyword: _text(dataset, keyword) for keyword in _KEYWORDS}
        return facts | {"name": display_name(str(dataset.get("PatientName", "")))[:100], "SOPInstanceUID": _text(dataset, "SOPInstanceUID")}
    except Exception:
        _log.warning("a set-aside instance cannot be read", exc_info=True)
        return {}


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").replace("\0", "").strip()[:100]


def _picture(dicom: bytes) -> bytes | None:
    """The first frame as JPEG; None where there is none that we draw."""
    try:
        file = DicomFile.read(io.BytesIO(dicom))
        draw = drawing(file.dataset, file.facts)
        if draw is None or not file.facts.pixel_keyword:
            return None
        return jpeg(draw(pixel_array(io.BytesIO(dicom), index=0)), _SIDE)
    except Exception:
        _log.info("no picture of a set-aside instance", exc_info=True)
        return None
