# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pictures of a series as a compact JSON object: what is the same in all of them once, what differs in columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cloudfilm.dicom.picture import Picture
from cloudfilm.dicom.picture_order import places_along_normal

_DIGITS = 3
_VALUES: dict[str, Callable[[Picture], Any]] = {
    "frame": lambda one: one.frame,
    "rows": lambda one: one.rows,
    "columns": lambda one: one.columns,
    "spacing": lambda one: one.spacing and list(one.spacing),
    "spacingSource": lambda one: one.spacing_source,
    "aspect": lambda one: round(one.aspect, 5),
    "sides": lambda one: one.sides and list(one.sides),
    "windows": lambda one: [list(window) for window in one.windows],
    "slope": lambda one: one.slope,
    "intercept": lambda one: one.intercept,
    "photometric": lambda one: one.photometric,
    "allocated": lambda one: one.bits_allocated,
    "bits": lambda one: one.bits_stored,
    "signed": lambda one: one.is_signed,
    "samples": lambda one: one.samples,
    "milliseconds": lambda one: one.frame_milliseconds,
    "reference": lambda one: one.frame_of_reference_uid,
    "orientation": lambda one: one.orientation and [round(value, _DIGITS) for value in one.orientation],
}


def picture_columns(pictures: Sequence[Picture]) -> dict[str, Any]:
    """``count``, ``same`` {name: value}, ``each`` {name: [value, …]}, and the SOPInstanceUIDs as ``prefix`` and ``each.instance``."""
    same: dict[str, Any] = {}
    each: dict[str, list[Any]] = {}
    for name, value_of in _VALUES.items():
        values = [value_of(picture) for picture in pictures]
        if all(value == values[0] for value in values):
            same[name] = values[0] if values else None
        else:
            each[name] = values
    uids = [picture.sop_instance_uid for picture in pictures]
    prefix = _common_start(uids)
    if len(set(uids)) == 1:
        same["instance"] = ""
    else:
        each["instance"] = [uid[len(prefix) :] for uid in uids]
    places = places_along_normal(pictures)
    if places is not None:
        each["place"] = [round(place, _DIGITS) for place in places]
    return {"count": len(pictures), "prefix": prefix, "same": same, "each": each}


def _common_start(uids: Sequence[str]) -> str:
    if not uids:
        return ""
    lowest, highest = min(uids), max(uids)
    length = next(
        (at for at, (one, other) in enumerate(zip(lowest, highest, strict=False)) if one != other), min(len(lowest), len(highest))
    )
    return lowest[:length]


def picture_at(columns: dict[str, Any], index: int) -> dict[str, Any]:
    """One picture's values again, its whole SOPInstanceUID under ``instance``."""
    values = {**columns["same"], **{name: column[index] for name, column in columns["each"].items()}}
    values["instance"] = columns["prefix"] + values["instance"]
    return values
