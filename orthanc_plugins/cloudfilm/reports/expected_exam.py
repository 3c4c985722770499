# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether what the hospital expects under an exam number is what the images show. Pure.

An order never makes a match: it can only keep one from being made.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from cloudfilm.reports.evidence import same_person_name, trimmed


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose exam is expected. ``name`` is a PN value."""

    patient_id: str
    name: str
    sex: str
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose images have come: ``names`` and ``birth_dates`` both as the images say and as the register corrects them."""

    patient_id: str
    names: tuple[str, ...]
    sexes: frozenset[str]
    birth_dates: frozenset[date]


def is_another_patients(expected: Expected, shown: Shown, patients_numbers: Collection[str] = ()) -> bool:
    """Whether an order names another patient than the images that carry its exam number.

    Name, date of birth or sex differ; or the patient's number does, and neither name nor date of birth says that it is one patient all the same:
    requester and department may count their numbers apart.
    """
    compared = [same_person_name(expected.name, name) for name in shown.names]
    names_agree = True if True in compared else False if False in compared else None
    births_agree = expected.birth_date in shown.birth_dates if expected.birth_date and shown.birth_dates else None
    known = shown.sexes & {"M", "F"}
    if names_agree is False or births_agree is False or (expected.sex in ("M", "F") and known and expected.sex not in known):
        return True
    said, carried = trimmed(expected.patient_id), trimmed(shown.patient_id)
    numbers_differ = bool(said and carried) and said != carried and not {said, carried} <= set(patients_numbers)
    return numbers_differ and not names_agree and not births_agree
