# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOM value representations as Python values (PS3.5 §6.2). What a device wrote wrongly becomes None, never an exception."""

from __future__ import annotations

import re
from datetime import date, time

_DATE = re.compile(r"(\d{4})[.:-]?(\d{2})[.:-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.\d{1,6})?")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def parse_dicom_date(value: str | None) -> date | None:
    """A DA value, ``YYYYMMDD``, or ACR-NEMA's ``YYYY.MM.DD``."""
    match = _DATE.fullmatch((value or "").strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def parse_dicom_time(value: str | None) -> time | None:
    """A TM value, ``HHMMSS.FFFFFF`` or a prefix of it; fractions are dropped."""
    match = _TIME.fullmatch((value or "").strip())
    try:
        return time(int(match[1]), int(match[2] or 0), min(int(match[3] or 0), 59)) if match else None
    except ValueError:
        return None


def is_uid(value: str) -> bool:
    """Whether it is a UID as archives meet them: digits and dots, 1 to 64 characters (PS3.5 §9.1, leading zeros tolerated)."""
    return len(value) <= 64 and _UID.fullmatch(value) is not None
