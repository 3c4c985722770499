# SPDX-License-Identifier: AGPL-3.0-or-later
"""A study's name and description where the device states another encoding than it writes: read again from the stored bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudfilm.dicom.character_sets import readable
from cloudfilm.dicom.study_summary import StudySummary
from cloudfilm.orthanc_api.rest_client import OrthancClient

_SPECIFIC_CHARACTER_SET, _PATIENT_NAME, _STUDY_DESCRIPTION = "0008-0005", "0010-0010", "0008-1030"


def readable_summary(orthanc: OrthancClient, summary: StudySummary, series: Sequence[Mapping[str, Any]]) -> StudySummary:
    """The summary with texts that can be read. Orthanc has decoded them as stated; what is ASCII needs no second look."""
    instance_id = next((str(one) for of_series in series for one in of_series.get("Instances", ())), None)
    if instance_id is None or not (_is_strange(summary.patient_name) or _is_strange(summary.study_description)):
        return summary
    stated = _text(orthanc.value_of_tag(instance_id, _SPECIFIC_CHARACTER_SET)).decode("ascii", errors="replace")
    name = readable(_text(orthanc.value_of_tag(instance_id, _PATIENT_NAME)), stated)
    description = readable(_text(orthanc.value_of_tag(instance_id, _STUDY_DESCRIPTION)), stated)
    return replace(summary, patient_name=name or summary.patient_name, study_description=description or summary.study_description)


def _is_strange(text: str) -> bool:
    return not text.isascii() or not text or "?" in text


def _text(value: bytes) -> bytes:
    return value.rstrip(b" \0")
