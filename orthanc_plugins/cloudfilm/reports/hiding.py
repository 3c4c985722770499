# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report without the names and numbers that lead to its patient, for a share that hides them. Pure.

Fields that name or number a person or a place are left out; in the text that remains, what those fields said is blotted out wherever it
stands. A name that the report's fields do not hold is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields

BLOT = "＊＊＊"
_LEFT_OUT = (
    "hospital_name", "patient_name", "patient_id", "department", "outpatient_number", "inpatient_number", "bed_number", "accession_number",
    "reporting_doctor", "reviewing_doctor",
)  # fmt: skip
_TEXTS = ("report_kind", "body_part", "findings", "impression")
_SHORTEST_TELLING = 2


def without_names(fields: ReportFields, names: Iterable[str]) -> ReportFields:
    """The fields without names and numbers.

    Parameters
    ----------
    names : iterable of str
        What else must not be readable: the patient's name and numbers as the images' headers have them.
    """
    telling = {*names, *(getattr(fields, name) or "" for name in _LEFT_OUT)}
    hidden = replace(fields, **dict.fromkeys(_LEFT_OUT))
    return replace(hidden, **{name: _blotted(getattr(fields, name), telling) for name in _TEXTS})


def _blotted(text: str | None, telling: Iterable[str]) -> str | None:
    if text is None:
        return None
    # The longest first, so that no part of a name is left beside a blot.
    for value in sorted({value.strip() for value in telling}, key=len, reverse=True):
        if len(value) >= _SHORTEST_TELLING:
            spelled = r"\s*".join(map(re.escape, value.replace(" ", "")))
            text = re.sub(spelled, BLOT, text, flags=re.IGNORECASE)
    return text
