# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which picture stands for a study: the middle one of its largest series, and the window that shows it."""

from __future__ import annotations

from typing import Any

from cloudfilm.errors import NotFound
from portal.services import services

_NO_PICTURES = frozenset({"SR", "PR", "KO", "DOC", "SEG", "AU", "ECG", "HD", "RTSTRUCT", "RTPLAN", "RTDOSE"})
_SIDE = 192


def thumbnail_address(study_instance_uid: str) -> str:
    """Where DICOMweb renders it (PS3.18 §8.3.5.1); whoever follows it is asked again for their right.

    Raises
    ------
    NotFound
        The study has no pictures.
    """
    series = [
        one
        for one in services().search(
            "series", [("StudyInstanceUID", study_instance_uid), ("includefield", "NumberOfSeriesRelatedInstances")]
        )
        if _first(one, "00080060") not in _NO_PICTURES
    ]
    if not series:
        raise NotFound
    largest = max(series, key=lambda one: int(_first(one, "00201209") or 0))
    series_uid = _first(largest, "0020000E")
    instances = services().search("instances", [("StudyInstanceUID", study_instance_uid), ("SeriesInstanceUID", series_uid)])
    if not instances:
        raise NotFound
    instances.sort(key=lambda one: (int(_first(one, "00200013") or 0), _first(one, "00080018")))
    instance_uid = _first(instances[len(instances) // 2], "00080018")
    path = f"/dicom-web/studies/{study_instance_uid}/series/{series_uid}/instances/{instance_uid}/rendered"
    return f"{path}?viewport={_SIDE},{_SIDE}{_window(study_instance_uid, series_uid, instance_uid)}"


def _window(*uids: str) -> str:
    (dataset,) = services().metadata(*uids)[:1] or ({},)
    centre, width = _first(dataset, "00281050"), _first(dataset, "00281051")
    return f"&window={centre},{width},linear" if centre and width and float(width) > 1 else ""


def _first(dataset: dict[str, Any], tag: str) -> str:
    values = dataset.get(tag, {}).get("Value") or [""]
    return str(values[0])
