# SPDX-License-Identifier: AGPL-3.0-or-later
"""A study's name and description where the device states another encoding than it writes: read again from the stored bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudfilm.dicom.character_sets import as_stated, readable
from cloudfilm.dicom.study_summary import StudySummary
from cloudfilm.orthanc_api.rest_client import OrthancClient

_SPECIFIC_CHARACTER_SET, _PATIENT_NAME, _STUDY_DESCRIPTION = "0008-0005", "0010-0010", "0008-1030"
_LONGEST = 500


def readable_summary(orthanc: OrthancClient, summary: StudySummary, series: Sequence[Mapping[str, Any]]) -> StudySummary:
    """The summary with texts that can be read. Orthanc has decoded them as stated; what is ASCII needs no second look, what is empty
    may be too long for its index."""
    instance_id = next((str(one) for of_series in series for one in of_series.get("Instances", ())), None)
    if instance_id is None or not (_is_strange(summary.patient_name) or _is_strange(summary.study_description)):
        return summary
    stated = _text(orthanc.value_of_tag(instance_id, _SPECIFIC_CHARACTER_SET)).decode("ascii", errors="replace")

    def text(known: str, tag: str) -> str:
        raw = _text(orthanc.value_of_tag(instance_id, tag))
        # Orthanc's index holds no text of more than 256 bytes.
        return readable(raw, stated) or known or as_stated(raw, stated)[:_LONGEST].replace("\0", "")

    return replace(
        summary,
        patient_name=text(summary.patient_name, _PATIENT_NAME),
        study_description=text(summary.study_description, _STUDY_DESCRIPTION),
    )


def _is_strange(text: str) -> bool:
    return not text.isascii() or not text or "?" in text


def _text(value: bytes) -> bytes:
    return value.rstrip(b" \0")
