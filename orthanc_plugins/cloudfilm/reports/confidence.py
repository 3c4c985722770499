# SPDX-License-Identifier: AGPL-3.0-or-later
"""How sure it is that a field was read rightly."""

import math
import re
from collections.abc import Sequence

from cloudfilm.reports.text_layer import Character

AGREED, ALONE, DISPUTED = 1.0, 0.97, 0.7  # the other reading says the same, nothing, something else
BY_STREAM_ONLY = 0.85
_IMPLAUSIBLE = 0.6
_USUAL = {
    "patient_name": re.compile(r"[\u3400-\u9fff·]{2,6}|[A-Za-z][A-Za-z .'\-]{2,40}"),
    "reporting_doctor": re.compile(r"[\u3400-\u9fff·、/ ]{2,12}|[A-Za-z][A-Za-z .'\-]{2,40}"),
    "reviewing_doctor": re.compile(r"[\u3400-\u9fff·、/ ]{2,12}|[A-Za-z][A-Za-z .'\-]{2,40}"),
    "patient_age": re.compile(r"\d{1,3}\s*(?:岁|歲|月|个月|天|日|周|小时|Y|y|M|D)?(?:\s*\d{1,2}\s*(?:月|个月|天|日))?"),
    "patient_id": re.compile(r"[A-Za-z0-9\-_./]{3,32}"),
    "accession_number": re.compile(r"[A-Za-z0-9\-_./]{3,32}"),
    "outpatient_number": re.compile(r"[A-Za-z0-9\-_./]{3,32}"),
    "inpatient_number": re.compile(r"[A-Za-z0-9\-_./]{3,32}"),
    "bed_number": re.compile(r"[\w\-+]{1,12}"),
    "hospital_name": re.compile(r"[\u3400-\u9fff（）()·A-Za-z0-9]{4,40}"),
}


def plausibility(field: str, value: str) -> float:
    """1 for a value that looks as such a field's values do, less for another."""
    usual = _USUAL.get(field)
    return 1.0 if usual is None or usual.fullmatch(value) else _IMPLAUSIBLE


def recognised(characters: Sequence[Character]) -> float:
    """How likely all the characters were recognised rightly: the product of their scores."""
    return math.prod(character.score for character in characters)
